#include "executor/rank_planner.h"

#include <algorithm>

namespace ochre {
namespace {

int64_t GraphDistanceCost(const RankTask& task) {
  return task.has_codes ? kGraphDistanceCostOfCodes : kGraphDistanceCostOfRows;
}

}  // namespace

RankPlan ChooseScan(const RankTask& task) {
  return task.has_codes && task.match_count > kScanRowsMax ? RankPlan::kScanCodes : RankPlan::kScanRows;
}

RankPlan ChooseRankPlan(const RankTask& task) {
  if (task.exact || !task.has_graph || task.match_count <= kScanRowsMax) return ChooseScan(task);
  if (task.match_count < task.row_count) return RankPlan::kSearchGraph;
  // In doubles, as the product overflows int64 for a huge ef.
  const double graph =
      static_cast<double>(kDistancesPerCandidate * GraphDistanceCost(task)) * static_cast<double>(task.ef);
  return static_cast<double>(task.row_count) <= graph ? ChooseScan(task) : RankPlan::kSearchGraph;
}

int64_t DistanceBudget(const RankTask& task) {
  if (task.match_count == task.row_count) return 0;
  return std::max<int64_t>(1, task.match_count / GraphDistanceCost(task));
}

}  // namespace ochre
