// Engine: one library's index of the data, as the benchmark drives it.
#ifndef OCHRE_BENCH_WORKLOAD_ANN_BENCH_ENGINE_H_
#define OCHRE_BENCH_WORKLOAD_ANN_BENCH_ENGINE_H_

#include <cstdint>
#include <filesystem>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "ochre/options.h"
#include "ochre/records.h"
#include "ochre/status.h"

namespace ochre {

// The same for every engine.
struct IndexOptions {
  Space space = Space::kL2;
  int32_t dimension = 0;
  int32_t max_neighbors = 16;
  int32_t ef_construction = 200;
  Quantization quantization = Quantization::kInt8;  // Ochre's alone
  bool with_metadata = false;                       // Ochre's alone: for filters (filter_bench.h)
};

// The place of an answer that is missing.
inline constexpr uint32_t kNoRow = std::numeric_limits<uint32_t>::max();

class Engine {
 public:
  virtual ~Engine() = default;

  // Trades speed for recall; not while a search runs.
  virtual void SetKnob(double knob) = 0;

  // The up to k nearest of each query in one call, nearest first: `found` has k places a query. Any number of threads.
  virtual Status Search(const MatrixSpan& queries, int64_t k, std::span<uint32_t> found) = 0;

  // How many distances a query takes on average, where that is known.
  virtual std::optional<double> DistancesPerQuery(const MatrixSpan& /*queries*/, int64_t /*k*/) { return std::nullopt; }

  // Waits until the index has reached its final place in memory.
  virtual void Settle() {}
};

// How an engine's index is made in `path`, and opened. No exception leaves them.
struct EngineKind {
  std::string_view name;
  // Writes the index of `rows` to `path`, which does not exist; returns the seconds that it took without reading and
  // writing files where that is told apart. Null: opens what another kind has built.
  Result<double> (*build)(const MatrixSpan& rows, const IndexOptions& options, int32_t threads,
                          const std::filesystem::path& path);
  Result<std::unique_ptr<Engine>> (*open)(const std::filesystem::path& path, const IndexOptions& options);
  bool builds_with_all_cores = false;
  // Its API is made for many queries a call: the speed is that of whole batches, the latency that of single queries.
  bool is_batched = false;
};

// Rows as the engines that know no cosine take them: of length 1 in kCosine, else unchanged.
std::vector<float> Normalised(std::span<const float> row, Space space);

}  // namespace ochre

#endif  // OCHRE_BENCH_WORKLOAD_ANN_BENCH_ENGINE_H_
