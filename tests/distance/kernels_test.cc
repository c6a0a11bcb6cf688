#include "distance/kernels.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "hwy/highway.h"
#include "tests/distance/aligned_rows.h"
#include "tests/distance/wide_vectors.h"

namespace ochre {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr Space kSpaces[] = {Space::kL2, Space::kCosine, Space::kInnerProduct};

// The canonical order of kernels.h, written as it is defined there.
template <typename Term>
float CanonicalSum(const float* a, const float* b, int32_t dimension, Term term) {
  std::array<float, 32> lanes = {};
  for (int32_t i = 0; i < dimension; ++i) {
    const float rounded = term(a[i], b[i]);
    lanes[static_cast<size_t>(i % 32)] += rounded;
  }
  for (size_t count = 16; count >= 1; count /= 2) {
    for (size_t j = 0; j < count; ++j) lanes[j] += lanes[j + count];
  }
  return lanes[0];
}

float CanonicalL2(const float* a, const float* b, int32_t dimension) {
  return CanonicalSum(a, b, dimension, [](float x, float y) { return (x - y) * (x - y); });
}

float CanonicalDot(const float* a, const float* b, int32_t dimension) {
  return CanonicalSum(a, b, dimension, [](float x, float y) { return x * y; });
}

float CanonicalDistance(Space space, const float* a, const float* b, int32_t dimension) {
  if (space == Space::kL2) return CanonicalL2(a, b, dimension);
  const float dot = CanonicalDot(a, b, dimension);
  if (space == Space::kInnerProduct) return 1.0f - dot;
  return std::clamp(1.0f - dot * InverseNorm(a, dimension) * InverseNorm(b, dimension), 0.0f, 2.0f);
}

std::vector<int32_t> Dimensions() {
  std::vector<int32_t> dimensions;
  for (int32_t dimension = 1; dimension <= 70; ++dimension) dimensions.push_back(dimension);
  dimensions.insert(dimensions.end(), {100, 128, 384, 768, 1536});
  return dimensions;
}

// Runs a test on each instruction set that both the build and this CPU have.
class KernelsTest : public testing::TestWithParam<int64_t> {
 protected:
  void SetUp() override {
    hwy::SetSupportedTargetsForTest(GetParam());
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
    ASSERT_EQ(KernelTarget(), hwy::TargetName(GetParam()));
  }
  void TearDown() override {
    hwy::SetSupportedTargetsForTest(0);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
  }
};

std::vector<int64_t> TargetsToTest() {
  std::vector<int64_t> targets;
  for (const int64_t target : {HWY_AVX3, HWY_AVX2, HWY_SSE4, HWY_SSSE3, HWY_NEON, HWY_EMU128, HWY_SCALAR}) {
    if ((hwy::SupportedTargets() & HWY_TARGETS & target) != 0) targets.push_back(target);
  }
  return targets;
}

INSTANTIATE_TEST_SUITE_P(AllTargets, KernelsTest, testing::ValuesIn(TargetsToTest()),
                         [](const auto& info) { return std::string(hwy::TargetName(info.param)); });

TEST_P(KernelsTest, SumsOfUnalignedArraysHaveTheBitsOfTheCanonicalOrder) {
  for (const int32_t dimension : Dimensions()) {
    for (const size_t offset : {0, 1, 3}) {
      SCOPED_TRACE(testing::Message() << "dimension " << dimension << ", offset " << offset);
      const auto size = static_cast<size_t>(dimension);
      // Exactly as long as needed, so that a sanitizer sees a read past the end.
      std::vector<float> a = RandomFloats(offset + size, /*seed=*/1);
      std::vector<float> b = RandomFloats(size, /*seed=*/2);
      const float l2 = L2Squared(a.data() + offset, b.data(), dimension);
      EXPECT_EQ(std::bit_cast<uint32_t>(l2),
                std::bit_cast<uint32_t>(CanonicalL2(a.data() + offset, b.data(), dimension)));
      const float dot = DotProduct(a.data() + offset, b.data(), dimension);
      EXPECT_EQ(std::bit_cast<uint32_t>(dot),
                std::bit_cast<uint32_t>(CanonicalDot(a.data() + offset, b.data(), dimension)));
    }
  }
}

TEST_P(KernelsTest, EveryWayToARowGivesTheBitsOfTheCanonicalOrder) {
  constexpr int64_t kRows = 11;  // two blocks of four and a rest
  for (const int32_t dimension : Dimensions()) {
    const AlignedRows rows(RandomFloats(static_cast<size_t>(kRows * dimension), /*seed=*/3), dimension);
    const std::vector<float> embedding = RandomFloats(static_cast<size_t>(dimension), /*seed=*/4);
    const std::vector<uint32_t> ordinals = {7, 0, 10, 3, 3, 9, 1};
    for (const Space space : kSpaces) {
      SCOPED_TRACE(testing::Message() << "dimension " << dimension << ", space " << static_cast<int>(space));
      const PreparedQuery query(space, embedding.data(), dimension);
      std::vector<float> expected;
      for (int64_t row = 0; row < kRows; ++row) {
        expected.push_back(CanonicalDistance(space, embedding.data(), rows.span().Row(row), dimension));
      }

      std::vector<float> of_range(kRows);
      DistancesToRange(query, rows.span(), 0, kRows, of_range.data());
      EXPECT_EQ(of_range, expected);

      std::vector<float> of_ordinals(ordinals.size());
      DistancesToOrdinals(query, rows.span(), ordinals, of_ordinals.data());
      for (size_t i = 0; i < ordinals.size(); ++i) EXPECT_EQ(of_ordinals[i], expected[ordinals[i]]) << "place " << i;

      for (int64_t row = 0; row < kRows; ++row) {
        EXPECT_EQ(DistanceBetweenRows(space, query.row(), rows.span().Row(row), dimension), expected[row]);
      }
    }
  }
}

TEST_P(KernelsTest, ARangeMayStartAnywhereAndBeEmpty) {
  const int32_t dimension = 20;
  const AlignedRows rows(RandomFloats(9 * 20, /*seed=*/5), dimension);
  const PreparedQuery query(Space::kL2, rows.span().Row(8), dimension);
  std::vector<float> all(9);
  DistancesToRange(query, rows.span(), 0, 9, all.data());
  std::vector<float> part(3, -1.0f);
  DistancesToRange(query, rows.span(), 6, 3, part.data());
  EXPECT_EQ(part, std::vector<float>(all.begin() + 6, all.end()));
  EXPECT_EQ(part[2], 0.0f);
  DistancesToRange(query, rows.span(), 9, 0, nullptr);
  DistancesToOrdinals(query, rows.span(), {}, nullptr);
}

TEST_P(KernelsTest, AZeroVectorIsAtCosineDistanceOneFromEverything) {
  for (const int32_t dimension : {1, 16, 33}) {
    const auto size = static_cast<size_t>(dimension);
    std::vector<float> matrix(size, 0.0f);
    const std::vector<float> other = RandomFloats(size, /*seed=*/6);
    matrix.insert(matrix.end(), other.begin(), other.end());
    const AlignedRows rows(matrix, dimension);
    std::vector<float> distances(2);
    DistancesToRange(PreparedQuery(Space::kCosine, matrix.data(), dimension), rows.span(), 0, 2, distances.data());
    EXPECT_EQ(distances, (std::vector<float>{1.0f, 1.0f}));
    DistancesToRange(PreparedQuery(Space::kCosine, other.data(), dimension), rows.span(), 0, 1, distances.data());
    EXPECT_EQ(distances[0], 1.0f);
  }
}

TEST_P(KernelsTest, CosineDistancesStayInTheirRange) {
  const int32_t dimension = 37;
  for (uint32_t seed = 0; seed < 200; ++seed) {
    std::vector<float> matrix = RandomFloats(37, seed);
    for (size_t i = 0; i < 37; ++i) matrix.push_back(-3.0f * matrix[i]);
    const AlignedRows rows(matrix, dimension);
    std::vector<float> distances(2);
    DistancesToRange(PreparedQuery(Space::kCosine, matrix.data(), dimension), rows.span(), 0, 2, distances.data());
    ASSERT_GE(distances[0], 0.0f) << "seed " << seed;
    ASSERT_LT(distances[0], 1e-6f) << "seed " << seed;
    ASSERT_LE(distances[1], 2.0f) << "seed " << seed;
    ASSERT_GT(distances[1], 2.0f - 1e-6f) << "seed " << seed;
  }
}

// The distance of the rows of `matrix` (two embeddings), by its range.
float DistanceOf(Space space, const std::vector<float>& matrix) {
  const auto dimension = static_cast<int32_t>(matrix.size() / 2);
  const AlignedRows rows(matrix, dimension);
  float distance = -1;
  DistancesToRange(PreparedQuery(space, matrix.data(), dimension), rows.span(), 1, 1, &distance);
  return distance;
}

TEST_P(KernelsTest, CosineHoldsAtEveryMagnitude) {
  const float half_right_angle = 0.29289323f;
  for (const float magnitude : {1e-44f, 1e-40f, 1e-25f, 1e-22f, 1.0f, 2e19f, 1e30f, 3e38f}) {
    SCOPED_TRACE(testing::Message() << "magnitude " << magnitude);
    EXPECT_NEAR(DistanceOf(Space::kCosine, {magnitude, 0, magnitude, magnitude}), half_right_angle, 1e-7f);
    EXPECT_NEAR(DistanceOf(Space::kCosine, {magnitude, magnitude, magnitude, magnitude}), 0.0f, 1e-7f);
    EXPECT_EQ(DistanceOf(Space::kCosine, {magnitude, magnitude, magnitude, -magnitude}), 1.0f);
    EXPECT_EQ(DistanceOf(Space::kCosine, {magnitude, 0, -magnitude, 0}), 2.0f);
    EXPECT_NEAR(DistanceOf(Space::kCosine, {magnitude, 0, 1, 1}), half_right_angle, 1e-7f);
  }
}

TEST_P(KernelsTest, AVectorWhoseSquaresLeaveFloatIsAtCosineDistanceZeroFromItself) {
  for (const float magnitude : {1e-44f, 1e-40f, 1e-25f, 1e-22f, 2e19f, 1e30f, 1e38f}) {
    std::vector<float> matrix = RandomFloats(19, /*seed=*/7);
    for (float& value : matrix) value *= magnitude;
    matrix.insert(matrix.end(), matrix.begin(), matrix.begin() + 19);
    EXPECT_EQ(DistanceOf(Space::kCosine, matrix), 0.0f) << "magnitude " << magnitude;
  }
}

TEST_P(KernelsTest, SquaresAndProductsThatCancelOrVanishInFloatAreRight) {
  EXPECT_EQ(DistanceOf(Space::kInnerProduct, {3e38f, 3e38f, 3e38f, -3e38f}), 1.0f);
  EXPECT_EQ(DistanceOf(Space::kInnerProduct, {0x1p127f, 1e19f, 0x1p-125f, 0}), -3.0f);
  EXPECT_EQ(DistanceOf(Space::kL2, {0x1p-70f, 0, 0, 0}), 0x1p-140f);
  std::vector<float> eight_quarters(16, 0.0f);  // each square is 2^-152, all of them 2^-149, the least float
  std::fill_n(eight_quarters.begin(), 8, 0x1p-76f);
  EXPECT_EQ(DistanceOf(Space::kL2, eight_quarters), 0x1p-149f);
}

TEST_P(KernelsTest, DistancesBeyondFloatAreInfinite) {
  EXPECT_EQ(DistanceOf(Space::kL2, {3e38f, 3e38f, 3e38f, -3e38f}), kInfinity);
  EXPECT_EQ(DistanceOf(Space::kInnerProduct, {3e38f, 3e38f, 3e38f, 3e38f}), -kInfinity);
  EXPECT_EQ(DistanceOf(Space::kInnerProduct, {3e38f, 3e38f, -3e38f, -3e38f}), kInfinity);
}

TEST_P(KernelsTest, WhatIsNoNumberIsAtInfinity) {
  for (const Space space : kSpaces) {
    EXPECT_EQ(DistanceOf(space, {1, 2, std::numeric_limits<float>::quiet_NaN(), 1}), kInfinity);
  }
  EXPECT_EQ(DistanceOf(Space::kCosine, {1, 2, kInfinity, 1}), kInfinity);
}

TEST_P(KernelsTest, DistancesOfAnyMagnitudesAreRight) {
  constexpr int64_t kRows = 7;
  for (uint32_t seed = 0; seed < 3000; ++seed) {
    std::mt19937 random(seed);
    const int32_t dimension = std::uniform_int_distribution<int32_t>(1, 70)(random);
    const int32_t exponent = std::uniform_int_distribution<int32_t>(-149, 127)(random);
    std::vector<float> matrix;
    for (int64_t row = 0; row < kRows; ++row) {  // of one magnitude, which their squares may leave, or of any
      const std::vector<float> vector =
          seed % 2 == 0 ? WideVector(random, dimension, exponent, 3) : WideVector(random, dimension);
      matrix.insert(matrix.end(), vector.begin(), vector.end());
    }
    const AlignedRows rows(matrix, dimension);
    for (const Space space : kSpaces) {
      std::vector<float> distances(kRows);
      DistancesToRange(PreparedQuery(space, matrix.data(), dimension), rows.span(), 0, kRows, distances.data());
      for (int64_t row = 0; row < kRows; ++row) {
        const TrueDistance expected = TrueDistanceOf(space, matrix.data(), rows.span().Row(row), dimension);
        const float distance = distances[static_cast<size_t>(row)];
        ASSERT_TRUE(expected.Is(distance))
            << distance << " instead of " << static_cast<double>(expected.value) << ": row " << row << ", dimension "
            << dimension << ", space " << static_cast<int>(space) << ", seed " << seed;
        float back;
        DistancesToRange(PreparedQuery(space, rows.span().Row(row), dimension), rows.span(), 0, 1, &back);
        ASSERT_TRUE(expected.Is(back)) << "row " << row << ", space " << static_cast<int>(space) << ", seed " << seed;
      }
    }
  }
}

TEST(InverseNormTest, IsOneOverTheEuclideanNorm) {
  const std::vector<float> a = {3.0f, 0.0f, 0.0f, 0.0f, 4.0f};
  EXPECT_EQ(InverseNorm(a.data(), 5), 0.2f);
}

TEST(InverseNormTest, IsExactWhereTheSquaresDoNotFitIntoFloat) {
  const std::vector<float> tiny = {3e-30f, 4e-30f};
  EXPECT_FLOAT_EQ(InverseNorm(tiny.data(), 2), 2e29f);
  const std::vector<float> huge = {3e30f, 4e30f};
  EXPECT_FLOAT_EQ(InverseNorm(huge.data(), 2), 2e-31f);
}

TEST(InverseNormTest, IsZeroWhereThereIsNone) {
  const float zero = 0.0f;
  EXPECT_EQ(InverseNorm(&zero, 1), 0.0f);
  const float too_small = 1e-40f;  // its inverse overflows
  EXPECT_EQ(InverseNorm(&too_small, 1), 0.0f);
  const float nan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(InverseNorm(&nan, 1), 0.0f);
}

TEST(PreparedQueryTest, HasTheLayoutOfARowAndKeepsItWhenMoved) {
  const std::vector<float> embedding = {3.0f, 4.0f};
  PreparedQuery query(Space::kCosine, embedding.data(), 2);
  const PreparedQuery moved = std::move(query);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(moved.row()) % 64, 0u);
  EXPECT_EQ(std::vector<float>(moved.row(), moved.row() + RowStride(2)),
            (std::vector<float>{3.0f, 4.0f, 0.2f, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}));
  EXPECT_EQ(moved.inverse_norm(), 0.2f);
}

}  // namespace
}  // namespace ochre
