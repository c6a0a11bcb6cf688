#include "executor/rank_planner.h"

#include <gtest/gtest.h>

#include <limits>

namespace ochre {
namespace {

RankTask Task(int64_t row_count, int64_t match_count, int64_t ef = 100, bool has_codes = true) {
  return {.row_count = row_count,
          .match_count = match_count,
          .ef = ef,
          .has_codes = has_codes,
          .has_graph = true,
          .ends_by_distance = has_codes};
}

TEST(RankPlannerTest, FewMatchesAreScannedAndForManyTheGraphIsTried) {
  constexpr int64_t kRows = 1'000'000;
  EXPECT_EQ(ChooseRankPlan(Task(kRows, 0)), RankPlan::kScanRows);
  EXPECT_EQ(ChooseRankPlan(Task(kRows, kScanRowsMax)), RankPlan::kScanRows);
  for (const int64_t matches : {kScanRowsMax + 1, kRows / 2, kRows}) {
    EXPECT_EQ(ChooseRankPlan(Task(kRows, matches)), RankPlan::kSearchGraph);
  }
  // A search that cannot end by distance costs more.
  EXPECT_EQ(ChooseRankPlan(Task(kRows, kScanRowsMax + 1, 100, /*has_codes=*/false)), RankPlan::kScanRows);
  EXPECT_EQ(ChooseRankPlan(Task(kRows, kRows / 2, 100, /*has_codes=*/false)), RankPlan::kSearchGraph);
}

TEST(RankPlannerTest, AGraphThatWasGivenUpIsFollowedByTheScanOfWhatThereIs) {
  EXPECT_EQ(ChooseScan(Task(1'000'000, kScanRowsMax)), RankPlan::kScanRows);
  EXPECT_EQ(ChooseScan(Task(1'000'000, kScanRowsMax + 1)), RankPlan::kScanCodes);
  EXPECT_EQ(ChooseScan(Task(1'000'000, kScanRowsMax + 1, 100, /*has_codes=*/false)), RankPlan::kScanRows);
}

TEST(RankPlannerTest, WithoutAGraphOrWhereOnlyTheExactAnswerWillDoThereIsAScan) {
  RankTask task = Task(1'000'000, 1'000'000);
  task.exact = true;
  EXPECT_EQ(ChooseRankPlan(task), RankPlan::kScanCodes);
  task.exact = false;
  task.has_graph = false;
  EXPECT_EQ(ChooseRankPlan(task), RankPlan::kScanCodes);
  task.has_codes = false;
  EXPECT_EQ(ChooseRankPlan(task), RankPlan::kScanRows);
}

TEST(RankPlannerTest, WithoutAFilterALargeEfIsScanned) {
  constexpr int64_t kRows = 100'000;
  bool scanned = false;
  for (const int64_t ef : {1, 10, 100, 1'000, 10'000, 100'000}) {
    const bool scans = ChooseRankPlan(Task(kRows, kRows, ef)) != RankPlan::kSearchGraph;
    EXPECT_TRUE(scans || !scanned) << "ef " << ef << ": a larger ef makes the graph dearer, never cheaper";
    scanned = scans;
  }
  EXPECT_TRUE(scanned);
  EXPECT_EQ(ChooseRankPlan(Task(kRows, kRows, 100)), RankPlan::kSearchGraph);
}

TEST(RankPlannerTest, AnEfBeyondTheRowsIsScanned) {
  for (const int64_t ef : {int64_t{10'000}, std::numeric_limits<int64_t>::max()}) {
    EXPECT_EQ(ChooseRankPlan(Task(10'000, 10'000, ef)), RankPlan::kScanCodes);
  }
}

TEST(RankPlannerTest, OnlyAFilteredSearchHasABudgetAndItIsAtMostTheScan) {
  EXPECT_EQ(DistanceBudget(Task(10'000, 10'000)), 0);
  for (const int64_t matches : {0, 1, 3, 100, 9'999}) {
    const int64_t budget = DistanceBudget(Task(10'000, matches));
    EXPECT_GE(budget, 1) << matches;  // 0 would mean no bound
    EXPECT_LE(budget * kGraphDistanceCostOfCodes, std::max(matches, kGraphDistanceCostOfCodes));
  }
}

}  // namespace
}  // namespace ochre
