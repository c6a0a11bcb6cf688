#include "executor/roaring_bits.h"

#include <gtest/gtest.h>

#include <random>

namespace ochre {
namespace {

void ExpectSame(const Roaring& ordinals, int64_t row_count) {
  const std::vector<uint64_t> bits = ToBits(ordinals, row_count);
  ASSERT_GE(static_cast<int64_t>(bits.size()) * 64, row_count);
  Roaring back;
  for (uint64_t i = 0; i < bits.size() * 64; ++i) {
    if ((bits[i / 64] >> (i % 64) & 1) != 0) back.add(static_cast<uint32_t>(i));
  }
  EXPECT_TRUE(back == ordinals) << row_count << " rows, " << ordinals.cardinality() << " values";
}

TEST(RoaringBitsTest, NothingAndAll) {
  for (const int64_t rows : {1, 64, 65'535, 65'536, 65'537, 400'000}) {
    ExpectSame(Roaring(), rows);
    Roaring all;
    all.addRange(0, static_cast<uint64_t>(rows));
    ExpectSame(all, rows);
    all.remove(static_cast<uint32_t>(rows - 1));
    ExpectSame(all, rows);
  }
}

// Arrays, bitmaps and runs, in few containers and in many, which are written differently.
TEST(RoaringBitsTest, EveryKindOfContainer) {
  std::mt19937 random(1);
  for (const uint32_t rows : {1'000u, 100'000u, 1'000'000u}) {
    for (const uint32_t one_in : {1u, 2u, 3u, 50u, 1'000u}) {
      Roaring ordinals;
      for (uint32_t i = 0; i < rows; ++i) {
        if (random() % one_in == 0) ordinals.add(i);
      }
      ExpectSame(ordinals, rows);
      ordinals.runOptimize();
      ExpectSame(ordinals, rows);
    }
    Roaring runs;
    for (uint64_t at = 0; at < rows;) {
      const uint64_t end = std::min<uint64_t>(rows, at + 1 + random() % 3'000);
      runs.addRange(at, end);
      at = end + 1 + random() % 200;
    }
    runs.runOptimize();
    ExpectSame(runs, rows);
  }
}

}  // namespace
}  // namespace ochre
