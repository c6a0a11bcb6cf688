// Recall of an approximate answer against the exact one.
#ifndef OCHRE_BENCH_WORKLOAD_ANN_BENCH_RECALL_H_
#define OCHRE_BENCH_WORKLOAD_ANN_BENCH_RECALL_H_

#include <cstdint>
#include <span>

namespace ochre {

// What part of a query's k nearest an answer holds, in [0, 1]. It is aware of ties: `found[i]`, at
// `found_distances[i]`, counts if it is as near as the k-th nearest, whose distance is `kth_distance`; repeats count
// once, and at most k in all. Rounding may put what ties beyond it, so distances up to `tolerance` farther count as
// well.
double TieAwareRecall(std::span<const uint32_t> found, std::span<const double> found_distances, double kth_distance,
                      double tolerance, int64_t k);

}  // namespace ochre

#endif  // OCHRE_BENCH_WORKLOAD_ANN_BENCH_RECALL_H_
