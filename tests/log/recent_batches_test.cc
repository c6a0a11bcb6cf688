#include "log/recent_batches.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace ochre {
namespace {

constexpr CollectionId kA = {.bytes = {1}};
constexpr CollectionId kB = {.bytes = {2}};

LogBatch Batch(uint64_t first, uint64_t last, size_t bytes) {
  return {LogPosition{first}, LogPosition{last}, std::make_shared<const std::string>(bytes, 'x')};
}

std::vector<uint64_t> LastPositions(const std::vector<LogBatch>& batches) {
  std::vector<uint64_t> positions;
  for (const LogBatch& batch : batches) positions.push_back(static_cast<uint64_t>(batch.last));
  return positions;
}

TEST(RecentBatchesTest, ReadsWhatFollowsAPositionAndSaysWhenItIsGone) {
  RecentBatches recent(/*bytes_max=*/30);
  recent.Add(kA, Batch(1, 2, 10));
  recent.Add(kA, Batch(3, 3, 10));
  recent.Add(kB, Batch(1, 1, 10));
  std::vector<LogBatch> batches;
  ASSERT_TRUE(recent.Read(kA, LogPosition{0}, 1000, batches));
  EXPECT_THAT(LastPositions(batches), testing::ElementsAre(2, 3));

  recent.Add(kB, Batch(2, 2, 10));  // A's first batch goes
  batches.clear();
  EXPECT_FALSE(recent.Read(kA, LogPosition{0}, 1000, batches));
  EXPECT_TRUE(batches.empty());
  ASSERT_TRUE(recent.Read(kA, LogPosition{2}, 1000, batches));
  EXPECT_THAT(LastPositions(batches), testing::ElementsAre(3));
  EXPECT_EQ(recent.bytes(), 30);
}

TEST(RecentBatchesTest, StopsOnceTheBytesAskedForAreReached) {
  RecentBatches recent(/*bytes_max=*/1000);
  for (uint64_t position = 1; position <= 4; ++position) recent.Add(kA, Batch(position, position, 10));
  std::vector<LogBatch> batches;
  ASSERT_TRUE(recent.Read(kA, LogPosition{1}, 20, batches));
  EXPECT_THAT(LastPositions(batches), testing::ElementsAre(2, 3));
  batches.clear();
  ASSERT_TRUE(recent.Read(kA, LogPosition{1}, 0, batches)) << "at least one";
  EXPECT_THAT(LastPositions(batches), testing::ElementsAre(2));
}

TEST(RecentBatchesTest, KeepsTheLastBatchHoweverLarge) {
  RecentBatches recent(/*bytes_max=*/10);
  recent.Add(kA, Batch(1, 1, 5));
  recent.Add(kB, Batch(1, 1, 100));
  std::vector<LogBatch> batches;
  EXPECT_TRUE(recent.Read(kB, LogPosition{0}, 1, batches));
  EXPECT_FALSE(recent.Read(kA, LogPosition{0}, 1, batches));
  recent.Add(kA, Batch(2, 2, 5));
  EXPECT_EQ(recent.bytes(), 5) << "the large one goes when something follows";
}

TEST(RecentBatchesTest, DropsWhatAPurgeForgets) {
  RecentBatches recent(/*bytes_max=*/1000);
  recent.Add(kA, Batch(1, 4, 10));
  recent.Add(kB, Batch(1, 1, 10));
  recent.Add(kA, Batch(5, 8, 10));
  recent.DropUpTo(kA, LogPosition{7});
  std::vector<LogBatch> batches;
  ASSERT_TRUE(recent.Read(kA, LogPosition{4}, 1000, batches));
  EXPECT_THAT(LastPositions(batches), testing::ElementsAre(8));
  recent.DropUpTo(kA, LogPosition{8});
  EXPECT_FALSE(recent.Read(kA, LogPosition{4}, 1000, batches));
  EXPECT_EQ(recent.bytes(), 10);
  recent.Add(kA, Batch(9, 9, 10));
  batches.clear();
  EXPECT_TRUE(recent.Read(kA, LogPosition{8}, 1000, batches));
}

}  // namespace
}  // namespace ochre
