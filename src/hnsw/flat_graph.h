// FlatGraph: an HNSW graph in memory on its way to graph.bin.
#ifndef OCHRE_HNSW_FLAT_GRAPH_H_
#define OCHRE_HNSW_FLAT_GRAPH_H_

#include <cstdint>
#include <span>
#include <vector>

#include "hnsw/graph_format.h"
#include "ochre/status.h"
#include "storage/storage.h"

namespace ochre {

// The sections of graph.bin (graph_format.h) as arrays.
struct FlatGraph {
  struct UpperLayer {
    std::vector<uint32_t> members;  // ascending
    std::vector<uint32_t> links;    // max_neighbors places for each member
  };

  uint32_t row_count = 0;
  uint32_t max_neighbors = 0;
  uint32_t entry_point = 0;
  std::vector<uint32_t> base_links;  // BaseLinkStride(max_neighbors) places for each row
  std::vector<UpperLayer> upper_layers;

  // The 2 * max_neighbors places for the links of `node` on layer 0.
  std::span<uint32_t> BasePlaces(uint32_t node) {
    return std::span(base_links).subspan(node * BaseLinkStride(max_neighbors), 2 * size_t{max_neighbors});
  }
};

// Makes every row reachable from the entry point along layer 0, so that a search that is allowed to look at everything
// finds everything. Building leaves a few rows without a path where it prunes links among equal or clustered rows.
// Such a row gets a link from a row that it links to itself, if possible in an unused place, else instead of a link
// that no path needs.
void ConnectEveryRow(FlatGraph& graph);

// Appends `graph` as graph.bin.
Status AppendGraph(const FlatGraph& graph, BlobWriter& writer);

}  // namespace ochre

#endif  // OCHRE_HNSW_FLAT_GRAPH_H_
