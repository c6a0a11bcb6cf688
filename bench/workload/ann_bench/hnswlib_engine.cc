// Compiled with -march=native (bench/CMakeLists.txt): hnswlib chooses its vector code at compile time.
#include "bench/workload/ann_bench/hnswlib_engine.h"

#include <chrono>
#include <exception>
#include <utility>

// Under other names, because the library contains hnswlib too, compiled with other options.
#define hnswlib hnswlib_native
#define cpuid hnswlib_native_cpuid
#define xgetbv hnswlib_native_xgetbv
#include "hnswlib/hnswlib.h"
#undef hnswlib
#undef cpuid
#undef xgetbv

namespace ochre {
namespace {

using Index = hnswlib_native::HierarchicalNSW<float>;
using SpaceOfFloats = hnswlib_native::SpaceInterface<float>;

std::unique_ptr<SpaceOfFloats> MakeSpace(const IndexOptions& options) {
  const auto dimension = static_cast<size_t>(options.dimension);
  if (options.space == Space::kL2) return std::make_unique<hnswlib_native::L2Space>(dimension);
  return std::make_unique<hnswlib_native::InnerProductSpace>(dimension);
}

// What counts the distances, and the function that computes them: hnswlib calls a plain pointer.
thread_local int64_t counted_distances = 0;
hnswlib_native::DISTFUNC<float> counted_function = nullptr;

float CountedDistance(const void* a, const void* b, const void* dimension) {
  ++counted_distances;
  return counted_function(a, b, dimension);
}

class HnswlibEngine : public Engine {
 public:
  HnswlibEngine(const std::filesystem::path& path, const IndexOptions& options)
      : space_(options.space), functions_(MakeSpace(options)), index_(functions_.get(), path.string()) {}

  void SetKnob(double knob) override { index_.setEf(static_cast<size_t>(knob)); }

  Status Search(const MatrixSpan& queries, int64_t k, std::span<uint32_t> found) override {
    try {
      for (int64_t q = 0; q < queries.rows(); ++q) SearchOne(queries, q, k, found);
      return Status::Ok();
    } catch (const std::exception& error) {
      return Status::Internal("hnswlib: ", error.what());
    }
  }

  std::optional<double> DistancesPerQuery(const MatrixSpan& queries, int64_t k) override {
    counted_function = std::exchange(index_.fstdistfunc_, CountedDistance);
    counted_distances = 0;
    std::vector<uint32_t> found(static_cast<size_t>(queries.rows() * k));
    const Status status = Search(queries, k, found);
    index_.fstdistfunc_ = counted_function;
    if (!status.ok() || queries.rows() == 0) return std::nullopt;
    return static_cast<double>(counted_distances) / static_cast<double>(queries.rows());
  }

 private:
  void SearchOne(const MatrixSpan& queries, int64_t q, int64_t k, std::span<uint32_t> found) {
    const float* query = queries.Row(q);
    std::vector<float> normalised;
    if (space_ == Space::kCosine) {
      normalised = Normalised({query, static_cast<size_t>(queries.columns)}, space_);
      query = normalised.data();
    }
    auto heap = index_.searchKnn(query, static_cast<size_t>(k));  // the farthest on top
    uint32_t* places = found.data() + q * k;
    std::fill(places, places + k, kNoRow);
    for (size_t i = heap.size(); i-- > 0; heap.pop()) places[i] = static_cast<uint32_t>(heap.top().second);
  }

  const Space space_;
  const std::unique_ptr<SpaceOfFloats> functions_;
  Index index_;
};

Result<double> Build(const MatrixSpan& rows, const IndexOptions& options, int32_t /*threads*/,
                     const std::filesystem::path& path) {
  try {
    const auto space = MakeSpace(options);
    const auto start = std::chrono::steady_clock::now();
    Index index(space.get(), static_cast<size_t>(rows.rows()), static_cast<size_t>(options.max_neighbors),
                static_cast<size_t>(options.ef_construction));
    for (int64_t row = 0; row < rows.rows(); ++row) {
      const auto values = Normalised({rows.Row(row), static_cast<size_t>(rows.columns)}, options.space);
      index.addPoint(values.data(), static_cast<size_t>(row));
    }
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    index.saveIndex(path.string());
    return seconds.count();
  } catch (const std::exception& error) {
    return Status::Internal("hnswlib: ", error.what());
  }
}

Result<std::unique_ptr<Engine>> Open(const std::filesystem::path& path, const IndexOptions& options) {
  try {
    return std::unique_ptr<Engine>(std::make_unique<HnswlibEngine>(path, options));
  } catch (const std::exception& error) {
    return Status::Internal("hnswlib: ", error.what());
  }
}

}  // namespace

const EngineKind kHnswlib = {.name = "hnswlib", .build = Build, .open = Open};

}  // namespace ochre
