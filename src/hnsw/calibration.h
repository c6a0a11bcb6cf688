// Calibration: what recall the searches of one graph reach, measured once when the graph is built.
#ifndef OCHRE_HNSW_CALIBRATION_H_
#define OCHRE_HNSW_CALIBRATION_H_

#include <atomic>
#include <cstdint>
#include <vector>

#include "distance/codes.h"
#include "distance/rows_span.h"
#include "hnsw/hnsw_graph.h"
#include "ochre/status.h"

namespace ochre {

// Recall is recall@10 over codes with re-ranking, ties counted as found.
struct Calibration {
  struct Point {
    float knob;
    float recall;
  };
  std::vector<Point> by_ef;     // of searches that end by ef; ascending in both numbers
  std::vector<Point> by_reach;  // of those that end by distance (GraphSearchOptions::reach); none in kInnerProduct

  // The reach with which searches find as much as with `ef`, or as `recall` asks for, with some to spare, as the points
  // were measured with queries that are a little easier than others; 0 if that is beyond what was measured.
  float ReachForEf(int64_t ef) const;
  float ReachForRecall(double recall) const;
  // The ef that finds as much as `recall` asks for: the largest that was measured, if none does.
  int64_t EfForRecall(double recall) const;
};

// Candidates that a search with a reach keeps at most, for k up to 500: enough for the largest reach measured here.
inline constexpr int64_t kReachCandidatesMax = 2'000;

// `rows` and `codes` are the graph's. Takes some tens of milliseconds, or about 1/50 of the graph's build. Cancelled:
// `cancelled` became true meanwhile.
Result<Calibration> Calibrate(const HnswGraph& graph, const RowsSpan& rows, const Quantizer& quantizer,
                              const CodesSpan& codes, const CodeBounds& bounds, const std::atomic<bool>& cancelled);

}  // namespace ochre

#endif  // OCHRE_HNSW_CALIBRATION_H_
