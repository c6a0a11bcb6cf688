#include "executor/merge_top_k.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <random>

namespace ochre {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Hit At(float distance, uint64_t offset_id) { return {distance, OffsetId{offset_id}, {}}; }

std::vector<uint64_t> OffsetIds(const std::vector<Hit>& hits) {
  std::vector<uint64_t> ids;
  for (const Hit& hit : hits) ids.push_back(static_cast<uint64_t>(hit.offset_id));
  return ids;
}

TEST(MergeTopKTest, NothingMergesToNothing) {
  EXPECT_THAT(MergeTopK({}, 5), IsEmpty());
  const std::vector<std::vector<Hit>> lists(3);
  EXPECT_THAT(MergeTopK(lists, 5), IsEmpty());
}

TEST(MergeTopKTest, TheNearestOfAllListsComeFirst) {
  const std::vector<std::vector<Hit>> lists = {{At(1, 1), At(4, 2)}, {At(2, 3)}, {At(0.5, 4), At(3, 5)}};
  EXPECT_THAT(OffsetIds(MergeTopK(lists, 3)), ElementsAre(4, 1, 3));
  EXPECT_THAT(OffsetIds(MergeTopK(lists, 100)), ElementsAre(4, 1, 3, 5, 2));
}

TEST(MergeTopKTest, TiesGoByOffsetIdAcrossLists) {
  const std::vector<std::vector<Hit>> lists = {{At(1, 5), At(1, 9)}, {At(1, 2), At(1, 7)}, {At(1, 6)}};
  EXPECT_THAT(OffsetIds(MergeTopK(lists, 4)), ElementsAre(2, 5, 6, 7));
}

TEST(MergeTopKTest, AHugeKIsOnlyABound) {
  const std::vector<std::vector<Hit>> lists = {{At(1, 1)}};
  const std::vector<Hit> merged = MergeTopK(lists, std::numeric_limits<int64_t>::max());
  EXPECT_EQ(merged.size(), 1u);
}

TEST(MergeTopKTest, AgreesWithSortingEverything) {
  std::mt19937_64 random(11);
  SCOPED_TRACE("seed 11");
  for (int round = 0; round < 200; ++round) {
    std::vector<std::vector<Hit>> lists(random() % 6);
    std::vector<Hit> all;
    uint64_t next_id = 1;
    for (auto& list : lists) {
      for (uint64_t i = random() % 20; i > 0; --i) list.push_back(At(static_cast<float>(random() % 8), next_id++));
      std::sort(list.begin(), list.end());
      all.insert(all.end(), list.begin(), list.end());
    }
    std::sort(all.begin(), all.end());
    const size_t k = random() % 30;
    all.resize(std::min(all.size(), k));
    EXPECT_EQ(OffsetIds(MergeTopK(lists, static_cast<int64_t>(k))), OffsetIds(all));
  }
}

}  // namespace
}  // namespace ochre
