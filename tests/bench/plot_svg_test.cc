#include "bench/workload/ann_bench/plot_svg.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

namespace ochre {
namespace {

using testing::HasSubstr;
using testing::Not;

Report WithCurve(std::vector<CurvePoint> curve) {
  Report report;
  report.data = "glosses";
  report.runs = {{.engine = "hnswlib", .curve = std::move(curve)}};
  return report;
}

CurvePoint Point(double recall, double speed) { return {0, recall, speed, 0, 0, std::nullopt}; }

// The corners of the first line in `svg`.
std::vector<std::pair<double, double>> Corners(const std::string& svg) {
  const size_t begin = svg.find("points=\"") + 8;
  std::string list = svg.substr(begin, svg.find('"', begin) - begin);
  std::vector<std::pair<double, double>> corners;
  double x = 0, y = 0;
  int length = 0;
  for (const char* at = list.c_str(); std::sscanf(at, "%lf,%lf %n", &x, &y, &length) == 2; at += length) {
    corners.emplace_back(x, y);
  }
  return corners;
}

int Count(const std::string& text, const std::string& part) {
  int count = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

TEST(PlotSvgTest, EveryTagIsClosed) {
  const std::string svg = ToSvg(WithCurve({Point(0.9, 1000), Point(0.99, 100)}));
  EXPECT_THAT(svg, HasSubstr("xmlns=\"http://www.w3.org/2000/svg\""));
  EXPECT_TRUE(svg.ends_with("</svg>\n"));
  EXPECT_EQ(Count(svg, "<text"), Count(svg, "</text>"));
  EXPECT_EQ(Count(svg, "<polyline") + Count(svg, "<circle") + Count(svg, "<line") + Count(svg, "<rect"),
            Count(svg, "/>"));
}

TEST(PlotSvgTest, HigherRecallIsFurtherRightAndFasterIsHigher) {
  const auto corners = Corners(ToSvg(WithCurve({Point(0.99, 100), Point(0.8, 5000), Point(0.95, 1000)})));
  ASSERT_EQ(corners.size(), 3u);
  EXPECT_TRUE(std::is_sorted(corners.begin(), corners.end()));
  EXPECT_LT(corners[0].second, corners[1].second);  // y grows downwards
  EXPECT_LT(corners[1].second, corners[2].second);
}

TEST(PlotSvgTest, AllOfALineIsOnThePage) {
  const auto corners = Corners(ToSvg(WithCurve({Point(0.7, 1e6), Point(1, 1)})));
  ASSERT_EQ(corners.size(), 2u);
  for (const auto& [x, y] : corners) {
    EXPECT_TRUE(x >= 0 && x <= 720) << x;
    EXPECT_TRUE(y >= 0 && y <= 460) << y;
  }
}

TEST(PlotSvgTest, LowRecallIsLeftOut) {
  EXPECT_EQ(Corners(ToSvg(WithCurve({Point(0.3, 1e6), Point(0.9, 10)}))).size(), 1u);
  EXPECT_THAT(ToSvg(WithCurve({Point(0.3, 1e6)})), Not(HasSubstr("polyline")));
}

TEST(PlotSvgTest, EachCurveOfOneThreadHasALineAndAName) {
  Report report = WithCurve({Point(0.9, 1000)});
  report.runs.push_back({.engine = "ochre", .curve = {Point(0.9, 1)}, .batched_curve = {Point(0.9, 2)}});
  report.runs.push_back({.engine = "threaded", .threads = 2, .curve = {Point(0.9, 1)}});
  const std::string svg = ToSvg(report);
  EXPECT_EQ(Count(svg, "<polyline"), 3);
  EXPECT_THAT(svg, HasSubstr(">ochre (batched)<"));
  EXPECT_THAT(svg, Not(HasSubstr("threaded")));
}

TEST(PlotSvgTest, NamesAreEscaped) {
  Report report = WithCurve({Point(0.9, 1000)});
  report.data = "a<b & c";
  EXPECT_THAT(ToSvg(report), HasSubstr("a&lt;b &amp; c"));
}

TEST(PlotSvgTest, AReportWithoutCurvesIsAnEmptyPlane) { EXPECT_THAT(ToSvg({}), HasSubstr("queries/s")); }

}  // namespace
}  // namespace ochre
