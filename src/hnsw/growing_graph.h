// GrowingGraph: an HNSW graph while it is built: links with their distances, so that choosing among them again does not
// compute these anew.
#ifndef OCHRE_HNSW_GROWING_GRAPH_H_
#define OCHRE_HNSW_GROWING_GRAPH_H_

#include <cassert>
#include <cstdint>
#include <span>
#include <vector>

#include "distance/neighbor.h"
#include "hnsw/flat_graph.h"
#include "hnsw/graph_format.h"

namespace ochre {

// Nodes are rows. Reading and writing the links of different nodes at the same time is fine.
class GrowingGraph {
 public:
  // `levels`: the top layer of each row.
  GrowingGraph(uint32_t max_neighbors, std::vector<uint8_t> levels);

  uint32_t row_count() const { return static_cast<uint32_t>(levels_.size()); }
  uint32_t max_neighbors() const { return max_neighbors_; }
  int32_t level(uint32_t node) const { return levels_[node]; }

  // Places of a node on a layer: 2 * max_neighbors on layer 0.
  size_t place_count(int32_t layer) const { return layer == 0 ? 2 * size_t{max_neighbors_} : max_neighbors_; }
  const uint32_t* Places(uint32_t node, int32_t layer) const {
    return layer == 0 ? &flat_.base_links[node * BaseLinkStride(max_neighbors_)]
                      : &upper_links_[UpperSlot(node, layer) * max_neighbors_];
  }
  // The links of a node, without their distances.
  std::span<const uint32_t> Links(uint32_t node, int32_t layer) const;

  // Appends the links of a node to `neighbors`.
  void Read(uint32_t node, int32_t layer, std::vector<Neighbor>& neighbors) const;
  // Replaces them. At most place_count(layer).
  void Write(uint32_t node, int32_t layer, std::span<const Neighbor> neighbors);
  // Adds one on layer 0 behind the others. Precondition: there is a place.
  void AddBaseLink(uint32_t node, const Neighbor& neighbor);

  // The graph as a flat one; leaves nothing behind.
  FlatGraph Flatten(uint32_t entry_point);

 private:
  size_t UpperSlot(uint32_t node, int32_t layer) const {
    assert(layer >= 1 && layer <= levels_[node]);
    return upper_slots_[node] + static_cast<size_t>(layer - 1);
  }
  uint32_t* MutablePlaces(uint32_t node, int32_t layer) { return const_cast<uint32_t*>(Places(node, layer)); }
  float* Distances(uint32_t node, int32_t layer) {
    return layer == 0 ? &base_distances_[node * place_count(0)]
                      : &upper_distances_[UpperSlot(node, layer) * max_neighbors_];
  }
  const float* Distances(uint32_t node, int32_t layer) const {
    return const_cast<GrowingGraph*>(this)->Distances(node, layer);
  }

  uint32_t max_neighbors_;
  std::vector<uint8_t> levels_;
  FlatGraph flat_;  // its upper layers are filled at the end
  std::vector<float> base_distances_;
  std::vector<size_t> upper_slots_;  // of each node, that of layer 1; one more for each layer above
  std::vector<uint32_t> upper_links_;
  std::vector<float> upper_distances_;
};

}  // namespace ochre

#endif  // OCHRE_HNSW_GROWING_GRAPH_H_
