// Compares BuildGraph (over int8 codes) with hnswlib's own building (over float32 rows), at the same M and
// ef_construction: rows a second, and recall of both graphs when both are searched the same way.
//
//   graph_build_bench [rows] [dimension]      synthetic rows, 50000 x 100 unless told
//   OCHRE_BENCH_FVECS=base.fvecs graph_build_bench     rows from a file; its last 1000 are the queries
//
// bench/CMakeLists.txt compiles this file with -march=native, so that hnswlib has the best of its own vector code; ours
// chooses at run time. With one thread CPU time counts, so that a busy machine does not; with two, wall time has to.
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>

// Under another name, because the library contains hnswlib too, compiled with other options.
#define hnswlib hnswlib_native
#include "hnswlib/hnswlib.h"
#undef hnswlib

#include "bench/workload/graph_bench_data.h"
#include "distance/scan.h"
#include "hnsw/graph_builder.h"
#include "hnsw/graph_search.h"
#include "hnsw/hnswlib_flatten.h"
#include "tests/hnsw/buffer_writer.h"

namespace ochre {
namespace {

constexpr int64_t kK = 10;
constexpr size_t kM = 16;
constexpr size_t kEfConstruction = 200;
constexpr int64_t kEfs[] = {20, 40, 80, 160, 320};

double WallSeconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// A graph as a segment has it.
struct Graph {
  explicit Graph(const FlatGraph& flat) {
    BufferWriter writer;
    if (!AppendGraph(flat, writer).ok()) std::abort();
    bytes = std::make_unique<AlignedBytes>(writer.bytes());
    Result<HnswGraph> parsed = HnswGraph::Parse(bytes->span(), flat.row_count, "graph.bin");
    if (!parsed.ok()) std::abort();
    graph = std::make_unique<HnswGraph>(*std::move(parsed));
  }
  std::unique_ptr<AlignedBytes> bytes;
  std::unique_ptr<HnswGraph> graph;
};

void Run(const DataSet& data) {
  const AlignedRows rows(data.rows, data.dimension);
  const auto row_count = static_cast<size_t>(rows.span().row_count);
  std::printf("%s: %zu x %d, L2, M %zu, ef_construction %zu, kernels %s\n", data.name.c_str(), row_count,
              data.dimension, kM, kEfConstruction, std::string(KernelTarget()).c_str());

  double start = ThreadSeconds();
  hnswlib_native::L2Space space(static_cast<size_t>(data.dimension));
  hnswlib_native::HierarchicalNSW<float> index(&space, row_count, kM, kEfConstruction);
  for (size_t row = 0; row < row_count; ++row) {
    index.addPoint(data.rows.data() + row * static_cast<size_t>(data.dimension), row);
  }
  const double theirs = ThreadSeconds() - start;

  const ServedCodes served(rows.span(), Quantization::kInt8);
  const std::atomic<bool> cancelled = false;
  const auto build = [&](int32_t threads) {
    const GraphBuildOptions options = {.max_neighbors = kM, .ef_construction = kEfConstruction, .num_threads = threads};
    Result<FlatGraph> flat = BuildGraph(served.quantizer, served.codes, options, nullptr, cancelled);
    if (!flat.ok()) std::abort();
    return *std::move(flat);
  };
  start = ThreadSeconds();
  double wall_start = WallSeconds();
  const FlatGraph flat = build(1);
  const double ours = ThreadSeconds() - start, ours_wall = WallSeconds() - wall_start;
  std::printf("one thread: hnswlib %.1f s, %.0f rows/s; ochre %.1f s, %.0f rows/s; ratio %.2f\n", theirs,
              static_cast<double>(row_count) / theirs, ours, static_cast<double>(row_count) / ours, theirs / ours);
  wall_start = WallSeconds();
  const FlatGraph flat_by_two = build(2);
  const double two_wall = WallSeconds() - wall_start;
  std::printf("two threads: %.1f s; %.2f times as fast as one (%.1f s); the same graph: %s\n", two_wall,
              ours_wall / two_wall, ours_wall, flat.base_links == flat_by_two.base_links ? "yes" : "NO");

  std::vector<PreparedQuery> queries;
  for (int64_t q = 0; q < kQueryCount; ++q) {
    queries.emplace_back(Space::kL2, data.queries.data() + q * data.dimension, data.dimension);
  }
  const auto exact = ScanAll(queries, rows.span(), kK);
  const Graph their_graph(FlattenHnswlib(index)), our_graph(flat);
  for (const int64_t ef : kEfs) {
    std::printf("ef %4d:", static_cast<int>(ef));
    for (const Graph* graph : {&their_graph, &our_graph}) {
      int64_t hits = 0, distances = 0;
      for (size_t q = 0; q < queries.size(); ++q) {
        const CodeQuery query = served.quantizer.Prepare(queries[q]);
        const auto result = SearchGraphByCodes(*graph->graph, served.codes, {&query, 1}, {.k = 2 * kK, .ef = ef});
        distances += result[0].distances;
        std::vector<uint32_t> candidates = Ordinals(result[0].neighbors);
        std::sort(candidates.begin(), candidates.end());
        const auto nearest = ScanCandidates({&queries[q], 1}, rows.span(), candidates, kK);
        for (const Neighbor& found : nearest[0]) hits += found.distance <= exact[q].back().distance ? 1 : 0;
      }
      std::printf("  %s recall %.4f, %.0f distances", graph == &their_graph ? "hnswlib's" : "ochre's",
                  static_cast<double>(hits) / static_cast<double>(kK * kQueryCount),
                  static_cast<double>(distances) / static_cast<double>(kQueryCount));
    }
    std::printf("\n");
  }
}

}  // namespace
}  // namespace ochre

int main(int argc, char** argv) { return ochre::RunWithData(argc, argv, 50'000, ochre::Run); }
