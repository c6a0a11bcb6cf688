// Compares SearchGraph with hnswlib's searchKnn on the same graph over the same rows, in one run.
//
//   graph_search_bench [rows] [dimension]      synthetic rows, 100000 x 100 unless told
//   OCHRE_BENCH_FVECS=base.fvecs graph_search_bench     rows from a file; its last 1000 are the queries
//
// The synthetic rows are easier than most real ones: clusters in 32 latent dimensions, mapped linearly, plus noise.
// bench/CMakeLists.txt compiles this file with -march=native, so that hnswlib has the best of its own vector code; ours
// chooses at run time. Times are CPU time of the one thread, in interleaved batches, so that a busy machine slows both.
#include <time.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <utility>
#include <vector>

// Under another name, because the library contains hnswlib too, compiled with other options.
#define hnswlib hnswlib_native
#include "hnswlib/hnswlib.h"
#undef hnswlib

#include "distance/kernels.h"
#include "distance/scan.h"
#include "hnsw/flat_graph.h"
#include "hnsw/graph_search.h"
#include "hnsw/hnsw_graph.h"
#include "hnsw/hnswlib_flatten.h"
#include "tests/distance/aligned_rows.h"
#include "tests/hnsw/buffer_writer.h"

namespace ochre {
namespace {

constexpr int64_t kQueryCount = 1000;
constexpr int64_t kK = 10;
constexpr size_t kM = 16;
constexpr size_t kEfConstruction = 200;
constexpr size_t kBatch = 50;  // queries that one side answers before the other has its turn
constexpr int kRounds = 5;     // passes over all queries; the fastest counts
constexpr int64_t kEfs[] = {10, 14, 20, 28, 40, 56, 80, 112, 160, 224, 320, 448, 640};

struct DataSet {
  std::string name;
  int32_t dimension = 0;
  std::vector<float> rows;
  std::vector<float> queries;
};

DataSet Synthetic(int64_t row_count, int32_t dimension) {
  constexpr size_t kClusters = 500, kLatent = 32;
  const auto width = static_cast<size_t>(dimension);
  const std::vector<float> centres = RandomFloats(kClusters * kLatent, /*seed=*/1);
  const std::vector<float> map = RandomFloats(width * kLatent, /*seed=*/2);
  std::mt19937 random(3);
  std::normal_distribution<float> normal;
  std::vector<float> matrix;
  for (int64_t i = 0; i < row_count + kQueryCount; ++i) {
    float latent[kLatent];
    const size_t centre = random() % kClusters;
    for (size_t j = 0; j < kLatent; ++j) latent[j] = centres[centre * kLatent + j] + normal(random);
    for (size_t d = 0; d < width; ++d) {
      float value = 0.5f * normal(random);
      for (size_t j = 0; j < kLatent; ++j) value += map[d * kLatent + j] * latent[j];
      matrix.push_back(value);
    }
  }
  const auto first_query = matrix.begin() + row_count * dimension;
  return {.name = "synthetic, 500 clusters in 32 latent dimensions",
          .dimension = dimension,
          .rows = std::vector<float>(matrix.begin(), first_query),
          .queries = std::vector<float>(first_query, matrix.end())};
}

DataSet FromFvecs(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::vector<float> matrix;
  int32_t dimension = 0;
  for (int32_t next = 0; file.read(reinterpret_cast<char*>(&next), sizeof(next));) {
    if (next < 1 || (dimension != 0 && next != dimension)) std::exit((std::perror("not an fvecs file"), 1));
    dimension = next;
    const size_t size = matrix.size();
    matrix.resize(size + static_cast<size_t>(dimension));
    file.read(reinterpret_cast<char*>(matrix.data() + size), dimension * static_cast<int64_t>(sizeof(float)));
  }
  if (static_cast<int64_t>(matrix.size()) <= 2 * kQueryCount * dimension) {
    std::fprintf(stderr, "%s: too few vectors\n", path.c_str());
    std::exit(1);
  }
  const auto first_query = matrix.end() - kQueryCount * dimension;
  return {.name = path,
          .dimension = dimension,
          .rows = std::vector<float>(matrix.begin(), first_query),
          .queries = std::vector<float>(first_query, matrix.end())};
}

double ThreadSeconds() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

struct Measurement {
  double recall = 0;
  double queries_per_second = 0;
};

// Both sides at one ef. `search(q)` returns the ordinals found for query q.
template <typename SearchA, typename SearchB>
std::pair<Measurement, Measurement> MeasureBoth(const std::vector<std::vector<Neighbor>>& exact,
                                                const SearchA& search_a, const SearchB& search_b) {
  Measurement a, b;
  const auto run = [&](const auto& search, size_t first, double* seconds, int64_t* hits) {
    std::vector<std::vector<uint32_t>> found;
    const double start = ThreadSeconds();
    for (size_t q = first; q < std::min(first + kBatch, exact.size()); ++q) found.push_back(search(q));
    *seconds += ThreadSeconds() - start;
    for (size_t i = 0; i < found.size(); ++i) {
      for (const Neighbor& neighbor : exact[first + i]) *hits += std::ranges::count(found[i], neighbor.ordinal);
    }
  };
  for (int round = 0; round < kRounds; ++round) {
    double a_seconds = 0, b_seconds = 0;
    int64_t a_hits = 0, b_hits = 0;
    for (size_t first = 0; first < exact.size(); first += kBatch) {
      run(search_a, first, &a_seconds, &a_hits);
      run(search_b, first, &b_seconds, &b_hits);
    }
    const auto queries = static_cast<double>(exact.size());
    a.recall = static_cast<double>(a_hits) / (queries * kK);
    b.recall = static_cast<double>(b_hits) / (queries * kK);
    a.queries_per_second = std::max(a.queries_per_second, queries / a_seconds);
    b.queries_per_second = std::max(b.queries_per_second, queries / b_seconds);
  }
  return {a, b};
}

// The speed at `recall`, between the two measurements around it; 0 when there are none.
double SpeedAt(double recall, const std::vector<Measurement>& curve) {
  for (size_t i = 1; i < curve.size(); ++i) {
    const Measurement &low = curve[i - 1], &high = curve[i];
    if (low.recall > recall || high.recall < recall || high.recall == low.recall) continue;
    const double weight = (recall - low.recall) / (high.recall - low.recall);
    return std::exp((1 - weight) * std::log(low.queries_per_second) + weight * std::log(high.queries_per_second));
  }
  return 0;
}

void Run(const DataSet& data) {
  const AlignedRows rows(data.rows, data.dimension);
  const auto row_count = static_cast<size_t>(rows.span().row_count);
  std::printf("%s: %zu x %d, L2, M %zu, ef_construction %zu, recall@%d, kernels %s\n", data.name.c_str(), row_count,
              data.dimension, kM, kEfConstruction, static_cast<int>(kK), std::string(KernelTarget()).c_str());

  hnswlib_native::L2Space space(static_cast<size_t>(data.dimension));
  hnswlib_native::HierarchicalNSW<float> index(&space, row_count, kM, kEfConstruction);
  const double start = ThreadSeconds();
  for (size_t row = 0; row < row_count; ++row) {
    index.addPoint(data.rows.data() + row * static_cast<size_t>(data.dimension), row);
  }
  std::printf("built by hnswlib in %.1f s\n", ThreadSeconds() - start);
  BufferWriter writer;
  if (!AppendGraph(FlattenHnswlib(index), writer).ok()) std::abort();
  AlignedBytes bytes(writer.bytes());
  const Result<HnswGraph> graph = HnswGraph::Parse(bytes.span(), rows.span().row_count, "graph.bin");
  if (!graph.ok()) std::abort();

  std::vector<PreparedQuery> queries;
  for (int64_t q = 0; q < kQueryCount; ++q) {
    queries.emplace_back(Space::kL2, data.queries.data() + q * data.dimension, data.dimension);
  }
  const auto exact = ScanAll(queries, rows.span(), kK);

  std::vector<Measurement> theirs, ours;
  std::printf("%6s | %8s %10s | %8s %10s | %s\n", "ef", "hnswlib", "queries/s", "Ochre", "queries/s", "ratio");
  for (const int64_t ef : kEfs) {
    index.setEf(static_cast<size_t>(ef));
    const auto [a, b] = MeasureBoth(
        exact,
        [&](size_t q) {
          auto heap = index.searchKnn(data.queries.data() + q * static_cast<size_t>(data.dimension), kK);
          std::vector<uint32_t> ordinals;
          for (; !heap.empty(); heap.pop()) ordinals.push_back(static_cast<uint32_t>(heap.top().second));
          return ordinals;
        },
        [&](size_t q) {
          std::vector<uint32_t> ordinals;
          for (const Neighbor& neighbor : SearchGraph(*graph, rows.span(), queries[q], {.k = kK, .ef = ef}).neighbors) {
            ordinals.push_back(neighbor.ordinal);
          }
          return ordinals;
        });
    theirs.push_back(a);
    ours.push_back(b);
    std::printf("%6d | %8.4f %10.0f | %8.4f %10.0f | %.2f\n", static_cast<int>(ef), a.recall, a.queries_per_second,
                b.recall, b.queries_per_second, b.queries_per_second / a.queries_per_second);
  }
  for (const double recall : {0.90, 0.95, 0.99}) {
    const double their_speed = SpeedAt(recall, theirs), our_speed = SpeedAt(recall, ours);
    if (their_speed == 0 || our_speed == 0) {
      std::printf("recall %.2f: not within the sweep\n", recall);
    } else {
      std::printf("recall %.2f: hnswlib %.0f queries/s, Ochre %.0f, ratio %.2f\n", recall, their_speed, our_speed,
                  our_speed / their_speed);
    }
  }
}

}  // namespace
}  // namespace ochre

int main(int argc, char** argv) {
  if (const char* path = std::getenv("OCHRE_BENCH_FVECS"); path != nullptr) {
    ochre::Run(ochre::FromFvecs(path));
    return 0;
  }
  const int64_t row_count = argc > 1 ? std::atoll(argv[1]) : 100'000;
  const int32_t dimension = argc > 2 ? std::atoi(argv[2]) : 100;
  if (row_count < 1000 || dimension < 1) {
    std::fprintf(stderr, "usage: %s [rows, at least 1000] [dimension]\n", argv[0]);
    return 1;
  }
  ochre::Run(ochre::Synthetic(row_count, dimension));
  return 0;
}
