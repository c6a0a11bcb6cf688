#include "segment/code_file.h"

#include <gtest/gtest.h>

#include <cstring>

#include "storage/memory_storage.h"
#include "tests/distance/aligned_rows.h"
#include "tests/distance/coded_rows.h"
#include "tests/support/expect_ok.h"
#include "tests/support/must.h"

namespace ochre {
namespace {

constexpr int32_t kDimension = 21;
constexpr int64_t kRows = 100;

BlobInfo WriteBytes(Storage& storage, std::span<const std::byte> bytes, const std::string& name) {
  auto writer = Must(storage.Create(name));
  Must(writer->Append(bytes));
  return Must(writer->Finish());
}

class CodeFileTest : public testing::TestWithParam<Quantization> {
 protected:
  CodeFileTest() {
    auto writer = Must(storage_.Create("codes.bin"));
    Must(AppendCodes(quantizer_, codes_.span(), codes_.bounds(), *writer));
    info_ = Must(writer->Finish());
  }

  AlignedRows rows_{RandomFloats(kRows * kDimension, /*seed=*/1), kDimension};
  Quantizer quantizer_ = Quantizer::Train(Space::kCosine, GetParam(), rows_.span());
  CodedRows codes_{quantizer_, rows_.span()};
  MemoryStorage storage_;
  BlobInfo info_;
};

INSTANTIATE_TEST_SUITE_P(Quantizations, CodeFileTest, testing::Values(Quantization::kInt8, Quantization::kLvq4));

TEST_P(CodeFileTest, CodesAndQuantizerComeBack) {
  ASSERT_OK_AND_ASSIGN(const auto blob, VerifiedBlob::Open(storage_, info_));
  ASSERT_OK_AND_ASSIGN(const CodeFile file, CodeFile::Open(*blob, Space::kCosine, kRows, kDimension));
  EXPECT_EQ(file.quantizer.quantization(), GetParam());
  EXPECT_TRUE(std::equal(file.quantizer.mean().begin(), file.quantizer.mean().end(), quantizer_.mean().begin()));
  EXPECT_EQ(file.bounds.error, codes_.bounds().error);
  EXPECT_EQ(file.bounds.norm, codes_.bounds().norm);
  ASSERT_EQ(file.codes.row_count, kRows);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(file.codes.data) % 64, 0u);
  EXPECT_EQ(std::memcmp(file.codes.data, codes_.span().data, static_cast<size_t>(kRows * quantizer_.stride())), 0);
}

TEST_P(CodeFileTest, AnotherShapeThanTheManifestsIsDataLoss) {
  ASSERT_OK_AND_ASSIGN(const auto blob, VerifiedBlob::Open(storage_, info_));
  EXPECT_EQ(CodeFile::Open(*blob, Space::kCosine, kRows + 1, kDimension).status().code(), StatusCode::kDataLoss);
  EXPECT_EQ(CodeFile::Open(*blob, Space::kCosine, kRows, kDimension + 1).status().code(), StatusCode::kDataLoss);
}

// Bytes that match their checksums but make no sense: a faulty writer's, or an attacker's.
TEST_P(CodeFileTest, ABadHeaderIsDataLoss) {
  ASSERT_OK_AND_ASSIGN(const auto blob, VerifiedBlob::Open(storage_, info_));
  ASSERT_OK_AND_ASSIGN(const auto good, blob->ReadAll());
  int file_number = 0;
  const auto code_with = [&](size_t offset, uint32_t value, size_t size) {
    std::vector<std::byte> bytes(good.begin(), good.end());
    if (offset + sizeof(value) <= bytes.size()) std::memcpy(bytes.data() + offset, &value, sizeof(value));
    bytes.resize(size);
    const BlobInfo info = WriteBytes(storage_, bytes, "bad" + std::to_string(++file_number));
    const auto bad = Must(VerifiedBlob::Open(storage_, info));
    return CodeFile::Open(*bad, Space::kCosine, kRows, kDimension).status().code();
  };
  constexpr uint32_t kNan = 0x7FC00000;
  EXPECT_EQ(code_with(good.size(), 0, good.size()), StatusCode::kOk);
  EXPECT_EQ(code_with(12, 3, good.size()), StatusCode::kDataLoss) << "quantization";
  EXPECT_EQ(code_with(12, 0, good.size()), StatusCode::kDataLoss) << "quantization";
  EXPECT_EQ(code_with(28, kNan, good.size()), StatusCode::kDataLoss) << "largest error";
  EXPECT_EQ(code_with(64, kNan, good.size()), StatusCode::kDataLoss) << "mean";
  EXPECT_EQ(code_with(8, 2, good.size()), StatusCode::kFailedPrecondition) << "version";
  EXPECT_EQ(code_with(0, 0, good.size()), StatusCode::kDataLoss) << "magic";
  for (const size_t size : {size_t{0}, size_t{10}, size_t{40}, size_t{64}, good.size() - 1}) {
    EXPECT_EQ(code_with(good.size(), 0, size), StatusCode::kDataLoss) << size << " bytes";
  }
}

}  // namespace
}  // namespace ochre
