#include "inverted/rows_of_ordinals.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <numeric>
#include <random>
#include <set>
#include <vector>

namespace ochre {
namespace {

void ExpectRows(const std::vector<uint32_t>& ordinals) {
  const Roaring rows = RowsOfOrdinals(ordinals);
  const std::set<uint32_t> expected(ordinals.begin(), ordinals.end());
  EXPECT_EQ(std::vector<uint32_t>(rows.begin(), rows.end()), std::vector<uint32_t>(expected.begin(), expected.end()));
}

TEST(RowsOfOrdinalsTest, AnyOrderAndDensityGivesTheSameRows) {
  std::mt19937 random(1);
  for (const size_t count : {0, 1, 2, 63, 64, 65, 10'000}) {
    for (const uint32_t range : {1u, 64u, 65u, 10'000u, 4'000'000'000u, 4'294'967'295u}) {
      SCOPED_TRACE(testing::Message() << count << " in " << range);
      std::vector<uint32_t> ordinals(count);
      for (uint32_t& ordinal : ordinals) ordinal = static_cast<uint32_t>(random()) % range;
      ExpectRows(ordinals);
      std::sort(ordinals.begin(), ordinals.end());
      ExpectRows(ordinals);
      std::reverse(ordinals.begin(), ordinals.end());
      ExpectRows(ordinals);
    }
  }
}

// Containers of 2^16 rows that are dense, sparse and empty beside each other, the last one of any length.
TEST(RowsOfOrdinalsTest, DenseAndSparsePartsGiveTheSameRows) {
  for (const uint32_t seed : {1, 2, 3, 4, 5, 6, 7, 8}) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    std::mt19937 random(seed);
    std::vector<uint32_t> ordinals;
    for (uint32_t container = 0; container < 6; ++container) {
      const uint32_t counts[] = {0, 1, 4'095, 4'096, 4'097, 60'000, 65'536};
      const uint32_t size = container == 5 ? 1 + static_cast<uint32_t>(random()) % 65'536 : 65'536;
      const uint32_t count = std::min(size, counts[random() % std::size(counts)]);
      std::vector<uint32_t> all(size);
      std::iota(all.begin(), all.end(), container * 65'536);
      std::shuffle(all.begin(), all.end(), random);
      ordinals.insert(ordinals.end(), all.begin(), all.begin() + count);
    }
    std::shuffle(ordinals.begin(), ordinals.end(), random);
    ExpectRows(ordinals);
    // The library's own form of the same: no later operation may meet containers that it would not have made.
    Roaring one_by_one(ordinals.size(), ordinals.data());
    Roaring rows = RowsOfOrdinals(ordinals);
    EXPECT_EQ(rows, one_by_one);
    EXPECT_EQ(rows.getSizeInBytes(), one_by_one.getSizeInBytes());
  }
}

}  // namespace
}  // namespace ochre
