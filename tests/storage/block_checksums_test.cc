#include "storage/block_checksums.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>

#include "storage/storage.h"

namespace ochre {
namespace {

std::vector<uint64_t> ChecksumsOf(std::span<const std::byte> bytes) {
  std::vector<uint64_t> checksums;
  while (!bytes.empty()) {
    const size_t size = std::min<size_t>(bytes.size(), kChecksumBlockBytes);
    checksums.push_back(ChecksumOfBlock(bytes.first(size)));
    bytes = bytes.subspan(size);
  }
  return checksums;
}

TEST(BlockChecksumsTest, AreTheSameHoweverTheBytesArrive) {
  for (const size_t size : {0, 1, 65'535, 65'536, 65'537, 300'000}) {
    SCOPED_TRACE(size);
    std::mt19937 random(static_cast<uint32_t>(size));  // the seed is the size
    std::string text(size, '\0');
    for (char& c : text) c = static_cast<char>(random());
    const auto bytes = std::as_bytes(std::span(text));

    BlockChecksums in_pieces;
    for (size_t at = 0; at < size;) {
      const size_t piece = std::min<size_t>(1 + random() % 100'000, size - at);
      in_pieces.Append(bytes.subspan(at, piece));
      at += piece;
    }

    EXPECT_EQ(in_pieces.Finish(), ChecksumsOf(bytes));
  }
}

TEST(BlockChecksumsTest, ABlockHasThePublishedHashOfXxh3) {
  EXPECT_EQ(ChecksumOfBlock({}), 0x2d06800538d394c2u);  // XXH3-64 of nothing: xxHash's specification
}

}  // namespace
}  // namespace ochre
