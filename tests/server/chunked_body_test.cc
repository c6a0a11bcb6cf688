#include "server/chunked_body.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace ochre {
namespace {

constexpr unsigned kSeed = 17;
constexpr size_t kBodyBytesMax = 1'000;
constexpr size_t kExtraBytesMax = 40;

struct Read {
  int status = 200;  // 100: it is not at its end
  std::string body;
  size_t bytes = 0;  // that were read
};

// Reads in pieces that end at `cuts`.
Read ReadInPieces(const std::string& bytes, const std::vector<size_t>& cuts) {
  ChunkedBody chunks(kBodyBytesMax, kExtraBytesMax);
  Read result;
  size_t begin = 0;
  for (size_t i = 0; i <= cuts.size() && !chunks.done(); ++i) {
    const size_t end = i == cuts.size() ? bytes.size() : cuts[i];
    const HttpResult<size_t> read = chunks.Read(std::string_view(bytes).substr(begin, end - begin), result.body);
    if (!read.ok()) {
      result.status = read.error().status;
      return result;
    }
    EXPECT_TRUE(read.value() == end - begin || chunks.done());
    result.bytes += read.value();
    begin = end;
  }
  if (!chunks.done()) result.status = 100;
  return result;
}

Read ReadAtOnce(const std::string& bytes) { return ReadInPieces(bytes, {}); }

TEST(ChunkedBodyTest, TheDataIsTakenOutOfTheChunksAndNothingBehindThem) {
  const std::string bytes = "5\r\nhello\r\n1;a=\"b\"\r\n \r\n0006\r\nwor\r\nl\r\n0\r\nTrailer: x\r\n\r\n";
  const Read read = ReadAtOnce(bytes + "GET / HTTP/1.1\r\n");
  EXPECT_EQ(read.status, 200);
  EXPECT_EQ(read.body, "hello wor\r\nl");
  EXPECT_EQ(read.bytes, bytes.size());
}

TEST(ChunkedBodyTest, RandomBodiesComeOutOfEveryPartitionIntoChunksAndPieces) {
  SCOPED_TRACE(kSeed);
  std::mt19937 random(kSeed);
  const auto below = [&](size_t bound) { return random() % bound; };
  for (int round = 0; round < 500; ++round) {
    std::string body(below(200), '\0');
    for (char& byte : body) byte = "\r\n;0a{\"\0"[below(8)];  // what could be taken for framing
    std::string bytes;
    for (size_t at = 0; at < body.size();) {
      const size_t size = std::min(1 + below(20), body.size() - at);
      char digits[20];
      std::snprintf(digits, sizeof(digits), below(2) == 0 ? "%zx" : "%04zX", size);
      bytes += std::string(digits) + "\r\n" + body.substr(at, size) + "\r\n";
      at += size;
    }
    bytes += "0\r\n\r\n";
    std::vector<size_t> cuts;
    for (size_t at = 1; at < bytes.size(); ++at) {
      if (below(round % 7 + 1) == 0) cuts.push_back(at);  // every byte alone, in one round of seven
    }
    const Read read = ReadInPieces(bytes, cuts);
    ASSERT_EQ(read.status, 200) << bytes;
    ASSERT_EQ(read.body, body) << bytes;
    ASSERT_EQ(read.bytes, bytes.size());
    for (size_t end = 0; end < bytes.size(); end += 1 + below(30)) {
      ASSERT_EQ(ReadAtOnce(bytes.substr(0, end)).status, 100) << end << " of " << bytes;
    }
  }
}

TEST(ChunkedBodyTest, WhatIsNoChunkIsRefusedHoweverItComes) {
  for (const std::string bytes : {"\r\n",
                                  "x\r\n",
                                  "5 \r\nhello",
                                  " 5\r\nhello",
                                  "0x5\r\nhello",
                                  "-5\r\n",
                                  "+5\r\n",
                                  "5\nhello",
                                  "5\rhello",
                                  "5\r\nhello0\r\n\r\n",
                                  "5\r\nhello\n0\r\n\r\n",
                                  "5\r\nhello\r0\r\n\r\n",
                                  "4\r\nhello\r\n0\r\n\r\n",
                                  "5;a\nb\r\nhello",
                                  "5;a\rb\r\nhello",
                                  "5;\x01\r\nhello",
                                  ";a\r\n",
                                  "00000000000000005\r\nhello",
                                  "0\r\nno field\r\n\r\n",
                                  "0\r\n folded: x\r\n\r\n",
                                  "0\r\na : b\r\n\r\n",
                                  "0\r\na: b\nc: d\r\n\r\n",
                                  "0\r\na: b\rc\r\n\r\n",
                                  "0\r\n\r0"}) {
    EXPECT_EQ(ReadAtOnce(bytes).status, 400) << bytes;
    std::vector<size_t> cuts;
    for (size_t at = 1; at < bytes.size(); ++at) cuts.push_back(at);
    EXPECT_EQ(ReadInPieces(bytes, cuts).status, 400) << bytes;
  }
}

TEST(ChunkedBodyTest, MoreDataThanIsAllowedIsRefusedByItsSize) {
  const std::string most = "3e8\r\n" + std::string(1'000, 'x') + "\r\n";
  EXPECT_EQ(ReadAtOnce(most + "0\r\n\r\n").status, 200);
  EXPECT_EQ(ReadAtOnce(most + "1\r\n").status, 413);
  EXPECT_EQ(ReadAtOnce("3e9\r\n").status, 413);
  EXPECT_EQ(ReadAtOnce("ffffffffffffffff\r\n").status, 413);
  EXPECT_EQ(ReadAtOnce("1\r\nx\r\nffffffffffffffff\r\n").status, 413);
}

TEST(ChunkedBodyTest, ExtensionsAndTrailersHaveALimitTogether) {
  const auto extension = [](size_t bytes) { return ";" + std::string(bytes - 1, 'x'); };
  EXPECT_EQ(ReadAtOnce("1" + extension(40) + "\r\nx\r\n0\r\n\r\n").status, 200);
  EXPECT_EQ(ReadAtOnce("1" + extension(41)).status, 431);
  EXPECT_EQ(ReadAtOnce("1" + extension(20) + "\r\nx\r\n1" + extension(20) + "\r\nx\r\n0\r\n\r\n").status, 200);
  EXPECT_EQ(ReadAtOnce("1" + extension(20) + "\r\nx\r\n1" + extension(21)).status, 431);
  EXPECT_EQ(ReadAtOnce("0" + extension(20) + "\r\nTrailer: 90123456789\r\n\r\n").status, 200);
  EXPECT_EQ(ReadAtOnce("0" + extension(20) + "\r\nTrailer: 901234567890x").status, 431);
}

}  // namespace
}  // namespace ochre
