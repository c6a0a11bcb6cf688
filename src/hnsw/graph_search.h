// Greedy best-first search of an HnswGraph (Malkov & Yashunin 2016, algorithm 5), over float32 rows or over codes.
#ifndef OCHRE_HNSW_GRAPH_SEARCH_H_
#define OCHRE_HNSW_GRAPH_SEARCH_H_

#include <cstdint>
#include <span>
#include <vector>

#include "distance/codes.h"
#include "distance/kernels.h"
#include "distance/neighbor.h"
#include "hnsw/hnsw_graph.h"

namespace ochre {

struct GraphSearchOptions {
  int64_t k = 10;    // results wanted, at most ef
  int64_t ef = 100;  // candidates kept, at least k

  // At least 1: instead of when all of `ef` candidates are expanded, a search ends when the next one is farther than
  // `reach` times the `reach_k`-th nearest so far that may be returned (AdaptiveWalk). 0: not so. With `allowed`, for
  // when most rows are. Not for kInnerProduct, whose distances may be negative.
  float reach = 0;
  int64_t reach_k = 10;  // at most ef

  // With a reach, of each query a distance beyond which results are of no use (AdaptiveWalk). Empty: none has one.
  std::span<const float> bounds = {};

  // Bit i of word i / 64 set: row i may be returned (rows that may not are still walked through). Empty: every row may.
  std::span<const uint64_t> allowed = {};

  // The search gives up after about this many distances, or once it sees that they will not do; 0 means no bound.
  int64_t distances_max = 0;
};

struct GraphSearchResult {
  std::vector<Neighbor> neighbors;  // up to k, sorted by (distance, ordinal)
  int64_t distances = 0;            // how many were computed
  bool complete = true;             // false: the search was given up before it settled
};

// Thread-safe: scratch memory is per thread.
GraphSearchResult SearchGraph(const HnswGraph& graph, const RowsSpan& rows, const PreparedQuery& query,
                              const GraphSearchOptions& options);

// The same over codes, for several queries: their steps are interleaved, so that one's cache misses are overlapped by
// the others' work. Distances are those of the codes.
std::vector<GraphSearchResult> SearchGraphByCodes(const HnswGraph& graph, const CodesSpan& codes,
                                                  std::span<const CodeQuery> queries,
                                                  const GraphSearchOptions& options);

}  // namespace ochre

#endif  // OCHRE_HNSW_GRAPH_SEARCH_H_
