// Builds an HNSW graph over a segment's rows (Malkov & Yashunin 2016) with hnswlib, as the bytes of graph.bin.
#ifndef OCHRE_HNSW_HNSW_BUILDER_H_
#define OCHRE_HNSW_HNSW_BUILDER_H_

#include <atomic>
#include <cstdint>

#include "distance/rows_span.h"
#include "ochre/options.h"
#include "ochre/status.h"
#include "storage/storage.h"

namespace ochre {

struct HnswBuildOptions {
  Space space = Space::kL2;
  int32_t max_neighbors = 16;     // M: links per node; layer 0 has twice as many (section 4.1)
  int32_t ef_construction = 100;  // candidates kept while inserting
};

// Inserts rows in ordinal order on the calling thread, so the same rows give the same bytes. Every row can be reached
// from the entry point along layer 0. Needs about row_count * (16 * max_neighbors + 130) bytes beside the rows while it
// runs. Appends graph.bin to `writer`, which the caller finishes. Preconditions: row_count >= 1, max_neighbors in
// [2, 512]. Cancelled: `cancelled` became true (looked at every few rows). ResourceExhausted: not enough memory.
Status BuildHnswGraph(const RowsSpan& rows, const HnswBuildOptions& options, const std::atomic<bool>& cancelled,
                      BlobWriter& writer);

}  // namespace ochre

#endif  // OCHRE_HNSW_HNSW_BUILDER_H_
