// Builds HNSW graphs (Malkov & Yashunin 2016) over a segment's codes, from nothing or from the graph of other segments.
#ifndef OCHRE_HNSW_GRAPH_BUILDER_H_
#define OCHRE_HNSW_GRAPH_BUILDER_H_

#include <atomic>
#include <cstdint>
#include <span>

#include "distance/codes.h"
#include "hnsw/flat_graph.h"
#include "hnsw/hnsw_graph.h"
#include "ochre/status.h"

namespace ochre {

struct GraphBuildOptions {
  int32_t max_neighbors = 16;     // M: links per node; layer 0 has twice as many (section 4.1)
  int32_t ef_construction = 100;  // candidates kept while inserting, at least 1
  int32_t num_threads = 1;        // at least 1
};

// A graph whose nodes are among the rows of the new one.
struct InheritedGraph {
  const HnswGraph* graph = nullptr;
  std::span<const uint32_t> row_of_node;  // kNoLink: its row is gone; the others are distinct
};

// The same rows give the same graph with any number of threads: nodes are inserted in batches, each of which searches
// the graph as the batch before it left it (Manohar et al. 2024, "ParlayANN", section 3.1).
//
// Rows with equal codes do not compete for links: the first is inserted, the others hang on it as a tree, which leaves
// no islands however many there are. Every row can be reached from the entry point along layer 0.
//
// `inherited` (may be null): its nodes keep their links; those to nodes that are gone are replaced by links to what
// these linked to (Singh et al. 2021, "FreshDiskANN", section 4.3). Only the rows that it lacks are inserted.
//
// `codes` are int8 codes of `quantizer`, of 1 to kGraphRowCountMax rows. Needs about 300 bytes a row beside them for
// the usual M while it runs. Cancelled: `cancelled` became true meanwhile. ResourceExhausted: not enough memory.
Result<FlatGraph> BuildGraph(const Quantizer& quantizer, const CodesSpan& codes, const GraphBuildOptions& options,
                             const InheritedGraph* inherited, const std::atomic<bool>& cancelled);

}  // namespace ochre

#endif  // OCHRE_HNSW_GRAPH_BUILDER_H_
