#include "inverted/rows_of_ordinals.h"

#include <gtest/gtest.h>

#include <algorithm>
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

}  // namespace
}  // namespace ochre
