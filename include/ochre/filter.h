// Filters: which records a read or delete concerns, as C++ expressions or as Chroma's JSON. Both give the same thing.
#ifndef OCHRE_FILTER_H_
#define OCHRE_FILTER_H_

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "ochre/export.h"
#include "ochre/status.h"

namespace ochre {

// What a condition compares with.
class FilterScalar {
 public:
  using Variant = std::variant<bool, int64_t, double, std::string>;

  // NOLINTBEGIN(google-explicit-constructor)
  FilterScalar(bool value) : value_(value) {}
  template <std::integral T>
  requires(!std::same_as<T, bool> && !std::same_as<T, char>) FilterScalar(T value) {
    if (std::in_range<int64_t>(value)) {
      value_ = static_cast<int64_t>(value);
    } else {
      value_ = static_cast<double>(value);
    }
  }
  template <std::floating_point T>
  FilterScalar(T value) : value_(static_cast<double>(value)) {}
  FilterScalar(const char* value) : value_(std::string(value)) {}
  FilterScalar(std::string_view value) : value_(std::string(value)) {}
  FilterScalar(std::string value) : value_(std::move(value)) {}
  // NOLINTEND(google-explicit-constructor)

  const Variant& variant() const { return value_; }
  template <typename T>
  const T* get_if() const {
    return std::get_if<T>(&value_);
  }
  bool is_number() const { return value_.index() == 1 || value_.index() == 2; }

  friend bool operator==(const FilterScalar&, const FilterScalar&) = default;

 private:
  Variant value_;
};

enum class FilterOperator : uint8_t {
  kEqual,         // $eq
  kNotEqual,      // $ne
  kGreater,       // $gt
  kGreaterEqual,  // $gte
  kLess,          // $lt
  kLessEqual,     // $lte
  kIn,            // $in
  kNotIn,         // $nin
  kContains,      // $contains
  kNotContains,   // $not_contains
  kRegex,         // $regex
  kNotRegex,      // $not_regex
  kAnd,           // $and
  kOr,            // $or
};

enum class FilterTarget : uint8_t {
  kMetadata,  // the value under a key
  kDocument,  // the document, "#document" in JSON
  kId,        // the record's id, "#id" in JSON
};

// One condition, or one "and"/"or" of the `operand_count` filters before it.
struct FilterNode {
  FilterOperator op = FilterOperator::kAnd;
  FilterTarget target = FilterTarget::kMetadata;
  std::string key = {};                    // of a metadata condition
  std::vector<FilterScalar> scalars = {};  // one; any number for kIn and kNotIn; none for kAnd and kOr
  uint32_t operand_count = 0;              // of kAnd and kOr

  friend bool operator==(const FilterNode&, const FilterNode&) = default;
};

// A predicate on records. A default-constructed filter matches every record. Building never fails: what no filter may
// be (a string with an ordering operator, an empty list, ...) is refused by the call that the filter is given to.
//
// The nodes are stored in postfix order, so that a filter of any width or depth is built, walked and freed by loops.
// A value; not synchronised.
class OCHRE_EXPORT Filter {
 public:
  Filter() = default;
  explicit Filter(FilterNode condition) { nodes_.push_back(std::move(condition)); }

  // Chroma's `where`: {"year": {"$gte": 2020}}, {"$and": [...]}, {"#document": {"$contains": "x"}}; "null" matches all.
  // InvalidArgument: not JSON, or not of that grammar; nested more than 1,000 deep.
  static Result<Filter> FromJson(std::string_view json);
  // Chroma's `where_document`: {"$contains": "x"}, {"$and": [...]}; "null" matches all.
  static Result<Filter> DocumentFromJson(std::string_view json);
  // The `where` JSON of this filter; FromJson gives the same filter back. "null" if it matches all.
  std::string ToJson() const;

  bool matches_all() const { return nodes_.empty(); }
  const std::vector<FilterNode>& nodes() const { return nodes_; }

  // Both, either. A chain of && (or ||) becomes one wide node, not a deep one. Matching-all is neutral in && and
  // absorbs in ||.
  friend Filter operator&&(Filter a, Filter b);
  friend Filter operator||(Filter a, Filter b);

  // All of `filters` (none: matches all), any of `filters` (none: matches nothing).
  static Filter All(std::vector<Filter> filters);
  static Filter Any(std::vector<Filter> filters);

  friend bool operator==(const Filter&, const Filter&) = default;

 private:
  static Filter Combine(FilterOperator op, Filter a, Filter b);

  std::vector<FilterNode> nodes_;
};

OCHRE_EXPORT Filter operator&&(Filter a, Filter b);
OCHRE_EXPORT Filter operator||(Filter a, Filter b);

// The metadata value under a key. A comparison holds only for a value of the operand's type (int64 and double compare
// as numbers, exactly); !=, NotIn and NotContains are the exact negations, so they hold for records without the key
// too.
class OCHRE_EXPORT Key {
 public:
  explicit Key(std::string name) : name_(std::move(name)) {}

  friend Filter operator==(const Key& key, FilterScalar value) {
    return key.Compare(FilterOperator::kEqual, std::move(value));
  }
  friend Filter operator!=(const Key& key, FilterScalar value) {
    return key.Compare(FilterOperator::kNotEqual, std::move(value));
  }
  friend Filter operator>(const Key& key, FilterScalar value) {
    return key.Compare(FilterOperator::kGreater, std::move(value));
  }
  friend Filter operator>=(const Key& key, FilterScalar value) {
    return key.Compare(FilterOperator::kGreaterEqual, std::move(value));
  }
  friend Filter operator<(const Key& key, FilterScalar value) {
    return key.Compare(FilterOperator::kLess, std::move(value));
  }
  friend Filter operator<=(const Key& key, FilterScalar value) {
    return key.Compare(FilterOperator::kLessEqual, std::move(value));
  }

  // The value is one of `values`: not empty, and of one type.
  Filter In(std::vector<FilterScalar> values) const { return List(FilterOperator::kIn, std::move(values)); }
  Filter NotIn(std::vector<FilterScalar> values) const { return List(FilterOperator::kNotIn, std::move(values)); }

  // The value is an array with an element that `== element` would hold for.
  Filter Contains(FilterScalar element) const { return Compare(FilterOperator::kContains, std::move(element)); }
  Filter NotContains(FilterScalar element) const { return Compare(FilterOperator::kNotContains, std::move(element)); }

 private:
  Filter Compare(FilterOperator op, FilterScalar value) const;
  Filter List(FilterOperator op, std::vector<FilterScalar> values) const;

  std::string name_;
};

// The record's document. A record without one satisfies only the negations.
class OCHRE_EXPORT Document {
 public:
  // `text` is a substring of the document: case-sensitive, byte for byte.
  Filter Contains(std::string_view text) const { return Condition(FilterOperator::kContains, text); }
  Filter NotContains(std::string_view text) const { return Condition(FilterOperator::kNotContains, text); }
  // `pattern` (Rust's regex syntax, see docs/semantics.md) matches somewhere in the document; "(?i)" ignores case.
  Filter Matches(std::string_view pattern) const { return Condition(FilterOperator::kRegex, pattern); }
  Filter NotMatches(std::string_view pattern) const { return Condition(FilterOperator::kNotRegex, pattern); }

 private:
  static Filter Condition(FilterOperator op, std::string_view text);
};

// The record's id.
class OCHRE_EXPORT Id {
 public:
  friend Filter operator==(const Id&, std::string_view id) { return Condition(FilterOperator::kEqual, {id}); }
  friend Filter operator!=(const Id&, std::string_view id) { return Condition(FilterOperator::kNotEqual, {id}); }
  Filter In(std::vector<FilterScalar> ids) const { return Condition(FilterOperator::kIn, std::move(ids)); }
  Filter NotIn(std::vector<FilterScalar> ids) const { return Condition(FilterOperator::kNotIn, std::move(ids)); }

 private:
  static Filter Condition(FilterOperator op, std::vector<FilterScalar> ids);
};

}  // namespace ochre

#endif  // OCHRE_FILTER_H_
