#include "bench/workload/ann_bench/report.h"

#include <algorithm>

namespace ochre {

double FilterRun::BetterUs() const { return graph_recall >= kFilterRecallMin ? std::min(graph_us, scan_us) : scan_us; }

const EngineRun* Report::Find(std::string_view engine, int32_t threads) const {
  const auto run = std::find_if(runs.begin(), runs.end(), [&](const EngineRun& candidate) {
    return candidate.engine == engine && candidate.threads == threads;
  });
  return run == runs.end() ? nullptr : &*run;
}

}  // namespace ochre
