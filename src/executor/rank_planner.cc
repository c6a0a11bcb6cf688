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
  const bool is_filtered = task.match_count < task.row_count;
  if (is_filtered && task.ends_by_distance) return RankPlan::kSearchGraph;
  // match_count <= distances * cost, with distances = per candidate * ef * row_count / match_count; in doubles, as the
  // products overflow int64 for a huge ef.
  const auto matches = static_cast<double>(task.match_count);
  const int64_t per_candidate = task.ends_by_distance ? kDistancesPerCandidateByDistance : kDistancesPerCandidate;
  const double graph = static_cast<double>(per_candidate * GraphDistanceCost(task)) * static_cast<double>(task.ef) *
                       static_cast<double>(task.row_count);
  return matches * matches <= graph ? ChooseScan(task) : RankPlan::kSearchGraph;
}

int64_t DistanceBudget(const RankTask& task) {
  if (task.match_count == task.row_count) return 0;
  return std::max<int64_t>(1, task.match_count / GraphDistanceCost(task));
}

}  // namespace ochre
