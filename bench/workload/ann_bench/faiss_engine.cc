#include "bench/workload/ann_bench/faiss_engine.h"

#include <faiss/IndexHNSW.h>
#include <faiss/impl/HNSW.h>
#include <faiss/index_io.h>
#include <omp.h>

#include <chrono>
#include <exception>

namespace ochre {
namespace {

std::vector<float> NormalisedAll(const MatrixSpan& rows, Space space) {
  std::vector<float> all;
  all.reserve(rows.values.size());
  for (int64_t row = 0; row < rows.rows(); ++row) {
    const auto values = Normalised({rows.Row(row), static_cast<size_t>(rows.columns)}, space);
    all.insert(all.end(), values.begin(), values.end());
  }
  return all;
}

class FaissEngine : public Engine {
 public:
  FaissEngine(std::unique_ptr<faiss::Index> index, Space space)
      : space_(space), index_(std::move(index)), hnsw_(dynamic_cast<faiss::IndexHNSW&>(*index_).hnsw) {}

  void SetKnob(double knob) override { hnsw_.efSearch = static_cast<int>(knob); }

  Status Search(const MatrixSpan& queries, int64_t k, std::span<uint32_t> found) override {
    omp_set_num_threads(1);  // of this thread: the benchmark has its own
    try {
      const std::vector<float> normalised =
          space_ == Space::kCosine ? NormalisedAll(queries, space_) : std::vector<float>();
      std::vector<float> distances(found.size());
      std::vector<faiss::Index::idx_t> labels(found.size());
      index_->search(queries.rows(), normalised.empty() ? queries.values.data() : normalised.data(), k,
                     distances.data(), labels.data());
      for (size_t i = 0; i < found.size(); ++i) found[i] = labels[i] < 0 ? kNoRow : static_cast<uint32_t>(labels[i]);
      return Status::Ok();
    } catch (const std::exception& error) {
      return Status::Internal("Faiss: ", error.what());
    }
  }

  std::optional<double> DistancesPerQuery(const MatrixSpan& queries, int64_t k) override {
    std::vector<uint32_t> found(static_cast<size_t>(queries.rows() * k));
    faiss::hnsw_stats.reset();
    // n3 counts the distances on layer 0; ndis stays 0 in this version.
    if (!Search(queries, k, found).ok() || queries.rows() == 0) return std::nullopt;
    return static_cast<double>(faiss::hnsw_stats.n3) / static_cast<double>(queries.rows());
  }

 private:
  const Space space_;
  const std::unique_ptr<faiss::Index> index_;
  faiss::HNSW& hnsw_;
};

Result<double> Build(std::unique_ptr<faiss::IndexHNSW> index, const MatrixSpan& rows, const IndexOptions& options,
                     int32_t threads, const std::filesystem::path& path) {
  omp_set_num_threads(threads);
  try {
    index->hnsw.efConstruction = options.ef_construction;
    const auto start = std::chrono::steady_clock::now();
    const std::vector<float> values = NormalisedAll(rows, options.space);
    index->train(rows.rows(), values.data());
    index->add(rows.rows(), values.data());
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    faiss::write_index(index.get(), path.c_str());
    return seconds.count();
  } catch (const std::exception& error) {
    return Status::Internal("Faiss: ", error.what());
  }
}

faiss::MetricType MetricOf(Space space) {
  return space == Space::kInnerProduct ? faiss::METRIC_INNER_PRODUCT : faiss::METRIC_L2;
}

Result<double> BuildFlat(const MatrixSpan& rows, const IndexOptions& options, int32_t threads,
                         const std::filesystem::path& path) {
  return Build(
      std::make_unique<faiss::IndexHNSWFlat>(options.dimension, options.max_neighbors, MetricOf(options.space)), rows,
      options, threads, path);
}

Result<double> BuildSq8(const MatrixSpan& rows, const IndexOptions& options, int32_t threads,
                        const std::filesystem::path& path) {
  return Build(std::make_unique<faiss::IndexHNSWSQ>(options.dimension, faiss::ScalarQuantizer::QT_8bit,
                                                    options.max_neighbors, MetricOf(options.space)),
               rows, options, threads, path);
}

Result<std::unique_ptr<Engine>> Open(const std::filesystem::path& path, const IndexOptions& options) {
  try {
    return std::unique_ptr<Engine>(
        std::make_unique<FaissEngine>(std::unique_ptr<faiss::Index>(faiss::read_index(path.c_str())), options.space));
  } catch (const std::exception& error) {
    return Status::Internal("Faiss: ", error.what());
  }
}

}  // namespace

const EngineKind kFaissHnswFlat = {
    .name = "faiss_hnsw_flat", .build = BuildFlat, .open = Open, .builds_with_all_cores = true, .is_batched = true};
const EngineKind kFaissHnswSq8 = {
    .name = "faiss_hnsw_sq8", .build = BuildSq8, .open = Open, .builds_with_all_cores = true, .is_batched = true};

}  // namespace ochre
