// Validation of batches of records.
#include <bit>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "gateway/validate.h"
#include "gateway/validate_metadata.h"
#include "types/utf8.h"

namespace ochre {
namespace {

// From this many on, a message shows only the first and last five repeated ids.
constexpr size_t kListedDuplicatesMax = 10;
constexpr size_t kEndsShown = 5;

std::string ListOf(const std::vector<std::string_view>& ids, size_t begin, size_t end) {
  std::string list;
  for (size_t i = begin; i < end; ++i) {
    if (i > begin) list += ", ";
    list += ids[i];
  }
  return list;
}

Status DuplicateIds(const std::vector<std::string_view>& repeated) {
  constexpr std::string_view kBegin = "Expected IDs to be unique, found ";
  if (repeated.size() < kListedDuplicatesMax) {
    return Status::InvalidArgument(kBegin, "duplicates of: ", ListOf(repeated, 0, repeated.size()));
  }
  return Status::InvalidArgument(kBegin, repeated.size(), " duplicated IDs: ", ListOf(repeated, 0, kEndsShown),
                                 ", ..., ", ListOf(repeated, repeated.size() - kEndsShown, repeated.size()));
}

Status ValidateIds(const StringColumn& ids) {
  std::unordered_set<std::string_view> seen;
  seen.reserve(ids.size());
  std::unordered_set<std::string_view> repeated_set;
  std::vector<std::string_view> repeated;
  for (size_t i = 0; i < ids.size(); ++i) {
    const std::optional<std::string_view> id = ids[i];
    if (!id.has_value() || id->empty()) {
      return Status::InvalidArgument("Empty ID, ID must have at least one character: at index ", i);
    }
    if (!IsValidUtf8(*id)) return Status::InvalidArgument("the id at index ", i, " is no valid UTF-8");
    if (!seen.insert(*id).second && repeated_set.insert(*id).second) repeated.push_back(*id);
  }
  return repeated.empty() ? Status::Ok() : DuplicateIds(repeated);
}

Status ValidateTexts(std::string_view what, const Records& records, const StringColumn& texts) {
  for (size_t i = 0; i < texts.size(); ++i) {
    const std::optional<std::string_view> text = texts[i];
    if (text.has_value() && !IsValidUtf8(*text)) {
      return Status::InvalidArgument("the ", what, " at index ", i, " (id \"", *records.ids[i],
                                     "\") is no valid UTF-8");
    }
  }
  return Status::Ok();
}

// A float is NaN or infinite if all bits of its exponent are set.
bool IsFinite(float value) { return (std::bit_cast<uint32_t>(value) & 0x7f800000) != 0x7f800000; }

Status ValidateEmbeddings(OperationKind kind, const Records& records) {
  const MatrixSpan& embeddings = records.embeddings;
  const bool required = kind != OperationKind::kUpdate;
  if (embeddings.values.empty()) {
    if (required) {
      return Status::InvalidArgument(
          "embeddings are missing: give one for each id, or documents to a collection that has an embedding function");
    }
    for (size_t i = 0; i < records.embedding_given.size(); ++i) {
      if (records.embedding_given[i] == 0) continue;
      return Status::InvalidArgument("embedding_given marks an embedding at index ", i, " (id \"", *records.ids[i],
                                     "\"), but there are no embeddings");
    }
    return Status::Ok();
  }
  for (size_t i = 0; i < records.ids.size(); ++i) {
    const bool given = records.embedding_given.empty() || records.embedding_given[i] != 0;
    if (!given) {
      if (!required) continue;
      return Status::InvalidArgument("the embedding at index ", i, " (id \"", *records.ids[i],
                                     "\") is missing, which only update allows");
    }
    if (!IsFiniteRow(embeddings.Row(static_cast<int64_t>(i)), embeddings.columns)) {
      return Status::InvalidArgument("Embeddings must not contain NaN or Infinity values: at index ", i, " (id \"",
                                     *records.ids[i], "\")");
    }
  }
  return Status::Ok();
}

Status ValidateShape(const Records& records) {
  OCHRE_RETURN_IF_ERROR(ValidateMatrix(records.embeddings));
  const size_t count = records.ids.size();
  const auto wrong = [count](size_t size) { return size != 0 && size != count; };
  const auto rows = static_cast<size_t>(records.embeddings.rows());
  if (wrong(rows) || wrong(records.embedding_given.size()) || wrong(records.documents.size()) ||
      wrong(records.uris.size()) || wrong(records.metadatas.size())) {
    return Status::InvalidArgument("Inconsistent number of IDs, embeddings, documents, URIs and metadatas: ", count,
                                   ", ", rows, ", ", records.documents.size(), ", ", records.uris.size(), ", ",
                                   records.metadatas.size());
  }
  if (count > kBatchRecordsMax) {
    return Status::ResourceExhausted("the batch has ", count, " records, and a batch takes at most ", kBatchRecordsMax,
                                     "; split it into smaller ones");
  }
  return Status::Ok();
}

}  // namespace

bool IsFiniteRow(const float* row, int64_t columns) {
  uint32_t not_finite = 0;  // no early exit, so that the loop vectorises
  for (int64_t i = 0; i < columns; ++i) not_finite |= IsFinite(row[i]) ? 0u : 1u;
  return not_finite == 0;
}

Status ValidateMatrix(const MatrixSpan& matrix) {
  if (matrix.values.empty()) return Status::Ok();
  if (matrix.columns < 1) {
    return Status::InvalidArgument("Each embedding must have at least 1 dimension, and the matrix has ", matrix.columns,
                                   " columns");
  }
  if (matrix.columns > kDimensionMax) {
    return Status::InvalidArgument("embeddings have dimension ", matrix.columns, ", and at most ", kDimensionMax,
                                   " is allowed");
  }
  if (matrix.values.size() % static_cast<size_t>(matrix.columns) != 0) {
    return Status::InvalidArgument("Inconsistent dimensions in provided embeddings: ", matrix.values.size(),
                                   " values are no whole number of rows of ", matrix.columns);
  }
  return Status::Ok();
}

Status ValidateRecords(OperationKind kind, const Records& records) {
  OCHRE_RETURN_IF_ERROR(ValidateShape(records));
  if (records.ids.empty()) return Status::Ok();
  OCHRE_RETURN_IF_ERROR(ValidateIds(records.ids));
  OCHRE_RETURN_IF_ERROR(ValidateEmbeddings(kind, records));
  OCHRE_RETURN_IF_ERROR(ValidateTexts("document", records, records.documents));
  OCHRE_RETURN_IF_ERROR(ValidateTexts("uri", records, records.uris));
  for (size_t i = 0; i < records.metadatas.size(); ++i) {
    const Status valid = ValidateRecordMetadata(records.metadatas[i], /*allow_null=*/kind != OperationKind::kAdd);
    if (!valid.ok()) {
      return Status::InvalidArgument("Invalid metadata at index ", i, " (id \"", *records.ids[i],
                                     "\"): ", valid.message());
    }
  }
  return Status::Ok();
}

Status ValidateDimension(std::optional<int32_t> dimension, int64_t given) {
  if (!dimension.has_value() || *dimension == given) return Status::Ok();
  return Status::InvalidArgument("Collection expecting embedding with dimension of ", *dimension, ", got ", given);
}

}  // namespace ochre
