// A report's curves as a drawing.
#ifndef OCHRE_BENCH_WORKLOAD_ANN_BENCH_PLOT_SVG_H_
#define OCHRE_BENCH_WORKLOAD_ANN_BENCH_PLOT_SVG_H_

#include <string>

#include "bench/workload/ann_bench/report.h"

namespace ochre {

// An SVG document: queries a second (logarithmic) over recall (stretched towards 1), a line for each run of one thread.
// Only what has a recall of 0.7 and more is drawn.
std::string ToSvg(const Report& report);

}  // namespace ochre

#endif  // OCHRE_BENCH_WORKLOAD_ANN_BENCH_PLOT_SVG_H_
