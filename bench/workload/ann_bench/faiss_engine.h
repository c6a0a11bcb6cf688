// Faiss's HNSW indexes as engines; only where Faiss was found.
#ifndef OCHRE_BENCH_WORKLOAD_ANN_BENCH_FAISS_ENGINE_H_
#define OCHRE_BENCH_WORKLOAD_ANN_BENCH_FAISS_ENGINE_H_

#include "bench/workload/ann_bench/engine.h"

namespace ochre {

// Knob: efSearch. Flat searches float32 rows, SQ8 bytes. In kCosine both are given rows of length 1 and compare them by
// L2, which gives the same order and is what Faiss does best.
extern const EngineKind kFaissHnswFlat;
extern const EngineKind kFaissHnswSq8;

}  // namespace ochre

#endif  // OCHRE_BENCH_WORKLOAD_ANN_BENCH_FAISS_ENGINE_H_
