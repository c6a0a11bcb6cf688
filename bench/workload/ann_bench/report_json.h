// A report as JSON.
#ifndef OCHRE_BENCH_WORKLOAD_ANN_BENCH_REPORT_JSON_H_
#define OCHRE_BENCH_WORKLOAD_ANN_BENCH_REPORT_JSON_H_

#include <string>

#include "bench/workload/ann_bench/report.h"

namespace ochre {

// {"runs": [{"engine": ..., "threads": ..., "build_seconds": ..., "memory_bytes_per_vector": ...,
//   "disk_bytes_per_vector": ..., "open_ms": ..., "curve": [{"knob": ..., "recall": ..., "qps": ..., "p50_us": ...,
//   "p99_us": ...}], "qps_at_recall": {"0.90": ..., "0.95": ..., "0.99": ...}}]}
// and beside these what else the report holds. What was not measured, or not reached, is null.
std::string ToJson(const Report& report);

}  // namespace ochre

#endif  // OCHRE_BENCH_WORKLOAD_ANN_BENCH_REPORT_JSON_H_
