// DataSet: vectors, queries and the true answers.
#ifndef OCHRE_BENCH_WORKLOAD_ANN_BENCH_DATA_SET_H_
#define OCHRE_BENCH_WORKLOAD_ANN_BENCH_DATA_SET_H_

#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

#include "bench/support/fvecs.h"
#include "ochre/options.h"
#include "ochre/records.h"
#include "ochre/status.h"

namespace ochre {

// The distance that `space` defines, summed in double.
double ExactDistance(Space space, std::span<const float> a, std::span<const float> b);

class DataSet {
 public:
  // Takes the true neighbours from the file `truth` if it is newer than the data and holds at least k of each query;
  // otherwise computes them by all cores, and writes them there. InvalidArgument: the rows do not fit each other, or
  // are fewer than k.
  static Result<DataSet> Make(Matrix base, Matrix queries, Space space, int64_t k, const std::filesystem::path& truth,
                              std::filesystem::file_time_type data_time);

  MatrixSpan base() const { return {base_.values, base_.columns}; }
  MatrixSpan queries() const { return {queries_.values, queries_.columns}; }
  int64_t k() const { return k_; }
  Space space() const { return space_; }

  // The part of query q's k nearest that `found` holds, ties counting (recall.h).
  double Recall(int64_t query, std::span<const uint32_t> found) const {
    return Recall(query, found, kth_distances_[static_cast<size_t>(query)], k_);
  }
  // The same for another truth: `kth_distance` is that of the `count`-th nearest.
  double Recall(int64_t query, std::span<const uint32_t> found, double kth_distance, int64_t count) const;

  double Distance(int64_t query, uint32_t row) const {
    return ExactDistance(space_, queries_.Row(query), base_.Row(row));
  }

 private:
  DataSet() = default;

  Matrix base_, queries_;
  Space space_ = Space::kL2;
  int64_t k_ = 0;
  std::vector<double> kth_distances_;  // one a query
};

}  // namespace ochre

#endif  // OCHRE_BENCH_WORKLOAD_ANN_BENCH_DATA_SET_H_
