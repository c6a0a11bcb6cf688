// What a report says of Ochre beside its peers, against the floors that it was built to.
#ifndef OCHRE_BENCH_WORKLOAD_ANN_BENCH_COMPARISON_H_
#define OCHRE_BENCH_WORKLOAD_ANN_BENCH_COMPARISON_H_

#include <optional>
#include <string>
#include <vector>

#include "bench/workload/ann_bench/report.h"

namespace ochre {

struct Comparison {
  std::string what;
  double value = 0;                               // mostly a ratio, ours : theirs
  std::optional<double> at_least = std::nullopt;  // the floor, if there is one: either of these
  std::optional<double> at_most = std::nullopt;

  bool met() const {
    return (!at_least.has_value() || value >= *at_least) && (!at_most.has_value() || value <= *at_most);
  }
};

// Only of what was measured. The floors of one thread depend on the dimension: up to 128 those that were set for word
// vectors of 100, above that those for 768; and on forced dispatch, for which there is one of its own.
std::vector<Comparison> Compare(const Report& report);

// One line a comparison: "... 4.21  (floor: at least 4)  met".
std::string ToTable(const std::vector<Comparison>& comparisons);

}  // namespace ochre

#endif  // OCHRE_BENCH_WORKLOAD_ANN_BENCH_COMPARISON_H_
