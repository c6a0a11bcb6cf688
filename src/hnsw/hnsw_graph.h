// HnswGraph: graph.bin as a reader sees it: links by layer and node, mapped from disk.
#ifndef OCHRE_HNSW_HNSW_GRAPH_H_
#define OCHRE_HNSW_HNSW_GRAPH_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "ochre/status.h"

namespace ochre {

// Immutable; any number of readers.
class HnswGraph {
 public:
  // Checks the layout of `bytes` (whose checksum the caller has verified, and which start aligned to 4 bytes) against
  // `row_count`: every link must name a row, every length must fit. `name` is for messages. The bytes must outlive the
  // graph. DataLoss: the file contradicts itself. FailedPrecondition: a newer format version.
  static Result<HnswGraph> Parse(std::span<const std::byte> bytes, int64_t row_count, std::string_view name);

  int64_t row_count() const { return row_count_; }
  int32_t max_neighbors() const { return max_neighbors_; }
  int32_t max_level() const { return static_cast<int32_t>(upper_layers_.size()); }  // layers are [0, max_level()]
  uint32_t entry_point() const { return entry_point_; }                             // a node of the top layer

  // All of layer 0, as it is stored.
  std::span<const uint32_t> base_links() const {
    return {base_links_, static_cast<uint64_t>(row_count_) * base_stride_};
  }
  // The same graph with a copy of base_links(), which must outlive it, in their place.
  HnswGraph WithBaseLinks(const uint32_t* copy) const {
    HnswGraph graph = *this;
    graph.base_links_ = copy;
    return graph;
  }

  // The links of `node` on layer 0, in no order.
  std::span<const uint32_t> Links(uint32_t node) const;

  // Its links on layer `level` in [1, max_level()]; none when the node is not on that layer.
  std::span<const uint32_t> UpperLinks(uint32_t node, int32_t level) const;

  // The nodes on layer `level` in [1, max_level()], ascending.
  std::span<const uint32_t> UpperMembers(int32_t level) const {
    return upper_layers_[static_cast<size_t>(level - 1)].members;
  }

  // Layer 0 as it is stored: 2 * max_neighbors() places, where kNoLink (graph_format.h) follows the last link. For
  // searches, which read the places one by one and so need not look for the end first. Aligned like the file.
  const uint32_t* LinkPlaces(uint32_t node) const { return base_links_ + uint64_t{node} * base_stride_; }

 private:
  struct UpperLayer {
    std::span<const uint32_t> members;  // ascending
    const uint32_t* links;              // max_neighbors places for each member
  };

  HnswGraph() = default;

  int64_t row_count_ = 0;
  int32_t max_neighbors_ = 0;
  uint32_t entry_point_ = 0;
  uint64_t base_stride_ = 0;
  const uint32_t* base_links_ = nullptr;
  std::vector<UpperLayer> upper_layers_;  // layer i + 1 at i
};

}  // namespace ochre

#endif  // OCHRE_HNSW_HNSW_GRAPH_H_
