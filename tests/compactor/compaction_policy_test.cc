#include "compactor/compaction_policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

namespace ochre {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(CompactionPolicyTest, ATailIsFullAtEitherBound) {
  const ClientOptions options = {.tail_records_max = 100, .tail_bytes_max = 1'000};
  EXPECT_FALSE(IsTailFull(options, {.operations = 99, .bytes = 999}));
  EXPECT_TRUE(IsTailFull(options, {.operations = 100, .bytes = 0}));
  EXPECT_TRUE(IsTailFull(options, {.operations = 1, .bytes = 1'000}));
  EXPECT_FALSE(IsTailFull(options, {.operations = 0, .bytes = 1'000}));  // nothing to compact
}

TEST(CompactionPolicyTest, OnlyATailOfSomeSizeAges) {
  const ClientOptions options = {.aged_tail_records_min = 10};
  EXPECT_FALSE(MayAge(options, {.operations = 9, .bytes = 1'000'000}));
  EXPECT_TRUE(MayAge(options, {.operations = 10, .bytes = 0}));
}

TEST(CompactionPolicyTest, SmallSegmentsAreMergedAndMuchLargerOnesStay) {
  const std::vector<SegmentSize> segments = {{10'000, 10'000}, {150, 150}, {90, 90}};
  EXPECT_THAT(ChooseMerges(segments, 100), ElementsAre(1, 2));
}

TEST(CompactionPolicyTest, WithoutNewRowsAndDeadOnesNothingIsMerged) {
  const std::vector<SegmentSize> segments = {{1'000, 1'000}, {10, 10}};
  EXPECT_THAT(ChooseMerges(segments, 0), IsEmpty());
}

TEST(CompactionPolicyTest, ASegmentWithManyDeadRowsIsRewritten) {
  const std::vector<SegmentSize> segments = {{1'000'000, 740'000}, {1'000'000, 760'000}};
  EXPECT_TRUE(HasDeadSegment(segments));
  EXPECT_THAT(ChooseMerges(std::vector<SegmentSize>{segments[0]}, 0), ElementsAre(0));
  EXPECT_FALSE(HasDeadSegment(std::vector<SegmentSize>{segments[1]}));
  EXPECT_FALSE(HasDeadSegment({}));
}

TEST(CompactionPolicyTest, ASegmentWithoutLiveRowsGoes) {
  EXPECT_THAT(ChooseMerges(std::vector<SegmentSize>{{10, 0}}, 0), ElementsAre(0));
}

// Compacts tails of random sizes again and again: the segments that remain, and the rows written in all.
TEST(CompactionPolicyTest, SegmentsAndRewritesPerRecordStayLogarithmic) {
  for (const uint64_t seed : {1, 2, 3}) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    std::vector<SegmentSize> segments;
    int64_t inserted = 0, written = 0;
    size_t segments_max = 0;
    for (int round = 0; round < 2'000; ++round) {
      const auto new_rows = static_cast<int64_t>(1 + random() % 2'000);
      inserted += new_rows;
      int64_t merged = new_rows;
      std::vector<SegmentSize> kept;
      const std::vector<size_t> merges = ChooseMerges(segments, new_rows);
      ASSERT_TRUE(std::is_sorted(merges.begin(), merges.end()));
      for (size_t i = 0; i < segments.size(); ++i) {
        if (std::find(merges.begin(), merges.end(), i) != merges.end()) {
          merged += segments[i].live_count;
        } else {
          kept.push_back(segments[i]);
        }
      }
      written += merged;
      kept.push_back({merged, merged});
      segments = std::move(kept);
      segments_max = std::max(segments_max, segments.size());

      // Each segment has more than kMergeRatio times as many rows as the next smaller one.
      std::vector<int64_t> sizes;
      for (const SegmentSize& segment : segments) sizes.push_back(segment.live_count);
      std::sort(sizes.begin(), sizes.end());
      for (size_t i = 1; i < sizes.size(); ++i) {
        ASSERT_GT(sizes[i], kMergeRatio * sizes[i - 1]) << "round " << round;
      }
      ASSERT_EQ(std::accumulate(sizes.begin(), sizes.end(), int64_t{0}), inserted);
    }
    EXPECT_LE(static_cast<double>(segments_max), 1 + std::log2(static_cast<double>(inserted)));
    // A record that is rewritten lies in a segment of at least 1.5 times the size afterwards.
    EXPECT_LE(static_cast<double>(written) / static_cast<double>(inserted),
              1 + std::log(static_cast<double>(inserted)) / std::log(1.5));
  }
}

TEST(CompactionPolicyTest, ACollectionIsUntidyWhenMuchIsDeadOrBesideItsLargestSegment) {
  using Sizes = std::vector<SegmentSize>;
  EXPECT_FALSE(IsUntidy(Sizes{}));
  EXPECT_FALSE(IsUntidy(Sizes{{1'000, 1'000}}));
  EXPECT_FALSE(IsUntidy(Sizes{{1'000, 951}}));
  EXPECT_TRUE(IsUntidy(Sizes{{1'000, 950}}));
  EXPECT_FALSE(IsUntidy(Sizes{{10, 10}, {1'000, 1'000}, {10, 10}}));
  EXPECT_TRUE(IsUntidy(Sizes{{1'000, 1'000}, {100, 100}}));
  EXPECT_TRUE(IsUntidy(Sizes{{1'000, 0}}));
}

}  // namespace
}  // namespace ochre
