// Decides how a segment's matching rows are ranked: by scanning them all, or by searching the graph.
#ifndef OCHRE_EXECUTOR_RANK_PLANNER_H_
#define OCHRE_EXECUTOR_RANK_PLANNER_H_

#include <cstdint>

namespace ochre {

enum class RankPlan : uint8_t {
  kScanRows,     // compare every matching row's float32 values
  kScanCodes,    // compare every matching row's codes, then the float32 values of what may be among the nearest
  kSearchGraph,  // give up after DistanceBudget() for the best scan
};

// What is to be ranked, and what there is to rank it with.
struct RankTask {
  int64_t row_count = 0;    // at least 1
  int64_t match_count = 0;  // in [0, row_count]
  int64_t ef = 100;         // candidates that a graph search would keep, at least 1
  bool exact = false;       // only scans are right
  bool has_codes = false;   // of a graph, too, if there is one
  bool has_graph = false;
  bool ends_by_distance = false;  // the graph's searches do, if there is no filter (GraphSearchOptions::reach)
};

// Up to this many matching rows their float32 values are scanned even where there are codes: nothing is gained by
// codes, as reading the rows takes as long as telling which of them need re-ranking.
inline constexpr int64_t kScanRowsMax = 2'000;

// What a distance costs in a graph search against one in a scan: the first waits for memory at random places, the
// second streams. Of float32 rows at 768 dimensions 190 ns against 45 (docs/benchmarks.md, and one core's 70 GB/s from
// L3); of int8 codes at 100 dimensions 50 ns against 10.
inline constexpr int64_t kGraphDistanceCostOfRows = 4;
inline constexpr int64_t kGraphDistanceCostOfCodes = 5;

// A graph search computes about this many distances for each candidate of its ef: the links of a node, less those that
// were visited before; fewer if it may end by distance, as most do long before all candidates are expanded.
inline constexpr int64_t kDistancesPerCandidate = 16;
inline constexpr int64_t kDistancesPerCandidateByDistance = 4;

// The plan that is expected to cost least. With a filter that is independent of the query, a graph search visits
// row_count / match_count times as many nodes; but the matches may also lie around the query, or far from it, which
// cannot be told beforehand. So where there is much to win the graph is searched first, within a budget, and given up
// early where it looks hopeless (GraphSearchOptions::distances_max).
RankPlan ChooseRankPlan(const RankTask& task);

// The scan for a task whose graph search did not do.
RankPlan ChooseScan(const RankTask& task);

// Distances after which a graph search with a filter is given up for the scan: then both together cost at most twice
// the scan, also where the filter keeps only rows far from the query. 0 (no bound) when every row matches.
int64_t DistanceBudget(const RankTask& task);

}  // namespace ochre

#endif  // OCHRE_EXECUTOR_RANK_PLANNER_H_
