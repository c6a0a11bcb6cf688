#include "hnsw/hnsw_builder.h"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/hnsw/built_graph.h"

namespace ochre {
namespace {

// The nodes that a walk from the entry point along layer 0 meets.
int64_t ReachableCount(const HnswGraph& graph) {
  std::vector<bool> reached(static_cast<size_t>(graph.row_count()));
  std::vector<uint32_t> queue = {graph.entry_point()};
  reached[graph.entry_point()] = true;
  for (size_t i = 0; i < queue.size(); ++i) {
    for (const uint32_t link : graph.Links(queue[i])) {
      if (!reached[link]) queue.push_back(link);
      reached[link] = true;
    }
  }
  return static_cast<int64_t>(queue.size());
}

TEST(HnswBuilderTest, TheSameRowsGiveTheSameBytes) {
  const AlignedRows rows(ClusteredFloats(1000, 8, 10, /*seed=*/1), 8);
  const AlignedRows copy(ClusteredFloats(1000, 8, 10, /*seed=*/1), 8);
  for (const Space space : {Space::kL2, Space::kCosine, Space::kInnerProduct}) {
    const HnswBuildOptions options = {.space = space, .ef_construction = 40};
    EXPECT_EQ(BuildGraphBytes(rows.span(), options), BuildGraphBytes(copy.span(), options));
  }
}

TEST(HnswBuilderTest, LinksStayWithinMAndNeverLeadToTheNodeItself) {
  const BuiltGraph built(ClusteredFloats(2000, 6, 20, /*seed=*/2), 6, {.max_neighbors = 5, .ef_construction = 30});
  const HnswGraph& graph = built.graph();
  EXPECT_EQ(graph.row_count(), 2000);
  EXPECT_EQ(graph.max_neighbors(), 5);
  EXPECT_GE(graph.max_level(), 2);
  int64_t upper_nodes = 0;
  for (uint32_t node = 0; node < 2000; ++node) {
    const auto links = graph.Links(node);
    EXPECT_THAT(links.size(), testing::AllOf(testing::Ge(1u), testing::Le(10u)));
    EXPECT_EQ(std::ranges::count(links, node), 0);
    for (int32_t level = 1; level <= graph.max_level(); ++level) {
      const auto upper = graph.UpperLinks(node, level);
      EXPECT_LE(upper.size(), 5u);
      EXPECT_EQ(std::ranges::count(upper, node), 0);
      if (level == 1 && !upper.empty()) ++upper_nodes;
    }
  }
  // A node is on layer 1 with probability 1 / M: 400 expected, 18 the standard deviation.
  EXPECT_GT(upper_nodes, 300);
  EXPECT_LT(upper_nodes, 500);
}

TEST(HnswBuilderTest, EveryRowIsReachableEvenAmongEqualRows) {
  EXPECT_EQ(ReachableCount(BuiltGraph(ClusteredFloats(3000, 4, 300, /*seed=*/3), 4, {.max_neighbors = 2}).graph()),
            3000);
  std::vector<float> ten_values;
  for (int i = 0; i < 3000; ++i) ten_values.push_back(static_cast<float>(i % 10));
  EXPECT_EQ(ReachableCount(BuiltGraph(ten_values, 1, {.max_neighbors = 4}).graph()), 3000);
  EXPECT_EQ(ReachableCount(BuiltGraph(std::vector<float>(3000, 1.5f), 1, {}).graph()), 3000);
}

TEST(HnswBuilderTest, ASingleRowIsItsOwnEntryPoint) {
  const BuiltGraph built({1.0f, 2.0f}, 2, {});
  EXPECT_EQ(built.graph().row_count(), 1);
  EXPECT_EQ(built.graph().entry_point(), 0u);
  EXPECT_TRUE(built.graph().Links(0).empty());
}

TEST(HnswBuilderTest, CancellingStopsIt) {
  const AlignedRows rows(RandomFloats(100, /*seed=*/4), 1);
  const std::atomic<bool> cancelled = true;
  BufferWriter writer;
  EXPECT_EQ(BuildHnswGraph(rows.span(), {}, cancelled, writer).code(), StatusCode::kCancelled);
  EXPECT_EQ(writer.size(), 0u);
}

TEST(HnswBuilderTest, CancellingStopsItInTheMiddle) {
  const AlignedRows rows(RandomFloats(200'000 * 16, /*seed=*/5), 16);  // would take a minute
  std::atomic<bool> cancelled = false;
  BufferWriter writer;
  std::thread canceller([&cancelled] { cancelled = true; });
  const Status status = BuildHnswGraph(rows.span(), {}, cancelled, writer);
  canceller.join();
  EXPECT_EQ(status.code(), StatusCode::kCancelled);
}

TEST(HnswBuilderTest, ReportsWhatTheWriterReports) {
  const AlignedRows rows(RandomFloats(100, /*seed=*/6), 1);
  const std::atomic<bool> cancelled = false;
  const uint64_t length = BuildGraphBytes(rows.span(), {}).size();
  for (const uint64_t bytes_max : {uint64_t{0}, uint64_t{64}, length - 1}) {
    BufferWriter writer(bytes_max);
    EXPECT_EQ(BuildHnswGraph(rows.span(), {}, cancelled, writer).code(), StatusCode::kResourceExhausted);
  }
}

}  // namespace
}  // namespace ochre
