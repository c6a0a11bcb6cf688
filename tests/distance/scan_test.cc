#include "distance/scan.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <numeric>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/distance/aligned_rows.h"

namespace ochre {
namespace {

// Distances to all candidates, sorted, cut: the definition.
std::vector<Neighbor> SortedNeighbors(const PreparedQuery& query, const RowsSpan& rows,
                                      const std::vector<uint32_t>& candidates, int64_t k) {
  std::vector<Neighbor> neighbors;
  for (const uint32_t ordinal : candidates) {
    const float distance = DistanceBetweenRows(query.space(), query.row(), rows.Row(ordinal), rows.dimension);
    neighbors.push_back({.distance = distance, .ordinal = ordinal});
  }
  std::sort(neighbors.begin(), neighbors.end());
  neighbors.resize(static_cast<size_t>(std::min(k, static_cast<int64_t>(neighbors.size()))));
  return neighbors;
}

std::vector<uint32_t> AllOrdinals(const RowsSpan& rows) {
  std::vector<uint32_t> ordinals(static_cast<size_t>(rows.row_count));
  std::iota(ordinals.begin(), ordinals.end(), 0u);
  return ordinals;
}

std::vector<PreparedQuery> Queries(Space space, int32_t dimension, size_t count) {
  std::vector<PreparedQuery> queries;
  for (size_t q = 0; q < count; ++q) {
    const std::vector<float> embedding = RandomFloats(static_cast<size_t>(dimension), static_cast<uint32_t>(100 + q));
    queries.emplace_back(space, embedding.data(), dimension);
  }
  return queries;
}

TEST(ScanTest, AllRowsInEverySpaceForSmallAndLargeK) {
  const int32_t dimension = 7;
  const AlignedRows rows(RandomFloats(3000 * 7, /*seed=*/1), dimension);  // several blocks
  for (const Space space : {Space::kL2, Space::kCosine, Space::kInnerProduct}) {
    const std::vector<PreparedQuery> queries = Queries(space, dimension, 3);
    for (const int64_t k : {1, 10, 33, 2999, 3000, 5000}) {
      SCOPED_TRACE(testing::Message() << "space " << static_cast<int>(space) << ", k " << k);
      const auto results = ScanAll(queries, rows.span(), k);
      ASSERT_EQ(results.size(), queries.size());
      for (size_t q = 0; q < queries.size(); ++q) {
        EXPECT_EQ(results[q], SortedNeighbors(queries[q], rows.span(), AllOrdinals(rows.span()), k));
      }
    }
  }
}

TEST(ScanTest, CandidatesOnly) {
  const int32_t dimension = 40;
  const AlignedRows rows(RandomFloats(2500 * 40, /*seed=*/2), dimension);
  std::vector<uint32_t> candidates;
  for (uint32_t ordinal = 1; ordinal < 2500; ordinal += ordinal % 7 + 1) candidates.push_back(ordinal);
  const std::vector<PreparedQuery> queries = Queries(Space::kL2, dimension, 2);
  for (const int64_t k : {1, 10, 100'000}) {
    const auto results = ScanCandidates(queries, rows.span(), candidates, k);
    for (size_t q = 0; q < queries.size(); ++q) {
      EXPECT_EQ(results[q], SortedNeighbors(queries[q], rows.span(), candidates, k)) << "k " << k;
    }
  }
}

TEST(ScanTest, EquallyNearRowsComeInOrdinalOrderAndTheFirstWin) {
  std::vector<float> matrix(500, 1.0f);
  matrix[250] = 0.0f;
  const AlignedRows rows(matrix, 1);
  const float zero = 0.0f;
  std::vector<PreparedQuery> queries;
  queries.emplace_back(Space::kL2, &zero, 1);
  EXPECT_THAT(ScanAll(queries, rows.span(), 4)[0],
              testing::ElementsAre(Neighbor{0, 250}, Neighbor{1, 0}, Neighbor{1, 1}, Neighbor{1, 2}));
}

TEST(ScanTest, InfinitelyFarRowsAreFoundWhenNothingNearerIs) {
  const AlignedRows rows({3e38f, 1.0f, -3e38f}, 1);
  const float embedding = -3e38f;
  std::vector<PreparedQuery> queries;
  queries.emplace_back(Space::kL2, &embedding, 1);
  const float infinity = std::numeric_limits<float>::infinity();
  EXPECT_THAT(ScanAll(queries, rows.span(), 10)[0],
              testing::ElementsAre(Neighbor{0, 2}, Neighbor{infinity, 0}, Neighbor{infinity, 1}));
  EXPECT_THAT(ScanAll(queries, rows.span(), 2)[0], testing::ElementsAre(Neighbor{0, 2}, Neighbor{infinity, 0}));
}

TEST(ScanTest, HugeKCostsNoMemoryAhead) {
  const AlignedRows rows(RandomFloats(10, /*seed=*/3), 1);
  const std::vector<PreparedQuery> queries = Queries(Space::kL2, 1, 1);
  EXPECT_EQ(ScanAll(queries, rows.span(), std::numeric_limits<int64_t>::max())[0].size(), 10u);
}

TEST(ScanTest, NothingIsFoundForKZeroOrWithoutCandidates) {
  const AlignedRows rows(RandomFloats(10, /*seed=*/4), 1);
  const std::vector<PreparedQuery> queries = Queries(Space::kInnerProduct, 1, 2);
  EXPECT_THAT(ScanAll(queries, rows.span(), 0), testing::ElementsAre(testing::IsEmpty(), testing::IsEmpty()));
  EXPECT_THAT(ScanCandidates(queries, rows.span(), {}, 5),
              testing::ElementsAre(testing::IsEmpty(), testing::IsEmpty()));
  EXPECT_TRUE(ScanAll({}, rows.span(), 5).empty());
}

}  // namespace
}  // namespace ochre
