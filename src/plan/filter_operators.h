// What the operators of a filter have in common.
#ifndef OCHRE_PLAN_FILTER_OPERATORS_H_
#define OCHRE_PLAN_FILTER_OPERATORS_H_

#include "ochre/filter.h"

namespace ochre {

// "and"/"or", as against conditions.
constexpr bool IsLogical(FilterOperator op) { return op == FilterOperator::kAnd || op == FilterOperator::kOr; }

// A negation holds exactly where its positive counterpart does not, also for records without the key or document.
constexpr bool IsNegation(FilterOperator op) {
  return op == FilterOperator::kNotEqual || op == FilterOperator::kNotIn || op == FilterOperator::kNotContains ||
         op == FilterOperator::kNotRegex;
}

// The operator itself if it is no negation.
constexpr FilterOperator PositiveOf(FilterOperator op) {
  switch (op) {
    case FilterOperator::kNotEqual:
      return FilterOperator::kEqual;
    case FilterOperator::kNotIn:
      return FilterOperator::kIn;
    case FilterOperator::kNotContains:
      return FilterOperator::kContains;
    case FilterOperator::kNotRegex:
      return FilterOperator::kRegex;
    default:
      return op;
  }
}

}  // namespace ochre

#endif  // OCHRE_PLAN_FILTER_OPERATORS_H_
