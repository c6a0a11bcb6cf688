#include "gateway/validate_metadata.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>
#include <variant>
#include <vector>

#include "gateway/validate.h"
#include "types/utf8.h"

namespace ochre {
namespace {

Status ValidateKey(std::string_view key) {
  if (key.empty()) return Status::InvalidArgument("a metadata key is empty");
  if (!IsValidUtf8(key)) return Status::InvalidArgument("a metadata key is no valid UTF-8");
  if (key.front() == '#' || key.front() == '$' || key.starts_with("chroma:")) {
    return Status::InvalidArgument("the metadata key \"", key,
                                   "\" is reserved: keys must not begin with '#', '$' or \"chroma:\"");
  }
  return Status::Ok();
}

Status NotFinite(std::string_view key) {
  return Status::InvalidArgument("the metadata value under \"", key,
                                 "\" is NaN or infinite, which JSON and filters have no form for");
}

Status NotUtf8(std::string_view key) {
  return Status::InvalidArgument("the metadata value under \"", key, "\" is no valid UTF-8");
}

Status ValidateSparseVector(std::string_view key, const SparseVector& vector) {
  if (vector.indices.size() != vector.values.size()) {
    return Status::InvalidArgument("the sparse vector under \"", key, "\" has ", vector.indices.size(),
                                   " indices, but ", vector.values.size(), " values");
  }
  if (!vector.tokens.empty() && vector.tokens.size() != vector.indices.size()) {
    return Status::InvalidArgument("the sparse vector under \"", key, "\" has ", vector.indices.size(),
                                   " indices, but ", vector.tokens.size(), " tokens");
  }
  if (std::adjacent_find(vector.indices.begin(), vector.indices.end(), std::greater_equal<>()) !=
      vector.indices.end()) {
    return Status::InvalidArgument("the sparse vector under \"", key,
                                   "\" must have strictly ascending indices without repeats");
  }
  for (const float value : vector.values) {
    if (!std::isfinite(value)) return NotFinite(key);
  }
  for (const std::string& token : vector.tokens) {
    if (!IsValidUtf8(token)) return NotUtf8(key);
  }
  return Status::Ok();
}

struct ValueValidator {
  std::string_view key;
  bool allow_null;

  Status operator()(std::monostate) const {
    if (allow_null) return Status::Ok();
    return Status::InvalidArgument("the metadata value under \"", key, "\" is null, which only update and upsert take");
  }
  Status operator()(bool) const { return Status::Ok(); }
  Status operator()(int64_t) const { return Status::Ok(); }
  Status operator()(double value) const { return std::isfinite(value) ? Status::Ok() : NotFinite(key); }
  Status operator()(const std::string& value) const { return IsValidUtf8(value) ? Status::Ok() : NotUtf8(key); }
  Status operator()(const SparseVector& value) const { return ValidateSparseVector(key, value); }
  template <typename T>
  Status operator()(const std::vector<T>& values) const {
    for (const auto& value : values) {
      if constexpr (std::is_same_v<T, double> || std::is_same_v<T, std::string>) {
        OCHRE_RETURN_IF_ERROR((*this)(value));
      }
    }
    return Status::Ok();
  }
};

}  // namespace

Status ValidateRecordMetadata(const Metadata& metadata, bool allow_null) {
  for (const auto& [key, value] : metadata) {
    OCHRE_RETURN_IF_ERROR(ValidateKey(key));
    OCHRE_RETURN_IF_ERROR(std::visit(ValueValidator{key, allow_null}, value.variant()));
  }
  return Status::Ok();
}

Status ValidateCollectionMetadata(const Metadata& metadata) {
  OCHRE_RETURN_IF_ERROR(ValidateRecordMetadata(metadata, /*allow_null=*/false));
  for (const auto& [key, value] : metadata) {
    if (value.variant().index() > 4) {  // beyond null, bool, int64, double and string
      return Status::InvalidArgument("the collection metadata value under \"", key,
                                     "\" must be a string, a number or a boolean");
    }
  }
  return Status::Ok();
}

}  // namespace ochre
