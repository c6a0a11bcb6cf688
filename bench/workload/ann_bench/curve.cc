#include "bench/workload/ann_bench/curve.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

namespace ochre {

std::optional<double> SpeedAtRecall(double recall, std::span<const CurvePoint> curve) {
  std::vector<CurvePoint> points(curve.begin(), curve.end());
  std::sort(points.begin(), points.end(), [](const CurvePoint& a, const CurvePoint& b) { return a.recall < b.recall; });
  std::optional<double> best;
  const auto offer = [&](double speed) { best = std::max(best.value_or(0), speed); };
  for (size_t i = 0; i < points.size(); ++i) {
    if (points[i].recall < recall) continue;
    offer(points[i].queries_per_second);  // more recall than was asked for
    if (i == 0 || points[i - 1].recall >= recall) continue;
    const CurvePoint &low = points[i - 1], &high = points[i];
    const double weight = (recall - low.recall) / (high.recall - low.recall);
    offer(std::exp((1 - weight) * std::log(low.queries_per_second) + weight * std::log(high.queries_per_second)));
  }
  return best;
}

double Percentile(std::span<double> samples, double part) {
  if (samples.empty()) return 0;
  const size_t index = std::min(samples.size() - 1, static_cast<size_t>(part * static_cast<double>(samples.size())));
  std::nth_element(samples.begin(), samples.begin() + static_cast<std::ptrdiff_t>(index), samples.end());
  return samples[index];
}

}  // namespace ochre
