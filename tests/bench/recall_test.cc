#include "bench/workload/ann_bench/recall.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

namespace ochre {
namespace {

double Recall(const std::vector<uint32_t>& found, const std::vector<double>& distances, double kth_distance,
              int64_t k) {
  return TieAwareRecall(found, distances, kth_distance, /*tolerance=*/0.001, k);
}

TEST(TieAwareRecallTest, IsThePartOfTheAnswerThatIsNearEnough) {
  EXPECT_DOUBLE_EQ(Recall({1, 2, 3, 4}, {0.1, 0.2, 0.3, 0.4}, 0.4, 4), 1);
  EXPECT_DOUBLE_EQ(Recall({1, 2, 3, 9}, {0.1, 0.2, 0.3, 0.5}, 0.4, 4), 0.75);
  EXPECT_DOUBLE_EQ(Recall({7, 8, 9, 6}, {0.5, 0.6, 0.7, 0.8}, 0.4, 4), 0);
}

TEST(TieAwareRecallTest, AnAnswerAsNearAsTheKthCountsWhoeverItIs) {
  EXPECT_DOUBLE_EQ(Recall({100, 200}, {0.4, 0.4}, 0.4, 2), 1);
  EXPECT_DOUBLE_EQ(Recall({100, 200}, {0.4, 0.4005}, 0.4, 2), 1);  // within the tolerance
  EXPECT_DOUBLE_EQ(Recall({100, 200}, {0.4, 0.402}, 0.4, 2), 0.5);
}

TEST(TieAwareRecallTest, ARepeatCountsOnce) { EXPECT_DOUBLE_EQ(Recall({5, 5, 5, 6}, {0, 0, 0, 0}, 0.4, 4), 0.5); }

TEST(TieAwareRecallTest, TooFewAnswersAreMissingOnes) {
  EXPECT_DOUBLE_EQ(Recall({}, {}, 0.4, 10), 0);
  EXPECT_DOUBLE_EQ(Recall({1}, {0.1}, 0.4, 10), 0.1);
}

TEST(TieAwareRecallTest, MoreThanKAnswersAreNoMoreThanRight) {
  EXPECT_DOUBLE_EQ(Recall({1, 2, 3}, {0.1, 0.1, 0.1}, 0.4, 2), 1);
}

TEST(TieAwareRecallTest, NegativeDistancesAreCompared) {  // of inner products
  EXPECT_DOUBLE_EQ(Recall({1, 2}, {-7, -5}, -6, 2), 0.5);
}

}  // namespace
}  // namespace ochre
