// Measures queries with filters: the chosen plan against either plan forced.
#ifndef OCHRE_BENCH_WORKLOAD_ANN_BENCH_FILTER_BENCH_H_
#define OCHRE_BENCH_WORKLOAD_ANN_BENCH_FILTER_BENCH_H_

#include <cstdint>
#include <span>
#include <vector>

#include "bench/workload/ann_bench/data_set.h"
#include "bench/workload/ann_bench/ochre_engine.h"
#include "bench/workload/ann_bench/report.h"
#include "bench/workload/ann_bench/segment_searcher.h"

namespace ochre {

// The attributes that filters ask for, of each row (kRandomKey and kNearKey): permutations of [0, rows).
struct FilterAttributes {
  std::vector<int32_t> random;
  std::vector<int32_t> near;

  Metadata OfRow(int64_t row) const;
};
FilterAttributes MakeFilterAttributes(const DataSet& data);

// Each selectivity with each of three filters. The queries are those nearest to the first one, so that a filter for the
// rows near it is correlated with all of them, and one for the farthest anti-correlated. `index` and `searcher` are of
// one database with `attributes`. Settings are the collection's defaults.
Result<std::vector<FilterRun>> MeasureFilters(const DataSet& data, const FilterAttributes& attributes,
                                              const OchreIndex& index, const SegmentSearcher& searcher,
                                              std::span<const double> selectivities, int32_t rounds);

}  // namespace ochre

#endif  // OCHRE_BENCH_WORKLOAD_ANN_BENCH_FILTER_BENCH_H_
