// Nanoseconds per distance over rows in cache, and how many times a plain loop takes (x_naive).
#include <chrono>
#include <cmath>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "benchmark/benchmark.h"
#include "distance/kernels.h"
#include "tests/distance/aligned_rows.h"

namespace ochre {
namespace {

constexpr int64_t kRows = 256;  // with 768 dimensions, 800 KB: the second-level cache, as in a scan's block

// The loops that one writes first.
float NaiveDistance(Space space, const float* a, const float* b, int32_t dimension) {
  float dot = 0, l2 = 0, a_squares = 0, b_squares = 0;
  switch (space) {
    case Space::kL2:
      for (int32_t i = 0; i < dimension; ++i) l2 += (a[i] - b[i]) * (a[i] - b[i]);
      return l2;
    case Space::kInnerProduct:
      for (int32_t i = 0; i < dimension; ++i) dot += a[i] * b[i];
      return 1.0f - dot;
    case Space::kCosine:
      for (int32_t i = 0; i < dimension; ++i) {
        dot += a[i] * b[i];
        a_squares += a[i] * a[i];
        b_squares += b[i] * b[i];
      }
      return 1.0f - dot / std::sqrt(a_squares * b_squares);
  }
  return 0;
}

template <typename Scan>
double SecondsPerScan(const Scan& scan) {
  constexpr int kScans = 50;
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < kScans; ++i) scan();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() / kScans;
}

// Arguments: space, dimension.
template <bool kScattered>
void BM_Distances(benchmark::State& state) {
  const auto space = static_cast<Space>(state.range(0));
  const auto dimension = static_cast<int32_t>(state.range(1));
  const AlignedRows rows(RandomFloats(static_cast<size_t>(kRows * dimension), /*seed=*/1), dimension);
  const std::vector<float> embedding = RandomFloats(static_cast<size_t>(dimension), /*seed=*/2);
  const PreparedQuery query(space, embedding.data(), dimension);
  std::vector<uint32_t> ordinals;
  for (uint32_t i = 0; i < kRows; ++i) ordinals.push_back(i * 37 % kRows);  // all of them, out of order
  std::vector<float> distances(kRows);
  const auto scan = [&] {
    if constexpr (kScattered) {
      DistancesToOrdinals(query, rows.span(), ordinals, distances.data());
    } else {
      DistancesToRange(query, rows.span(), 0, kRows, distances.data());
    }
    benchmark::DoNotOptimize(distances.data());
    benchmark::ClobberMemory();
  };
  for (auto _ : state) scan();
  state.SetItemsProcessed(state.iterations() * kRows);
  const double naive = SecondsPerScan([&] {
    for (int64_t i = 0; i < kRows; ++i) {
      distances[static_cast<size_t>(i)] = NaiveDistance(space, embedding.data(), rows.span().Row(i), dimension);
    }
    benchmark::DoNotOptimize(distances.data());
    benchmark::ClobberMemory();
  });
  const double ours = SecondsPerScan(scan);
  state.counters["ns_per_distance"] = ours * 1e9 / kRows;
  state.counters["x_naive"] = naive / ours;
  state.SetLabel(std::string(KernelTarget()));
}
void Shapes(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgNames({"space", "dimension"});
  for (const Space space : {Space::kL2, Space::kCosine, Space::kInnerProduct}) {
    for (const int64_t dimension : {100, 384, 768}) benchmark->Args({static_cast<int64_t>(space), dimension});
  }
}
BENCHMARK(BM_Distances<false>)->Name("DistancesToRange")->Apply(Shapes);
BENCHMARK(BM_Distances<true>)->Name("DistancesToOrdinals")->Apply(Shapes);

}  // namespace
}  // namespace ochre
