// Results as Arrow arrays: the buffers of the result, shared with it.
#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "capi/error.h"
#include "capi/result.h"

namespace ochre {
namespace {

// What an exported schema points to; it owns itself until it is released.
struct SchemaNode {
  std::string format;
  std::string name;
  std::vector<ArrowSchema> children;
  std::vector<ArrowSchema*> pointers;
};

// What an exported array points to. The result stays for as long as any of its arrays.
struct ArrayNode {
  std::shared_ptr<ResultData> data;
  std::vector<int64_t> numbers;  // a column that the result does not have: query
  std::vector<const void*> buffers;
  std::vector<ArrowArray> children;
  std::vector<ArrowArray*> pointers;
};

template <typename Struct, typename Node>
void Release(Struct* released) {
  for (int64_t i = 0; i < released->n_children; ++i) {
    // A consumer may have moved children out, which it then releases itself.
    if (released->children[i]->release != nullptr) released->children[i]->release(released->children[i]);
  }
  delete static_cast<Node*>(released->private_data);
  released->release = nullptr;
}

template <typename Struct, typename Node>
void AttachChildren(Struct& target, Node& node) {
  for (Struct& child : node.children) node.pointers.push_back(&child);
  target.n_children = static_cast<int64_t>(node.children.size());
  target.children = node.pointers.empty() ? nullptr : node.pointers.data();
}

// Either struct, released with its children unless it is handed over.
template <typename Struct>
class Owned {
 public:
  Owned() = default;
  Owned(Owned&& other) noexcept : value_(other.HandOver()) {}
  ~Owned() {
    if (value_.release != nullptr) value_.release(&value_);
  }

  Struct& get() { return value_; }
  Struct HandOver() {
    const Struct value = value_;
    value_ = {};
    return value;
  }

 private:
  Struct value_ = {};
};

Owned<ArrowSchema> MakeSchema(std::string format, std::string name, int64_t flags,
                              std::vector<Owned<ArrowSchema>> children = {}) {
  auto node = std::make_unique<SchemaNode>();
  node->format = std::move(format);
  node->name = std::move(name);
  node->children.reserve(children.size());
  node->pointers.reserve(children.size());
  for (Owned<ArrowSchema>& child : children) node->children.push_back(child.HandOver());
  Owned<ArrowSchema> schema;
  schema.get().format = node->format.c_str();
  schema.get().name = node->name.c_str();
  schema.get().flags = flags;
  AttachChildren(schema.get(), *node);
  schema.get().release = Release<ArrowSchema, SchemaNode>;
  schema.get().private_data = node.release();
  return schema;
}

Owned<ArrowArray> MakeArray(std::unique_ptr<ArrayNode> node, int64_t length, int64_t null_count,
                            std::vector<Owned<ArrowArray>> children = {}) {
  node->children.reserve(children.size());
  node->pointers.reserve(children.size());
  for (Owned<ArrowArray>& child : children) node->children.push_back(child.HandOver());
  Owned<ArrowArray> array;
  array.get().length = length;
  array.get().null_count = null_count;
  array.get().n_buffers = static_cast<int64_t>(node->buffers.size());
  array.get().buffers = node->buffers.data();
  AttachChildren(array.get(), *node);
  array.get().release = Release<ArrowArray, ArrayNode>;
  array.get().private_data = node.release();
  return array;
}

std::unique_ptr<ArrayNode> MakeNode(const std::shared_ptr<ResultData>& data, std::vector<const void*> buffers) {
  auto node = std::make_unique<ArrayNode>();
  node->data = data;
  node->buffers = std::move(buffers);
  return node;
}

// A column in two parts, which are always made together.
struct Column {
  Owned<ArrowSchema> schema;
  Owned<ArrowArray> array;
};

void AppendStrings(const std::shared_ptr<ResultData>& data, int32_t column, const char* name,
                   std::vector<Column>& columns) {
  const StringBuffers* buffers = data->strings(column);
  if (buffers == nullptr) return;
  const ochre_string_column strings = buffers->column();
  columns.push_back({MakeSchema("U", name, column == OCHRE_COLUMN_IDS ? 0 : ARROW_FLAG_NULLABLE),
                     MakeArray(MakeNode(data, {strings.validity, strings.offsets64, strings.data}), strings.count,
                               buffers->null_count())});
}

void AppendQuery(const std::shared_ptr<ResultData>& data, std::vector<Column>& columns) {
  if (!data->is_query()) return;
  auto node = MakeNode(data, {});
  node->numbers.resize(static_cast<size_t>(data->size()));
  const QueryResult& rows = data->rows();
  for (int64_t q = 0; q < rows.query_count(); ++q) {
    std::fill(node->numbers.begin() + rows.offsets[q], node->numbers.begin() + rows.offsets[q + 1], q);
  }
  node->buffers = {nullptr, node->numbers.data()};
  columns.push_back({MakeSchema("l", "query", 0), MakeArray(std::move(node), data->size(), 0)});
}

void AppendDistances(const std::shared_ptr<ResultData>& data, std::vector<Column>& columns) {
  if (!data->rows().distances.has_value()) return;
  columns.push_back({MakeSchema("f", "distance", 0),
                     MakeArray(MakeNode(data, {nullptr, data->rows().distances->data()}), data->size(), 0)});
}

void AppendEmbeddings(const std::shared_ptr<ResultData>& data, std::vector<Column>& columns) {
  if (!data->rows().embeddings.has_value()) return;
  const Matrix& matrix = *data->rows().embeddings;
  std::vector<Owned<ArrowSchema>> item;
  item.push_back(MakeSchema("f", "item", 0));
  std::vector<Owned<ArrowArray>> values;
  values.push_back(
      MakeArray(MakeNode(data, {nullptr, matrix.values.data()}), static_cast<int64_t>(matrix.values.size()), 0));
  columns.push_back({MakeSchema("+w:" + std::to_string(matrix.columns), "embedding", 0, std::move(item)),
                     MakeArray(MakeNode(data, {nullptr}), data->size(), 0, std::move(values))});
}

Column Export(const std::shared_ptr<ResultData>& data) {
  std::vector<Column> columns;
  AppendStrings(data, OCHRE_COLUMN_IDS, "id", columns);
  AppendQuery(data, columns);
  AppendDistances(data, columns);
  AppendStrings(data, OCHRE_COLUMN_DOCUMENTS, "document", columns);
  AppendStrings(data, OCHRE_COLUMN_URIS, "uri", columns);
  AppendStrings(data, OCHRE_COLUMN_METADATAS, "metadata", columns);
  AppendEmbeddings(data, columns);
  std::vector<Owned<ArrowSchema>> schemas;
  std::vector<Owned<ArrowArray>> arrays;
  for (Column& column : columns) {
    schemas.push_back(std::move(column.schema));
    arrays.push_back(std::move(column.array));
  }
  return {MakeSchema("+s", "", 0, std::move(schemas)),
          MakeArray(MakeNode(data, {nullptr}), data->size(), 0, std::move(arrays))};
}

struct StreamNode {
  std::shared_ptr<ResultData> data;
  bool done = false;
};

StreamNode& NodeOf(ArrowArrayStream* stream) { return *static_cast<StreamNode*>(stream->private_data); }

int StreamSchema(ArrowArrayStream* stream, ArrowSchema* out) noexcept {
  try {
    *out = Export(NodeOf(stream).data).schema.HandOver();
    return 0;
  } catch (...) {
    return ENOMEM;  // nothing else can fail
  }
}

int StreamNext(ArrowArrayStream* stream, ArrowArray* out) noexcept {
  try {
    StreamNode& node = NodeOf(stream);
    *out = node.done ? ArrowArray{} : Export(node.data).array.HandOver();
    node.done = true;
    return 0;
  } catch (...) {
    return ENOMEM;
  }
}

const char* StreamError(ArrowArrayStream*) noexcept { return "there is not enough memory"; }

void StreamRelease(ArrowArrayStream* stream) noexcept {
  delete static_cast<StreamNode*>(stream->private_data);
  stream->release = nullptr;
}

}  // namespace
}  // namespace ochre

using ochre::Status;

extern "C" {

ochre_status ochre_result_export_arrow(const ochre_result* result, ArrowSchema* schema, ArrowArray* array,
                                       ochre_error* error) {
  return ochre::Guard(error, [&]() -> Status {
    OCHRE_RETURN_IF_ERROR(ochre::Check(result, "result"));
    if (schema == nullptr) return Status::InvalidArgument("schema is NULL");
    if (array == nullptr) return Status::InvalidArgument("array is NULL");
    ochre::Column column = ochre::Export(result->data);
    *schema = column.schema.HandOver();
    *array = column.array.HandOver();
    return Status::Ok();
  });
}

ochre_status ochre_result_export_arrow_stream(const ochre_result* result, ArrowArrayStream* stream,
                                              ochre_error* error) {
  return ochre::Guard(error, [&]() -> Status {
    OCHRE_RETURN_IF_ERROR(ochre::Check(result, "result"));
    if (stream == nullptr) return Status::InvalidArgument("stream is NULL");
    auto node = std::make_unique<ochre::StreamNode>();
    node->data = result->data;
    *stream = {};
    stream->get_schema = ochre::StreamSchema;
    stream->get_next = ochre::StreamNext;
    stream->get_last_error = ochre::StreamError;
    stream->release = ochre::StreamRelease;
    stream->private_data = node.release();
    return Status::Ok();
  });
}

}  // extern "C"
