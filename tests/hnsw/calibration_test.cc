#include "hnsw/calibration.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>

#include "distance/scan.h"
#include "hnsw/graph_search.h"
#include "tests/distance/coded_rows.h"
#include "tests/hnsw/built_graph.h"
#include "tests/support/must.h"

namespace ochre {
namespace {

TEST(CalibrationTest, WhatLiesBetweenTwoPointsIsInterpolated) {
  const Calibration calibration = {.by_ef = {{20, 0.5f}, {40, 0.7f}, {80, 0.9f}},
                                   .by_reach = {{1.0f, 0.4f}, {1.1f, 0.6f}, {1.2f, 0.8f}, {1.3f, 0.95f}}};
  // 0.6 of the misses that are asked for: 0.3 of 0.5.
  EXPECT_FLOAT_EQ(calibration.ReachForRecall(0.5), 1.15f);
  EXPECT_FLOAT_EQ(calibration.ReachForRecall(2.0 / 3), 1.2f);
  EXPECT_FLOAT_EQ(calibration.ReachForRecall(0), 1.0f);
  EXPECT_EQ(calibration.ReachForRecall(0.93), 0.0f) << "beyond what was measured";
  EXPECT_NEAR(static_cast<double>(calibration.EfForRecall(2.0 / 3)), 60, 1);
  EXPECT_EQ(calibration.EfForRecall(0.99), 80);
  // 0.75 of the misses of the ef: 0.225 of 0.3, where the recall is 0.775.
  EXPECT_FLOAT_EQ(calibration.ReachForEf(40), 1.1875f);
  EXPECT_FLOAT_EQ(calibration.ReachForEf(1), 1.1125f) << "as the smallest that was measured";
  EXPECT_EQ(calibration.ReachForEf(81), 0.0f);
  const float between = calibration.ReachForEf(60);
  EXPECT_GT(between, calibration.ReachForEf(40));
  EXPECT_LT(between, calibration.ReachForEf(80));
}

TEST(CalibrationTest, WithoutPointsThereIsNoReach) {
  EXPECT_EQ(Calibration().ReachForEf(10), 0.0f);
  EXPECT_EQ(Calibration().ReachForRecall(0.9), 0.0f);
  EXPECT_EQ(Calibration().EfForRecall(0.9), kReachCandidatesMax);
}

// Hard to search by 4 links a node.
class CalibratedGraphTest : public testing::TestWithParam<Space> {
 protected:
  static constexpr int32_t kDimension = 32;

  // Rows, and queries that are drawn like them.
  static constexpr size_t kRows = 6'000, kQueries = 200;
  std::vector<float> matrix_ = ClusteredFloats(kRows + kQueries, kDimension, 100, /*seed=*/5);
  std::vector<float> queries_{matrix_.end() - kQueries * kDimension, matrix_.end()};
  BuiltGraph built_{std::vector<float>(matrix_.begin(), matrix_.begin() + kRows * kDimension),
                    kDimension,
                    {.space = GetParam(), .max_neighbors = 4, .ef_construction = 40}};
  Quantizer quantizer_ = Quantizer::Train(GetParam(), Quantization::kInt8, built_.rows());
  CodedRows codes_{quantizer_, built_.rows()};
  std::atomic<bool> cancelled_ = false;
  Calibration calibration_ =
      Must(Calibrate(built_.graph(), built_.rows(), quantizer_, codes_.span(), codes_.bounds(), cancelled_));
};

INSTANTIATE_TEST_SUITE_P(Spaces, CalibratedGraphTest,
                         testing::Values(Space::kL2, Space::kCosine, Space::kInnerProduct));

TEST_P(CalibratedGraphTest, MoreEffortNeverFindsLess) {
  const auto ascends = [](const std::vector<Calibration::Point>& points) {
    return std::is_sorted(points.begin(), points.end(),
                          [](const auto& a, const auto& b) { return a.knob < b.knob && a.recall <= b.recall; });
  };
  ASSERT_GE(calibration_.by_ef.size(), 3u);
  EXPECT_TRUE(ascends(calibration_.by_ef));
  EXPECT_TRUE(ascends(calibration_.by_reach));
  EXPECT_LT(calibration_.by_ef.front().recall, calibration_.by_ef.back().recall);
  EXPECT_EQ(calibration_.by_reach.empty(), GetParam() == Space::kInnerProduct);
}

TEST_P(CalibratedGraphTest, CanBeCancelled) {
  cancelled_ = true;
  const auto calibration =
      Calibrate(built_.graph(), built_.rows(), quantizer_, codes_.span(), codes_.bounds(), cancelled_);
  ASSERT_FALSE(calibration.ok());
  EXPECT_EQ(calibration.status().code(), StatusCode::kCancelled);
}

TEST_P(CalibratedGraphTest, OtherQueriesReachTheRecallThatWasAskedFor) {
  std::vector<PreparedQuery> queries;
  std::vector<CodeQuery> code_queries;
  for (size_t q = 0; q < kQueries; ++q) {
    queries.emplace_back(GetParam(), queries_.data() + q * kDimension, kDimension);
    code_queries.push_back(quantizer_.Prepare(queries.back()));
  }
  const auto exact = ScanAll(queries, built_.rows(), 10);
  const auto recall_with = [&](const GraphSearchOptions& options) {
    const auto results = SearchGraphByCodes(built_.graph(), codes_.span(), code_queries, options);
    int found = 0;
    for (size_t q = 0; q < kQueries; ++q) {
      for (const Neighbor& neighbor : results[q].neighbors) {
        found += std::any_of(exact[q].begin(), exact[q].end(),
                             [&](const Neighbor& right) { return right.ordinal == neighbor.ordinal; });
      }
    }
    return static_cast<double>(found) / (10.0 * kQueries);
  };
  for (const double target : {0.8, 0.9, 0.95}) {
    const int64_t ef = calibration_.EfForRecall(target);
    EXPECT_GE(recall_with({.k = std::min<int64_t>(20, ef), .ef = ef}), target - 0.01) << "ef " << ef;
    if (GetParam() == Space::kInnerProduct) continue;
    const float reach = calibration_.ReachForRecall(target);
    ASSERT_GE(reach, 1.0f);
    EXPECT_GE(recall_with({.k = 20, .ef = kReachCandidatesMax, .reach = reach}), target - 0.01) << "reach " << reach;
  }
}

}  // namespace
}  // namespace ochre
