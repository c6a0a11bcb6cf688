#include "hnsw/growing_graph.h"

#include <algorithm>
#include <utility>

namespace ochre {

GrowingGraph::GrowingGraph(uint32_t max_neighbors, std::vector<uint8_t> levels)
    : max_neighbors_(max_neighbors), levels_(std::move(levels)) {
  flat_.row_count = row_count();
  flat_.max_neighbors = max_neighbors;
  flat_.base_links.assign(levels_.size() * BaseLinkStride(max_neighbors), kNoLink);
  base_distances_.resize(levels_.size() * place_count(0));
  size_t slots = 0;
  upper_slots_.reserve(levels_.size());
  for (const uint8_t level : levels_) {
    upper_slots_.push_back(slots);
    slots += level;
  }
  upper_links_.assign(slots * max_neighbors, kNoLink);
  upper_distances_.resize(slots * max_neighbors);
}

std::span<const uint32_t> GrowingGraph::Links(uint32_t node, int32_t layer) const {
  const uint32_t* places = Places(node, layer);
  return {places, std::find(places, places + place_count(layer), kNoLink)};
}

void GrowingGraph::Read(uint32_t node, int32_t layer, std::vector<Neighbor>& neighbors) const {
  const float* distances = Distances(node, layer);
  for (const uint32_t link : Links(node, layer)) neighbors.push_back({.distance = *distances++, .ordinal = link});
}

void GrowingGraph::Write(uint32_t node, int32_t layer, std::span<const Neighbor> neighbors) {
  assert(neighbors.size() <= place_count(layer));
  uint32_t* places = MutablePlaces(node, layer);
  float* distances = Distances(node, layer);
  for (const Neighbor& neighbor : neighbors) {
    *places++ = neighbor.ordinal;
    *distances++ = neighbor.distance;
  }
  std::fill(places, MutablePlaces(node, layer) + place_count(layer), kNoLink);
}

void GrowingGraph::AddBaseLink(uint32_t node, const Neighbor& neighbor) {
  const size_t count = Links(node, 0).size();
  assert(count < place_count(0));
  MutablePlaces(node, 0)[count] = neighbor.ordinal;
  Distances(node, 0)[count] = neighbor.distance;
}

FlatGraph GrowingGraph::Flatten(uint32_t entry_point) {
  flat_.entry_point = entry_point;
  const auto max_level = static_cast<size_t>(levels_[entry_point]);
  flat_.upper_layers.resize(max_level);
  for (uint32_t node = 0; node < row_count(); ++node) {
    for (int32_t layer = 1; layer <= level(node); ++layer) {
      FlatGraph::UpperLayer& upper = flat_.upper_layers[static_cast<size_t>(layer - 1)];
      upper.members.push_back(node);
      const uint32_t* places = Places(node, layer);
      upper.links.insert(upper.links.end(), places, places + max_neighbors_);
    }
  }
  return std::move(flat_);
}

}  // namespace ochre
