// Measures engines against each other, interleaved, over the values of their knobs.
#ifndef OCHRE_BENCH_WORKLOAD_ANN_BENCH_SWEEP_H_
#define OCHRE_BENCH_WORKLOAD_ANN_BENCH_SWEEP_H_

#include <cstdint>
#include <span>
#include <vector>

#include "bench/workload/ann_bench/curve.h"
#include "bench/workload/ann_bench/data_set.h"
#include "bench/workload/ann_bench/engine.h"

namespace ochre {

// An engine, and the way in which it takes part.
struct Contender {
  Engine* engine = nullptr;
  std::vector<double> knobs = {};            // ascending
  int32_t threads = 1;                       // which share the queries of a batch
  bool is_batched = false;                   // a batch is one call; else a call is one query
  std::vector<CurvePoint>* curve = nullptr;  // out: what was measured is appended
};

// From this recall on a curve is not followed any further: what is reported lies below.
inline constexpr double kRecallOfInterestMax = 0.996;

// For each knob in turn: `rounds` passes over all queries, in which the contenders answer each batch one after the
// other, so that a busy moment hits all alike. A batch's time is its shortest; latencies are those of all single
// queries of all rounds.
Status Sweep(const DataSet& data, int32_t rounds, std::span<Contender> contenders);

}  // namespace ochre

#endif  // OCHRE_BENCH_WORKLOAD_ANN_BENCH_SWEEP_H_
