// Metadata: named, typed values of a record or a collection.
#ifndef OCHRE_METADATA_H_
#define OCHRE_METADATA_H_

#include <concepts>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "ochre/export.h"
#include "ochre/status.h"

namespace ochre {

// A vector of mostly zeros. `indices` ascend without repeats; `values` has as many finite numbers.
struct SparseVector {
  std::vector<uint32_t> indices;
  std::vector<float> values;
  std::vector<std::string> tokens;  // the words behind the indices; empty, or as many

  friend bool operator==(const SparseVector&, const SparseVector&) = default;
};

// One metadata value: null, bool, int64, double, string, a sparse vector, or a homogeneous array. Null means "no
// value": refused by add, and deletes the key in update and upsert. An empty array is treated as null.
class MetadataValue {
 public:
  using Variant = std::variant<std::monostate, bool, int64_t, double, std::string, SparseVector, std::vector<bool>,
                               std::vector<int64_t>, std::vector<double>, std::vector<std::string>>;

  // Implicit, so that {"year", 2020} is a metadata entry. An unsigned number beyond int64 becomes a double.
  // NOLINTBEGIN(google-explicit-constructor)
  MetadataValue() = default;
  MetadataValue(std::nullptr_t) {}
  MetadataValue(bool value) : value_(value) {}
  template <std::integral T>
  requires(!std::same_as<T, bool> && !std::same_as<T, char>) MetadataValue(T value) {
    if (std::in_range<int64_t>(value)) {
      value_ = static_cast<int64_t>(value);
    } else {
      value_ = static_cast<double>(value);
    }
  }
  template <std::floating_point T>
  MetadataValue(T value) : value_(static_cast<double>(value)) {}
  MetadataValue(const char* value) : value_(std::string(value)) {}
  MetadataValue(std::string_view value) : value_(std::string(value)) {}
  MetadataValue(std::string value) : value_(std::move(value)) {}
  MetadataValue(SparseVector value) : value_(std::move(value)) {}
  MetadataValue(std::vector<bool> value) : value_(std::move(value)) {}
  MetadataValue(std::vector<int64_t> value) : value_(std::move(value)) {}
  MetadataValue(std::vector<double> value) : value_(std::move(value)) {}
  MetadataValue(std::vector<std::string> value) : value_(std::move(value)) {}
  // NOLINTEND(google-explicit-constructor)

  const Variant& variant() const { return value_; }
  bool is_null() const { return value_.index() == 0; }

  // The value if it is of exactly this type (bool, int64_t, double, std::string, SparseVector or a vector), else null.
  template <typename T>
  const T* get_if() const {
    return std::get_if<T>(&value_);
  }

  friend bool operator==(const MetadataValue&, const MetadataValue&) = default;

 private:
  Variant value_;
};

// Keys are non-empty UTF-8 and begin neither with '#' nor '$' nor "chroma:".
using Metadata = std::map<std::string, MetadataValue, std::less<>>;

// Chroma's JSON: {"year": 2020, "tags": ["a", "b"], "s": {"#type": "sparse_vector", "indices": [...], "values":
// [...]}}. A number without fraction or exponent is an int64 (a double if it does not fit), a list of integers and
// doubles is doubles. InvalidArgument: not JSON, not an object, or a value of no allowed type; the message names the
// key.
OCHRE_EXPORT Result<Metadata> MetadataFromJson(std::string_view json);
OCHRE_EXPORT std::string MetadataToJson(const Metadata& metadata);

}  // namespace ochre

#endif  // OCHRE_METADATA_H_
