#include "bench/workload/ann_bench/plot_svg.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string_view>
#include <vector>

namespace ochre {
namespace {

constexpr double kWidth = 720, kHeight = 460;
constexpr double kLeft = 70, kRight = 690, kTop = 50, kBottom = 400;  // of the plane
constexpr double kRecallMin = 0.7;
constexpr double kRecallMax = 0.9995;  // what lies above is drawn here: on this axis, 1 is infinitely far
constexpr double kRecallTicks[] = {0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999};
// Told apart also by those who see no red or green (Okabe and Ito 2008).
constexpr const char* kColours[] = {"#0072b2", "#56b4e9", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#000000"};

struct Line {
  std::string name;
  std::vector<CurvePoint> points;  // ascending recall
};

std::string Format(const char* format, auto... values) {
  char text[256];
  std::snprintf(text, sizeof(text), format, values...);
  return text;
}

std::string Escaped(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '<') {
      escaped += "&lt;";
    } else if (c == '&') {
      escaped += "&amp;";
    } else {
      escaped += c;
    }
  }
  return escaped;
}

std::vector<Line> LinesOf(const Report& report) {
  std::vector<Line> lines;
  const auto add = [&](const std::string& name, const std::vector<CurvePoint>& curve) {
    Line line = {.name = name, .points = {}};
    for (const CurvePoint& point : curve) {
      if (point.recall >= kRecallMin && point.queries_per_second > 0) line.points.push_back(point);
    }
    std::sort(line.points.begin(), line.points.end(),
              [](const CurvePoint& a, const CurvePoint& b) { return a.recall < b.recall; });
    if (!line.points.empty()) lines.push_back(std::move(line));
  };
  for (const EngineRun& run : report.runs) {
    if (run.threads != 1) continue;
    add(run.engine, run.curve);
    add(run.engine + " (target_recall)", run.target_recall_curve);
    add(run.engine + " (batched)", run.batched_curve);
  }
  return lines;
}

class Plot {
 public:
  explicit Plot(std::vector<Line> lines) : lines_(std::move(lines)) {
    double lowest = HUGE_VAL, highest = 0;
    for (const Line& line : lines_) {
      for (const CurvePoint& point : line.points) {
        lowest = std::min(lowest, point.queries_per_second);
        highest = std::max(highest, point.queries_per_second);
      }
    }
    if (lines_.empty()) lowest = highest = 1;
    // Whole decades would leave much of the plane empty.
    low_ = std::log(lowest * 0.9);
    high_ = std::log(highest * 1.1);
  }

  std::string Draw(const std::string& title) const {
    std::string svg = Format(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %g %g\" font-family=\"sans-serif\" "
        "font-size=\"12\">\n<rect width=\"%g\" height=\"%g\" fill=\"white\"/>\n",
        kWidth, kHeight, kWidth, kHeight);
    svg += Format("<text x=\"%g\" y=\"24\" font-size=\"14\">", kLeft) + Escaped(title) + "</text>\n";
    DrawAxes(svg);
    for (size_t i = 0; i < lines_.size(); ++i) DrawLine(i, svg);
    return svg + "</svg>\n";
  }

 private:
  static double X(double recall) {
    const auto stretched = [](double value) { return -std::log(1 - value); };
    const double from = stretched(kRecallMin), to = stretched(kRecallMax);
    return kLeft + (kRight - kLeft) * (stretched(std::min(recall, kRecallMax)) - from) / (to - from);
  }
  double Y(double speed) const { return kBottom - (kBottom - kTop) * (std::log(speed) - low_) / (high_ - low_); }

  void DrawAxes(std::string& svg) const {
    const auto grid = [&](double x1, double y1, double x2, double y2) {
      svg += Format("<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"#ddd\"/>\n", x1, y1, x2, y2);
    };
    for (const double recall : kRecallTicks) {
      const double x = X(recall);
      grid(x, kTop, x, kBottom);
      svg += Format("<text x=\"%.1f\" y=\"%g\" text-anchor=\"middle\">%g</text>\n", x, kBottom + 16, recall);
    }
    for (double decade = 1; decade < 1e9; decade *= 10) {
      for (const double step : {1.0, 2.0, 5.0}) {
        const double speed = decade * step;
        if (std::log(speed) < low_ || std::log(speed) > high_) continue;
        const double y = Y(speed);
        grid(kLeft, y, kRight, y);
        svg += Format("<text x=\"%g\" y=\"%.1f\" text-anchor=\"end\">%.0f</text>\n", kLeft - 6, y + 4, speed);
      }
    }
    svg += Format("<text x=\"%g\" y=\"%g\" text-anchor=\"middle\">recall</text>\n", (kLeft + kRight) / 2, kBottom + 36);
    svg += Format("<text x=\"18\" y=\"%g\" text-anchor=\"middle\" transform=\"rotate(-90 18 %g)\">queries/s</text>\n",
                  (kTop + kBottom) / 2, (kTop + kBottom) / 2);
  }

  void DrawLine(size_t i, std::string& svg) const {
    const char* colour = kColours[i % std::size(kColours)];
    svg += Format("<polyline fill=\"none\" stroke=\"%s\" stroke-width=\"2\" points=\"", colour);
    for (const CurvePoint& point : lines_[i].points) {
      svg += Format("%.1f,%.1f ", X(point.recall), Y(point.queries_per_second));
    }
    svg += "\"/>\n";
    for (const CurvePoint& point : lines_[i].points) {
      svg += Format("<circle cx=\"%.1f\" cy=\"%.1f\" r=\"2.5\" fill=\"%s\"/>\n", X(point.recall),
                    Y(point.queries_per_second), colour);
    }
    // The lower left corner, where no curve is.
    const double y = kBottom - 16 * static_cast<double>(lines_.size() - i);
    svg +=
        Format("<text x=\"%g\" y=\"%.1f\" fill=\"%s\">", kLeft + 12, y, colour) + Escaped(lines_[i].name) + "</text>\n";
  }

  std::vector<Line> lines_;
  double low_, high_;  // logarithms of the speeds at the plane's ends
};

}  // namespace

std::string ToSvg(const Report& report) {
  std::string title = report.data + ": " + std::to_string(report.row_count) + " x " + std::to_string(report.dimension) +
                      ", " + report.space + ", k " + std::to_string(report.k) + ", one thread, " + report.kernels;
  return Plot(LinesOf(report)).Draw(title);
}

}  // namespace ochre
