// FlattenHnswlib: from hnswlib's graph to ours.
#ifndef OCHRE_HNSW_HNSWLIB_FLATTEN_H_
#define OCHRE_HNSW_HNSWLIB_FLATTEN_H_

#include <cstdint>
#include <cstring>
#include <vector>

#include "hnsw/flat_graph.h"

namespace ochre {

// `index`: an hnswlib::HierarchicalNSW<float> that holds at least one row, labelled 0, 1, 2, ... in the order of
// insertion. A template so that this header does not include hnswlib's, which few files can afford.
template <typename Index>
FlatGraph FlattenHnswlib(const Index& index) {
  FlatGraph graph;
  graph.row_count = static_cast<uint32_t>(index.cur_element_count);
  graph.max_neighbors = static_cast<uint32_t>(index.M_);
  graph.entry_point = index.enterpoint_node_;

  // A list of hnswlib's is a count, then the links.
  const auto copy_links = [&index](auto* list, uint32_t* places) {
    std::memcpy(places, list + 1, index.getListCount(list) * sizeof(uint32_t));
  };
  const uint64_t stride = BaseLinkStride(graph.max_neighbors);
  graph.base_links.assign(graph.row_count * stride, kNoLink);
  graph.upper_layers.resize(static_cast<size_t>(index.maxlevel_));
  for (uint32_t node = 0; node < graph.row_count; ++node) {
    copy_links(index.get_linklist0(node), graph.base_links.data() + node * stride);
    for (int level = 1; level <= index.element_levels_[node]; ++level) {
      FlatGraph::UpperLayer& layer = graph.upper_layers[static_cast<size_t>(level - 1)];
      layer.members.push_back(node);
      layer.links.resize(layer.links.size() + graph.max_neighbors, kNoLink);
      copy_links(index.get_linklist(node, level), &*(layer.links.end() - graph.max_neighbors));
    }
  }
  return graph;
}

}  // namespace ochre

#endif  // OCHRE_HNSW_HNSWLIB_FLATTEN_H_
