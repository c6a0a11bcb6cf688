// hnswlib as an engine: the reference of the field.
#ifndef OCHRE_BENCH_WORKLOAD_ANN_BENCH_HNSWLIB_ENGINE_H_
#define OCHRE_BENCH_WORKLOAD_ANN_BENCH_HNSWLIB_ENGINE_H_

#include "bench/workload/ann_bench/engine.h"

namespace ochre {

// Knob: ef. In kCosine it is given rows of length 1, as its Python package does.
extern const EngineKind kHnswlib;

}  // namespace ochre

#endif  // OCHRE_BENCH_WORKLOAD_ANN_BENCH_HNSWLIB_ENGINE_H_
