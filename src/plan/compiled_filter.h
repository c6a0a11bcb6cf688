// CompiledFilter: a valid filter made ready to be evaluated: patterns compiled, parents known.
#ifndef OCHRE_PLAN_COMPILED_FILTER_H_
#define OCHRE_PLAN_COMPILED_FILTER_H_

#include <cassert>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "ochre/filter.h"
#include "ochre/status.h"

namespace re2 {
class RE2;
}

namespace ochre {

// Strings that a document must hold for a pattern to match: all of `all_of`, and, if there are any, at least one of
// `any_of`. Both empty: nothing is known. A superset of the matches, for the trigram index.
//
// The strings, and the document to look for them in, are folded as RE2 folds: rune by rune, letters to lower case, and
// the two runes that match an ASCII letter under (?i), U+017F and U+212A, to that letter.
struct RegexPrefilter {
  std::vector<std::string> all_of;
  std::vector<std::string> any_of;
};

// One node of the filter, and what was computed from it.
struct CompiledNode {
  FilterNode node;
  size_t parent = 0;  // index of the "and"/"or" that it is an operand of; its own index for the root
  std::shared_ptr<const re2::RE2> regex = nullptr;    // of kRegex and kNotRegex
  RegexPrefilter prefilter = {};                      // likewise
  std::unordered_set<std::string_view> strings = {};  // of kIn and kNotIn over strings: the list, borrowed from `node`
};

// Immutable; any number of threads. Its nodes are in postfix order.
class CompiledFilter {
 public:
  CompiledFilter() = default;  // matches all
  CompiledFilter(CompiledFilter&&) = default;
  CompiledFilter& operator=(CompiledFilter&&) = default;

  // Precondition: gateway/validate_filter.h accepts `filter`. InvalidArgument: a pattern that re2_pattern.h or RE2
  // refuses.
  static Result<CompiledFilter> Compile(const Filter& filter);

  bool matches_all() const { return nodes_.empty(); }
  const std::vector<CompiledNode>& nodes() const { return nodes_; }

  // Evaluates with one value of type T a level of nesting, however wide the filter. `leaf(node)` gives Result<T> of a
  // condition; `fold(op, accumulated, next)` joins two operands of kAnd or kOr in place; `empty(op)` is the value of
  // one without operands. Precondition: !matches_all().
  template <typename T, typename Leaf, typename Fold, typename Empty>
  Result<T> Evaluate(Leaf leaf, Fold fold, Empty empty) const;

 private:
  std::vector<CompiledNode> nodes_;
};

template <typename T, typename Leaf, typename Fold, typename Empty>
Result<T> CompiledFilter::Evaluate(Leaf leaf, Fold fold, Empty empty) const {
  struct Partial {
    size_t parent;
    T value;
  };
  std::vector<Partial> stack;  // at most one for each open "and"/"or"
  for (size_t i = 0; i < nodes_.size(); ++i) {
    const CompiledNode& node = nodes_[i];
    std::optional<T> value;
    if (node.node.op == FilterOperator::kAnd || node.node.op == FilterOperator::kOr) {
      if (!stack.empty() && stack.back().parent == i) {
        value.emplace(std::move(stack.back().value));
        stack.pop_back();
      } else {
        value.emplace(empty(node.node.op));
      }
    } else {
      OCHRE_ASSIGN_OR_RETURN(value, leaf(node));
    }
    if (i + 1 == nodes_.size()) return *std::move(value);
    if (!stack.empty() && stack.back().parent == node.parent) {
      fold(nodes_[node.parent].node.op, stack.back().value, *std::move(value));
    } else {
      stack.push_back({node.parent, *std::move(value)});
    }
  }
  return Status::Internal("a filter without nodes was evaluated");
}

}  // namespace ochre

#endif  // OCHRE_PLAN_COMPILED_FILTER_H_
