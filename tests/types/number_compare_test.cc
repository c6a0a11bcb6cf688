#include "types/number_compare.h"

#include <gtest/gtest.h>

#include <limits>

namespace ochre {
namespace {

constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
constexpr int64_t kMin = std::numeric_limits<int64_t>::min();
constexpr double kTwoTo63 = 9223372036854775808.0;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

TEST(CompareNumbersTest, WholeDoublesEqualTheirIntegers) {
  EXPECT_TRUE(CompareNumbers(int64_t{2}, 2.0) == 0);
  EXPECT_TRUE(CompareNumbers(int64_t{0}, -0.0) == 0);
  EXPECT_TRUE(CompareNumbers(kMin, -kTwoTo63) == 0);
}

TEST(CompareNumbersTest, AFractionIsNeverCutOff) {
  EXPECT_TRUE(CompareNumbers(int64_t{2}, 2.5) < 0);
  EXPECT_TRUE(CompareNumbers(int64_t{3}, 2.5) > 0);
  EXPECT_TRUE(CompareNumbers(int64_t{-2}, -2.5) > 0);
  EXPECT_TRUE(CompareNumbers(int64_t{-3}, -2.5) < 0);
  EXPECT_TRUE(CompareNumbers(int64_t{0}, 0.5) < 0);
  EXPECT_TRUE(CompareNumbers(int64_t{0}, -0.5) > 0);
}

TEST(CompareNumbersTest, IntegersAreNotRoundedToDoubles) {
  constexpr int64_t kTwoTo53 = int64_t{1} << 53;
  EXPECT_TRUE(CompareNumbers(kTwoTo53 + 1, static_cast<double>(kTwoTo53)) > 0);
  EXPECT_TRUE(CompareNumbers(kMax, kTwoTo63) < 0);
  EXPECT_TRUE(CompareNumbers(kMax - 1, kTwoTo63) < 0);
}

TEST(CompareNumbersTest, DoublesBeyondInt64AreBeyondAllOfThem) {
  EXPECT_TRUE(CompareNumbers(kMax, kInfinity) < 0);
  EXPECT_TRUE(CompareNumbers(kMin, -kInfinity) > 0);
  EXPECT_TRUE(CompareNumbers(kMin, std::nextafter(-kTwoTo63, -kInfinity)) > 0);
}

TEST(CompareNumbersTest, NanComparesWithNothing) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(CompareNumbers(int64_t{0}, nan), std::partial_ordering::unordered);
  EXPECT_EQ(CompareNumbers(nan, int64_t{0}), std::partial_ordering::unordered);
  EXPECT_EQ(CompareNumbers(nan, nan), std::partial_ordering::unordered);
}

TEST(CompareNumbersTest, SwappedOperandsGiveTheReverse) {
  for (const int64_t integer : {kMin, int64_t{-3}, int64_t{0}, int64_t{2}, kMax}) {
    for (const double number : {-kInfinity, -kTwoTo63, -2.5, 0.0, 2.0, 2.5, kTwoTo63, kInfinity}) {
      EXPECT_EQ(CompareNumbers(number, integer), 0 <=> CompareNumbers(integer, number)) << integer << " " << number;
    }
  }
}

}  // namespace
}  // namespace ochre
