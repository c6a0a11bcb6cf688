#include "bench/workload/ann_bench/comparison.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace ochre {
namespace {

using testing::HasSubstr;
using testing::Not;

EngineRun RunAt(const std::string& engine, double queries_per_second) {
  EngineRun run = {.engine = engine};
  for (const double recall : kReportedRecalls) {
    run.curve.push_back({100 * recall, recall, queries_per_second, 0, 0, std::nullopt});
  }
  return run;
}

Report Against(double ours, double hnswlib, int32_t dimension) {
  Report report;
  report.dimension = dimension;
  report.runs = {RunAt("ochre", ours), RunAt("hnswlib", hnswlib)};
  return report;
}

const Comparison* Find(const std::vector<Comparison>& comparisons, const std::string& part) {
  const auto found = std::find_if(comparisons.begin(), comparisons.end(), [&](const Comparison& comparison) {
    return comparison.what.find(part) != std::string::npos;
  });
  return found == comparisons.end() ? nullptr : &*found;
}

TEST(CompareTest, SpeedsHaveTheFloorsOfTheirDimension) {
  const auto words = Compare(Against(4300, 1000, 100));
  const Comparison* at_95 = Find(words, "hnswlib's at recall 0.95");
  const Comparison* at_99 = Find(words, "hnswlib's at recall 0.99");
  ASSERT_TRUE(at_95 != nullptr && at_99 != nullptr);
  EXPECT_NEAR(at_95->value, 4.3, 1e-9);
  EXPECT_TRUE(at_95->met());
  EXPECT_EQ(at_99->at_least, 4.5);
  EXPECT_FALSE(at_99->met());

  const auto large = Compare(Against(3900, 1000, 768));
  EXPECT_FALSE(Find(large, "hnswlib's at recall 0.95")->met());
  EXPECT_EQ(Find(large, "hnswlib's at recall 0.99")->at_least, std::nullopt);
}

TEST(CompareTest, ForcedDispatchHasAFloorOfItsOwn) {
  Report report = Against(2500, 1000, 100);
  report.forced_dispatch = true;
  const auto comparisons = Compare(report);
  EXPECT_EQ(Find(comparisons, "hnswlib's at recall 0.95")->at_least, 2);
  EXPECT_TRUE(Find(comparisons, "hnswlib's at recall 0.95")->met());
  EXPECT_EQ(Find(comparisons, "hnswlib's at recall 0.99")->at_least, std::nullopt);
}

TEST(CompareTest, TheBetterFaissCounts) {
  Report report = Against(3000, 1000, 100);
  report.runs.push_back(RunAt("faiss_hnsw_flat", 1500));
  report.runs.push_back(RunAt("faiss_hnsw_sq8", 2500));
  const auto comparisons = Compare(report);
  const Comparison* faiss = Find(comparisons, "Faiss");
  ASSERT_NE(faiss, nullptr);
  EXPECT_NEAR(faiss->value, 1.2, 1e-9);
  EXPECT_FALSE(faiss->met());
}

TEST(CompareTest, BuildsAndMemoryAreRatios) {
  Report report = Against(1, 1, 768);
  report.runs[0].build_seconds = 10;
  report.runs[0].memory_bytes_per_vector = 1000;
  report.runs[1].build_seconds = 25;
  report.runs[1].memory_bytes_per_vector = 4000;
  EngineRun two = {.engine = "ochre", .threads = 2, .build_seconds = 8, .build_threads = 2};
  report.runs.push_back(two);
  const auto comparisons = Compare(report);
  EXPECT_DOUBLE_EQ(Find(comparisons, "build speed over hnswlib's")->value, 2.5);
  EXPECT_DOUBLE_EQ(Find(comparisons, "two threads")->value, 1.25);
  EXPECT_FALSE(Find(comparisons, "two threads")->met());
  EXPECT_DOUBLE_EQ(Find(comparisons, "memory")->value, 0.25);
  EXPECT_EQ(Find(comparisons, "memory")->at_most, 0.33);
}

TEST(CompareTest, RecallIsComparedAtEqualEf) {
  Report report = Against(1, 1, 100);
  report.runs[0].curve = {{10, 0.90, 1, 0, 0, std::nullopt}, {20, 0.97, 1, 0, 0, std::nullopt}};
  report.runs[1].curve = {{10, 0.91, 1, 0, 0, std::nullopt}, {40, 0.99, 1, 0, 0, std::nullopt}};
  const auto comparisons = Compare(report);
  EXPECT_NEAR(Find(comparisons, "equal ef")->value, 0.01, 1e-12);
  EXPECT_FALSE(Find(comparisons, "equal ef")->met());
}

TEST(CompareTest, TheApisCostIsWhatAQueryTakesLongerThanBelowIt) {
  Report report = Against(10'000, 1, 100);  // 100 us
  report.runs.push_back(RunAt("ochre_core", 1e6 / 97));
  EXPECT_NEAR(Find(Compare(report), "API's cost")->value, 3, 1e-9);
}

TEST(CompareTest, TheWorstFilterCounts) {
  Report report;
  report.filters = {{.kind = "random",
                     .plan_us = 10,
                     .scan_us = 10,
                     .graph_us = 5,
                     .graph_recall = 1,
                     .recall = 0.99,
                     .enough = true},
                    {.kind = "random",
                     .plan_us = 10,
                     .scan_us = 4,
                     .graph_us = 50,
                     .graph_recall = 1,
                     .recall = 0.96,
                     .enough = true}};
  auto comparisons = Compare(report);
  EXPECT_EQ(Find(comparisons, "time of the plan")->value, 2.5);
  EXPECT_EQ(Find(comparisons, "filtered: recall")->value, 0.96);
  EXPECT_TRUE(Find(comparisons, "wherever k exist")->met());
  report.filters[0].enough = false;
  comparisons = Compare(report);
  EXPECT_FALSE(Find(comparisons, "wherever k exist")->met());
}

TEST(CompareTest, WithoutPeersThereIsNothingToCompare) {
  Report report;
  report.runs = {RunAt("ochre", 1)};
  EXPECT_TRUE(Compare(report).empty());
  EXPECT_TRUE(Compare({}).empty());
}

TEST(ToTableTest, FloorsAreMarkedMetOrMissed) {
  const std::string table =
      ToTable({{"faster", 4.5, 4, std::nullopt}, {"smaller", 0.6, std::nullopt, 0.5}, {"other", 1}});
  EXPECT_THAT(table, HasSubstr("(floor: at least 4)  met\n"));
  EXPECT_THAT(table, HasSubstr("(floor: at most 0.5)  MISSED\n"));
  EXPECT_THAT(table.substr(table.find("other")), Not(HasSubstr("floor")));
}

}  // namespace
}  // namespace ochre
