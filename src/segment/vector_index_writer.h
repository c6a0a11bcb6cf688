// Writes what a segment's vectors are searched by: codes.bin, graph.bin and calibration.bin.
#ifndef OCHRE_SEGMENT_VECTOR_INDEX_WRITER_H_
#define OCHRE_SEGMENT_VECTOR_INDEX_WRITER_H_

#include <atomic>
#include <cstdint>
#include <string_view>
#include <vector>

#include "distance/rows_span.h"
#include "hnsw/hnsw_graph.h"
#include "ochre/options.h"
#include "ochre/status.h"
#include "storage/storage.h"

namespace ochre {

// Below this many rows a segment gets no codes: its float32 values are scanned as fast, and filters that leave no more
// rows of a larger one are answered so (executor/rank_planner.h).
inline constexpr int64_t kCodesRowsMin = 2'000;

// Below this many rows a segment gets no graph and is scanned: exact, and about as fast: 5,000 x 100 floats at 9 ns a
// row (bench/micro/distance_kernels_bench.cc) take 45 us, a search with ef 100 some 50 us (graph_search_bench).
inline constexpr int64_t kGraphRowsMin = 5'000;

// What of the new segment's graph is there already.
struct GraphHeritage {
  const HnswGraph* graph = nullptr;   // null: nothing
  std::vector<uint32_t> row_of_node;  // in the new segment; kNoLink (hnsw/graph_format.h) for rows that are gone
};

// The files that `rows` are to have, in `folder`, finished. Vectors whose norms are no float32 numbers get no codes:
// the whole segment is then searched by its float32 values. The files are the same with any number of `threads`, which
// is at least 1. Cancelled: `cancelled` became true meanwhile.
Result<std::vector<BlobInfo>> WriteVectorIndex(Storage& storage, std::string_view folder, const RowsSpan& rows,
                                               const HnswConfiguration& hnsw, const GraphHeritage& heritage,
                                               int32_t threads, const std::atomic<bool>& cancelled);

}  // namespace ochre

#endif  // OCHRE_SEGMENT_VECTOR_INDEX_WRITER_H_
