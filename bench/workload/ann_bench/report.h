// Report: everything that one run of ochre_ann_bench measured.
#ifndef OCHRE_BENCH_WORKLOAD_ANN_BENCH_REPORT_H_
#define OCHRE_BENCH_WORKLOAD_ANN_BENCH_REPORT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bench/workload/ann_bench/curve.h"

namespace ochre {

// Of every curve the speed at these recalls is reported.
inline constexpr double kReportedRecalls[] = {0.90, 0.95, 0.99};

// One engine, searched by so many threads.
struct EngineRun {
  std::string engine;  // ochre, ochre_core, hnswlib, faiss_hnsw_flat or faiss_hnsw_sq8
  int32_t threads = 1;
  std::optional<double> build_seconds = std::nullopt;  // none where nothing was built
  int32_t build_threads = 1;
  std::optional<double> memory_bytes_per_vector = std::nullopt;  // what a search needs, and the kernel cannot take away
  std::optional<double> mapped_bytes_per_vector =
      std::nullopt;  // pages of files besides: the kernel may drop and read them again
  std::optional<double> disk_bytes_per_vector = std::nullopt;
  std::optional<double> open_ms = std::nullopt;  // a new process, cold files, to the first result
  std::vector<CurvePoint> curve = {};            // knob: ef_search
  // Only ochre's:
  std::vector<CurvePoint> target_recall_curve = {};  // knob: QueryRequest::target_recall
  std::vector<CurvePoint> batched_curve = {};        // knob: ef_search, a whole batch of queries in each call
};

// One filter: how long a query takes with the plan that is chosen, and with either plan forced.
struct FilterRun {
  std::string kind;  // random, correlated (what matches is near the queries), anti-correlated (far from them)
  double selectivity = 0;
  double plan_us = 0;  // below the API, as the two that follow
  double scan_us = 0;
  double graph_us = 0;
  double graph_recall = 0;
  double api_us = 0;    // Collection::Query: evaluates the condition as well
  double recall = 0;    // of Collection::Query
  bool enough = false;  // every query got k results, or all that match

  // The time of the better plan: the graph's counts where it finds what is asked of a plan.
  double BetterUs() const;
};

// What is asked of a plan with a filter.
inline constexpr double kFilterRecallMin = 0.95;

struct Report {
  std::string data;
  int64_t row_count = 0;
  int64_t query_count = 0;
  int32_t dimension = 0;
  std::string space;
  int64_t k = 0;
  int32_t max_neighbors = 0;
  int32_t ef_construction = 0;
  std::string quantization;
  std::string kernels;           // the instruction set that ours dispatched to
  bool forced_dispatch = false;  // to less than the CPU has
  std::vector<EngineRun> runs = {};
  std::vector<FilterRun> filters = {};

  // Null if there is none.
  const EngineRun* Find(std::string_view engine, int32_t threads) const;
};

}  // namespace ochre

#endif  // OCHRE_BENCH_WORKLOAD_ANN_BENCH_REPORT_H_
