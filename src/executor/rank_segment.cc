#include "executor/rank_segment.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "distance/code_scan.h"
#include "distance/codes.h"
#include "distance/scan.h"
#include "executor/rank_planner.h"
#include "executor/roaring_bits.h"
#include "hnsw/graph_search.h"
#include "segment/vector_index.h"

namespace ochre {
namespace {

using Neighbors = std::vector<Neighbor>;

// From this part of matching rows on, a search is ended by distance; the rows that do not match, and are walked through
// all the same, take at most half of its candidates' places.
constexpr double kReachMatchesMin = 0.5;

std::vector<uint32_t> ToVector(const Roaring& ordinals) {
  std::vector<uint32_t> vector(ordinals.cardinality());
  ordinals.toUint32Array(vector.data());
  return vector;
}

// One call's work on one segment.
class SegmentRanker {
 public:
  SegmentRanker(const SegmentView& view, std::span<const PreparedQuery> queries, std::span<const float> bounds,
                const Roaring& ordinals, int64_t k)
      : segment_(*view.segment),
        deletions_(*view.deletions),
        queries_(queries),
        bounds_(bounds),
        ordinals_(ordinals),
        k_(k) {}

  Result<std::vector<Neighbors>> Rank(const VectorRanking& ranking) {
    task_ = {.row_count = segment_.row_count(),
             .match_count = static_cast<int64_t>(ordinals_.cardinality()),
             .ef = std::max(ranking.ef_search, k_),
             .exact = ranking.exact,
             .has_codes = segment_.has_codes(),
             .has_graph = segment_.has_graph()};
    if (ChooseScan(task_) == RankPlan::kScanCodes || (task_.has_graph && !task_.exact)) {
      OCHRE_ASSIGN_OR_RETURN(index_, segment_.IndexOfVectors());
      parts_ = &index_->parts();
      task_.ends_by_distance = !index_->calibration().by_reach.empty();
      if (ranking.target_recall.has_value() && task_.has_codes) {
        task_.ef = std::max(index_->calibration().EfForRecall(*ranking.target_recall), k_);
      }
    }
    const RankPlan plan = ChooseRankPlan(task_);
    if (plan != RankPlan::kSearchGraph) return Scan(plan, queries_);
    return task_.has_codes ? SearchByCodes(ranking) : SearchByRows();
  }

 private:
  Result<std::vector<Neighbors>> Scan(RankPlan plan, std::span<const PreparedQuery> queries) {
    if (plan == RankPlan::kScanCodes) return ScanCodes(queries);
    OCHRE_ASSIGN_OR_RETURN(const RowsSpan rows, segment_.Rows());
    if (task_.match_count == task_.row_count) return ScanAll(queries, rows, k_);
    return ScanCandidates(queries, rows, ToVector(ordinals_), k_);
  }

  Result<std::vector<Neighbors>> ScanCodes(std::span<const PreparedQuery> queries) {
    const std::vector<CodeQuery> code_queries = Prepare(queries);
    const std::vector<std::vector<uint32_t>> kept =
        task_.match_count == task_.row_count
            ? ScanAllCodes(code_queries, parts_->codes, index_->bounds(), k_)
            : ScanCandidateCodes(code_queries, parts_->codes, index_->bounds(), ToVector(ordinals_), k_);
    std::vector<Neighbors> found;
    for (size_t q = 0; q < queries.size(); ++q) {
      OCHRE_ASSIGN_OR_RETURN(Neighbors nearest, Rerank(queries[q], kept[q]));
      found.push_back(std::move(nearest));
    }
    return found;
  }

  Result<std::vector<Neighbors>> SearchByCodes(const VectorRanking& ranking) {
    const int64_t candidates = RerankCount(parts_->codes.quantization, k_);
    std::vector<float> bounds;
    GraphSearchOptions options = {.k = candidates,
                                  .ef = std::max(task_.ef, candidates),
                                  .allowed = Allowed(),
                                  .distances_max = DistanceBudget(task_)};
    const auto matches_min = kReachMatchesMin * static_cast<double>(task_.row_count);
    if (static_cast<double>(task_.match_count) >= matches_min) {
      const Calibration& calibration = index_->calibration();
      const float reach = ranking.target_recall.has_value() ? calibration.ReachForRecall(*ranking.target_recall)
                                                            : calibration.ReachForEf(task_.ef);
      if (reach > 0) {
        options.reach = reach;
        options.reach_k = std::max<int64_t>(k_, 10);  // as many as it was calibrated with
        options.ef = std::max(kReachCandidatesMax, 4 * candidates);
        // Codes have twice the distance in this space (CodeQuery).
        for (const float bound : bounds_) bounds.push_back(ranking.space == Space::kCosine ? 2 * bound : bound);
        options.bounds = bounds;
      }
    }
    const std::vector<CodeQuery> code_queries = Prepare(queries_);
    std::vector<GraphSearchResult> results = SearchGraphByCodes(*parts_->graph, parts_->codes, code_queries, options);
    std::vector<Neighbors> found;
    std::vector<uint32_t> ordinals;
    for (size_t q = 0; q < queries_.size(); ++q) {
      if (!IsEnough(results[q]) || !code_queries[q].is_measurable()) {
        OCHRE_RETURN_IF_ERROR(ScanOne(queries_[q], found));
        continue;
      }
      const Neighbors& nearest_codes = results[q].neighbors;
      const float reach =
          code_queries[q].LikelyReach(nearest_codes[static_cast<size_t>(k_ - 1)].distance, index_->bounds());
      ordinals.clear();
      ordinals.reserve(nearest_codes.size());
      for (const Neighbor& neighbor : nearest_codes) {
        if (neighbor.distance <= reach || std::ssize(ordinals) < k_) ordinals.push_back(neighbor.ordinal);
      }
      std::sort(ordinals.begin(), ordinals.end());
      OCHRE_ASSIGN_OR_RETURN(Neighbors nearest, Rerank(queries_[q], ordinals));
      found.push_back(std::move(nearest));
    }
    return found;
  }

  Result<std::vector<Neighbors>> SearchByRows() {
    OCHRE_ASSIGN_OR_RETURN(const RowsSpan rows, segment_.Rows());
    const GraphSearchOptions options = {
        .k = k_, .ef = task_.ef, .allowed = Allowed(), .distances_max = DistanceBudget(task_)};
    std::vector<Neighbors> found;
    for (const PreparedQuery& query : queries_) {
      GraphSearchResult result = SearchGraph(*parts_->graph, rows, query, options);
      if (IsEnough(result)) {
        found.push_back(std::move(result.neighbors));
      } else {
        OCHRE_RETURN_IF_ERROR(ScanOne(query, found));
      }
    }
    return found;
  }

  // False: the search was given up, or came back with fewer than there are.
  bool IsEnough(const GraphSearchResult& result) const {
    return result.complete && static_cast<int64_t>(result.neighbors.size()) >= k_;
  }

  Status ScanOne(const PreparedQuery& query, std::vector<Neighbors>& found) {
    OCHRE_ASSIGN_OR_RETURN(std::vector<Neighbors> nearest, Scan(ChooseScan(task_), {&query, 1}));
    found.push_back(std::move(nearest.front()));
    return Status::Ok();
  }

  // The nearest of `ordinals`, which ascend, by their float32 values.
  Result<Neighbors> Rerank(const PreparedQuery& query, std::span<const uint32_t> ordinals) const {
    OCHRE_ASSIGN_OR_RETURN(const VectorFile* vectors, segment_.Vectors());
    OCHRE_ASSIGN_OR_RETURN(const RowsSpan rows, vectors->RowsWith(ordinals));
    return std::move(ScanCandidates({&query, 1}, rows, ordinals, k_).front());
  }

  std::vector<CodeQuery> Prepare(std::span<const PreparedQuery> queries) const {
    std::vector<CodeQuery> prepared;
    prepared.reserve(queries.size());
    for (const PreparedQuery& query : queries) prepared.push_back(index_->quantizer().Prepare(query));
    return prepared;
  }

  // One bit a row that matches; empty if all do.
  std::span<const uint64_t> Allowed() {
    if (task_.match_count == task_.row_count) return {};
    // What matches is live: as many as are live are all of these.
    if (task_.match_count == deletions_.live_count()) return deletions_.Bits();
    allowed_ = ToBits(ordinals_, task_.row_count);
    return allowed_;
  }

  const Segment& segment_;
  const DeletionBitmap& deletions_;
  const std::span<const PreparedQuery> queries_;
  const std::span<const float> bounds_;
  const Roaring& ordinals_;
  const int64_t k_;
  RankTask task_;
  std::vector<uint64_t> allowed_;
  const VectorIndex* index_ = nullptr;
  const VectorIndex::Parts* parts_ = nullptr;
};

}  // namespace

Result<std::vector<std::vector<Neighbor>>> RankSegment(const SegmentView& segment,
                                                       std::span<const PreparedQuery> queries,
                                                       std::span<const float> bounds, const Roaring& ordinals,
                                                       const VectorRanking& ranking, int64_t k) {
  assert(bounds.size() == queries.size());
  const auto match_count = static_cast<int64_t>(ordinals.cardinality());
  if (match_count == 0) return std::vector<Neighbors>(queries.size());
  return SegmentRanker(segment, queries, bounds, ordinals, std::min(k, match_count)).Rank(ranking);
}

}  // namespace ochre
