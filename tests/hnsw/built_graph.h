// BuiltGraph: a graph over synthetic rows, built and parsed, with what tests ask of it.
#ifndef OCHRE_TESTS_HNSW_BUILT_GRAPH_H_
#define OCHRE_TESTS_HNSW_BUILT_GRAPH_H_

#include <atomic>
#include <cstdint>
#include <optional>
#include <random>
#include <vector>

#include "distance/kernels.h"
#include "gtest/gtest.h"
#include "hnsw/hnsw_builder.h"
#include "hnsw/hnsw_graph.h"
#include "tests/distance/aligned_rows.h"
#include "tests/hnsw/buffer_writer.h"

namespace ochre {

// `count` rows around `cluster_count` centres, a quarter of the distance between centres away.
inline std::vector<float> ClusteredFloats(int64_t count, int32_t dimension, int32_t cluster_count, uint32_t seed) {
  const auto width = static_cast<size_t>(dimension);
  const std::vector<float> centres = RandomFloats(static_cast<size_t>(cluster_count) * width, seed);
  std::mt19937 random(seed + 1);
  std::normal_distribution<float> noise(0.0f, 0.25f);
  std::vector<float> matrix;
  for (int64_t row = 0; row < count; ++row) {
    const size_t centre = random() % static_cast<size_t>(cluster_count);
    for (size_t i = 0; i < width; ++i) matrix.push_back(centres[centre * width + i] + noise(random));
  }
  return matrix;
}

inline std::vector<std::byte> BuildGraphBytes(const RowsSpan& rows, const HnswBuildOptions& options) {
  BufferWriter writer;
  const std::atomic<bool> cancelled = false;
  const Status status = BuildHnswGraph(rows, options, cancelled, writer);
  EXPECT_TRUE(status.ok()) << status.ToString();
  return writer.bytes();
}

class BuiltGraph {
 public:
  BuiltGraph(const std::vector<float>& matrix, int32_t dimension, const HnswBuildOptions& options)
      : rows_(matrix, dimension), bytes_(BuildGraphBytes(rows_.span(), options)) {
    Result<HnswGraph> graph = HnswGraph::Parse(bytes_.span(), rows().row_count, "graph.bin");
    EXPECT_TRUE(graph.ok()) << graph.status().ToString();
    if (graph.ok()) graph_ = *std::move(graph);
  }

  const RowsSpan& rows() const { return rows_.span(); }
  const HnswGraph& graph() const { return *graph_; }

 private:
  AlignedRows rows_;
  AlignedBytes bytes_;
  std::optional<HnswGraph> graph_;
};

}  // namespace ochre

#endif  // OCHRE_TESTS_HNSW_BUILT_GRAPH_H_
