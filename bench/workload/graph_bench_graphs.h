// What the benchmarks of graphs have in common: a graph that hnswlib has built, ours as a segment has them, queries.
//
// bench/CMakeLists.txt compiles those that include this with -march=native, so that hnswlib has the best of its own
// vector code; ours chooses at run time.
#ifndef OCHRE_BENCH_WORKLOAD_GRAPH_BENCH_GRAPHS_H_
#define OCHRE_BENCH_WORKLOAD_GRAPH_BENCH_GRAPHS_H_

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

// Under another name, because the library contains hnswlib too, compiled with other options.
#define hnswlib hnswlib_native
#include "hnswlib/hnswlib.h"
#undef hnswlib

#include "bench/workload/graph_bench_data.h"
#include "distance/kernels.h"
#include "hnsw/flat_graph.h"
#include "hnsw/hnsw_graph.h"
#include "hnsw/hnswlib_flatten.h"
#include "tests/hnsw/buffer_writer.h"

namespace ochre {

inline constexpr int64_t kK = 10;
inline constexpr size_t kM = 16;
inline constexpr size_t kEfConstruction = 200;

// Built by one thread, whose seconds it counts.
struct HnswlibGraph {
  explicit HnswlibGraph(const DataSet& data)
      : space(static_cast<size_t>(data.dimension)),
        index(&space, data.rows.size() / static_cast<size_t>(data.dimension), kM, kEfConstruction) {
    const auto width = static_cast<size_t>(data.dimension);
    const size_t row_count = data.rows.size() / width;
    std::printf("%s: %zu x %zu, L2, M %zu, ef_construction %zu, recall@%d, kernels %s\n", data.name.c_str(), row_count,
                width, kM, kEfConstruction, static_cast<int>(kK), std::string(KernelTarget()).c_str());
    const double start = ThreadSeconds();
    for (size_t row = 0; row < row_count; ++row) index.addPoint(data.rows.data() + row * width, row);
    seconds = ThreadSeconds() - start;
  }
  hnswlib_native::L2Space space;
  hnswlib_native::HierarchicalNSW<float> index;
  double seconds = 0;
};

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

inline std::vector<PreparedQuery> PrepareQueries(const DataSet& data) {
  std::vector<PreparedQuery> queries;
  for (int64_t q = 0; q < kQueryCount; ++q) {
    queries.emplace_back(Space::kL2, data.queries.data() + q * data.dimension, data.dimension);
  }
  return queries;
}

}  // namespace ochre

#endif  // OCHRE_BENCH_WORKLOAD_GRAPH_BENCH_GRAPHS_H_
