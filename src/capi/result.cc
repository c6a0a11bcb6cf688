#include "capi/result.h"

#include <string_view>
#include <utility>

#include "capi/columns.h"
#include "capi/error.h"
#include "capi/metadata_text.h"
#include "capi/text.h"
#include "types/encoded_metadata.h"

namespace ochre {
namespace {

StringArray ToJson(const MetadataArray& metadatas) {
  StringArray texts;
  for (size_t i = 0; i < metadatas.size(); ++i) {
    const EncodedMetadata metadata(metadatas.encoded(i));
    if (metadata.empty()) {
      texts.AppendNull();
    } else {
      texts.Append(MetadataText(metadata));
    }
  }
  return texts;
}

bool IsColumn(int32_t column) { return column >= OCHRE_COLUMN_IDS && column <= OCHRE_COLUMN_URIS; }

}  // namespace

StringBuffers::StringBuffers(const StringArray& strings) : data_(strings.empty() ? "" : strings[0].data()) {
  const size_t count = strings.size();
  offsets_.resize(count + 1);
  for (size_t i = 0; i < count; ++i) {
    // Rows follow each other without gaps, nulls being empty.
    offsets_[i + 1] = offsets_[i] + static_cast<int64_t>(strings[i].size());
    if (!strings.IsNull(i)) continue;
    if (validity_.empty()) validity_.resize((count + 7) / 8, 0xff);
    validity_[i / 8] &= static_cast<uint8_t>(~(1U << (i % 8)));
    ++null_count_;
  }
}

ochre_string_column StringBuffers::column() const {
  ochre_string_column result{};
  result.count = static_cast<int64_t>(offsets_.size()) - 1;
  result.data = data_;
  result.offsets64 = offsets_.data();
  result.validity = validity_.empty() ? nullptr : validity_.data();
  return result;
}

ResultData::ResultData(GetResult result) : rows_{{std::move(result)}, {0}, std::nullopt}, is_query_(false) {
  rows_.offsets.push_back(size());
}

uint32_t ResultData::include() const {
  return (rows_.documents.has_value() ? OCHRE_INCLUDE_DOCUMENTS : 0) |
         (rows_.metadatas.has_value() ? OCHRE_INCLUDE_METADATAS : 0) |
         (rows_.embeddings.has_value() ? OCHRE_INCLUDE_EMBEDDINGS : 0) |
         (rows_.uris.has_value() ? OCHRE_INCLUDE_URIS : 0) |
         (rows_.distances.has_value() ? OCHRE_INCLUDE_DISTANCES : 0);
}

const StringArray* ResultData::Source(int32_t column) {
  const auto pointer = [](const std::optional<StringArray>& array) { return array.has_value() ? &*array : nullptr; };
  switch (column) {
    case OCHRE_COLUMN_IDS:
      return &rows_.ids;
    case OCHRE_COLUMN_DOCUMENTS:
      return pointer(rows_.documents);
    case OCHRE_COLUMN_URIS:
      return pointer(rows_.uris);
    default:
      if (rows_.metadatas.has_value() && !metadata_json_.has_value()) metadata_json_ = ToJson(*rows_.metadatas);
      return pointer(metadata_json_);
  }
}

const StringBuffers* ResultData::strings(int32_t column) {
  std::optional<StringBuffers>& buffers = columns_[static_cast<size_t>(column)];
  if (!buffers.has_value()) {
    const StringArray* source = Source(column);
    if (source == nullptr) return nullptr;
    buffers.emplace(*source);
  }
  return &*buffers;
}

}  // namespace ochre

using ochre::IsHandle;
using ochre::Status;

extern "C" {

void ochre_result_free(ochre_result* result) { ochre::Free(result); }

int64_t ochre_result_size(const ochre_result* result) { return IsHandle(result) ? result->data->size() : 0; }

uint32_t ochre_result_include(const ochre_result* result) { return IsHandle(result) ? result->data->include() : 0; }

int64_t ochre_result_query_count(const ochre_result* result) {
  return IsHandle(result) ? result->data->rows().query_count() : 0;
}

const int64_t* ochre_result_offsets(const ochre_result* result) {
  return IsHandle(result) ? result->data->rows().offsets.data() : nullptr;
}

const float* ochre_result_distances(const ochre_result* result) {
  return IsHandle(result) && result->data->rows().distances.has_value() ? result->data->rows().distances->data()
                                                                        : nullptr;
}

ochre_status ochre_result_embeddings(const ochre_result* result, ochre_matrix* out, ochre_error* error) {
  return ochre::Guard(error, [&]() -> Status {
    OCHRE_RETURN_IF_ERROR(ochre::Check(result, "result"));
    if (out == nullptr) return Status::InvalidArgument("out is NULL");
    *out = ochre_matrix{};
    const auto& embeddings = result->data->rows().embeddings;
    if (!embeddings.has_value()) return Status::Ok();
    out->data = embeddings->values.data();
    out->rows = embeddings->rows();
    out->columns = embeddings->columns;
    out->row_stride_bytes = embeddings->columns * static_cast<int64_t>(sizeof(float));
    out->dtype = OCHRE_DTYPE_F32;
    return Status::Ok();
  });
}

ochre_status ochre_result_strings(const ochre_result* result, int32_t column, ochre_string_column* out,
                                  ochre_error* error) {
  return ochre::Guard(error, [&]() -> Status {
    OCHRE_RETURN_IF_ERROR(ochre::Check(result, "result"));
    if (out == nullptr) return Status::InvalidArgument("out is NULL");
    if (!ochre::IsColumn(column)) return Status::InvalidArgument("column is ", column, ", which is none");
    const ochre::StringBuffers* buffers = result->data->strings(column);
    *out = buffers == nullptr ? ochre_string_column{} : buffers->column();
    return Status::Ok();
  });
}

ochre_string ochre_result_string(const ochre_result* result, int32_t column, int64_t row) {
  constexpr ochre_string kNone = {nullptr, 0};
  if (!IsHandle(result) || !ochre::IsColumn(column) || row < 0 || row >= result->data->size()) return kNone;
  try {
    const ochre::StringBuffers* buffers = result->data->strings(column);
    if (buffers == nullptr) return kNone;
    const ochre_string_column strings = buffers->column();
    if (!ochre::IsValidAt(strings.validity, row)) return kNone;
    return {strings.data + strings.offsets64[row], strings.offsets64[row + 1] - strings.offsets64[row]};
  } catch (...) {  // no memory for the column
    return kNone;
  }
}

}  // extern "C"
