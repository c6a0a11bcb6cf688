#include "executor/rank_planner.h"

#include <gtest/gtest.h>

#include <limits>

namespace ochre {
namespace {

TEST(RankPlannerTest, FewMatchesAreScannedAndManyAreSearched) {
  constexpr int64_t kRows = 1'000'000;
  EXPECT_TRUE(ShouldScan(kRows, 0, 100));
  EXPECT_TRUE(ShouldScan(kRows, 1'000, 100));
  EXPECT_FALSE(ShouldScan(kRows, kRows / 2, 100));
  EXPECT_FALSE(ShouldScan(kRows, kRows, 100));
}

TEST(RankPlannerTest, ThereIsOneCrossoverPerEf) {
  constexpr int64_t kRows = 100'000;
  int64_t last_crossover = 0;
  for (const int64_t ef : {1, 10, 100, 1'000, 10'000}) {
    int64_t crossover = 0;
    for (int64_t matches = 0; matches <= kRows; matches += 100) {
      const bool scan = ShouldScan(kRows, matches, ef);
      if (scan) {
        EXPECT_EQ(crossover, matches == 0 ? 0 : matches - 100) << "ef " << ef << ": scans again at " << matches;
        crossover = matches;
      }
    }
    EXPECT_GE(crossover, last_crossover) << "a larger ef makes the graph dearer, never cheaper";
    last_crossover = crossover;
  }
}

TEST(RankPlannerTest, AnEfBeyondTheRowsIsScanned) {
  EXPECT_TRUE(ShouldScan(10'000, 10'000, 10'000));
  EXPECT_TRUE(ShouldScan(10'000, 10'000, std::numeric_limits<int64_t>::max()));
}

TEST(RankPlannerTest, OnlyAFilteredSearchHasABudgetAndItIsAtMostTheScan) {
  EXPECT_EQ(GraphDistanceBudget(10'000, 10'000), 0);
  for (const int64_t matches : {0, 1, 3, 100, 9'999}) {
    const int64_t budget = GraphDistanceBudget(10'000, matches);
    EXPECT_GE(budget, 1) << matches;  // 0 would mean no bound
    if (matches >= kGraphDistanceCost) {
      EXPECT_LE(budget * kGraphDistanceCost, matches);
    }
  }
}

}  // namespace
}  // namespace ochre
