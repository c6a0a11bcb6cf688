#include "bench/workload/ann_bench/data_set.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdio>
#include <system_error>
#include <thread>
#include <utility>

#include "bench/workload/ann_bench/engine.h"
#include "bench/workload/ann_bench/recall.h"
#include "distance/rows_span.h"
#include "distance/scan.h"
#include "storage/huge_buffer.h"

namespace ochre {
namespace {

namespace fs = std::filesystem;

// Neighbours that are kept of each query: as many as are usual in the field, and enough for a larger k later.
constexpr int64_t kTruthColumns = 100;
constexpr int64_t kQueriesPerScan = 16;  // which share a pass over the rows

// Rounding may tell ties apart by about so much, of distances about as large as 1: a few units in the last place of the
// float32 values that they are computed from.
constexpr double kTieTolerance = 1e-6;

Result<IntMatrix> ComputeTruth(const Matrix& base, const Matrix& queries, Space space, int64_t columns) {
  const auto dimension = static_cast<int32_t>(base.columns);
  const int64_t stride = RowStride(dimension);
  HugeBuffer buffer(static_cast<size_t>(base.rows() * stride) * sizeof(float));
  if (buffer.empty()) return Status::ResourceExhausted("no memory for another copy of the rows");
  auto* floats = reinterpret_cast<float*>(buffer.bytes().data());
  for (int64_t row = 0; row < base.rows(); ++row) FillRow(base.Row(row).data(), dimension, floats + row * stride);
  const RowsSpan rows = {.data = floats, .row_count = base.rows(), .dimension = dimension};

  IntMatrix truth = {.values = std::vector<int32_t>(static_cast<size_t>(queries.rows() * columns)), .columns = columns};
  std::atomic<int64_t> next = 0;
  const auto work = [&] {
    for (int64_t first = next.fetch_add(kQueriesPerScan); first < queries.rows();
         first = next.fetch_add(kQueriesPerScan)) {
      std::vector<PreparedQuery> prepared;
      const int64_t last = std::min(first + kQueriesPerScan, queries.rows());
      for (int64_t q = first; q < last; ++q) prepared.emplace_back(space, queries.Row(q).data(), dimension);
      const auto nearest = ScanAll(prepared, rows, columns);
      for (int64_t q = first; q < last; ++q) {
        int32_t* row = truth.values.data() + q * columns;
        for (const Neighbor& neighbor : nearest[static_cast<size_t>(q - first)]) {
          *row++ = static_cast<int32_t>(neighbor.ordinal);
        }
      }
    }
  };
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < std::max(1u, std::thread::hardware_concurrency()); ++i) threads.emplace_back(work);
  for (std::thread& thread : threads) thread.join();
  return truth;
}

bool IsNewer(const fs::path& path, fs::file_time_type time) {
  std::error_code error;
  const fs::file_time_type written = fs::last_write_time(path, error);
  return !error && written >= time;
}

Status CheckTruth(const IntMatrix& truth, const Matrix& base, const Matrix& queries, int64_t k, const fs::path& path) {
  if (truth.rows() != queries.rows()) {
    return Status::InvalidArgument(path.string(), " answers ", truth.rows(), " queries, and there are ",
                                   queries.rows());
  }
  if (truth.columns < k) {
    return Status::InvalidArgument(path.string(), " has ", truth.columns, " neighbours a query, and k is ", k);
  }
  for (const int32_t row : truth.values) {
    if (row < 0 || row >= base.rows()) {
      return Status::InvalidArgument(path.string(), " names row ", row, ", and there are ", base.rows());
    }
  }
  return Status::Ok();
}

}  // namespace

double ExactDistance(Space space, std::span<const float> a, std::span<const float> b) {
  double difference = 0, product = 0, norm_a = 0, norm_b = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    const double x = a[i], y = b[i];
    difference += (x - y) * (x - y);
    product += x * y;
    norm_a += x * x;
    norm_b += y * y;
  }
  if (space == Space::kL2) return difference;
  if (space == Space::kInnerProduct) return 1 - product;
  return norm_a == 0 || norm_b == 0 ? 1 : 1 - product / std::sqrt(norm_a * norm_b);
}

std::vector<float> Normalised(std::span<const float> row, Space space) {
  std::vector<float> values(row.begin(), row.end());
  if (space != Space::kCosine) return values;
  double squares = 0;
  for (const float value : row) squares += double{value} * value;
  if (squares == 0) return values;
  const double factor = 1 / std::sqrt(squares);
  for (float& value : values) value = static_cast<float>(value * factor);
  return values;
}

Result<DataSet> DataSet::Make(Matrix base, Matrix queries, Space space, int64_t k, const fs::path& truth_path,
                              fs::file_time_type data_time) {
  if (base.columns != queries.columns) {
    return Status::InvalidArgument("the rows have ", base.columns, " dimensions, and the queries ", queries.columns);
  }
  if (base.rows() < k) return Status::InvalidArgument("k is ", k, ", and there are ", base.rows(), " rows");
  IntMatrix truth;
  if (IsNewer(truth_path, data_time)) {
    OCHRE_ASSIGN_OR_RETURN(truth, ReadIvecs(truth_path));
    OCHRE_RETURN_IF_ERROR(CheckTruth(truth, base, queries, k, truth_path));
  } else {
    std::printf("computing the true neighbours, for %s\n", truth_path.string().c_str());
    OCHRE_ASSIGN_OR_RETURN(truth,
                           ComputeTruth(base, queries, space, std::min(base.rows(), std::max(k, kTruthColumns))));
    OCHRE_RETURN_IF_ERROR(WriteIvecs(truth_path, truth));
  }
  DataSet data;
  data.base_ = std::move(base);
  data.queries_ = std::move(queries);
  data.space_ = space;
  data.k_ = k;
  for (int64_t q = 0; q < data.queries_.rows(); ++q) {
    double kth = -HUGE_VAL;
    for (const int32_t row : truth.Row(q).first(static_cast<size_t>(k))) {
      kth = std::max(kth, data.Distance(q, static_cast<uint32_t>(row)));
    }
    data.kth_distances_.push_back(kth);
  }
  return data;
}

double DataSet::Recall(int64_t query, std::span<const uint32_t> found, double kth_distance, int64_t count) const {
  std::vector<uint32_t> rows;
  std::vector<double> distances;
  for (const uint32_t row : found) {
    if (row == kNoRow) continue;
    rows.push_back(row);
    distances.push_back(Distance(query, row));
  }
  // Of squared distances rounding is relative; of the others it comes from sums of about the size of 1.
  const double scale = space_ == Space::kL2 ? kth_distance : std::max(1.0, std::abs(kth_distance));
  return TieAwareRecall(rows, distances, kth_distance, kTieTolerance * scale, count);
}

}  // namespace ochre
