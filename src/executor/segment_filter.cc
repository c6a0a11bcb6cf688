#include "executor/segment_filter.h"

#include <algorithm>
#include <cassert>
#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "executor/record_filter.h"
#include "plan/filter_operators.h"
#include "runtime/call_limit.h"

namespace ochre {
namespace {

// Evaluates conditions on the live rows of one segment.
class SegmentConditions {
 public:
  SegmentConditions(const SegmentView& segment, FilterCache* cache)
      : segment_(*segment.segment), live_(segment.deletions->Live()), cache_(cache) {}

  const Roaring& live() const { return live_; }

  // Live rows among which those that satisfy the condition are: no document is read.
  Result<Roaring> Superset(const CompiledNode& condition) const {
    if (condition.node.target != FilterTarget::kDocument) return Evaluate(condition);
    OCHRE_RETURN_IF_ERROR(CallLimit::CheckCurrent());
    if (cache_ != nullptr && cache_->Find(FilterCacheKey(segment_.id(), condition.node)) != nullptr) {
      return Evaluate(condition);
    }
    if (IsNegation(condition.node.op)) return live_;
    OCHRE_ASSIGN_OR_RETURN(Roaring candidates, Candidates(condition));
    candidates &= live_;
    return candidates;
  }

  Result<Roaring> Evaluate(const CompiledNode& condition) const {
    OCHRE_RETURN_IF_ERROR(CallLimit::CheckCurrent());
    OCHRE_ASSIGN_OR_RETURN(const SharedOrdinals rows, Positive(condition));
    return IsNegation(condition.node.op) ? live_ - *rows : live_ & *rows;
  }

 private:
  // Whether deleted or not: what is kept serves views that see fewer deletions and more.
  Result<SharedOrdinals> Positive(const CompiledNode& condition) const {
    // Ids are looked up as fast as the cache is, and their lists are seldom the same.
    const bool is_kept = cache_ != nullptr && condition.node.target != FilterTarget::kId;
    std::string key;
    if (is_kept) {
      key = FilterCacheKey(segment_.id(), condition.node);
      if (SharedOrdinals found = cache_->Find(key); found != nullptr) return found;
    }
    OCHRE_ASSIGN_OR_RETURN(Roaring rows, EvaluatePositive(condition));
    SharedOrdinals shared = Share(std::move(rows));
    if (is_kept) cache_->Insert(std::move(key), shared);
    return shared;
  }

  Result<Roaring> EvaluatePositive(const CompiledNode& condition) const {
    switch (condition.node.target) {
      case FilterTarget::kMetadata:
        return Metadata(condition.node);
      case FilterTarget::kDocument:
        return Document(condition);
      case FilterTarget::kId:
        return RowsOfIds(condition.node);
    }
    return Status::Internal("a filter condition has no target");
  }

  Result<Roaring> Metadata(const FilterNode& node) const {
    OCHRE_ASSIGN_OR_RETURN(const InvertedIndex* index, segment_.Index());
    switch (PositiveOf(node.op)) {
      case FilterOperator::kEqual:
      case FilterOperator::kIn: {
        Roaring rows;
        for (const FilterScalar& scalar : node.scalars) {
          OCHRE_ASSIGN_OR_RETURN(const Roaring equal, index->Equal(node.key, scalar));
          rows |= equal;
        }
        return rows;
      }
      case FilterOperator::kContains:
        return index->ArrayContains(node.key, node.scalars.front());
      default:
        return index->Compare(node.key, node.op, node.scalars.front());
    }
  }

  Result<Roaring> RowsOfIds(const FilterNode& node) const {
    OCHRE_ASSIGN_OR_RETURN(const IdTable* ids, segment_.Ids());
    Roaring rows;
    for (const FilterScalar& id : node.scalars) {
      const std::optional<Ordinal> ordinal = ids->Find(*id.get_if<std::string>());
      if (ordinal.has_value()) rows.add(static_cast<uint32_t>(*ordinal));
    }
    return rows;
  }

  // Rows with a document, among them all those whose document satisfies the positive form of the condition.
  Result<Roaring> Candidates(const CompiledNode& condition) const {
    OCHRE_ASSIGN_OR_RETURN(const InvertedIndex* index, segment_.Index());
    OCHRE_ASSIGN_OR_RETURN(std::optional<Roaring> candidates,
                           condition.regex != nullptr
                               ? RegexCandidates(*index, condition.prefilter)
                               : index->ContainsCandidates(*condition.node.scalars.front().get_if<std::string>()));
    if (!candidates.has_value()) return index->HasDocument();
    return *std::move(candidates);
  }

  // The trigram index proposes, the stored documents decide.
  Result<Roaring> Document(const CompiledNode& condition) const {
    OCHRE_ASSIGN_OR_RETURN(const Roaring candidates, Candidates(condition));
    OCHRE_ASSIGN_OR_RETURN(const RecordStore* records, segment_.Records());
    std::vector<uint32_t> ordinals(candidates.cardinality());
    candidates.toUint32Array(ordinals.data());
    constexpr size_t kAhead = RecordStore::kPrefetchDistance;
    std::vector<uint32_t> matching;
    CallPoll poll;
    for (size_t i = 0; i < ordinals.size(); ++i) {
      OCHRE_RETURN_IF_ERROR(poll.Poll());
      if (i + 2 * kAhead < ordinals.size()) records->PrefetchPlace(Ordinal{ordinals[i + 2 * kAhead]});
      if (i + kAhead < ordinals.size()) records->PrefetchRow(Ordinal{ordinals[i + kAhead]});
      OCHRE_ASSIGN_OR_RETURN(const StoredRecord record, records->Read(Ordinal{ordinals[i]}));
      if (record.document.has_value() && DocumentMatches(condition, *record.document)) matching.push_back(ordinals[i]);
    }
    Roaring rows(matching.size(), matching.data());
    return rows;
  }

  static Result<std::optional<Roaring>> RegexCandidates(const InvertedIndex& index, const RegexPrefilter& prefilter) {
    std::optional<Roaring> candidates;
    for (const std::string& atom : prefilter.all_of) {
      OCHRE_ASSIGN_OR_RETURN(std::optional<Roaring> rows, index.LowerCaseCandidates(atom));
      if (!rows.has_value()) continue;
      if (candidates.has_value()) {
        *candidates &= *rows;
      } else {
        candidates = std::move(rows);
      }
    }
    std::optional<Roaring> any;
    for (const std::string& atom : prefilter.any_of) {
      OCHRE_ASSIGN_OR_RETURN(std::optional<Roaring> rows, index.LowerCaseCandidates(atom));
      if (!rows.has_value()) return candidates;  // an alternative that cannot be narrowed admits every row
      if (any.has_value()) {
        *any |= *rows;
      } else {
        any = std::move(rows);
      }
    }
    if (!any.has_value()) return candidates;
    if (candidates.has_value()) *any &= *candidates;
    return any;
  }

  const Segment& segment_;
  const Roaring& live_;
  FilterCache* const cache_;
};

// The live rows for which the filter holds, with `leaf(condition)` for the rows of each condition.
template <typename Leaf>
Result<Roaring> Join(const SegmentConditions& conditions, const CompiledFilter& filter, Leaf leaf) {
  if (filter.matches_all()) return conditions.live();
  return filter.Evaluate<Roaring>(
      leaf,
      [](FilterOperator op, Roaring& accumulated, const Roaring& next) {
        if (op == FilterOperator::kAnd) {
          accumulated &= next;
        } else {
          accumulated |= next;
        }
      },
      [&](FilterOperator op) { return op == FilterOperator::kAnd ? conditions.live() : Roaring(); });
}

bool AsksForDocuments(const CompiledFilter& filter) {
  return std::any_of(filter.nodes().begin(), filter.nodes().end(), [](const CompiledNode& condition) {
    return !IsLogical(condition.node.op) && condition.node.target == FilterTarget::kDocument;
  });
}

}  // namespace

Result<Roaring> FilterSegment(const SegmentView& segment, const CompiledFilter& filter, FilterCache* cache) {
  const SegmentConditions conditions(segment, cache);
  return Join(conditions, filter, [&](const CompiledNode& condition) { return conditions.Evaluate(condition); });
}

Result<Roaring> FilterSegmentFirst(const SegmentView& segment, const CompiledFilter& filter, int64_t count_max,
                                   FilterCache* cache) {
  if (!AsksForDocuments(filter)) return FilterSegment(segment, filter, cache);
  const SegmentConditions conditions(segment, cache);
  // "And" and "or" of supersets are supersets of their "and" and "or": negations are in the conditions alone.
  OCHRE_ASSIGN_OR_RETURN(const Roaring candidates, Join(conditions, filter, [&](const CompiledNode& condition) {
                           return conditions.Superset(condition);
                         }));
  OCHRE_ASSIGN_OR_RETURN(const IdTable* ids, segment.segment->Ids());
  OCHRE_ASSIGN_OR_RETURN(const RecordStore* records, segment.segment->Records());
  std::vector<uint32_t> matching;
  CallPoll poll;
  for (auto row = candidates.begin(); row != candidates.end() && std::ssize(matching) < count_max; ++row) {
    OCHRE_RETURN_IF_ERROR(poll.Poll());
    const Ordinal ordinal{*row};
    OCHRE_ASSIGN_OR_RETURN(const StoredRecord record, records->Read(ordinal));
    if (FilterHolds(filter, {ids->Id(ordinal), record.document, record.metadata})) matching.push_back(*row);
  }
  return Roaring(matching.size(), matching.data());
}

}  // namespace ochre
