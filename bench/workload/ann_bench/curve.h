// The speed of an engine over its recall.
#ifndef OCHRE_BENCH_WORKLOAD_ANN_BENCH_CURVE_H_
#define OCHRE_BENCH_WORKLOAD_ANN_BENCH_CURVE_H_

#include <optional>
#include <span>

namespace ochre {

// What was measured with one value of an engine's knob.
struct CurvePoint {
  double knob = 0;
  double recall = 0;
  double queries_per_second = 0;
  double p50_us = 0;
  double p99_us = 0;
  std::optional<double> distances_per_query;
};

// The queries a second at `recall`, interpolated geometrically over recall between the measurements next to it, or
// those of a measurement of higher recall where that was faster. Nothing if no measurement reaches it; a lower bound if
// all do. The points may be in any order.
std::optional<double> SpeedAtRecall(double recall, std::span<const CurvePoint> curve);

// The sample below which `part` of them lie; 0 without samples. Reorders them.
double Percentile(std::span<double> samples, double part);

}  // namespace ochre

#endif  // OCHRE_BENCH_WORKLOAD_ANN_BENCH_CURVE_H_
