#include "segment/manifest.h"

#include <gtest/gtest.h>

#include "tests/support/expect_ok.h"

namespace ochre {
namespace {

Manifest Sample() {
  Manifest manifest;
  manifest.row_count = 12'345;
  manifest.dimension = 768;
  manifest.space = Space::kCosine;
  manifest.identity = {.segment = {.bytes = {5, 6}}, .collection = {.bytes = {7, 8}}};
  manifest.files = {
      {"ids.bin", 100, {1}}, {"a-name-longer-than-eight-bytes", 200'000, {2, 3, 4, 5}}, {"12345678", 0, {}}};
  return manifest;
}

Result<Manifest> Parse(const std::string& bytes) { return Manifest::Parse(std::as_bytes(std::span(bytes)), "SEGMENT"); }

TEST(ManifestTest, ComesBackFromItsBytesInEveryVersion) {
  for (const uint32_t version : {1u, 2u}) {
    SCOPED_TRACE(version);
    Manifest manifest = Sample();
    if (version == 1) manifest.identity.reset();
    const std::string bytes = manifest.Serialize();
    EXPECT_EQ(bytes.size() % 8, 0u);
    EXPECT_EQ(bytes[8], static_cast<char>(version));
    ASSERT_OK_AND_ASSIGN(const Manifest read, Parse(bytes));
    EXPECT_EQ(read.row_count, manifest.row_count);
    EXPECT_EQ(read.dimension, manifest.dimension);
    EXPECT_EQ(read.space, manifest.space);
    EXPECT_EQ(read.identity, manifest.identity);
    EXPECT_EQ(read.files, manifest.files);
  }
}

TEST(ManifestTest, FindsFilesByName) {
  const Manifest manifest = Sample();
  ASSERT_NE(manifest.Find("12345678"), nullptr);
  EXPECT_EQ(manifest.Find("ids.bin")->length, 100u);
  EXPECT_EQ(manifest.Find("ids"), nullptr);
  EXPECT_EQ(manifest.TotalBytes(), 200'100);
}

TEST(ManifestTest, AnyChangedByteIsRefused) {
  const std::string good = Sample().Serialize();
  for (size_t i = 0; i < good.size(); ++i) {
    std::string bytes = good;
    bytes[i] = static_cast<char>(bytes[i] ^ 0x10);
    const auto parsed = Parse(bytes);
    ASSERT_FALSE(parsed.ok()) << "byte " << i;
    // A changed version reads as one that a newer Ochre wrote; everything else as damage.
    const bool is_version = i >= 8 && i < 12;
    EXPECT_EQ(parsed.status().code(), is_version ? StatusCode::kFailedPrecondition : StatusCode::kDataLoss)
        << "byte " << i << ": " << parsed.status().ToString();
    EXPECT_NE(parsed.status().message().find("SEGMENT"), std::string::npos);
  }
}

TEST(ManifestTest, AnyCutIsDataLoss) {
  const std::string good = Sample().Serialize();
  for (size_t size = 0; size < good.size(); ++size) {
    EXPECT_EQ(Parse(good.substr(0, size)).status().code(), StatusCode::kDataLoss) << size << " bytes";
  }
  EXPECT_EQ(Parse(good + std::string(8, '\0')).status().code(), StatusCode::kDataLoss);
}

TEST(ManifestTest, AManifestOfNoRowsIsDataLoss) {
  Manifest manifest = Sample();
  manifest.row_count = 0;
  EXPECT_EQ(Parse(manifest.Serialize()).status().code(), StatusCode::kDataLoss);
}

TEST(ManifestTest, ADimensionThatNoCollectionMayHaveIsDataLoss) {
  Manifest manifest = Sample();
  manifest.dimension = 65'536;
  EXPECT_EQ(Parse(manifest.Serialize()).status(), Status::Ok());
  manifest.dimension = 65'537;
  EXPECT_EQ(Parse(manifest.Serialize()).status().code(), StatusCode::kDataLoss);
}

TEST(ManifestTest, AFolderIsNamedAfterItsSegment) {
  SegmentId id;
  id.bytes[15] = 7;
  EXPECT_EQ(SegmentFolder(id), "segments/00000000-0000-0000-0000-000000000007");
}

}  // namespace
}  // namespace ochre
