// Decides how a segment's matching rows are ranked: by scanning them all, or by searching the graph.
#ifndef OCHRE_EXECUTOR_RANK_PLANNER_H_
#define OCHRE_EXECUTOR_RANK_PLANNER_H_

#include <cstdint>

namespace ochre {

// What a distance costs in a graph search against one in a scan of float32 rows: the first waits for memory at random
// places, the second streams. At 768 dimensions 190 ns against 45 (docs/benchmarks.md, and one core's 70 GB/s from L3).
inline constexpr int64_t kGraphDistanceCost = 4;

// A graph search computes about this many distances for each candidate that it keeps: the links of a node, less those
// that were visited before.
inline constexpr int64_t kDistancesPerCandidate = 16;

// Whether scanning `match_count` of `row_count` rows is expected to cost no more than a graph search that keeps `ef`
// candidates among them. With a filter that is independent of the query, such a search visits row_count / match_count
// times as many nodes. Preconditions: 0 <= match_count <= row_count, row_count >= 1, ef >= 1.
bool ShouldScan(int64_t row_count, int64_t match_count, int64_t ef);

// Distances after which a graph search with a filter is given up for the scan: then both together cost at most twice
// the scan, also where the filter keeps only rows far from the query. 0 (no bound) when every row matches.
int64_t GraphDistanceBudget(int64_t row_count, int64_t match_count);

}  // namespace ochre

#endif  // OCHRE_EXECUTOR_RANK_PLANNER_H_
