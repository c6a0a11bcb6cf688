#include "storage/file_header.h"

#include <gtest/gtest.h>

#include <string>

namespace ochre {
namespace {

std::string BytesOf(const FileHeader& header) { return {reinterpret_cast<const char*>(&header), sizeof(header)}; }

Result<FileHeader> Check(const std::string& bytes) {
  return CheckFileHeader(std::as_bytes(std::span(bytes)), "OCHRETST", 3, "a/test.bin");
}

TEST(FileHeaderTest, IsLaidOutAsDocumented) {
  EXPECT_EQ(BytesOf(MakeFileHeader("OCHRETST", 2, 0x01020304)), std::string("OCHRETST\2\0\0\0\4\3\2\1", 16));
}

TEST(FileHeaderTest, WhatWasWrittenIsAccepted) {
  const auto header = Check(BytesOf(MakeFileHeader("OCHRETST", 3, 77)) + "what follows");
  ASSERT_TRUE(header.ok()) << header.status().ToString();
  EXPECT_EQ(header->version, 3u);
  EXPECT_EQ(header->field, 77u);
}

TEST(FileHeaderTest, TooFewBytesAreDataLossThatNamesTheFile) {
  const Status status = Check(BytesOf(MakeFileHeader("OCHRETST", 3)).substr(0, 15)).status();
  EXPECT_EQ(status.code(), StatusCode::kDataLoss);
  EXPECT_NE(status.message().find("a/test.bin"), std::string::npos) << status.message();
}

TEST(FileHeaderTest, AnotherMagicIsDataLoss) {
  const Status status = Check(BytesOf(MakeFileHeader("OCHRETSU", 3))).status();
  EXPECT_EQ(status.code(), StatusCode::kDataLoss);
  EXPECT_NE(status.message().find("a/test.bin"), std::string::npos) << status.message();
}

TEST(FileHeaderTest, AFileOfANewerOchreIsRefusedAndNotCalledDamaged) {
  const Status status = Check(BytesOf(MakeFileHeader("OCHRETST", 4))).status();
  EXPECT_EQ(status.code(), StatusCode::kFailedPrecondition);
  EXPECT_NE(status.message().find("newer"), std::string::npos) << status.message();
}

}  // namespace
}  // namespace ochre
