#include "distance/code_scan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <tuple>

#include "distance/scan.h"
#include "tests/distance/aligned_rows.h"
#include "tests/distance/coded_rows.h"
#include "tests/distance/wide_vectors.h"

namespace ochre {
namespace {

constexpr int32_t kDimension = 24;
constexpr size_t kRows = 3'000;

std::vector<PreparedQuery> MakeQueries(Space space, int count) {
  const std::vector<float> matrix = RandomFloats(static_cast<size_t>(count * kDimension), /*seed=*/2);
  std::vector<PreparedQuery> queries;
  for (int q = 0; q < count; ++q) queries.emplace_back(space, matrix.data() + q * kDimension, kDimension);
  return queries;
}

std::vector<CodeQuery> Prepare(const Quantizer& quantizer, std::span<const PreparedQuery> queries) {
  std::vector<CodeQuery> prepared;
  for (const PreparedQuery& query : queries) prepared.push_back(quantizer.Prepare(query));
  return prepared;
}

// Random rows, of which every tenth repeats an earlier one, and one is zero.
class CodeScanTest : public testing::TestWithParam<std::tuple<Space, Quantization>> {
 protected:
  static std::vector<float> Matrix() {
    std::vector<float> matrix = RandomFloats(kRows * kDimension, /*seed=*/1);
    for (size_t row = 10; row < kRows; row += 10) {
      std::copy_n(matrix.begin() + static_cast<std::ptrdiff_t>(row / 2 * kDimension), kDimension,
                  matrix.begin() + static_cast<std::ptrdiff_t>(row * kDimension));
    }
    std::fill_n(matrix.begin() + 77 * kDimension, kDimension, 0.0f);
    return matrix;
  }

  Space space() const { return std::get<0>(GetParam()); }

  AlignedRows rows_{Matrix(), kDimension};
  Quantizer quantizer_ = Quantizer::Train(space(), std::get<1>(GetParam()), rows_.span());
  CodedRows codes_{quantizer_, rows_.span()};
  std::vector<PreparedQuery> queries_ = MakeQueries(space(), 7);
  std::vector<CodeQuery> code_queries_ = Prepare(quantizer_, queries_);
};

INSTANTIATE_TEST_SUITE_P(All, CodeScanTest,
                         testing::Combine(testing::Values(Space::kL2, Space::kCosine, Space::kInnerProduct),
                                          testing::Values(Quantization::kInt8, Quantization::kLvq4)));

TEST_P(CodeScanTest, WhatItKeepsHoldsTheExactAnswerAndLittleMore) {
  for (const int64_t k : {1, 10, 300}) {
    const auto exact = ScanAll(queries_, rows_.span(), k);
    const auto kept = ScanAllCodes(code_queries_, codes_.span(), codes_.bounds(), k);
    ASSERT_EQ(kept.size(), queries_.size());
    for (size_t q = 0; q < kept.size(); ++q) {
      EXPECT_EQ(ScanCandidates({&queries_[q], 1}, rows_.span(), kept[q], k).front(), exact[q]) << "k " << k;
      EXPECT_LT(kept[q].size(), kRows) << "nothing was left out";
    }
  }
}

TEST_P(CodeScanTest, OnlyCandidatesAreKept) {
  std::vector<uint32_t> candidates;
  for (uint32_t row = 3; row < kRows; row += 1 + row % 5) candidates.push_back(row);
  const auto exact = ScanCandidates(queries_, rows_.span(), candidates, 10);
  const auto kept = ScanCandidateCodes(code_queries_, codes_.span(), codes_.bounds(), candidates, 10);
  for (size_t q = 0; q < kept.size(); ++q) {
    EXPECT_TRUE(std::includes(candidates.begin(), candidates.end(), kept[q].begin(), kept[q].end()));
    EXPECT_EQ(ScanCandidates({&queries_[q], 1}, rows_.span(), kept[q], 10).front(), exact[q]);
  }
}

TEST_P(CodeScanTest, AllAreKeptWhereMoreAreWanted) {
  const std::vector<uint32_t> candidates = {5, 80, 2'999};
  for (const auto& kept : ScanCandidateCodes(code_queries_, codes_.span(), codes_.bounds(), candidates, 3)) {
    EXPECT_EQ(kept, candidates);
  }
  for (const auto& kept : ScanAllCodes(code_queries_, codes_.span(), codes_.bounds(), kRows + 1)) {
    EXPECT_EQ(kept.size(), kRows);
  }
}

// Rows of one magnitude or of all, and queries of it or of any other.
TEST(WideCodeScanTest, TheExactAnswerIsKeptAtEveryMagnitude) {
  constexpr int64_t kWideRows = 100, kNearest = 5;
  int encoded = 0, refused = 0;
  for (uint32_t seed = 0; seed < 600; ++seed) {
    std::mt19937 random(seed);
    const int32_t dimension = std::uniform_int_distribution<int32_t>(1, 40)(random);
    const int32_t exponent = std::uniform_int_distribution<int32_t>(-149, 127)(random);
    const auto draw = [&] {
      return seed % 3 == 0 ? WideVector(random, dimension) : WideVector(random, dimension, exponent, 2);
    };
    std::vector<float> matrix;
    for (int64_t row = 0; row < kWideRows; ++row) {
      const std::vector<float> vector = draw();
      matrix.insert(matrix.end(), vector.begin(), vector.end());
    }
    const AlignedRows rows(matrix, dimension);
    for (const Space space : {Space::kL2, Space::kCosine, Space::kInnerProduct}) {
      std::vector<PreparedQuery> queries;
      queries.emplace_back(space, matrix.data(), dimension);
      queries.emplace_back(space, draw().data(), dimension);
      queries.emplace_back(space, WideVector(random, dimension).data(), dimension);
      for (const Quantization quantization : {Quantization::kInt8, Quantization::kLvq4}) {
        const Quantizer quantizer = Quantizer::Train(space, quantization, rows.span());
        const CodedRows codes(quantizer, rows.span());
        ++(codes.encodable() ? encoded : refused);
        if (!codes.encodable()) {
          ASSERT_NE(space, Space::kCosine) << "seed " << seed;
          continue;
        }
        const auto exact = ScanAll(queries, rows.span(), kNearest);
        const auto kept = ScanAllCodes(Prepare(quantizer, queries), codes.span(), codes.bounds(), kNearest);
        for (size_t q = 0; q < queries.size(); ++q) {
          ASSERT_EQ(ScanCandidates({&queries[q], 1}, rows.span(), kept[q], kNearest).front(), exact[q])
              << "query " << q << ", dimension " << dimension << ", space " << static_cast<int>(space)
              << ", quantization " << static_cast<int>(quantization) << ", seed " << seed;
        }
      }
    }
  }
  EXPECT_GT(encoded, refused);
}

// In cosine space magnitudes do not count: neither do they for how much a scan leaves out.
TEST(WideCodeScanTest, CosineCodesLeaveOutAsMuchAtEveryMagnitude) {
  for (const float magnitude : {1e-43f, 1e-25f, 1e-10f, 1e19f, 2e37f}) {
    std::vector<float> matrix = RandomFloats(kRows * kDimension, /*seed=*/1);
    for (float& value : matrix) value *= magnitude;
    const AlignedRows rows(matrix, kDimension);
    const Quantizer quantizer = Quantizer::Train(Space::kCosine, Quantization::kInt8, rows.span());
    const CodedRows codes(quantizer, rows.span());
    ASSERT_TRUE(codes.encodable());
    const std::vector<PreparedQuery> queries = MakeQueries(Space::kCosine, 7);
    for (const auto& kept : ScanAllCodes(Prepare(quantizer, queries), codes.span(), codes.bounds(), 10)) {
      EXPECT_LT(kept.size(), 80u) << "magnitude " << magnitude;
    }
  }
}

TEST(CodeScanTest, Int8CodesLeaveFewRowsToCompare) {
  const AlignedRows rows(RandomFloats(kRows * kDimension, /*seed=*/1), kDimension);
  const Quantizer quantizer = Quantizer::Train(Space::kL2, Quantization::kInt8, rows.span());
  const CodedRows codes(quantizer, rows.span());
  const std::vector<PreparedQuery> queries = MakeQueries(Space::kL2, 7);
  for (const auto& kept : ScanAllCodes(Prepare(quantizer, queries), codes.span(), codes.bounds(), 10)) {
    EXPECT_LT(kept.size(), 60u);
  }
}

}  // namespace
}  // namespace ochre
