#include "executor/rank_planner.h"

#include <algorithm>

namespace ochre {

bool ShouldScan(int64_t row_count, int64_t match_count, int64_t ef) {
  // match_count <= distances * kGraphDistanceCost, with distances = kDistancesPerCandidate * ef * row_count /
  // match_count; in doubles, as the products overflow int64 for a huge ef.
  const double scan_cost = static_cast<double>(match_count) * static_cast<double>(match_count);
  const double graph_cost = static_cast<double>(kDistancesPerCandidate * kGraphDistanceCost) * static_cast<double>(ef) *
                            static_cast<double>(row_count);
  return scan_cost <= graph_cost;
}

int64_t GraphDistanceBudget(int64_t row_count, int64_t match_count) {
  if (match_count == row_count) return 0;
  return std::max<int64_t>(1, match_count / kGraphDistanceCost);
}

}  // namespace ochre
