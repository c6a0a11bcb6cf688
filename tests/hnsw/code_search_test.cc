// Searches over codes that end by distance: with bounds, and when only some rows may be returned.
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <numeric>
#include <vector>

#include "hnsw/graph_search.h"
#include "tests/distance/coded_rows.h"
#include "tests/hnsw/built_graph.h"

namespace ochre {
namespace {

constexpr int32_t kDimension = 16;
constexpr size_t kRows = 5'000, kQueries = 50;

class CodeSearchTest : public testing::Test {
 protected:
  CodeSearchTest() {
    for (size_t q = 0; q < kQueries; ++q) {
      const PreparedQuery query(Space::kL2, matrix_.data() + (kRows + q) * kDimension, kDimension);
      queries_.push_back(quantizer_.Prepare(query));
    }
  }

  // The nearest by codes of the rows for which `allowed`, by definition.
  template <typename Allowed>
  std::vector<Neighbor> Nearest(size_t q, size_t k, const Allowed& allowed) const {
    std::vector<float> distances(kRows);
    CodeDistancesToRange(queries_[q], codes_.span(), 0, kRows, distances.data());
    std::vector<Neighbor> all;
    for (uint32_t row = 0; row < kRows; ++row) {
      if (allowed(row)) all.push_back({.distance = distances[row], .ordinal = row});
    }
    std::sort(all.begin(), all.end());
    all.resize(std::min(k, all.size()));
    return all;
  }

  static int64_t Hits(const std::vector<Neighbor>& found, const std::vector<Neighbor>& exact) {
    return std::count_if(found.begin(), found.end(), [&](const Neighbor& neighbor) {
      return std::find(exact.begin(), exact.end(), neighbor) != exact.end();
    });
  }

  const std::vector<float> matrix_ = ClusteredFloats(kRows + kQueries, kDimension, 30, /*seed=*/1);
  const BuiltGraph built_{
      std::vector<float>(matrix_.begin(), matrix_.begin() + kRows * kDimension), kDimension, {.space = Space::kL2}};
  const Quantizer quantizer_ = Quantizer::Train(Space::kL2, Quantization::kInt8, built_.rows());
  const CodedRows codes_{quantizer_, built_.rows()};
  std::vector<CodeQuery> queries_;
};

TEST_F(CodeSearchTest, MostRowsAllowedAreFoundAndNoOther) {
  const auto allowed = [](uint32_t row) { return row % 4 != 0; };
  std::vector<uint64_t> bits((kRows + 63) / 64);
  for (uint32_t row = 0; row < kRows; ++row) bits[row / 64] |= uint64_t{allowed(row)} << (row % 64);
  const auto found = SearchGraphByCodes(built_.graph(), codes_.span(), queries_,
                                        {.k = 20, .ef = 2'000, .reach = 1.2f, .allowed = bits});
  int64_t hits = 0;
  for (size_t q = 0; q < kQueries; ++q) {
    EXPECT_TRUE(found[q].complete);
    for (const Neighbor& neighbor : found[q].neighbors) EXPECT_TRUE(allowed(neighbor.ordinal));
    std::vector<Neighbor> nearest = found[q].neighbors;
    nearest.resize(10);
    hits += Hits(nearest, Nearest(q, 10, allowed));
  }
  EXPECT_GE(hits, static_cast<int64_t>(0.97 * 10 * kQueries));
}

TEST_F(CodeSearchTest, AWalkThatRunsOutOfCandidatesSaysThatItIsNotComplete) {
  // None of the 4,000 rows that are nearest to the first query may be returned.
  const std::vector<Neighbor> near = Nearest(0, 4'000, [](uint32_t) { return true; });
  std::vector<uint64_t> bits((kRows + 63) / 64, ~uint64_t{0});
  for (const Neighbor& neighbor : near) bits[neighbor.ordinal / 64] &= ~(uint64_t{1} << (neighbor.ordinal % 64));
  const auto found = SearchGraphByCodes(built_.graph(), codes_.span(), std::span(queries_).first(1),
                                        {.k = 20, .ef = 500, .reach = 1.2f, .allowed = bits});
  EXPECT_FALSE(found[0].complete);
}

TEST_F(CodeSearchTest, ABoundSavesDistancesAndLosesNothingWithinIt) {
  const auto any = [](uint32_t) { return true; };
  const GraphSearchOptions free = {.k = 20, .ef = 2'000, .reach = 1.3f};
  const auto unbounded = SearchGraphByCodes(built_.graph(), codes_.span(), queries_, free);
  std::vector<float> bounds;
  for (size_t q = 0; q < kQueries; ++q) bounds.push_back(Nearest(q, 5, any).back().distance);
  GraphSearchOptions options = free;
  options.bounds = bounds;
  const auto bounded = SearchGraphByCodes(built_.graph(), codes_.span(), queries_, options);
  int64_t saved = 0, hits = 0;
  for (size_t q = 0; q < kQueries; ++q) {
    saved += unbounded[q].distances - bounded[q].distances;
    hits += Hits(bounded[q].neighbors, Nearest(q, 5, any));
    const auto single = [&] {
      GraphSearchOptions one = free;
      one.bounds = std::span(bounds).subspan(q, 1);
      return SearchGraphByCodes(built_.graph(), codes_.span(), std::span(queries_).subspan(q, 1), one)[0];
    }();
    EXPECT_EQ(single.neighbors, bounded[q].neighbors) << "each query has its own bound";
  }
  EXPECT_GT(saved, 0);
  EXPECT_GE(hits, static_cast<int64_t>(0.97 * 5 * kQueries));
}

}  // namespace
}  // namespace ochre
