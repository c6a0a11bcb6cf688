#include "segment/deletion_bitmap.h"

#include <gtest/gtest.h>

#include <random>

#include "tests/support/expect_ok.h"

namespace ochre {
namespace {

TEST(DeletionBitmapTest, ANewOneHasNoDeletedRowAndSerialisesToNothing) {
  const DeletionBitmap bitmap(10);
  EXPECT_EQ(bitmap.deleted_count(), 0);
  EXPECT_EQ(bitmap.live_count(), 10);
  EXPECT_TRUE(bitmap.Serialize().empty());
  EXPECT_EQ(bitmap.Live().cardinality(), 10u);
}

TEST(DeletionBitmapTest, DeletingARowTwiceCountsOnce) {
  DeletionBitmap bitmap(3);
  EXPECT_TRUE(bitmap.Delete(Ordinal{2}));
  EXPECT_FALSE(bitmap.Delete(Ordinal{2}));
  EXPECT_EQ(bitmap.deleted_count(), 1);
  EXPECT_TRUE(bitmap.IsDeleted(Ordinal{2}));
  EXPECT_FALSE(bitmap.IsDeleted(Ordinal{0}));
  EXPECT_EQ(bitmap.Live(), Roaring::bitmapOf(2, 0, 1));
  EXPECT_OK(bitmap.Verify());
}

TEST(DeletionBitmapTest, ACopyWorksOutItsOwnLiveRows) {
  const DeletionBitmap bitmap(100);
  EXPECT_EQ(&bitmap.Live(), &bitmap.Live()) << "worked out once";
  ASSERT_EQ(bitmap.Live().cardinality(), 100u);
  ASSERT_EQ(bitmap.Bits()[0], ~uint64_t{0});
  DeletionBitmap copy = bitmap;
  copy.Delete(Ordinal{3});
  EXPECT_EQ(copy.Live().cardinality(), 99u);
  EXPECT_EQ(copy.Bits()[0], ~uint64_t{8});
  EXPECT_EQ(bitmap.Live().cardinality(), 100u);
}

TEST(DeletionBitmapTest, ComesBackFromItsBytes) {
  constexpr uint64_t kSeed = 1;
  constexpr int64_t kRows = 200'000;  // three containers of CRoaring
  std::mt19937_64 random(kSeed);
  for (const int deletions : {1, 100, 60'000, 200'000}) {
    SCOPED_TRACE("seed 1, deletions " + std::to_string(deletions));
    DeletionBitmap bitmap(kRows);
    for (int i = 0; i < deletions; ++i) {
      bitmap.Delete(Ordinal{deletions == kRows ? static_cast<uint32_t>(i) : static_cast<uint32_t>(random() % kRows)});
    }
    ASSERT_OK_AND_ASSIGN(const DeletionBitmap read, DeletionBitmap::Deserialize(bitmap.Serialize(), kRows));
    EXPECT_EQ(read.deleted(), bitmap.deleted());
    EXPECT_EQ(read.deleted_count(), bitmap.deleted_count());
    EXPECT_EQ(read.row_count(), kRows);
    EXPECT_EQ(read.Live().cardinality(), static_cast<uint64_t>(bitmap.live_count()));
  }
}

TEST(DeletionBitmapTest, ARowThatTheSegmentDoesNotHaveIsDataLoss) {
  DeletionBitmap bitmap(100);
  bitmap.Delete(Ordinal{99});
  EXPECT_OK(DeletionBitmap::Deserialize(bitmap.Serialize(), 100));
  EXPECT_EQ(DeletionBitmap::Deserialize(bitmap.Serialize(), 99).status().code(), StatusCode::kDataLoss);
}

TEST(DeletionBitmapTest, BytesCutShortAreDataLoss) {
  DeletionBitmap bitmap(100'000);
  for (uint32_t i = 0; i < 100'000; i += 7) bitmap.Delete(Ordinal{i});
  const std::string bytes = bitmap.Serialize();
  for (const size_t size : {size_t{1}, size_t{4}, size_t{9}, bytes.size() / 2, bytes.size() - 1}) {
    EXPECT_EQ(DeletionBitmap::Deserialize(bytes.substr(0, size), 100'000).status().code(), StatusCode::kDataLoss)
        << size << " of " << bytes.size() << " bytes";
  }
}

// CRoaring would believe it, and live_count with it.
TEST(DeletionBitmapTest, ACardinalityThatLiesIsDataLoss) {
  DeletionBitmap bitmap(60'000);
  for (uint32_t i = 0; i < 60'000; i += 5) bitmap.Delete(Ordinal{i});
  std::string bytes = bitmap.Serialize();
  constexpr size_t kCardinality = 10;  // less one, of the first container: inverted/bitmap_bytes.cc
  bytes[kCardinality] = static_cast<char>(bytes[kCardinality] ^ 1);
  EXPECT_EQ(DeletionBitmap::Deserialize(bytes, 60'000).status().code(), StatusCode::kDataLoss);
}

TEST(DeletionBitmapTest, OtherBytesAreDataLoss) {
  EXPECT_EQ(DeletionBitmap::Deserialize("this is no bitmap at all", 100).status().code(), StatusCode::kDataLoss);
}

TEST(DeletionBitmapTest, BitsAreTheLiveRowsAlsoOfACopyThatGoesOn) {
  DeletionBitmap bitmap(200);
  bitmap.Delete(Ordinal{0});
  bitmap.Delete(Ordinal{130});
  const DeletionBitmap published = bitmap;
  const auto is_live = [](std::span<const uint64_t> bits, uint32_t row) {
    return (bits[row / 64] >> (row % 64) & 1) != 0;
  };
  for (uint32_t row = 0; row < 200; ++row) {
    EXPECT_EQ(is_live(published.Bits(), row), !published.IsDeleted(Ordinal{row})) << row;
  }
  DeletionBitmap next = published;
  next.Delete(Ordinal{7});
  EXPECT_FALSE(is_live(next.Bits(), 7));
  EXPECT_TRUE(is_live(published.Bits(), 7));
}

}  // namespace
}  // namespace ochre
