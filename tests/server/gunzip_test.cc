#include "server/gunzip.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>
#include <random>
#include <string>

namespace ochre {
namespace {

constexpr unsigned kSeed = 22;
constexpr size_t kNoLimit = size_t{1} << 40;

std::string Gzipped(const std::string& text, int level = 6) {
  z_stream stream = {};
  EXPECT_EQ(deflateInit2(&stream, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string packed(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

int StatusOf(const HttpResult<std::string>& body) { return body.ok() ? 200 : body.error().status; }

int StatusOfGunzip(const std::string& packed, size_t bytes_max = kNoLimit) {
  return StatusOf(Gunzip(packed, bytes_max, [](size_t) { return true; }));
}

TEST(GunzipTest, GivesBackWhatWasPackedAtEverySize) {
  SCOPED_TRACE(kSeed);
  std::mt19937 random(kSeed);
  for (const size_t size : {0, 1, 100, 65'535, 65'536, 65'537, 131'072, 131'073, 1'000'000}) {
    for (const unsigned kinds : {1u, 4u, 256u}) {
      std::string text(size, '\0');
      for (char& byte : text) byte = static_cast<char>(random() % kinds);
      const HttpResult<std::string> body = Gunzip(Gzipped(text), kNoLimit, [](size_t) { return true; });
      ASSERT_TRUE(body.ok()) << body.error().message;
      EXPECT_TRUE(body.value() == text) << size;
    }
  }
}

TEST(GunzipTest, MembersFollowEachOther) {
  const HttpResult<std::string> body =
      Gunzip(Gzipped("one, ") + Gzipped("") + Gzipped("two"), kNoLimit, [](size_t) { return true; });
  ASSERT_TRUE(body.ok());
  EXPECT_EQ(body.value(), "one, two");
}

TEST(GunzipTest, TheLimitIsOfWhatComesOutToTheByte) {
  for (const size_t size : {10, 65'535, 65'536, 65'537, 300'000}) {
    const std::string packed = Gzipped(std::string(size, 'x'));
    EXPECT_EQ(StatusOfGunzip(packed, size), 200) << size;
    EXPECT_EQ(StatusOfGunzip(packed, size - 1), 413) << size;
  }
  EXPECT_EQ(StatusOfGunzip(Gzipped(""), 0), 200);
}

TEST(GunzipTest, ABombTakesNoMoreMemoryThanItMay) {
  const std::string bomb = Gzipped(std::string(64 << 20, '\0'), 9);
  ASSERT_LT(bomb.size(), 100'000u);
  size_t asked = 0;
  const auto up_to_a_megabyte = [&](size_t bytes) {
    asked = std::max(asked, bytes);
    return bytes <= 1 << 20;
  };
  EXPECT_EQ(StatusOf(Gunzip(bomb, kNoLimit, up_to_a_megabyte)), 503);
  EXPECT_LE(asked, size_t{2} << 20) << "it is refused as it grows";
  asked = 0;
  EXPECT_EQ(StatusOf(Gunzip(bomb, 300'000, up_to_a_megabyte)), 413);
  EXPECT_LE(asked, 300'001u);
}

TEST(GunzipTest, WhatIsDamagedOrCutOffIsRefused) {
  SCOPED_TRACE(kSeed);
  std::mt19937 random(kSeed);
  std::string text(2'000, '\0');
  for (char& byte : text) byte = static_cast<char>('a' + random() % 8);
  const std::string packed = Gzipped(text);
  for (size_t size = 0; size < packed.size(); ++size) {
    ASSERT_EQ(StatusOfGunzip(packed.substr(0, size)), 400) << size;
  }
  for (size_t at = 10; at < packed.size(); ++at) {  // before is the header, where a bit may mean nothing
    std::string damaged = packed;
    damaged[at] = static_cast<char>(damaged[at] ^ (1 << random() % 8));
    ASSERT_EQ(StatusOfGunzip(damaged), 400) << at;
  }
  EXPECT_EQ(StatusOfGunzip(packed + "x"), 400);
  EXPECT_EQ(StatusOfGunzip(packed + std::string(1, '\0')), 400);
  EXPECT_EQ(StatusOfGunzip("{\"name\": \"docs\"}"), 400);
}

}  // namespace
}  // namespace ochre
