#include "hnsw/graph_search.h"

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <random>
#include <set>
#include <thread>
#include <vector>

#include "distance/scan.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/hnsw/built_graph.h"

namespace ochre {
namespace {

constexpr Space kSpaces[] = {Space::kL2, Space::kCosine, Space::kInnerProduct};

std::vector<PreparedQuery> Queries(Space space, const std::vector<float>& matrix, int32_t dimension) {
  std::vector<PreparedQuery> queries;
  for (size_t at = 0; at < matrix.size(); at += static_cast<size_t>(dimension)) {
    queries.emplace_back(space, matrix.data() + at, dimension);
  }
  return queries;
}

double Recall(const std::vector<Neighbor>& found, const std::vector<Neighbor>& exact) {
  std::set<uint32_t> expected;
  for (const Neighbor& neighbor : exact) expected.insert(neighbor.ordinal);
  int64_t hits = 0;
  for (const Neighbor& neighbor : found) hits += static_cast<int64_t>(expected.count(neighbor.ordinal));
  return static_cast<double>(hits) / static_cast<double>(exact.size());
}

std::vector<uint64_t> Bits(const std::vector<uint32_t>& ordinals, int64_t row_count) {
  std::vector<uint64_t> bits(static_cast<size_t>((row_count + 63) / 64));
  for (const uint32_t ordinal : ordinals) bits[ordinal / 64] |= uint64_t{1} << (ordinal % 64);
  return bits;
}

// 5000 x 32 around 50 centres; queries are drawn like rows.
class GraphSearchSpaceTest : public testing::TestWithParam<Space> {};
INSTANTIATE_TEST_SUITE_P(Spaces, GraphSearchSpaceTest, testing::ValuesIn(kSpaces));

TEST_P(GraphSearchSpaceTest, FindsNearlyAllThatAnExactScanFinds) {
  std::vector<float> matrix = ClusteredFloats(5100, 32, 50, /*seed=*/1);
  const std::vector<PreparedQuery> queries =
      Queries(GetParam(), std::vector<float>(matrix.end() - 100 * 32, matrix.end()), 32);
  matrix.resize(5000 * 32);
  const BuiltGraph built(matrix, 32, {.space = GetParam()});
  const auto exact = ScanAll(queries, built.rows(), 10);
  double recall = 0;
  for (size_t q = 0; q < queries.size(); ++q) {
    const GraphSearchResult result = SearchGraph(built.graph(), built.rows(), queries[q], {.k = 10, .ef = 100});
    ASSERT_EQ(result.neighbors.size(), 10u);
    EXPECT_TRUE(result.complete);
    EXPECT_TRUE(std::is_sorted(result.neighbors.begin(), result.neighbors.end()));
    recall += Recall(result.neighbors, exact[q]) / static_cast<double>(queries.size());
  }
  EXPECT_GE(recall, 0.95);
}

TEST_P(GraphSearchSpaceTest, DistancesHaveTheBitsOfTheKernels) {
  const BuiltGraph built(ClusteredFloats(500, 19, 5, /*seed=*/2), 19, {.space = GetParam(), .ef_construction = 40});
  const std::vector<PreparedQuery> queries = Queries(GetParam(), RandomFloats(5 * 19, /*seed=*/3), 19);
  for (const PreparedQuery& query : queries) {
    const GraphSearchResult result = SearchGraph(built.graph(), built.rows(), query, {.k = 20, .ef = 50});
    for (const Neighbor& neighbor : result.neighbors) {
      float distance;
      DistancesToOrdinals(query, built.rows(), std::span(&neighbor.ordinal, 1), &distance);
      EXPECT_EQ(neighbor.distance, distance);
    }
  }
}

TEST_P(GraphSearchSpaceTest, WithRoomForEveryRowItIsExact) {
  const BuiltGraph built(ClusteredFloats(1500, 5, 40, /*seed=*/4), 5, {.space = GetParam(), .max_neighbors = 4});
  const std::vector<PreparedQuery> queries = Queries(GetParam(), RandomFloats(10 * 5, /*seed=*/5), 5);
  const auto exact = ScanAll(queries, built.rows(), 5000);
  for (size_t q = 0; q < queries.size(); ++q) {
    const auto result = SearchGraph(built.graph(), built.rows(), queries[q], {.k = 5000, .ef = 5000});
    EXPECT_EQ(result.neighbors, exact[q]);
  }
}

TEST_P(GraphSearchSpaceTest, AFilterReturnsAllowedRowsOnlyAndWithRoomForThemAllOfThem) {
  const int64_t row_count = 3000;
  const BuiltGraph built(ClusteredFloats(row_count, 8, 30, /*seed=*/6), 8, {.space = GetParam()});
  const std::vector<PreparedQuery> queries = Queries(GetParam(), RandomFloats(5 * 8, /*seed=*/7), 8);
  std::mt19937 random(8);
  for (const uint32_t one_in : {300u, 100u, 10u, 2u, 1u}) {
    std::vector<uint32_t> allowed;
    for (uint32_t ordinal = 0; ordinal < row_count; ++ordinal) {
      if (random() % one_in == 0) allowed.push_back(ordinal);
    }
    const std::vector<uint64_t> bits = Bits(allowed, row_count);
    const auto exact = ScanCandidates(queries, built.rows(), allowed, 10);
    double recall = 0;
    for (size_t q = 0; q < queries.size(); ++q) {
      SCOPED_TRACE(testing::Message() << "one in " << one_in << ", query " << q);
      const auto some = SearchGraph(built.graph(), built.rows(), queries[q], {.k = 10, .ef = 100, .allowed = bits});
      EXPECT_EQ(some.neighbors.size(), exact[q].size());
      for (const Neighbor& neighbor : some.neighbors)
        EXPECT_TRUE(std::ranges::binary_search(allowed, neighbor.ordinal));
      recall += Recall(some.neighbors, exact[q]) / static_cast<double>(queries.size());

      const auto every =
          SearchGraph(built.graph(), built.rows(), queries[q], {.k = row_count, .ef = row_count, .allowed = bits});
      EXPECT_EQ(every.neighbors, ScanCandidates(std::span(queries).subspan(q, 1), built.rows(), allowed, row_count)[0]);
    }
    // The inner product is no metric: links to near rows lead less surely to the rows with large products.
    EXPECT_GE(recall, GetParam() == Space::kInnerProduct ? 0.8 : 0.95) << "one in " << one_in;
  }
}

TEST_P(GraphSearchSpaceTest, AFilterThatEveryRowPassesChangesNothing) {
  const BuiltGraph built(ClusteredFloats(3000, 8, 30, /*seed=*/6), 8, {.space = GetParam()});
  const std::vector<uint64_t> every_row(47, ~uint64_t{0});
  for (const PreparedQuery& query : Queries(GetParam(), RandomFloats(20 * 8, /*seed=*/13), 8)) {
    const auto free = SearchGraph(built.graph(), built.rows(), query, {.k = 10, .ef = 30});
    const auto filtered = SearchGraph(built.graph(), built.rows(), query, {.k = 10, .ef = 30, .allowed = every_row});
    EXPECT_EQ(filtered.neighbors, free.neighbors);
    EXPECT_EQ(filtered.distances, free.distances);
  }
}

// A filter that only far rows pass: the search has to walk through thousands of disallowed rows that are nearer.
TEST(GraphSearchTest, AFilterAgainstTheQueryStillFindsTheNearestAllowedRows) {
  std::vector<float> matrix;
  for (int i = 0; i < 4000; ++i) matrix.push_back(static_cast<float>(i));
  const BuiltGraph built(matrix, 1, {.max_neighbors = 8, .ef_construction = 50});
  std::vector<uint32_t> allowed(200);
  std::iota(allowed.begin(), allowed.end(), 3800u);
  const float zero = 0.0f;
  const PreparedQuery query(Space::kL2, &zero, 1);
  const auto result =
      SearchGraph(built.graph(), built.rows(), query, {.k = 3, .ef = 10, .allowed = Bits(allowed, 4000)});
  ASSERT_EQ(result.neighbors.size(), 3u);
  EXPECT_EQ(result.neighbors[0].ordinal, 3800u);
  EXPECT_EQ(result.neighbors[2].ordinal, 3802u);
}

TEST(GraphSearchTest, ASingleRow) {
  const BuiltGraph built({1.0f, 2.0f, 3.0f}, 3, {});
  const std::vector<float> zero(3, 0.0f);
  const PreparedQuery query(Space::kL2, zero.data(), 3);
  EXPECT_THAT(SearchGraph(built.graph(), built.rows(), query, {.k = 5, .ef = 10}).neighbors,
              testing::ElementsAre(Neighbor{14.0f, 0}));
  const uint64_t none = 0;
  EXPECT_THAT(
      SearchGraph(built.graph(), built.rows(), query, {.k = 5, .ef = 10, .allowed = std::span(&none, 1)}).neighbors,
      testing::IsEmpty());
}

TEST(GraphSearchTest, EqualRowsComeInOrdinalOrder) {
  const BuiltGraph built(std::vector<float>(600, 2.0f), 2, {});
  const std::vector<float> zero(2, 0.0f);
  const PreparedQuery query(Space::kL2, zero.data(), 2);
  const auto some = SearchGraph(built.graph(), built.rows(), query, {.k = 10, .ef = 50});
  ASSERT_EQ(some.neighbors.size(), 10u);
  EXPECT_TRUE(std::is_sorted(some.neighbors.begin(), some.neighbors.end()));
  const auto every = SearchGraph(built.graph(), built.rows(), query, {.k = 1000, .ef = 1000});
  ASSERT_EQ(every.neighbors.size(), 300u);
  for (uint32_t i = 0; i < 300; ++i) EXPECT_EQ(every.neighbors[i], (Neighbor{8.0f, i}));
}

TEST(GraphSearchTest, InfiniteDistancesAreDistancesToo) {
  const BuiltGraph built({3e38f, 1.0f, 3e38f, -3e38f}, 1, {.max_neighbors = 2});
  const float far = -3e38f;
  const auto result = SearchGraph(built.graph(), built.rows(), PreparedQuery(Space::kL2, &far, 1), {.k = 4, .ef = 4});
  ASSERT_EQ(result.neighbors.size(), 4u);
  EXPECT_EQ(result.neighbors[0], (Neighbor{0.0f, 3}));
  EXPECT_EQ(result.neighbors[3], (Neighbor{std::numeric_limits<float>::infinity(), 2}));
}

TEST(GraphSearchTest, GivesUpAfterTheAllowedNumberOfDistances) {
  const BuiltGraph built(RandomFloats(3000 * 8, /*seed=*/9), 8, {});
  const PreparedQuery query(Space::kL2, built.rows().Row(17), 8);
  const auto unbounded = SearchGraph(built.graph(), built.rows(), query, {.k = 10, .ef = 500});
  ASSERT_TRUE(unbounded.complete);
  ASSERT_GT(unbounded.distances, 600);
  const auto bounded = SearchGraph(built.graph(), built.rows(), query, {.k = 10, .ef = 500, .distances_max = 300});
  EXPECT_FALSE(bounded.complete);
  EXPECT_GE(bounded.distances, 300);
  EXPECT_LE(bounded.distances, 300 + 32);  // one node's links
  const auto just_enough =
      SearchGraph(built.graph(), built.rows(), query, {.k = 10, .ef = 500, .distances_max = unbounded.distances + 1});
  EXPECT_TRUE(just_enough.complete);
  EXPECT_EQ(just_enough.neighbors, unbounded.neighbors);
}

// Scratch memory is per thread and reused for graphs of any size in any order.
TEST(GraphSearchTest, SearchesDoNotDisturbEachOther) {
  const BuiltGraph large(RandomFloats(2000 * 4, /*seed=*/10), 4, {});
  const BuiltGraph small(RandomFloats(70 * 4, /*seed=*/11), 4, {.max_neighbors = 3});
  const std::vector<PreparedQuery> queries = Queries(Space::kL2, RandomFloats(8 * 4, /*seed=*/12), 4);
  const auto search_all = [&] {
    std::vector<std::vector<Neighbor>> results;
    for (const PreparedQuery& query : queries) {
      for (const BuiltGraph* built : {&large, &small}) {
        for (const int64_t ef : {10, 3000}) {
          results.push_back(SearchGraph(built->graph(), built->rows(), query, {.k = 10, .ef = ef}).neighbors);
        }
      }
    }
    return results;
  };
  const auto expected = search_all();
  std::vector<std::vector<std::vector<Neighbor>>> results(4);
  std::vector<std::thread> threads;
  for (auto& result : results) threads.emplace_back([&] { result = search_all(); });
  for (std::thread& thread : threads) thread.join();
  for (const auto& result : results) EXPECT_EQ(result, expected);
}

}  // namespace
}  // namespace ochre
