#include "bench/workload/ann_bench/curve.h"

#include <gtest/gtest.h>

#include <vector>

namespace ochre {
namespace {

std::vector<CurvePoint> Curve(const std::vector<std::pair<double, double>>& recalls_and_speeds) {
  std::vector<CurvePoint> curve;
  for (const auto& [recall, speed] : recalls_and_speeds) {
    curve.push_back({.knob = 0, .recall = recall, .queries_per_second = speed, .distances_per_query = std::nullopt});
  }
  return curve;
}

TEST(SpeedAtRecallTest, IsThatOfTheMeasurementThere) {
  const auto curve = Curve({{0.8, 1000}, {0.9, 500}, {0.99, 100}});
  EXPECT_DOUBLE_EQ(SpeedAtRecall(0.9, curve).value(), 500);
  EXPECT_DOUBLE_EQ(SpeedAtRecall(0.99, curve).value(), 100);
}

TEST(SpeedAtRecallTest, IsGeometricBetweenTwoMeasurements) {
  const auto curve = Curve({{0.8, 1000}, {0.9, 250}});
  EXPECT_NEAR(SpeedAtRecall(0.85, curve).value(), 500, 1e-9);
  EXPECT_NEAR(SpeedAtRecall(0.825, curve).value(), 707.106781, 1e-6);
}

TEST(SpeedAtRecallTest, IsNothingBeyondTheCurve) {
  EXPECT_FALSE(SpeedAtRecall(0.95, Curve({{0.8, 1000}, {0.9, 250}})).has_value());
  EXPECT_FALSE(SpeedAtRecall(0.95, {}).has_value());
}

TEST(SpeedAtRecallTest, IsTheFastestMeasurementIfAllReachIt) {
  EXPECT_DOUBLE_EQ(SpeedAtRecall(0.9, Curve({{0.96, 800}, {0.99, 300}})).value(), 800);
}

TEST(SpeedAtRecallTest, AFasterMeasurementOfHigherRecallCounts) {
  // A dip in the curve: nobody would choose the setting that is slower and finds less.
  EXPECT_DOUBLE_EQ(SpeedAtRecall(0.9, Curve({{0.8, 1000}, {0.9, 200}, {0.95, 400}})).value(), 400);
}

TEST(SpeedAtRecallTest, TheOrderOfMeasurementsDoesNotMatter) {
  EXPECT_NEAR(SpeedAtRecall(0.85, Curve({{0.9, 250}, {0.8, 1000}})).value(), 500, 1e-9);
}

TEST(SpeedAtRecallTest, MeasurementsOfOneRecallAreNoDivisionByZero) {
  EXPECT_DOUBLE_EQ(SpeedAtRecall(1.0, Curve({{1, 100}, {1, 300}, {1, 200}})).value(), 300);
}

TEST(PercentileTest, IsTheSampleBelowWhichThatPartLies) {
  std::vector<double> samples = {5, 1, 4, 2, 3};
  EXPECT_EQ(Percentile(samples, 0), 1);
  EXPECT_EQ(Percentile(samples, 0.5), 3);
  EXPECT_EQ(Percentile(samples, 0.99), 5);
  EXPECT_EQ(Percentile(samples, 1), 5);
  EXPECT_EQ(Percentile({}, 0.5), 0);
}

}  // namespace
}  // namespace ochre
