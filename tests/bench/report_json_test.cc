#include "bench/workload/ann_bench/report_json.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace ochre {
namespace {

using Json = nlohmann::json;

Report OneRun() {
  Report report;
  report.runs = {{.engine = "hnswlib",
                  .threads = 2,
                  .build_seconds = 12.5,
                  .memory_bytes_per_vector = 560,
                  .disk_bytes_per_vector = 550,
                  .open_ms = 30,
                  .curve = {{10, 0.9, 1000, 900, 2000, 300}, {20, 0.96, 500, 1800, 4000, std::nullopt}}}};
  return report;
}

TEST(ReportJsonTest, ARunHasTheShapeThatReadersExpect) {
  const Json run = Json::parse(ToJson(OneRun()))["runs"][0];
  EXPECT_EQ(run["engine"], "hnswlib");
  EXPECT_EQ(run["threads"], 2);
  EXPECT_EQ(run["build_seconds"], 12.5);
  EXPECT_EQ(run["memory_bytes_per_vector"], 560);
  EXPECT_EQ(run["disk_bytes_per_vector"], 550);
  EXPECT_EQ(run["open_ms"], 30);
  ASSERT_EQ(run["curve"].size(), 2u);
  EXPECT_EQ(run["curve"][0], Json::parse(R"({"knob": 10, "recall": 0.9, "qps": 1000, "p50_us": 900, "p99_us": 2000,
                                             "distances_per_query": 300})"));
  EXPECT_FALSE(run["curve"][1].contains("distances_per_query"));
}

TEST(ReportJsonTest, SpeedsAreInterpolatedAndNullBeyondTheCurve) {
  const Json speeds = Json::parse(ToJson(OneRun()))["runs"][0]["qps_at_recall"];
  EXPECT_EQ(speeds["0.90"], 1000);
  EXPECT_NEAR(speeds["0.95"].get<double>(), 561.23, 0.01);  // 1000^(1/6) * 500^(5/6)
  EXPECT_TRUE(speeds["0.99"].is_null());
}

TEST(ReportJsonTest, WhatWasNotMeasuredIsNull) {
  Report report;
  report.runs = {{.engine = "ochre_core"}};
  const Json run = Json::parse(ToJson(report))["runs"][0];
  for (const char* key : {"build_seconds", "memory_bytes_per_vector", "disk_bytes_per_vector", "open_ms"}) {
    EXPECT_TRUE(run.at(key).is_null()) << key;
  }
  EXPECT_TRUE(run["curve"].is_array());
  EXPECT_FALSE(run.contains("batched_curve"));
}

TEST(ReportJsonTest, FurtherCurvesHaveNamesOfTheirOwn) {
  Report report;
  report.runs = {{.engine = "ochre",
                  .target_recall_curve = {{0.9, 0.91, 100, 1, 2, std::nullopt}},
                  .batched_curve = {{10, 0.95, 200, 1, 2, std::nullopt}}}};
  const Json run = Json::parse(ToJson(report))["runs"][0];
  EXPECT_EQ(run["target_recall_curve"][0]["knob"], 0.9);
  EXPECT_EQ(run["target_recall_qps_at_recall"]["0.90"], 100);
  EXPECT_EQ(run["batched_qps_at_recall"]["0.95"], 200);
}

TEST(ReportJsonTest, FiltersAreComparedWithTheBetterPlan) {
  Report report;
  report.filters = {{.kind = "random",
                     .selectivity = 0.1,
                     .plan_us = 30,
                     .scan_us = 20,
                     .graph_us = 10,
                     .graph_recall = 0.5,  // so little that it is no alternative
                     .api_us = 40,
                     .recall = 1,
                     .enough = true}};
  const Json filter = Json::parse(ToJson(report))["filters"][0];
  EXPECT_EQ(filter["plan_over_better"], 1.5);
  EXPECT_EQ(filter["enough_results"], true);
  report.filters[0].graph_recall = 0.95;
  EXPECT_EQ(Json::parse(ToJson(report))["filters"][0]["plan_over_better"], 3);
}

}  // namespace
}  // namespace ochre
