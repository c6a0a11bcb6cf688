#include "distance/codes.h"

#include <gtest/gtest.h>
#include <hwy/targets.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <memory>
#include <numeric>
#include <string>
#include <tuple>

#include "tests/distance/aligned_rows.h"
#include "tests/distance/coded_rows.h"

namespace ochre {
namespace {

std::vector<float> CodeDistances(const CodeQuery& query, const CodesSpan& codes) {
  std::vector<float> distances(static_cast<size_t>(codes.row_count));
  CodeDistancesToRange(query, codes, 0, codes.row_count, distances.data());
  return distances;
}

std::vector<float> Distances(const PreparedQuery& query, const RowsSpan& rows) {
  std::vector<float> distances(static_cast<size_t>(rows.row_count));
  DistancesToRange(query, rows, 0, rows.row_count, distances.data());
  return distances;
}

// What a code distance stands for.
float InCodeTerms(Space space, float distance) { return space == Space::kCosine ? 2 * distance : distance; }

class CodesTest : public testing::TestWithParam<std::tuple<Space, Quantization, int32_t>> {
 protected:
  Space space() const { return std::get<0>(GetParam()); }
  Quantization quantization() const { return std::get<1>(GetParam()); }
  int32_t dimension() const { return std::get<2>(GetParam()); }
};

constexpr size_t kRows = 61;  // not a multiple of the rows that a kernel takes at once

TEST_P(CodesTest, DistancesStayWithinTheBoundsOfTheCodes) {
  const auto width = static_cast<size_t>(dimension());
  std::vector<float> floats = RandomFloats(kRows * width, 1);
  for (float& value : floats) value += 2;  // a mean that is worth subtracting
  const AlignedRows rows(floats, dimension());
  const Quantizer quantizer = Quantizer::Train(space(), quantization(), rows.span());
  const CodedRows codes(quantizer, rows.span());
  ASSERT_TRUE(codes.encodable());
  for (uint32_t seed = 2; seed < 6; ++seed) {
    const PreparedQuery query(space(), RandomFloats(width, seed).data(), dimension());
    const CodeQuery code_query = quantizer.Prepare(query);
    const std::vector<float> exact = Distances(query, rows.span());
    const std::vector<float> coded = CodeDistances(code_query, codes.span());
    for (size_t i = 0; i < kRows; ++i) {
      for (size_t j = 0; j < kRows; ++j) {
        if (exact[j] > exact[i]) continue;
        EXPECT_LE(coded[j], code_query.Reach(coded[i], codes.bounds()))
            << "row " << j << " is nearer than row " << i << ", seed " << seed;
        // Of some 10,000 pairs, hardly one.
        EXPECT_LE(coded[j], code_query.LikelyReach(coded[i], codes.bounds()))
            << "row " << j << " is nearer than row " << i << ", seed " << seed;
      }
      EXPECT_LE(coded[i], code_query.LikelyReach(coded[i], codes.bounds()));
    }
  }
}

TEST_P(CodesTest, Int8DistancesAreCloseAndLvq4OnesRoughlyRight) {
  const auto width = static_cast<size_t>(dimension());
  const AlignedRows rows(RandomFloats(kRows * width, 7), dimension());
  const Quantizer quantizer = Quantizer::Train(space(), quantization(), rows.span());
  const CodedRows codes(quantizer, rows.span());
  const PreparedQuery query(space(), RandomFloats(width, 8).data(), dimension());
  const std::vector<float> exact = Distances(query, rows.span());
  const std::vector<float> coded = CodeDistances(quantizer.Prepare(query), codes.span());
  // Of the scale of the distances: 127 steps to the largest element, or 7.5, and errors that mostly cancel out.
  const float scale = space() == Space::kCosine ? 2.0f : static_cast<float>(2 * width);
  const float tolerance = (quantization() == Quantization::kInt8 ? 0.02f : 0.3f) * scale;
  for (size_t i = 0; i < kRows; ++i) EXPECT_NEAR(coded[i], InCodeTerms(space(), exact[i]), tolerance) << "row " << i;
}

TEST_P(CodesTest, OrdinalsAndRangesGiveTheSameBits) {
  const auto width = static_cast<size_t>(dimension());
  const AlignedRows rows(RandomFloats(kRows * width, 9), dimension());
  const Quantizer quantizer = Quantizer::Train(space(), quantization(), rows.span());
  const CodedRows codes(quantizer, rows.span());
  const PreparedQuery query(space(), RandomFloats(width, 10).data(), dimension());
  const CodeQuery code_query = quantizer.Prepare(query);
  const std::vector<float> all = CodeDistances(code_query, codes.span());
  const std::vector<uint32_t> ordinals = {60, 0, 31, 7, 7, 59, 1};
  std::vector<float> some(ordinals.size());
  CodeDistancesToOrdinals(code_query, codes.span(), ordinals, some.data());
  for (size_t i = 0; i < ordinals.size(); ++i) EXPECT_EQ(some[i], all[ordinals[i]]);
}

TEST_P(CodesTest, EveryInstructionSetGivesTheSameBits) {
  const auto width = static_cast<size_t>(dimension());
  const AlignedRows rows(RandomFloats(kRows * width, 11), dimension());
  const Quantizer quantizer = Quantizer::Train(space(), quantization(), rows.span());
  const CodedRows codes(quantizer, rows.span());
  const PreparedQuery query(space(), RandomFloats(width, 12).data(), dimension());
  const CodeQuery code_query = quantizer.Prepare(query);
  const std::vector<float> best = CodeDistances(code_query, codes.span());
  for (int64_t targets = hwy::SupportedTargets(); targets != 0; targets &= targets - 1) {
    const int64_t target = targets & -targets;
    hwy::SetSupportedTargetsForTest(target);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
    EXPECT_EQ(CodeDistances(code_query, codes.span()), best) << hwy::TargetName(target);
    const CodedRows again(quantizer, rows.span());
    EXPECT_EQ(std::memcmp(again.span().data, codes.span().data,
                          static_cast<size_t>(rows.span().row_count * quantizer.stride())),
              0)
        << hwy::TargetName(target);
    EXPECT_EQ(CodeDistances(quantizer.Prepare(query), codes.span()), best) << hwy::TargetName(target);
    hwy::SetSupportedTargetsForTest(0);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
  }
}

// Of a file whose checksums were made to fit: what sorts and keeps distances relies on their order.
TEST_P(CodesTest, NoDistanceIsNanWhateverTheCodesSay) {
  const auto width = static_cast<size_t>(dimension());
  const AlignedRows rows(RandomFloats(kRows * width, 14), dimension());
  const Quantizer quantizer = Quantizer::Train(space(), quantization(), rows.span());
  const CodedRows codes(quantizer, rows.span());
  const PreparedQuery query(space(), RandomFloats(width, 15).data(), dimension());
  const CodeQuery code_query = quantizer.Prepare(query);
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  constexpr float kMax = std::numeric_limits<float>::max();
  const int64_t stride = quantizer.stride();
  std::vector<std::byte> forged(static_cast<size_t>(kRows * stride) + 63);
  const size_t aligned = (64 - reinterpret_cast<uintptr_t>(forged.data()) % 64) % 64;
  for (const float scale : {std::nanf(""), kInfinity, -kInfinity, kMax, 0.0f}) {
    for (const float norm : {std::nanf(""), kInfinity, -kInfinity, kMax, -kMax, 0.0f}) {
      std::memcpy(forged.data() + aligned, codes.span().data, static_cast<size_t>(kRows * stride));
      for (int64_t row = 0; row < static_cast<int64_t>(kRows); ++row) {
        std::byte* trailer = forged.data() + aligned + (row + 1) * stride - kCodeTrailerBytes;
        std::memcpy(trailer, &scale, sizeof(scale));
        std::memcpy(trailer + sizeof(scale), &norm, sizeof(norm));
      }
      const CodesSpan span = {forged.data() + aligned, kRows, dimension(), quantization()};
      for (const float distance : CodeDistances(code_query, span)) {
        ASSERT_FALSE(std::isnan(distance)) << "scale " << scale << ", norm " << norm;
      }
    }
  }
}

TEST_P(CodesTest, EqualRowsHaveEqualCodes) {
  const auto width = static_cast<size_t>(dimension());
  std::vector<float> floats = RandomFloats(width, 13);
  floats.insert(floats.end(), floats.begin(), floats.begin() + static_cast<std::ptrdiff_t>(width));
  const AlignedRows rows(floats, dimension());
  const CodedRows codes(Quantizer(space(), quantization(), dimension(), {}), rows.span());
  EXPECT_EQ(std::memcmp(codes.span().Row(0), codes.span().Row(1), static_cast<size_t>(codes.span().stride())), 0);
}

INSTANTIATE_TEST_SUITE_P(Shapes, CodesTest,
                         testing::Combine(testing::Values(Space::kL2, Space::kCosine, Space::kInnerProduct),
                                          testing::Values(Quantization::kInt8, Quantization::kLvq4),
                                          testing::Values(1, 3, 52, 53, 63, 64, 100, 129, 768)));

TEST(RowQueryTest, ARowIsItsOwnQuery) {
  constexpr int32_t kDimension = 100;
  const AlignedRows rows(RandomFloats(kRows * kDimension, 14), kDimension);
  for (const Space space : {Space::kL2, Space::kCosine, Space::kInnerProduct}) {
    const Quantizer quantizer = Quantizer::Train(space, Quantization::kInt8, rows.span());
    const CodedRows codes(quantizer, rows.span());
    CodeQuery a = quantizer.MakeRowQuery();
    CodeQuery b = quantizer.MakeRowQuery();
    for (uint32_t i = 1; i < kRows; ++i) {
      quantizer.PrepareFromCode(codes.span().Row(0), &a);
      quantizer.PrepareFromCode(codes.span().Row(i), &b);
      const uint32_t zero = 0;
      float from_a, from_b, from_b_to_b;
      CodeDistancesToOrdinals(a, codes.span(), {&i, 1}, &from_a);
      CodeDistancesToOrdinals(b, codes.span(), {&zero, 1}, &from_b);
      CodeDistancesToOrdinals(b, codes.span(), {&i, 1}, &from_b_to_b);
      EXPECT_NEAR(from_a, from_b, 1e-4f * std::fabs(from_b) + 1e-6f);
      if (space != Space::kInnerProduct) {
        EXPECT_NEAR(from_b_to_b, 0, 1e-3f);
      }
    }
  }
}

TEST(ZeroVectorTest, IsAtDistanceOneInCosineSpace) {
  const AlignedRows rows({0, 0, 1, 2, 2, 1}, 2);
  const Quantizer quantizer = Quantizer::Train(Space::kCosine, Quantization::kInt8, rows.span());
  const CodedRows codes(quantizer, rows.span());
  ASSERT_TRUE(codes.encodable());
  const std::vector<float> query = {1, 1}, zero = {0, 0};
  EXPECT_EQ(CodeDistances(quantizer.Prepare({Space::kCosine, query.data(), 2}), codes.span())[0], 2.0f);
  EXPECT_EQ(CodeDistances(quantizer.Prepare({Space::kCosine, zero.data(), 2}), codes.span()),
            (std::vector<float>{2, 2, 2}));
}

TEST(EncodeTest, RefusesWhatNoFloatCanMeasure) {
  constexpr float kHuge = 1e38f;
  const AlignedRows rows({kHuge, kHuge, kHuge, -kHuge, 1, 1}, 2);
  for (const Space space : {Space::kL2, Space::kInnerProduct}) {
    const CodedRows codes(Quantizer(space, Quantization::kInt8, 2, {}), rows.span());
    EXPECT_FALSE(codes.encodable());
  }
  // Normalised, it is like any other.
  EXPECT_TRUE(CodedRows(Quantizer(Space::kCosine, Quantization::kInt8, 2, {}), rows.span()).encodable());
}

TEST(EncodeTest, TakesAnyNormInCosineSpace) {
  for (const float magnitude : {1e-44f, 1e-40f, 1e-25f, 1.0f, 2e19f, 3e38f}) {
    SCOPED_TRACE(testing::Message() << "magnitude " << magnitude);
    const AlignedRows rows({magnitude, 0, magnitude, magnitude, -magnitude, 0}, 2);
    const CodedRows codes(Quantizer(Space::kCosine, Quantization::kInt8, 2, {}), rows.span());
    ASSERT_TRUE(codes.encodable());
    EXPECT_LT(codes.bounds().error, 0.01f);
    const Quantizer quantizer(Space::kCosine, Quantization::kInt8, 2, {});
    const std::vector<float> query = {magnitude, 0};
    const std::vector<float> distances =
        CodeDistances(quantizer.Prepare({Space::kCosine, query.data(), 2}), codes.span());
    EXPECT_NEAR(distances[0], 0, 1e-3f);
    EXPECT_NEAR(distances[1], 2 * 0.29289323f, 1e-2f);
    EXPECT_NEAR(distances[2], 4, 1e-2f);
  }
}

TEST(EncodeTest, ErrorsAreRightWhereTheirSquaresVanish) {
  const AlignedRows rows({1e-25f, 3.3e-26f, 1e-38f, 1e-39f}, 2);
  for (const Space space : {Space::kL2, Space::kInnerProduct}) {
    const Quantizer quantizer(space, Quantization::kInt8, 2, {});
    CodeBounds bounds;
    std::vector<std::byte> code(static_cast<size_t>(quantizer.stride()));
    ASSERT_TRUE(quantizer.Encode(rows.span().Row(0), code.data(), &bounds));
    EXPECT_GT(bounds.error, 1e-30f);
    EXPECT_LT(bounds.error, 1e-27f);
    EXPECT_NEAR(bounds.norm, 1.053e-25f, 1e-27f);
    bounds = {};
    ASSERT_TRUE(quantizer.Encode(rows.span().Row(1), code.data(), &bounds));  // too small for a scale: decodes to zero
    EXPECT_EQ(bounds.norm, 0.0f);
    EXPECT_NEAR(bounds.error, 1.005e-38f, 1e-40f);
  }
}

TEST(PrepareTest, AQueryTooLargeForCodesIsAtInfinityAndLeavesNothingOut) {
  const AlignedRows rows({1, 2, 3, 4}, 2);
  const Quantizer quantizer = Quantizer::Train(Space::kL2, Quantization::kInt8, rows.span());
  const CodedRows codes(quantizer, rows.span());
  const std::vector<float> huge = {3e38f, -3e38f};
  const CodeQuery query = quantizer.Prepare({Space::kL2, huge.data(), 2});
  EXPECT_FALSE(query.is_measurable());
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  EXPECT_EQ(CodeDistances(query, codes.span()), (std::vector<float>{kInfinity, kInfinity}));
  EXPECT_EQ(query.Reach(kInfinity, codes.bounds()), kInfinity);
  EXPECT_EQ(query.LikelyReach(kInfinity, codes.bounds()), kInfinity);
}

TEST(EncodeTest, TakesTinyAndConstantVectors) {
  const float tiny = std::numeric_limits<float>::denorm_min();
  const AlignedRows rows({tiny, -tiny, 5, 5, 5, 5}, 2);
  for (const Quantization quantization : {Quantization::kInt8, Quantization::kLvq4}) {
    const Quantizer quantizer(Space::kL2, quantization, 2, {5, 5});
    const CodedRows codes(quantizer, rows.span());
    ASSERT_TRUE(codes.encodable());
    const std::vector<float> query = {5, 5};
    const std::vector<float> distances = CodeDistances(quantizer.Prepare({Space::kL2, query.data(), 2}), codes.span());
    EXPECT_NEAR(distances[0], 50, 5);
    EXPECT_EQ(distances[1], 0);
  }
}

}  // namespace
}  // namespace ochre
