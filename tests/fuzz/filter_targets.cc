// The targets that evaluate: filters on a record, patterns on a document.
#include <re2/re2.h>

#include <algorithm>
#include <string>

#include "executor/record_filter.h"
#include "gateway/validate.h"
#include "gateway/validate_metadata.h"
#include "inverted/fold_case.h"
#include "ochre/filter.h"
#include "ochre/metadata.h"
#include "plan/compiled_filter.h"
#include "plan/filter_operators.h"
#include "tests/fuzz/fuzz_targets.h"
#include "types/encoded_metadata.h"
#include "types/utf8.h"

namespace ochre {
namespace {

// Takes the first line off `rest`.
std::string_view TakeLine(std::string_view& rest) {
  const size_t end = std::min(rest.find('\n'), rest.size());
  const std::string_view line = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return line;
}

FilterOperator NegationOf(FilterOperator op) {
  for (int other = 0; other <= static_cast<int>(FilterOperator::kOr); ++other) {
    const auto candidate = static_cast<FilterOperator>(other);
    if (candidate != op && PositiveOf(candidate) == PositiveOf(op)) return candidate;
  }
  return op;  // has none
}

// Whether `document`, which is folded, has every trigram of `atom` that the index is asked for. Those of other than
// ASCII bytes it is not, as RE2 folds the letters there too.
bool HasTrigramsOf(std::string_view atom, std::string_view document) {
  constexpr size_t kSize = 3;
  for (size_t i = 0; i + kSize <= atom.size(); ++i) {
    const std::string_view trigram = atom.substr(i, kSize);
    const bool is_ascii = std::all_of(trigram.begin(), trigram.end(), [](char c) { return (c & 0x80) == 0; });
    if (is_ascii && document.find(trigram) == std::string_view::npos) return false;
  }
  return true;
}

// What the index is asked for must be in every document that matches.
void RequirePrefilterHolds(const CompiledNode& node, std::string_view document, std::string_view input) {
  if (node.regex == nullptr || !re2::RE2::PartialMatch(document, *node.regex)) return;
  const std::string folded = FoldCase(document);
  const auto holds = [&](const std::string& atom) { return HasTrigramsOf(atom, folded); };
  const auto& [all_of, any_of] = node.prefilter;
  Require(std::all_of(all_of.begin(), all_of.end(), holds), "a match has what every match has", input);
  Require(any_of.empty() || std::any_of(any_of.begin(), any_of.end(), holds), "a match has one of what it may have",
          input);
}

bool Holds(const Filter& filter, const FilterableRecord& record, std::string_view input) {
  const auto compiled = CompiledFilter::Compile(filter);
  Require(compiled.ok(), "a filter compiles as the one that it was made of", input);
  return FilterHolds(*compiled, record);
}

}  // namespace

void FuzzFilterEvaluation(std::string_view input) {
  std::string_view rest = input;
  const auto filter = Filter::FromJson(TakeLine(rest));
  const auto metadata = MetadataFromJson(TakeLine(rest));
  if (!filter.ok() || !ValidateWhere(*filter).ok() || !metadata.ok() ||
      !ValidateRecordMetadata(*metadata, /*allow_null=*/false).ok()) {
    return;
  }
  const auto compiled = CompiledFilter::Compile(*filter);
  if (!compiled.ok()) {
    Require(compiled.status().code() == StatusCode::kInvalidArgument, "a refusal is InvalidArgument", input);
    return;
  }
  const std::string encoded = EncodeMetadata(*metadata);
  const FilterableRecord record{.id = "an id", .document = rest, .metadata = EncodedMetadata(encoded)};
  const bool holds = FilterHolds(*compiled, record);
  Require(Holds(*filter && *filter, record, input) == holds, "f and f is f", input);
  Require(Holds(*filter || *filter, record, input) == holds, "f or f is f", input);
  for (const CompiledNode& node : compiled->nodes()) {
    if (IsLogical(node.node.op)) continue;
    RequirePrefilterHolds(node, rest, input);
    FilterNode negated = node.node;
    negated.op = NegationOf(negated.op);
    if (negated.op == node.node.op) continue;
    Require(Holds(Filter(negated), record, input) != Holds(Filter(node.node), record, input),
            "a condition or its negation holds", input);
  }
}

void FuzzRegex(std::string_view input) {
  std::string_view document = input;
  const Filter filter = Document().Matches(std::string(TakeLine(document)));
  if (!ValidateWhere(filter).ok()) return;
  const auto compiled = CompiledFilter::Compile(filter);
  if (!compiled.ok()) {
    Require(compiled.status().code() == StatusCode::kInvalidArgument, "a refusal is InvalidArgument", input);
    return;
  }
  for (const CompiledNode& node : compiled->nodes()) RequirePrefilterHolds(node, document, input);
}

}  // namespace ochre
