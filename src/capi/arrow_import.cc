// Writes from Arrow streams: each batch becomes columns, without a copy where Arrow's layout is ours.
#include <cstdlib>
#include <cstring>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "capi/client.h"
#include "capi/columns.h"
#include "capi/writes.h"

namespace ochre {
namespace {

// Releases an Arrow struct of any of the three kinds.
template <typename Struct>
class Releaser {
 public:
  explicit Releaser(Struct* owned) : owned_(owned) {}
  ~Releaser() {
    if (owned_->release != nullptr) owned_->release(owned_);
  }
  Releaser(const Releaser&) = delete;
  Releaser& operator=(const Releaser&) = delete;

 private:
  Struct* const owned_;
};

struct EmbeddingType {
  int64_t fixed_size = -1;  // -1: lists of any length, with offsets
  bool large = false;       // offsets of 64 bits
  char value = 'f';         // float32, else 'e': float16, 'g': float64
};

// Which child of a batch is which column; -1: none.
struct Layout {
  int64_t id = -1;
  int64_t document = -1;
  int64_t uri = -1;
  int64_t metadata = -1;
  int64_t embedding = -1;
  std::map<int64_t, bool> large_strings = {};  // of string columns: whether their offsets have 64 bits
  EmbeddingType embedding_type = {};
};

Result<EmbeddingType> ReadEmbeddingType(const ArrowSchema& schema) {
  const std::string_view format = schema.format;
  EmbeddingType type;
  if (format.starts_with("+w:")) {
    type.fixed_size = std::strtoll(schema.format + 3, nullptr, 10);
  } else if (format == "+L") {
    type.large = true;
  } else if (format != "+l") {
    return Status::InvalidArgument("column \"embedding\" has Arrow format \"", format,
                                   "\", but must be a list of floats");
  }
  const bool has_child = schema.n_children == 1 && schema.children[0]->format != nullptr;
  const std::string_view value = has_child ? schema.children[0]->format : "";
  if (value != "f" && value != "e" && value != "g") {
    return Status::InvalidArgument("column \"embedding\" has values of Arrow format \"", value,
                                   "\", but must have float32, float16 or float64");
  }
  type.value = value[0];
  return type;
}

Result<Layout> ReadLayout(const ArrowSchema& schema) {
  if (schema.format == nullptr || std::string_view(schema.format) != "+s") {
    return Status::InvalidArgument("the stream's schema is no struct, as that of a table is");
  }
  Layout layout;
  std::map<std::string_view, int64_t*> columns = {{"id", &layout.id},
                                                  {"document", &layout.document},
                                                  {"uri", &layout.uri},
                                                  {"metadata", &layout.metadata},
                                                  {"embedding", &layout.embedding}};
  for (int64_t i = 0; i < schema.n_children; ++i) {
    const ArrowSchema& child = *schema.children[i];
    const std::string_view name = child.name == nullptr ? "" : child.name;
    const auto column = columns.find(name);
    if (column == columns.end()) {
      return Status::InvalidArgument("the stream has a column \"", name,
                                     "\", but only id, document, uri, metadata and embedding are known");
    }
    if (*column->second != -1) return Status::InvalidArgument("the stream has two columns \"", name, "\"");
    *column->second = i;
    if (name == "embedding") {
      OCHRE_ASSIGN_OR_RETURN(layout.embedding_type, ReadEmbeddingType(child));
      continue;
    }
    const std::string_view format = child.format;
    if (format != "u" && format != "U") {
      return Status::InvalidArgument("column \"", name, "\" has Arrow format \"", format,
                                     "\", but must be utf8 or large_utf8");
    }
    layout.large_strings[i] = format == "U";
  }
  if (layout.id == -1) return Status::InvalidArgument("the stream has no column \"id\"");
  return layout;
}

// Child `index` of a batch, which begins `offset` rows into the child's own.
struct Slice {
  const ArrowArray* array = nullptr;  // null: there is no such column
  int64_t offset = 0;

  const uint8_t* validity() const { return static_cast<const uint8_t*>(array->buffers[0]); }
};

Result<Slice> SliceOf(const ArrowArray& batch, int64_t index, int64_t buffer_count, std::string_view name) {
  if (index == -1) return Slice();
  const ArrowArray& child = *batch.children[index];
  if (child.n_buffers < buffer_count || child.length < batch.offset + batch.length) {
    return Status::InvalidArgument("column \"", name, "\" of the stream's batch has ", child.length, " rows and ",
                                   child.n_buffers, " buffers, which is not what Arrow asks for");
  }
  return Slice{.array = &child, .offset = child.offset + batch.offset};
}

Result<TextColumn> ReadStrings(const Layout& layout, const ArrowArray& batch, int64_t index, std::string_view name) {
  OCHRE_ASSIGN_OR_RETURN(const Slice slice, SliceOf(batch, index, 3, name));
  if (slice.array == nullptr || batch.length == 0) return TextColumn();
  ochre_string_column column{};
  column.count = batch.length;
  column.data = static_cast<const char*>(slice.array->buffers[2]);
  column.validity = slice.validity();
  if (layout.large_strings.at(index)) {
    column.offsets64 = static_cast<const int64_t*>(slice.array->buffers[1]) + slice.offset;
  } else {
    column.offsets32 = static_cast<const int32_t*>(slice.array->buffers[1]) + slice.offset;
  }
  return TextColumn::From(&column, name, slice.offset);
}

// The embeddings of a batch: in place where they are float32 and follow each other, else converted.
struct Embeddings {
  MatrixSpan span;
  std::vector<uint8_t> given;  // empty: every row has one
  std::vector<float> converted;
};

// Where the values of row i begin and end.
struct Range {
  int64_t begin;
  int64_t end;
};

Range RangeOf(const EmbeddingType& type, const ArrowArray& lists, int64_t row) {
  if (type.fixed_size >= 0) return {row * type.fixed_size, (row + 1) * type.fixed_size};
  if (type.large) {
    const auto* offsets = static_cast<const int64_t*>(lists.buffers[1]);
    return {offsets[row], offsets[row + 1]};
  }
  const auto* offsets = static_cast<const int32_t*>(lists.buffers[1]);
  return {offsets[row], offsets[row + 1]};
}

void CopyValues(char type, const void* values, Range range, float* target) {
  for (int64_t i = range.begin; i < range.end; ++i) {
    if (type == 'g') {
      *target++ = static_cast<float>(static_cast<const double*>(values)[i]);
    } else if (type == 'e') {
      *target++ = HalfToFloat(static_cast<const uint16_t*>(values)[i]);
    } else {
      *target++ = static_cast<const float*>(values)[i];
    }
  }
}

// What the lists of a batch have in common.
struct ListShape {
  int64_t columns = -1;        // -1: every list is null
  bool consecutive = true;     // none is null, and each begins where the one before ends
  std::vector<uint8_t> given;  // as of Embeddings
};

Result<ListShape> CheckLists(const EmbeddingType& type, const Slice& slice, size_t rows) {
  const ArrowArray& values = *slice.array->children[0];
  ListShape shape;
  for (size_t i = 0; i < rows; ++i) {
    const int64_t row = slice.offset + static_cast<int64_t>(i);
    if (!IsValidAt(slice.validity(), row)) {
      if (shape.given.empty()) shape.given.assign(rows, 1);
      shape.given[i] = 0;
      shape.consecutive = false;
      continue;
    }
    const Range range = RangeOf(type, *slice.array, row);
    const int64_t size = range.end - range.begin;
    if (shape.columns == -1) shape.columns = size;
    if (size != shape.columns || size < 1) {
      return Status::InvalidArgument("column \"embedding\" has ", size, " values at index ", i,
                                     ", but must have as many in each row, at least 1");
    }
    if (range.begin < 0 || range.end > values.length) {
      return Status::InvalidArgument("column \"embedding\" has values beyond the end at index ", i);
    }
    if (range.begin != RangeOf(type, *slice.array, slice.offset).begin + static_cast<int64_t>(i) * size) {
      shape.consecutive = false;
    }
    for (int64_t value = range.begin; values.null_count != 0 && value < range.end; ++value) {
      if (!IsValidAt(static_cast<const uint8_t*>(values.buffers[0]), values.offset + value)) {
        return Status::InvalidArgument("column \"embedding\" has a null among its values at index ", i);
      }
    }
  }
  return shape;
}

Result<Embeddings> ReadEmbeddings(const Layout& layout, const ArrowArray& batch) {
  const EmbeddingType& type = layout.embedding_type;
  OCHRE_ASSIGN_OR_RETURN(const Slice slice,
                         SliceOf(batch, layout.embedding, type.fixed_size >= 0 ? 1 : 2, "embedding"));
  if (slice.array == nullptr || batch.length == 0) return Embeddings();
  if (slice.array->n_children != 1 || slice.array->children[0]->n_buffers < 2) {
    return Status::InvalidArgument("column \"embedding\" of the stream's batch has no values");
  }
  const auto rows = static_cast<size_t>(batch.length);
  OCHRE_ASSIGN_OR_RETURN(ListShape shape, CheckLists(type, slice, rows));
  if (shape.columns == -1) return Embeddings();  // not given

  const ArrowArray& values = *slice.array->children[0];
  const auto width = static_cast<size_t>(shape.columns);
  Embeddings result;
  result.span.columns = shape.columns;
  result.given = std::move(shape.given);
  if (shape.consecutive && type.value == 'f') {
    const int64_t begin = values.offset + RangeOf(type, *slice.array, slice.offset).begin;
    result.span.values = {static_cast<const float*>(values.buffers[1]) + begin, rows * width};
    return result;
  }
  result.converted.resize(rows * width);
  for (size_t i = 0; i < rows; ++i) {
    if (!result.given.empty() && result.given[i] == 0) continue;
    Range range = RangeOf(type, *slice.array, slice.offset + static_cast<int64_t>(i));
    range.begin += values.offset;
    range.end += values.offset;
    CopyValues(type.value, values.buffers[1], range, result.converted.data() + i * width);
  }
  result.span.values = result.converted;
  return result;
}

Result<WriteReceipt> WriteBatch(Collection& collection, WriteMember write, const Layout& layout,
                                const ArrowArray& batch) {
  if (batch.n_buffers > 0 && batch.null_count != 0 && batch.buffers[0] != nullptr) {
    const auto* validity = static_cast<const uint8_t*>(batch.buffers[0]);
    for (int64_t i = 0; i < batch.length; ++i) {
      if (!IsValidAt(validity, batch.offset + i)) return Status::InvalidArgument("the row is null at index ", i);
    }
  }
  OCHRE_ASSIGN_OR_RETURN(const TextColumn ids, ReadStrings(layout, batch, layout.id, "id"));
  OCHRE_ASSIGN_OR_RETURN(const TextColumn documents, ReadStrings(layout, batch, layout.document, "document"));
  OCHRE_ASSIGN_OR_RETURN(const TextColumn metadata_texts, ReadStrings(layout, batch, layout.metadata, "metadata"));
  OCHRE_ASSIGN_OR_RETURN(const std::vector<Metadata> metadatas, ParseMetadatas(metadata_texts));
  OCHRE_ASSIGN_OR_RETURN(const TextColumn uris, ReadStrings(layout, batch, layout.uri, "uri"));
  OCHRE_ASSIGN_OR_RETURN(const Embeddings embeddings, ReadEmbeddings(layout, batch));
  return (collection.*write)({.ids = ids.column(),
                              .embeddings = embeddings.span,
                              .embedding_given = embeddings.given,
                              .documents = documents.column(),
                              .metadatas = metadatas,
                              .uris = uris.column()});
}

// What a stream's callback reports, an errno, as a status.
Status StreamStatus(ArrowArrayStream* stream, int code) {
  if (code == 0) return Status::Ok();
  const char* message = stream->get_last_error == nullptr ? nullptr : stream->get_last_error(stream);
  return Status(StatusCode::kUnknown,
                std::string("the Arrow stream failed: ") + (message == nullptr ? std::strerror(code) : message));
}

Status WriteBatches(ochre_collection& collection, WriteMember write, ArrowArrayStream* stream, ochre_receipt* out) {
  ArrowSchema schema{};
  const Releaser schema_releaser(&schema);
  OCHRE_RETURN_IF_ERROR(StreamStatus(stream, stream->get_schema(stream, &schema)));
  OCHRE_ASSIGN_OR_RETURN(const Layout layout, ReadLayout(schema));
  int64_t records = 0;
  while (true) {
    OCHRE_RETURN_IF_ERROR(CallLimit::CheckCurrent());
    ArrowArray batch{};
    const Releaser batch_releaser(&batch);
    OCHRE_RETURN_IF_ERROR(StreamStatus(stream, stream->get_next(stream, &batch)));
    if (batch.release == nullptr) return Status::Ok();
    if (batch.n_children != schema.n_children || batch.length < 0 || batch.offset < 0) {
      return Status::InvalidArgument("a batch of the stream does not fit its schema");
    }
    if (batch.length == 0) continue;
    OCHRE_ASSIGN_OR_RETURN(const WriteReceipt receipt, WriteBatch(collection.collection, write, layout, batch));
    records += batch.length;
    WriteReceiptTo(receipt, records, out);
  }
}

ochre_status WriteStream(ochre_collection* collection, WriteMember write, ArrowArrayStream* stream, ochre_receipt* out,
                         ochre_error* error) {
  if (stream != nullptr && stream->release == nullptr) stream = nullptr;  // released already
  const Status given = stream == nullptr ? Status::InvalidArgument("stream is NULL or was released") : Status::Ok();
  std::optional<Releaser<ArrowArrayStream>> releaser;
  if (stream != nullptr) releaser.emplace(stream);
  return GuardCall(collection, "collection", error, [&]() -> Status {
    OCHRE_RETURN_IF_ERROR(given);
    OCHRE_RETURN_IF_ERROR(CheckReceipt(out));
    WriteReceiptTo({}, 0, out);
    return WriteBatches(*collection, write, stream, out);
  });
}

}  // namespace
}  // namespace ochre

using ochre::Collection;
using ochre::WriteStream;

extern "C" {

ochre_status ochre_collection_add_arrow(ochre_collection* collection, ArrowArrayStream* stream, ochre_receipt* out,
                                        ochre_error* error) {
  return WriteStream(collection, &Collection::Add, stream, out, error);
}

ochre_status ochre_collection_update_arrow(ochre_collection* collection, ArrowArrayStream* stream, ochre_receipt* out,
                                           ochre_error* error) {
  return WriteStream(collection, &Collection::Update, stream, out, error);
}

ochre_status ochre_collection_upsert_arrow(ochre_collection* collection, ArrowArrayStream* stream, ochre_receipt* out,
                                           ochre_error* error) {
  return WriteStream(collection, &Collection::Upsert, stream, out, error);
}

}  // extern "C"
