#include "distance/code_scan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <tuple>

#include "distance/scan.h"
#include "tests/distance/aligned_rows.h"
#include "tests/distance/coded_rows.h"

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
