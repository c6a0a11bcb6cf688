#include "executor/record_filter.h"

#include <re2/re2.h>

#include <algorithm>
#include <cassert>
#include <compare>
#include <cstring>
#include <vector>

#include "plan/filter_operators.h"
#include "types/number_compare.h"

namespace ochre {
namespace {

using Entry = EncodedMetadata::Entry;

// The order of a stored number relative to an operand, exactly.
template <typename Number>
std::partial_ordering CompareWith(Number stored, const FilterScalar& operand) {
  if (const auto* integer = operand.get_if<int64_t>()) return CompareNumbers(stored, *integer);
  return CompareNumbers(stored, *operand.get_if<double>());
}

// The order of a stored scalar relative to an operand; unordered where their types do not compare.
std::partial_ordering Compare(const Entry& entry, const FilterScalar& operand) {
  switch (entry.type) {
    case MetadataType::kBool:
      if (const bool* value = operand.get_if<bool>()) return entry.AsBool() <=> *value;
      break;
    case MetadataType::kString:
      if (const auto* value = operand.get_if<std::string>()) return entry.payload <=> std::string_view(*value);
      break;
    case MetadataType::kInt64:
      if (operand.is_number()) return CompareWith(entry.AsInt64(), operand);
      break;
    case MetadataType::kDouble:
      if (operand.is_number()) return CompareWith(entry.AsDouble(), operand);
      break;
    default:
      break;
  }
  return std::partial_ordering::unordered;
}

// Elements compare with operands of their own type, as scalars do: integers and doubles as numbers.
bool HasElement(const Entry& entry, const FilterScalar& operand) {
  switch (entry.type) {
    case MetadataType::kBoolArray:
      if (const bool* value = operand.get_if<bool>()) {
        for (size_t i = 0; i < entry.FixedCount(); ++i) {
          if (entry.BoolAt(i) == *value) return true;
        }
      }
      return false;
    case MetadataType::kInt64Array:
      if (operand.is_number()) {
        for (size_t i = 0; i < entry.FixedCount(); ++i) {
          if (std::is_eq(CompareWith(entry.Int64At(i), operand))) return true;
        }
      }
      return false;
    case MetadataType::kDoubleArray:
      if (operand.is_number()) {
        for (size_t i = 0; i < entry.FixedCount(); ++i) {
          if (std::is_eq(CompareWith(entry.DoubleAt(i), operand))) return true;
        }
      }
      return false;
    case MetadataType::kStringArray:
      if (const auto* value = operand.get_if<std::string>()) {
        std::string_view rest = entry.payload;
        std::string_view element;
        while (Entry::NextString(rest, element)) {
          if (element == *value) return true;
        }
      }
      return false;
    default:
      return false;
  }
}

bool IsIn(const CompiledNode& condition, const Entry& entry) {
  if (entry.type == MetadataType::kString && condition.strings.contains(entry.payload)) return true;
  return std::any_of(condition.node.scalars.begin(), condition.node.scalars.end(), [&](const FilterScalar& scalar) {
    return scalar.get_if<std::string>() == nullptr && std::is_eq(Compare(entry, scalar));
  });
}

bool MetadataMatches(const CompiledNode& condition, EncodedMetadata metadata) {
  const FilterNode& node = condition.node;
  const std::optional<Entry> entry = metadata.Find(node.key);
  if (!entry.has_value()) return false;
  switch (PositiveOf(node.op)) {
    case FilterOperator::kEqual:
      return std::is_eq(Compare(*entry, node.scalars.front()));
    case FilterOperator::kGreater:
      return std::is_gt(Compare(*entry, node.scalars.front()));
    case FilterOperator::kGreaterEqual:
      return std::is_gteq(Compare(*entry, node.scalars.front()));
    case FilterOperator::kLess:
      return std::is_lt(Compare(*entry, node.scalars.front()));
    case FilterOperator::kLessEqual:
      return std::is_lteq(Compare(*entry, node.scalars.front()));
    case FilterOperator::kIn:
      return IsIn(condition, *entry);
    case FilterOperator::kContains:
      return HasElement(*entry, node.scalars.front());
    default:
      assert(false);  // the Gateway admits no other operator on metadata
      return false;
  }
}

bool IdMatches(const CompiledNode& condition, std::string_view id) {
  if (PositiveOf(condition.node.op) == FilterOperator::kIn) return condition.strings.contains(id);
  return *condition.node.scalars.front().get_if<std::string>() == id;
}

bool ConditionHolds(const CompiledNode& condition, const FilterableRecord& record) {
  bool positive = false;
  switch (condition.node.target) {
    case FilterTarget::kMetadata:
      positive = MetadataMatches(condition, record.metadata);
      break;
    case FilterTarget::kDocument:
      positive = record.document.has_value() && DocumentMatches(condition, *record.document);
      break;
    case FilterTarget::kId:
      positive = IdMatches(condition, record.id);
      break;
  }
  return positive != IsNegation(condition.node.op);
}

}  // namespace

bool DocumentMatches(const CompiledNode& condition, std::string_view document) {
  if (condition.regex != nullptr) return re2::RE2::PartialMatch(document, *condition.regex);
  const std::string& text = *condition.node.scalars.front().get_if<std::string>();
  // Several times as fast as string_view::find, which stops at every occurrence of the first character.
  return text.empty() || memmem(document.data(), document.size(), text.data(), text.size()) != nullptr;
}

bool FilterHolds(const CompiledFilter& filter, const FilterableRecord& record) {
  const std::vector<CompiledNode>& nodes = filter.nodes();
  if (nodes.empty()) return true;
  if (nodes.size() == 1 && !IsLogical(nodes.front().node.op)) return ConditionHolds(nodes.front(), record);
  const Result<bool> holds = filter.Evaluate<bool>(
      [&](const CompiledNode& condition) { return Result<bool>(ConditionHolds(condition, record)); },
      [](FilterOperator op, bool& accumulated, bool next) {
        accumulated = op == FilterOperator::kAnd ? accumulated && next : accumulated || next;
      },
      [](FilterOperator op) { return op == FilterOperator::kAnd; });
  return *holds;
}

}  // namespace ochre
