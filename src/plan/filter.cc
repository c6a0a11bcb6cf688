#include "ochre/filter.h"

#include <algorithm>
#include <iterator>

namespace ochre {

Filter Filter::Combine(FilterOperator op, Filter a, Filter b) {
  // A root of the same kind is opened again, so that chains of the operator stay one node wide.
  uint32_t operand_count = 0;
  for (Filter* side : {&a, &b}) {
    if (!side->nodes_.empty() && side->nodes_.back().op == op) {
      operand_count += side->nodes_.back().operand_count;
      side->nodes_.pop_back();
    } else {
      ++operand_count;
    }
  }
  // Appending the larger to the smaller would make a chain that grows on its right quadratic. Both operators are
  // commutative; filters of the size that people write and print keep their order all the same.
  constexpr size_t kOrderedNodesMax = 64;
  if (b.nodes_.size() > kOrderedNodesMax && b.nodes_.size() > a.nodes_.size()) std::swap(a.nodes_, b.nodes_);
  a.nodes_.insert(a.nodes_.end(), std::make_move_iterator(b.nodes_.begin()), std::make_move_iterator(b.nodes_.end()));
  a.nodes_.push_back({.op = op, .operand_count = operand_count});
  return a;
}

Filter operator&&(Filter a, Filter b) {
  if (a.matches_all()) return b;
  if (b.matches_all()) return a;
  return Filter::Combine(FilterOperator::kAnd, std::move(a), std::move(b));
}

Filter operator||(Filter a, Filter b) {
  if (a.matches_all()) return a;
  if (b.matches_all()) return b;
  return Filter::Combine(FilterOperator::kOr, std::move(a), std::move(b));
}

Filter Filter::All(std::vector<Filter> filters) {
  Filter all;
  for (Filter& filter : filters) all = std::move(all) && std::move(filter);
  return all;
}

Filter Filter::Any(std::vector<Filter> filters) {
  if (filters.empty()) return Filter(FilterNode{.op = FilterOperator::kOr, .operand_count = 0});
  Filter any = std::move(filters.front());
  for (auto filter = filters.begin() + 1; filter != filters.end(); ++filter) any = std::move(any) || std::move(*filter);
  return any;
}

Filter Key::Compare(FilterOperator op, FilterScalar value) const {
  return Filter(FilterNode{.op = op, .key = name_, .scalars = {std::move(value)}});
}

Filter Key::List(FilterOperator op, std::vector<FilterScalar> values) const {
  return Filter(FilterNode{.op = op, .key = name_, .scalars = std::move(values)});
}

Filter Document::Condition(FilterOperator op, std::string_view text) {
  return Filter(FilterNode{.op = op, .target = FilterTarget::kDocument, .scalars = {FilterScalar(text)}});
}

Filter Id::Condition(FilterOperator op, std::vector<FilterScalar> ids) {
  return Filter(FilterNode{.op = op, .target = FilterTarget::kId, .scalars = std::move(ids)});
}

}  // namespace ochre
