// Distances of embeddings from all of float32's range, through the API: in the tail, in segments, by codes and graphs.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "ochre/ochre.h"
#include "tests/distance/wide_vectors.h"
#include "tests/support/expect_ok.h"
#include "tests/support/must.h"

namespace ochre {
namespace {

std::vector<std::string> Ids(int count) {
  std::vector<std::string> ids;
  for (int i = 0; i < count; ++i) ids.push_back(std::to_string(i));
  return ids;
}

class MagnitudesTest : public testing::TestWithParam<std::tuple<Space, Quantization>> {
 protected:
  static constexpr int kRows = 2'500;  // enough for codes in the tail (kScanRowsMax) and in a segment (kCodesRowsMin)
  static constexpr int32_t kDimension = 6;
  static constexpr int64_t kResults = 5;

  Space space() const { return std::get<0>(GetParam()); }

  std::unique_ptr<Client> client_ = Must(Client::InMemory());
  Collection collection_ =
      Must(client_->CreateCollection("test", {.space = space(), .quantization = std::get<1>(GetParam())}));
};

INSTANTIATE_TEST_SUITE_P(All, MagnitudesTest,
                         testing::Combine(testing::Values(Space::kL2, Space::kCosine, Space::kInnerProduct),
                                          testing::Values(Quantization::kNone, Quantization::kInt8,
                                                          Quantization::kLvq4)));

TEST_P(MagnitudesTest, TheNearestAreTrueInTheTailAndInSegments) {
  for (const int32_t exponent : {-149, -72, 0, 60, 127}) {
    SCOPED_TRACE(testing::Message() << "largest exponent " << exponent);
    std::mt19937 random(static_cast<uint32_t>(exponent));
    std::vector<float> rows, queries;
    for (int i = 0; i < kRows; ++i) {
      const std::vector<float> row = WideVector(random, kDimension, exponent, /*spread=*/4);
      rows.insert(rows.end(), row.begin(), row.end());
    }
    queries.assign(rows.begin(), rows.begin() + kDimension);
    for (const auto& query : {WideVector(random, kDimension, exponent, 4), WideVector(random, kDimension)}) {
      queries.insert(queries.end(), query.begin(), query.end());
    }
    const std::vector<std::string> ids = Ids(kRows);
    ASSERT_OK(collection_.Upsert({.ids = ids, .embeddings = {rows, kDimension}}));
    for (const bool compacted : {false, true}) {
      SCOPED_TRACE(compacted ? "in a segment" : "in the tail");
      if (compacted) ASSERT_OK(client_->Compact(collection_));
      ASSERT_OK_AND_ASSIGN(const QueryResult result, collection_.Query({.embeddings = {queries, kDimension},
                                                                        .n_results = kResults,
                                                                        .include = {.distances = true}}));
      for (size_t q = 0; q < queries.size() / kDimension; ++q) {
        std::vector<TrueDistance> nearest;
        for (size_t i = 0; i < kRows; ++i) {
          nearest.push_back(TrueDistanceOf(space(), &queries[q * kDimension], &rows[i * kDimension], kDimension));
        }
        std::sort(nearest.begin(), nearest.end(),
                  [](const TrueDistance& a, const TrueDistance& b) { return a.value < b.value; });
        for (size_t i = 0; i < kResults; ++i) {
          const auto hit = static_cast<size_t>(result.offsets[q]) + i;
          const auto row = static_cast<size_t>(std::stoi(std::string(result.ids[hit])));
          const float distance = (*result.distances)[hit];
          EXPECT_TRUE(
              TrueDistanceOf(space(), &queries[q * kDimension], &rows[row * kDimension], kDimension).Is(distance))
              << distance << ": query " << q << ", place " << i;
          EXPECT_TRUE(nearest[i].Is(distance)) << distance << " instead of " << static_cast<double>(nearest[i].value)
                                               << ": query " << q << ", place " << i;
        }
      }
    }
  }
}

// The part of the 10 nearest of all that a usual query finds among `count` random rows of one magnitude, in a segment
// with a graph.
double RecallAt(Space space, float magnitude) {
  constexpr int kGraphRows = 5'200;  // enough for a graph (kGraphRowsMin)
  constexpr int kQueries = 20;
  constexpr int32_t kDimension = 8;
  auto client = Must(Client::InMemory());
  Collection collection = Must(client->CreateCollection("test", {.space = space}));
  std::mt19937 random(7);
  std::normal_distribution<float> normal;
  std::vector<float> rows((kGraphRows + kQueries) * kDimension);
  for (float& value : rows) value = magnitude * normal(random);
  const std::vector<std::string> ids = Ids(kGraphRows);
  const std::span<const float> all(rows);
  Must(collection.Add({.ids = ids, .embeddings = {all.first(kGraphRows * kDimension), kDimension}}).status());
  Must(client->Compact(collection));
  QueryRequest request = {.embeddings = {all.last(kQueries * kDimension), kDimension}, .n_results = 10};
  const QueryResult usual = Must(collection.Query(request));
  request.exact = true;
  const QueryResult exact = Must(collection.Query(request));
  int found = 0;
  for (int64_t q = 0; q < kQueries; ++q) {
    std::set<std::string> right;
    for (int64_t i = 0; i < 10; ++i) right.emplace(exact.ids[static_cast<size_t>(exact.Row(q, i))]);
    for (int64_t i = 0; i < 10; ++i) {
      found += static_cast<int>(right.count(std::string(usual.ids[static_cast<size_t>(usual.Row(q, i))])));
    }
  }
  return found / (10.0 * kQueries);
}

TEST(MagnitudesOfGraphsTest, GraphsFindTheNearestAtEveryMagnitude) {
  for (const float magnitude : {1e-42f, 1e-22f, 2e19f, 5e37f}) {
    EXPECT_GT(RecallAt(Space::kCosine, magnitude), 0.95) << "cosine, magnitude " << magnitude;
  }
  for (const float magnitude : {1e-20f, 1e-10f, 1e18f}) {
    EXPECT_GT(RecallAt(Space::kL2, magnitude), 0.95) << "l2, magnitude " << magnitude;
  }
  for (const float magnitude : {1e-3f, 1e18f}) {
    EXPECT_GT(RecallAt(Space::kInnerProduct, magnitude), 0.8) << "ip, magnitude " << magnitude;
  }
}

}  // namespace
}  // namespace ochre
