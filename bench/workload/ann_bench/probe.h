// Opens an index in a process of its own: how long that takes from cold files, and what memory it needs.
#ifndef OCHRE_BENCH_WORKLOAD_ANN_BENCH_PROBE_H_
#define OCHRE_BENCH_WORKLOAD_ANN_BENCH_PROBE_H_

#include <filesystem>
#include <span>
#include <string>

#include "bench/workload/ann_bench/engine.h"

namespace ochre {

struct ProbeResult {
  double open_ms = 0;        // from cold files to the first result
  double private_bytes = 0;  // by which the process's own memory has grown after all queries
  double mapped_bytes = 0;   // likewise the files' pages that it has mapped
};

// Returns when this process's own memory has not grown for a moment: when an index has copied what it searches.
void WaitForSteadyMemory();

// In the new process: opens `path`, whose files are taken out of the page cache first, asks all of `queries`, and
// prints the result for RunProbe.
Status Probe(const EngineKind& kind, const std::filesystem::path& path, const IndexOptions& options,
             const MatrixSpan& queries, int64_t k);

// Starts this program again with `arguments`, which make it call Probe, some times; the one with the median open_ms.
Result<ProbeResult> RunProbe(std::span<const std::string> arguments);

}  // namespace ochre

#endif  // OCHRE_BENCH_WORKLOAD_ANN_BENCH_PROBE_H_
