#define NO_MANUAL_VECTORIZATION  // as in hnsw_builder.cc
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "hnswlib/hnswlib.h"
#include "ochre/hnswlib.h"
#include "tests/storage/temporary_folder.h"
#include "tests/support/must.h"

namespace ochre {
namespace {

using testing::HasSubstr;

class HnswlibFileTest : public testing::Test {
 protected:
  static constexpr int kRows = 300, kDimension = 12;

  HnswlibFileTest() {
    std::mt19937 random(17);
    for (int i = 0; i < kRows * kDimension; ++i) values_.push_back(static_cast<float>(random()) * 1e-9f);
  }

  // Labels are 1,000 + the row; the rows in `deleted` are marked so.
  std::filesystem::path Save(hnswlib::SpaceInterface<float>& space, const std::vector<size_t>& deleted = {}) {
    hnswlib::HierarchicalNSW<float> index(&space, kRows + 50, 8, 40);
    for (size_t i = 0; i < kRows; ++i) index.addPoint(values_.data() + i * kDimension, 1'000 + i);
    for (const size_t row : deleted) index.markDelete(1'000 + row);
    const auto path = folder_.path() / "index.bin";
    index.saveIndex(path.string());
    return path;
  }

  static std::string Read(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  std::filesystem::path Write(const std::string& bytes) const {
    const auto path = folder_.path() / "changed.bin";
    std::ofstream(path, std::ios::binary) << bytes;
    return path;
  }

  TemporaryFolder folder_;
  std::vector<float> values_;
};

TEST_F(HnswlibFileTest, GivesLabelsAndVectorsInOrder) {
  hnswlib::L2Space l2(kDimension);
  hnswlib::InnerProductSpace product(kDimension);
  for (hnswlib::SpaceInterface<float>* space : std::initializer_list<hnswlib::SpaceInterface<float>*>{&l2, &product}) {
    const HnswlibIndex index = Must(ReadHnswlibIndex(Save(*space)));
    EXPECT_EQ(index.dimension, kDimension);
    EXPECT_EQ(index.values, values_);
    ASSERT_EQ(index.labels.size(), size_t{kRows});
    for (size_t i = 0; i < kRows; ++i) EXPECT_EQ(index.labels[i], 1'000 + i);
    EXPECT_EQ(index.embeddings().rows(), kRows);
  }
}

TEST_F(HnswlibFileTest, LeavesOutWhatIsDeleted) {
  hnswlib::L2Space space(kDimension);
  const HnswlibIndex index = Must(ReadHnswlibIndex(Save(space, {0, 7, kRows - 1})));
  ASSERT_EQ(index.labels.size(), size_t{kRows - 3});
  EXPECT_EQ(index.labels.front(), 1'001u);
  EXPECT_EQ(index.labels[6], 1'008u);
  EXPECT_EQ(index.values.size(), index.labels.size() * kDimension);
  EXPECT_EQ(index.values[6 * kDimension], values_[8 * kDimension]);
}

TEST_F(HnswlibFileTest, WhatIsNoIndexIsRefusedByName) {
  EXPECT_EQ(ReadHnswlibIndex(folder_.path() / "nothing").status().code(), StatusCode::kNotFound);
  for (const std::string& bytes :
       {std::string(), std::string("text"), std::string(1'000, '\0'), std::string(1'000, 'x')}) {
    const auto read = ReadHnswlibIndex(Write(bytes));
    EXPECT_EQ(read.status().code(), StatusCode::kDataLoss);
    EXPECT_THAT(std::string(read.status().message()), HasSubstr("changed.bin"));
  }
}

TEST_F(HnswlibFileTest, AFileThatIsCutOrGrownIsRefused) {
  hnswlib::L2Space space(kDimension);
  const std::string whole = Read(Save(space));
  for (size_t size = 0; size < whole.size(); size += 97) {
    EXPECT_EQ(ReadHnswlibIndex(Write(whole.substr(0, size))).status().code(), StatusCode::kDataLoss) << size;
  }
  EXPECT_EQ(ReadHnswlibIndex(Write(whole + "x")).status().code(), StatusCode::kDataLoss);
}

// For AddressSanitizer: nothing that a file says makes the reader crash or take memory without end.
TEST_F(HnswlibFileTest, DamageNeverCrashes) {
  hnswlib::L2Space space(kDimension);
  const std::string whole = Read(Save(space));
  constexpr unsigned kSeed = 5;
  SCOPED_TRACE(kSeed);
  std::mt19937 random(kSeed);
  for (int i = 0; i < 1'000; ++i) {
    std::string bytes = whole;
    // Half of the times in the header.
    const size_t at = random() % (i % 2 == 0 ? 96 : bytes.size());
    bytes[at] = static_cast<char>(random());
    const auto read = ReadHnswlibIndex(Write(bytes));
    if (read.ok()) {
      EXPECT_EQ(read->values.size(), read->labels.size() * static_cast<size_t>(read->dimension));
    }
  }
}

}  // namespace
}  // namespace ochre
