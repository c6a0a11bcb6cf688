// SegmentSearcher: the searches below the API, on the one segment of a compacted database.
#ifndef OCHRE_BENCH_WORKLOAD_ANN_BENCH_SEGMENT_SEARCHER_H_
#define OCHRE_BENCH_WORKLOAD_ANN_BENCH_SEGMENT_SEARCHER_H_

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <vector>

#include "bench/workload/ann_bench/engine.h"
#include "distance/kernels.h"
#include "distance/neighbor.h"
#include "segment/segment.h"
#include "storage/local_storage.h"

namespace ochre {

// Reads the files of a database that may be open besides. Thread-safe.
class SegmentSearcher {
 public:
  // FailedPrecondition: there is not exactly one segment, or it has no graph.
  static Result<std::unique_ptr<const SegmentSearcher>> Open(const std::filesystem::path& database);

  // Of the graph, by codes with re-ranking if there are codes. `allowed`: as in GraphSearchOptions. With all rows
  // allowed, a search ends by distance where the calibration knows how (as the executor's does).
  struct Found {
    std::vector<Neighbor> neighbors;
    int64_t distances = 0;
  };
  Result<Found> SearchGraph(const PreparedQuery& query, int64_t k, int64_t ef,
                            std::span<const uint64_t> allowed = {}) const;

  // Of the rows `ordinals` (ascending), by float32 values; or by codes with re-ranking. Exact.
  Result<std::vector<Neighbor>> ScanRows(const PreparedQuery& query, std::span<const uint32_t> ordinals,
                                         int64_t k) const;
  Result<std::vector<Neighbor>> ScanCodes(const PreparedQuery& query, std::span<const uint32_t> ordinals,
                                          int64_t k) const;

  const Segment& segment() const { return *segment_; }
  const std::shared_ptr<const Segment>& SharedSegment() const { return segment_; }
  bool has_codes() const { return segment_->has_codes(); }

 private:
  explicit SegmentSearcher(const std::filesystem::path& database) : storage_(database, /*sync=*/false) {}

  const LocalStorage storage_;
  std::shared_ptr<const Segment> segment_;
  const VectorIndex* index_ = nullptr;
};

// The engine ochre_core: SearchGraph, one query after the other. Knob: ef. Opens what kOchre built.
extern const EngineKind kOchreCore;

}  // namespace ochre

#endif  // OCHRE_BENCH_WORKLOAD_ANN_BENCH_SEGMENT_SEARCHER_H_
