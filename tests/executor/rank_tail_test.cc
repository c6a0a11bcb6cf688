#include "executor/rank_tail.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "executor/rank_planner.h"
#include "tests/distance/aligned_rows.h"

namespace ochre {
namespace {

constexpr int32_t kDimension = 12;
constexpr size_t kRecords = 3 * kScanRowsMax;

// Records of random vectors, every seventh of which repeats an earlier one.
class RankTailTest : public testing::TestWithParam<Space> {
 protected:
  void Append(LogTail& tail, const float* embedding) {
    const std::string id = std::to_string(tail.size());
    tail.Append(id, OffsetId{tail.size() + 1}, LogPosition{tail.size() + 1},
                {.embedding = embedding, .document = {}, .uri = {}, .metadata = {}}, /*replaced=*/-1);
  }

  void AppendAll(LogTail& tail) {
    for (size_t i = 0; i < kRecords; ++i) Append(tail, Embedding(i));
  }

  const float* Embedding(size_t i) const { return matrix_.data() + (i % 7 == 6 ? i / 2 : i) * kDimension; }

  // By definition: the distance of each place, sorted by (distance, place).
  std::vector<Neighbor> Nearest(const LogTail& tail, std::span<const uint32_t> indexes, const PreparedQuery& query,
                                size_t k) const {
    std::vector<Neighbor> all;
    for (size_t place = 0; place < indexes.size(); ++place) {
      all.push_back({.distance = DistanceBetweenRows(GetParam(), query.row(), tail.row(indexes[place]), kDimension),
                     .ordinal = static_cast<uint32_t>(place)});
    }
    std::sort(all.begin(), all.end());
    all.resize(std::min(k, all.size()));
    return all;
  }

  std::vector<PreparedQuery> Queries() const {
    std::vector<PreparedQuery> queries;
    for (size_t q = 0; q < 5; ++q) queries.emplace_back(GetParam(), queries_.data() + q * kDimension, kDimension);
    return queries;
  }

  const std::vector<float> matrix_ = RandomFloats(kRecords * kDimension, /*seed=*/1);
  const std::vector<float> queries_ = RandomFloats(5 * kDimension, /*seed=*/2);
};

INSTANTIATE_TEST_SUITE_P(Spaces, RankTailTest, testing::Values(Space::kL2, Space::kCosine, Space::kInnerProduct));

TEST_P(RankTailTest, TheAnswerIsExactWithAndWithoutCodes) {
  const std::vector<PreparedQuery> queries = Queries();
  for (const Quantization quantization : {Quantization::kNone, Quantization::kInt8}) {
    LogTail tail(kDimension, GetParam(), quantization);
    AppendAll(tail);
    EXPECT_EQ(tail.has_codes(), quantization != Quantization::kNone);
    // All, few, and many in an order of their own, as after updates.
    std::vector<uint32_t> all(kRecords), few = {5, 4'000, 17}, shuffled;
    std::iota(all.begin(), all.end(), uint32_t{0});
    for (uint32_t i = 0; i < kRecords; ++i) {
      if (i % 3 != 0) shuffled.push_back(i * 7919 % kRecords);
    }
    ASSERT_GT(shuffled.size(), static_cast<size_t>(kScanRowsMax));
    for (const std::vector<uint32_t>& indexes : {all, few, shuffled}) {
      for (const int64_t k : {1, 10, 500}) {
        const auto ranked = RankTail(tail, indexes, queries, k);
        ASSERT_EQ(ranked.size(), queries.size());
        for (size_t q = 0; q < queries.size(); ++q) {
          EXPECT_EQ(ranked[q], Nearest(tail, indexes, queries[q], static_cast<size_t>(k)));
        }
      }
    }
  }
}

TEST_P(RankTailTest, AVectorThatNoCodeCanStandForIsFoundAllTheSame) {
  LogTail tail(kDimension, GetParam(), Quantization::kInt8);
  AppendAll(tail);
  std::vector<float> huge(kDimension, 3e38f);
  Append(tail, huge.data());
  std::vector<uint32_t> indexes(tail.size());
  std::iota(indexes.begin(), indexes.end(), uint32_t{0});
  const std::vector<PreparedQuery> queries = Queries();
  const auto ranked = RankTail(tail, indexes, queries, 10);
  for (size_t q = 0; q < queries.size(); ++q) EXPECT_EQ(ranked[q], Nearest(tail, indexes, queries[q], 10));
}

}  // namespace
}  // namespace ochre
