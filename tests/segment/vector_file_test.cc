#include "segment/vector_file.h"

#include <gtest/gtest.h>

#include <cmath>

#include "storage/memory_storage.h"
#include "tests/support/expect_ok.h"
#include "tests/support/must.h"

namespace ochre {
namespace {

constexpr int32_t kDimension = 20;

std::vector<float> Embedding(int row) {
  std::vector<float> values(kDimension);
  for (int i = 0; i < kDimension; ++i) values[static_cast<size_t>(i)] = static_cast<float>(row * 100 + i);
  return values;
}

BlobInfo Write(Storage& storage, int row_count) {
  auto writer = Must(VectorFileWriter::Create(storage, "vectors.f32", row_count, kDimension));
  std::vector<float> row(static_cast<size_t>(RowStride(kDimension)));
  for (int i = 0; i < row_count; ++i) {
    FillRow(Embedding(i).data(), kDimension, row.data());
    Must(writer->Add(row.data()));
  }
  return Must(writer->Finish());
}

TEST(VectorFileTest, RowsComeBackAlignedWithTheirInverseNorms) {
  MemoryStorage storage;
  ASSERT_OK_AND_ASSIGN(const auto blob, VerifiedBlob::Open(storage, Write(storage, 300)));
  ASSERT_OK_AND_ASSIGN(const VectorFile file, VectorFile::Open(*blob, 300, kDimension));
  ASSERT_OK_AND_ASSIGN(const RowsSpan rows, file.Rows());
  EXPECT_EQ(rows.row_count, 300);
  EXPECT_EQ(rows.dimension, kDimension);
  for (int i = 0; i < 300; ++i) {
    const float* row = rows.Row(i);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(row) % 64, 0u);
    const std::vector<float> expected = Embedding(i);
    ASSERT_TRUE(std::equal(expected.begin(), expected.end(), row)) << i;
    double norm = 0;
    for (const float value : expected) norm += static_cast<double>(value) * value;
    EXPECT_FLOAT_EQ(row[kDimension], static_cast<float>(1 / std::sqrt(norm))) << i;
    ASSERT_OK_AND_ASSIGN(const float* single, file.Row(Ordinal{static_cast<uint32_t>(i)}));
    EXPECT_EQ(single, row);
  }
}

TEST(VectorFileTest, AnotherShapeThanTheManifestsIsDataLoss) {
  MemoryStorage storage;
  ASSERT_OK_AND_ASSIGN(const auto blob, VerifiedBlob::Open(storage, Write(storage, 10)));
  EXPECT_OK(VectorFile::Open(*blob, 10, kDimension));
  EXPECT_EQ(VectorFile::Open(*blob, 9, kDimension).status().code(), StatusCode::kDataLoss);
  EXPECT_EQ(VectorFile::Open(*blob, 11, kDimension).status().code(), StatusCode::kDataLoss);
  EXPECT_EQ(VectorFile::Open(*blob, 10, kDimension + 1).status().code(), StatusCode::kDataLoss);
}

TEST(VectorFileTest, OnlyTheRowsThatAreAskedForAreVerified) {
  MemoryStorage storage;
  BlobInfo info = Write(storage, 2'000);  // 128 bytes a row: 4 blocks of 64 KiB
  ASSERT_EQ(info.block_checksums.size(), 4u);
  info.block_checksums[2] ^= 1;  // as if a byte of the rows 1,024 to 1,535 had changed
  ASSERT_OK_AND_ASSIGN(const auto blob, VerifiedBlob::Open(storage, info));
  ASSERT_OK_AND_ASSIGN(const VectorFile file, VectorFile::Open(*blob, 2'000, kDimension));
  const std::vector<uint32_t> good = {0, 500, 1'999}, bad = {0, 1'200};
  ASSERT_OK_AND_ASSIGN(const RowsSpan rows, file.RowsWith(good));
  for (const uint32_t row : good) EXPECT_EQ(rows.Row(row)[3], Embedding(static_cast<int>(row))[3]);
  EXPECT_EQ(file.RowsWith(bad).status().code(), StatusCode::kDataLoss);
  EXPECT_EQ(file.Rows().status().code(), StatusCode::kDataLoss);
}

}  // namespace
}  // namespace ochre
