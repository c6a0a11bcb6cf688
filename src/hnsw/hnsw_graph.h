// HnswGraph: graph.bin as a reader sees it: links by layer and node, mapped from disk.
#ifndef OCHRE_HNSW_HNSW_GRAPH_H_
#define OCHRE_HNSW_HNSW_GRAPH_H_

#include <cstdint>
#include <span>
#include <string_view>

#include "ochre/status.h"

#include "storage/storage.h"

namespace ochre {

// Immutable; any number of readers.
class HnswGraph {
 public:
  // Checks the layout of `bytes` (whose checksum the caller has verified) against `row_count`: every link must name a
  // row, every length must fit. `name` is for messages. The bytes must outlive the graph.
  // DataLoss: the file contradicts itself. FailedPrecondition: a newer format version.
  static Result<HnswGraph> Parse(std::span<const std::byte> bytes, int64_t row_count, std::string_view name);

  int64_t row_count() const;
  int32_t max_neighbors() const;
  int32_t max_level() const;       // layers are [0, max_level()]
  uint32_t entry_point() const;    // a node of the top layer

  std::span<const uint32_t> Links(uint32_t node) const;                    // layer 0
  std::span<const uint32_t> UpperLinks(uint32_t node, int32_t level) const;  // level in [1, max_level()]
};

}  // namespace ochre

#endif  // OCHRE_HNSW_HNSW_GRAPH_H_
