// The format of graph.bin, shared by its writer and its reader.
#ifndef OCHRE_HNSW_GRAPH_FORMAT_H_
#define OCHRE_HNSW_GRAPH_FORMAT_H_

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "storage/file_header.h"

namespace ochre {

// graph.bin: the links of an HNSW graph over a segment's n rows; little-endian. SEGMENT holds its length and checksums.
// Node i is row i. Each section starts at a multiple of 64 bytes; the gap before it is zero.
//   offset   size   field
//        0     16   FileHeader: magic "OCHREHNS", version 1, zero
//       16      8   row count n, in [1, 2^31)
//       24      4   M: links per node on an upper layer, in [2, 512]; layer 0 has 2 M
//       28      4   max level L, in [0, 63]
//       32      4   entry point, a node of layer L
//       36     28   zero
//       64   n*s    layer 0: for each node 2 M links in a stride s of 8 M bytes rounded up to 64
//        .    4*L   sizes of the layers 1 .. L: how many nodes each has
//        .    4*U   members of the layers 1 .. L: their nodes, ascending within a layer; U = sum of the sizes
//        .  4*U*M   links of the layers 1 .. L: M for each member, in the order of the members
// A link is a node; a node with fewer links has kNoLink in the places that remain, as has the rest of a stride. So a
// node's links on layer 0 fill whole cache lines (two for the usual M = 16) with no count beside them.
struct GraphHeader {
  FileHeader file;
  uint64_t row_count;
  uint32_t max_neighbors;
  uint32_t max_level;
  uint32_t entry_point;
  uint32_t zero[7];
};
static_assert(sizeof(GraphHeader) == 64);
static_assert(offsetof(GraphHeader, row_count) == 16 && offsetof(GraphHeader, max_neighbors) == 24 &&
              offsetof(GraphHeader, max_level) == 28 && offsetof(GraphHeader, entry_point) == 32 &&
              offsetof(GraphHeader, zero) == 36);
static_assert(std::endian::native == std::endian::little, "files are mapped as they are");

inline constexpr std::string_view kGraphMagic = "OCHREHNS";
inline constexpr uint32_t kGraphVersion = 1;

inline constexpr uint32_t kNoLink = 0xFFFFFFFF;
inline constexpr int64_t kGraphRowCountMax =
    (int64_t{1} << 31) - 1;                      // a search keeps a flag beside the 31 bits of a node
inline constexpr uint32_t kMaxNeighborsMin = 2;  // the limits of HnswConfiguration in ochre/options.h
inline constexpr uint32_t kMaxNeighborsMax = 512;
inline constexpr uint32_t kMaxLevelMax = 63;  // levels are -ln(u) / ln(M), and the smallest u drawn is about 2^-62

constexpr uint64_t RoundUpTo64(uint64_t bytes) { return (bytes + 63) / 64 * 64; }

// Links from one node to the next on layer 0, including those that only fill a cache line.
constexpr uint64_t BaseLinkStride(uint32_t max_neighbors) {
  return RoundUpTo64(2 * uint64_t{max_neighbors} * sizeof(uint32_t)) / sizeof(uint32_t);
}

}  // namespace ochre

#endif  // OCHRE_HNSW_GRAPH_FORMAT_H_
