#include "storage/blob_name.h"

#include <gtest/gtest.h>

namespace ochre {
namespace {

TEST(BlobNameTest, PartsOfLettersDigitsAndPunctuationAreNames) {
  for (const char* name : {"a", "segments/0f-3/ids.bin", "A.b_C-9/x", "...", "a/.hidden"}) {
    EXPECT_TRUE(IsBlobName(name)) << name;
  }
}

TEST(BlobNameTest, WhatCouldLeaveTheRootOrDiffersBetweenStoresIsNoName) {
  for (const char* name :
       {"", "/", "/a", "a/", "a//b", ".", "..", "a/../b", "../a", "a/./b", "a b", "a\\b", "\xc3\xa4"}) {
    EXPECT_FALSE(IsBlobName(name)) << name;
  }
}

}  // namespace
}  // namespace ochre
