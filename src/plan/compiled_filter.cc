#include "plan/compiled_filter.h"

#include <re2/filtered_re2.h>
#include <re2/re2.h>

#include <algorithm>

#include "plan/re2_pattern.h"

namespace ochre {
namespace {

// Shorter strings have no trigram to look up.
constexpr int kAtomBytesMin = 3;

// Probing the pattern's condition costs one evaluation an atom.
constexpr size_t kAtomsMax = 256;

re2::RE2::Options RegexOptions() {
  re2::RE2::Options options;
  options.set_log_errors(false);
  return options;
}

// RE2 knows which sets of atoms a match may contain, but tells only yes or no for a given set. The condition is
// monotone, so an atom without which all the others do not suffice is in every match.
RegexPrefilter MakePrefilter(const std::string& pattern) {
  re2::FilteredRE2 filtered(kAtomBytesMin);
  int id = 0;
  std::vector<std::string> atoms;
  if (filtered.Add(pattern, RegexOptions(), &id) != re2::RE2::NoError) return {};
  filtered.Compile(&atoms);
  if (atoms.empty() || atoms.size() > kAtomsMax) return {};

  const auto may_match = [&](const std::vector<int>& present) {
    std::vector<int> potentials;
    filtered.AllPotentials(present, &potentials);
    return !potentials.empty();
  };
  RegexPrefilter prefilter;
  std::vector<int> required;
  for (size_t left_out = 0; left_out < atoms.size(); ++left_out) {
    std::vector<int> others;
    for (size_t i = 0; i < atoms.size(); ++i) {
      if (i != left_out) others.push_back(static_cast<int>(i));
    }
    if (may_match(others)) continue;
    required.push_back(static_cast<int>(left_out));
    prefilter.all_of.push_back(atoms[left_out]);
  }
  if (may_match(required)) return prefilter;
  for (size_t i = 0; i < atoms.size(); ++i) {
    if (std::find(required.begin(), required.end(), static_cast<int>(i)) == required.end()) {
      prefilter.any_of.push_back(atoms[i]);
    }
  }
  return prefilter;
}

Status CompileRegex(CompiledNode& node) {
  const auto& pattern = *node.node.scalars.front().get_if<std::string>();
  OCHRE_ASSIGN_OR_RETURN(const std::string re2_pattern, ToRe2Pattern(pattern));
  auto regex = std::make_shared<re2::RE2>(re2_pattern, RegexOptions());
  if (!regex->ok()) return Status::InvalidArgument("Regex syntax error: ", regex->error(), " in \"", pattern, "\"");
  node.regex = std::move(regex);
  node.prefilter = MakePrefilter(re2_pattern);
  return Status::Ok();
}

}  // namespace

Result<CompiledFilter> CompiledFilter::Compile(const Filter& filter) {
  CompiledFilter compiled;
  std::vector<CompiledNode>& nodes = compiled.nodes_;
  nodes.reserve(filter.nodes().size());  // nodes stay in place: `strings` borrows from them
  std::vector<size_t> roots;             // of the subtrees that have no parent yet
  for (const FilterNode& node : filter.nodes()) {
    const size_t index = nodes.size();
    nodes.push_back({.node = node, .parent = index});
    CompiledNode& added = nodes.back();
    switch (node.op) {
      case FilterOperator::kAnd:
      case FilterOperator::kOr:
        assert(node.operand_count <= roots.size());
        for (uint32_t i = 0; i < node.operand_count; ++i) {
          nodes[roots.back()].parent = index;
          roots.pop_back();
        }
        break;
      case FilterOperator::kRegex:
      case FilterOperator::kNotRegex:
        OCHRE_RETURN_IF_ERROR(CompileRegex(added));
        break;
      case FilterOperator::kIn:
      case FilterOperator::kNotIn:
        for (const FilterScalar& scalar : added.node.scalars) {
          if (const auto* text = scalar.get_if<std::string>()) added.strings.insert(*text);
        }
        break;
      default:
        break;
    }
    roots.push_back(index);
  }
  assert(roots.size() <= 1);
  return compiled;
}

}  // namespace ochre
