// Pins the bytes of format version 1: a change of any of them needs a new version, not a new number here.
#include <gtest/gtest.h>
#include <xxhash.h>

#include <array>
#include <atomic>
#include <cstdio>
#include <map>
#include <string>
#include <vector>

#include "distance/rows_span.h"
#include "segment/manifest.h"
#include "segment/segment_writer.h"
#include "segment/vector_index_writer.h"
#include "storage/memory_storage.h"
#include "tests/support/expect_ok.h"
#include "types/encoded_metadata.h"

namespace ochre {
namespace {

constexpr int32_t kDimension = 3;
constexpr std::atomic<bool> kNeverCancelled = false;

std::string Hex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  for (const char c : bytes) {
    hex += kDigits[static_cast<uint8_t>(c) >> 4];
    hex += kDigits[static_cast<uint8_t>(c) & 15];
  }
  return hex;
}

std::string HashOf(std::string_view bytes) {
  std::array<char, 17> hex;
  std::snprintf(hex.data(), hex.size(), "%016llx",
                static_cast<unsigned long long>(XXH3_64bits(bytes.data(), bytes.size())));
  return hex.data();
}

// The files of a segment by name.
using Files = std::map<std::string, std::string>;

// Row `i` of `row_count`: every kind of metadata value, rows without document, uri or metadata among them.
Result<Files> WriteSegment(int64_t row_count) {
  MemoryStorage storage;
  const SegmentId id = *Uuid::Parse("00112233-4455-4677-8899-aabbccddeeff");
  const CollectionId collection = *Uuid::Parse("ffeeddcc-bbaa-4988-8776-554433221100");
  const SegmentShape shape = {
      .row_count = row_count, .dimension = kDimension, .hnsw = {.space = Space::kCosine, .max_neighbors = 4}};
  OCHRE_ASSIGN_OR_RETURN(const auto writer,
                         SegmentWriter::Create(storage, {.segment = id, .collection = collection}, shape));
  for (int64_t i = 0; i < row_count; ++i) {
    const std::string record_id = "id" + std::to_string(i);
    const std::string document = "Document number " + std::to_string(i);
    const Metadata metadata = {{"bool", i % 2 == 0},
                               {"int", i - 1},
                               {"double", 0.5 * static_cast<double>(i)},
                               {"string", "value " + std::to_string(i % 3)},
                               {"sparse", SparseVector{{1, 7}, {0.5f, 2.0f}, {"a", "b"}}},
                               {"bools", std::vector<bool>{true, false}},
                               {"ints", std::vector<int64_t>{i, 2}},
                               {"doubles", std::vector<double>{0.25}},
                               {"strings", std::vector<std::string>{"x", "y"}}};
    const std::string encoded = i % 4 == 3 ? std::string() : EncodeMetadata(metadata);
    const std::vector<float> embedding = {static_cast<float>(i % 7), 1.0f, static_cast<float>(i % 11) / 4};
    std::vector<float> row(static_cast<size_t>(RowStride(kDimension)));
    FillRow(embedding.data(), kDimension, row.data());
    StoredRecord record;
    if (i % 4 != 1) record.document = document;
    if (i % 4 == 2) record.uri = "uri";
    record.metadata = EncodedMetadata(encoded);
    OCHRE_RETURN_IF_ERROR(writer->Add({.id = record_id,
                                       .offset_id = OffsetId{static_cast<uint64_t>(10 + 2 * i)},
                                       .position = LogPosition{static_cast<uint64_t>(100 + i)},
                                       .row = row.data(),
                                       .record = record}));
  }
  OCHRE_RETURN_IF_ERROR(writer->Finish(kNeverCancelled).status());
  Files files;
  OCHRE_ASSIGN_OR_RETURN(const auto names, storage.List(SegmentFolder(id)));
  for (const std::string& name : names) {
    OCHRE_ASSIGN_OR_RETURN(const auto blob, storage.Map(SegmentFolder(id) + "/" + name));
    files[name] = std::string(reinterpret_cast<const char*>(blob->bytes().data()), blob->bytes().size());
  }
  return files;
}

// Files by XXH3-64 of their bytes.
using Hashes = std::map<std::string, std::string>;

// Of the files whose bytes depend on the records alone. RocksDB writes the time and a random identity into
// postings.sst, whose checksum the manifest has; the graph depends on its builder.
Hashes HashesOf(const Files& files) {
  Hashes hashes;
  for (const std::string_view name : {kIdsName, kRecordsName, kVectorsName, kColumnsName}) {
    hashes[std::string(name)] = HashOf(files.at(std::string(name)));
  }
  return hashes;
}

TEST(GoldenTest, ASegmentOfFourRowsHasTheBytesOfVersionOne) {
  ASSERT_OK_AND_ASSIGN(const Files files, WriteSegment(4));
  EXPECT_EQ(HashesOf(files), (Hashes{{"columns.bin", "6a121f160c47373e"},
                                     {"ids.bin", "56aaa3540e8b0665"},
                                     {"records.bin", "fb58abe433e059ed"},
                                     {"vectors.f32", "0ed2202581c92369"}}));
  EXPECT_EQ(Hex(files.at("ids.bin")),
            "4f43485245494453"                      // "OCHREIDS"
            "0100000000000000"                      // version 1, zero
            "0400000000000000"                      // rows
            "0800000000000000"                      // slots
                + std::string(64, '0') +            // zero
                "0a000000000000000c00000000000000"  // offset ids
                "0e000000000000001000000000000000"
                "64000000000000006500000000000000"  // positions
                "66000000000000006700000000000000"
                "00000000000000000300000000000000"  // where the ids begin and end
                "06000000000000000900000000000000"
                "0c00000000000000"
                "04000000000000000000000003000000"  // slots
                "00000000000000000100000002000000"
                "696430696431696432696433");  // "id0id1id2id3"
}

// Enough rows that every file has several blocks of checksums.
TEST(GoldenTest, ASegmentWithAGraphHasTheBytesOfVersionOne) {
  ASSERT_OK_AND_ASSIGN(const Files files, WriteSegment(kGraphRowsMin));
  EXPECT_EQ(HashesOf(files), (Hashes{{"columns.bin", "7c5e6157a4819664"},
                                     {"ids.bin", "d8fcb9c0dfb5ec72"},
                                     {"records.bin", "05cd366b8e7998e2"},
                                     {"vectors.f32", "986b009fc1764d2e"}}));
  // The rest of a graph is the builder's choice.
  EXPECT_EQ(Hex(files.at("graph.bin").substr(0, 28)),
            "4f43485245484e53"  // "OCHREHNS"
            "0100000000000000"  // version 1, zero
            "8813000000000000"  // rows
            "04000000");        // M
}

TEST(GoldenTest, AManifestOfVersionTwoSaysWhichSegmentItIs) {
  const Manifest manifest = {
      .row_count = 4,
      .dimension = 3,
      .space = Space::kCosine,
      .identity = SegmentIdentity{.segment = *Uuid::Parse("00112233-4455-4677-8899-aabbccddeeff"),
                                  .collection = *Uuid::Parse("ffeeddcc-bbaa-4988-8776-554433221100")},
      .files = {{.name = "ids.bin", .length = 240, .block_checksums = {0x0102030405060708}}}};
  EXPECT_EQ(Hex(manifest.Serialize()),
            "4f43485245534547"                  // "OCHRESEG"
            "0200000000000000"                  // version 2, zero
            "0400000000000000"                  // rows
            "0300000001000000"                  // dimension, space
            "0100000000000000"                  // files, zero
            "00112233445546778899aabbccddeeff"  // segment
            "ffeeddccbbaa49888776554433221100"  // collection
            "0700000001000000f000000000000000"  // name size, blocks, length
            "6964732e62696e00"                  // "ids.bin", zero
            "0807060504030201"                  // checksum
            "a33930bd4ccc3f52");                // XXH3-64
}

// As 0.1 wrote them.
TEST(GoldenTest, AManifestHasTheBytesOfVersionOne) {
  const Manifest manifest = {.row_count = 4,
                             .dimension = 3,
                             .space = Space::kCosine,
                             .identity = std::nullopt,
                             .files = {{.name = "ids.bin", .length = 240, .block_checksums = {0x0102030405060708}},
                                       {.name = "columns.bin", .length = 70'000, .block_checksums = {1, 2}}}};
  EXPECT_EQ(Hex(manifest.Serialize()),
            "4f43485245534547"                  // "OCHRESEG"
            "0100000000000000"                  // version 1, zero
            "0400000000000000"                  // rows
            "0300000001000000"                  // dimension, space
            "0200000000000000"                  // files, zero
            "0700000001000000f000000000000000"  // name size, blocks, length
            "6964732e62696e00"                  // "ids.bin", zero
            "0807060504030201"                  // checksum
            "0b000000020000007011010000000000"
            "636f6c756d6e732e62696e0000000000"  // "columns.bin", zero
            "01000000000000000200000000000000"
            "7a55f7ddd300efcd");  // XXH3-64
}

}  // namespace
}  // namespace ochre
