// Synthetic embeddings: clusters on a curved surface of few dimensions.
#ifndef OCHRE_BENCH_WORKLOAD_ANN_DATA_SYNTHETIC_H_
#define OCHRE_BENCH_WORKLOAD_ANN_DATA_SYNTHETIC_H_

#include <cstdint>

#include "ochre/records.h"

namespace ochre {

// Real embeddings lie near a surface of far fewer dimensions than they have numbers, and in clusters. So: a point near
// one of `cluster_count` centres in `latent_dimensions`, through a random network with one tanh layer, plus noise.
struct SyntheticOptions {
  int64_t row_count = 101'000;
  int32_t dimension = 768;
  int32_t cluster_count = 500;
  int32_t latent_dimensions = 24;
  uint64_t seed = 1;
};

// The same options give the same matrix on every machine of one kind. Rows are in no order.
Matrix SyntheticRows(const SyntheticOptions& options);

}  // namespace ochre

#endif  // OCHRE_BENCH_WORKLOAD_ANN_DATA_SYNTHETIC_H_
