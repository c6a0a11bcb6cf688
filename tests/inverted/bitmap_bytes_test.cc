#include "inverted/bitmap_bytes.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <random>
#include <string>
#include <vector>

namespace ochre {
namespace {

constexpr int64_t kRows = int64_t{1} << 32;

std::string BytesOf(const Roaring& rows) {
  std::string bytes(rows.getSizeInBytes(), '\0');
  rows.write(bytes.data());
  return bytes;
}

void Set16(std::string& bytes, size_t offset, uint16_t value) { std::memcpy(bytes.data() + offset, &value, 2); }

// Runs, sparse and dense stretches, in some of the 2^16 containers.
Roaring RandomRows(std::mt19937_64& random) {
  Roaring rows;
  const uint64_t containers = random() % 12;
  for (uint64_t i = 0; i < containers; ++i) {
    const uint64_t begin = (random() % (uint64_t{1} << (random() % 17))) << 16;
    switch (random() % 3) {
      case 0:
        for (uint64_t n = random() % 100; n > 0; --n) rows.add(static_cast<uint32_t>(begin + random() % 65'536));
        break;
      case 1:
        for (uint64_t n = random() % 20'000; n > 0; --n) rows.add(static_cast<uint32_t>(begin + random() % 65'536));
        break;
      default:
        rows.addRange(begin + random() % 1'000, begin + random() % 65'537);
    }
  }
  if (random() % 2 == 0) rows.runOptimize();
  return rows;
}

TEST(BitmapBytesTest, WhatWasWrittenComesBackAndNotWithFewerRows) {
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    const Roaring rows = RandomRows(random);
    const std::string bytes = BytesOf(rows);
    const auto read = BitmapFromBytes(bytes, kRows);
    ASSERT_TRUE(read.has_value());
    ASSERT_EQ(*read, rows);
    if (rows.isEmpty()) continue;
    EXPECT_TRUE(BitmapFromBytes(bytes, int64_t{rows.maximum()} + 1).has_value());
    EXPECT_FALSE(BitmapFromBytes(bytes, rows.maximum()).has_value());
  }
}

TEST(BitmapBytesTest, BytesThatAreLeftOverOrMissingAreMalformed) {
  std::mt19937_64 random(1);
  Roaring rows = RandomRows(random);
  rows.add(3);
  const std::string bytes = BytesOf(rows);
  EXPECT_FALSE(BitmapFromBytes(bytes + '\0', kRows).has_value());
  for (size_t size = 0; size < bytes.size(); size += 1 + size / 8) {
    EXPECT_FALSE(BitmapFromBytes(std::string_view(bytes).substr(0, size), kRows).has_value()) << size;
  }
  EXPECT_FALSE(BitmapFromBytes("this is no bitmap at all", kRows).has_value());
}

// Without runs: cookie (4), count (4), then key (2) and cardinality - 1 (2) of each, then where each begins (4).
constexpr size_t kFirstKey = 8, kFirstCardinality = 10, kSecondKey = 12;

TEST(BitmapBytesTest, ABitSetWithMoreValuesThanItSaysIsMalformed) {
  Roaring rows;
  for (uint32_t i = 0; i < 10'000; ++i) rows.add(3 * i);
  std::string bytes = BytesOf(rows);
  Set16(bytes, kFirstCardinality, 5'000);
  EXPECT_FALSE(BitmapFromBytes(bytes, kRows).has_value());
}

TEST(BitmapBytesTest, ContainersOutOfOrderAreMalformed) {
  std::string bytes = BytesOf(Roaring::bitmapOf(2, 5, 70'000));
  ASSERT_TRUE(BitmapFromBytes(bytes, kRows).has_value());
  Set16(bytes, kFirstKey, 1);
  EXPECT_FALSE(BitmapFromBytes(bytes, kRows).has_value()) << "the same key twice";
  Set16(bytes, kSecondKey, 0);
  EXPECT_FALSE(BitmapFromBytes(bytes, kRows).has_value()) << "descending keys";
}

TEST(BitmapBytesTest, AnArrayOutOfOrderIsMalformed) {
  const std::string good = BytesOf(Roaring::bitmapOf(3, 5, 9, 11));
  for (const uint16_t last : {uint16_t{9}, uint16_t{2}}) {
    std::string bytes = good;
    Set16(bytes, bytes.size() - 2, last);
    EXPECT_FALSE(BitmapFromBytes(bytes, kRows).has_value()) << last;
  }
}

TEST(BitmapBytesTest, RunsThatOverlapOrLeaveTheirContainerAreMalformed) {
  Roaring rows;
  rows.addRange(10, 1'000);
  rows.addRange(2'000, 3'000);
  rows.runOptimize();
  const std::string good = BytesOf(rows);
  ASSERT_TRUE(BitmapFromBytes(good, kRows).has_value());
  // The second run: its first value, and how many follow.
  for (const auto& [first, more] : {std::pair<uint16_t, uint16_t>{500, 999}, {65'000, 999}, {2'000, 998}}) {
    std::string bytes = good;
    Set16(bytes, bytes.size() - 4, first);
    Set16(bytes, bytes.size() - 2, more);
    EXPECT_FALSE(BitmapFromBytes(bytes, kRows).has_value()) << first;
  }
}

// Whatever the bytes are: what is accepted is what CRoaring writes, so that nothing inside of it lies.
TEST(BitmapBytesTest, WhatIsAcceptedOfDamagedBytesIsAWholeBitmap) {
  int accepted = 0;
  for (uint64_t seed = 1; seed <= 2'000; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    std::string bytes = BytesOf(RandomRows(random));
    for (uint64_t changes = 1 + random() % 3; changes > 0; --changes) {
      const size_t at = random() % 2 == 0 ? random() % std::min<size_t>(bytes.size(), 64) : random() % bytes.size();
      bytes[at] = static_cast<char>(random() % 2 == 0 ? random() : bytes[at] ^ (1 << random() % 8));
    }
    const auto read = BitmapFromBytes(bytes, kRows);
    if (!read.has_value()) continue;
    ++accepted;
    std::vector<uint32_t> values(read->cardinality());
    read->toUint32Array(values.data());
    Roaring again;
    again.addMany(values.size(), values.data());
    ASSERT_EQ(again, *read);
    ASSERT_TRUE(std::is_sorted(values.begin(), values.end()));
  }
  EXPECT_GT(accepted, 0);  // a changed value of an array is another bitmap
}

}  // namespace
}  // namespace ochre
