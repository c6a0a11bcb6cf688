#include "hnsw/hnsw_graph.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "hnsw/flat_graph.h"
#include "hnsw/graph_format.h"
#include "hnsw/graph_search.h"
#include "tests/hnsw/built_graph.h"

namespace ochre {
namespace {

constexpr int64_t kRows = 40;

// 40 rows with M = 2, so that there are upper layers.
std::vector<std::byte> SmallGraph() {
  const AlignedRows rows(RandomFloats(kRows * 2, /*seed=*/1), 2);
  return BuildGraphBytes(rows.span(), {.max_neighbors = 2, .ef_construction = 10});
}

Status ParseStatus(std::span<const std::byte> bytes, int64_t row_count = kRows) {
  AlignedBytes copy(bytes);
  return HnswGraph::Parse(copy.span(), row_count, "segments/7/graph.bin").status();
}

std::vector<std::byte> With(std::vector<std::byte> bytes, size_t offset, uint32_t value) {
  std::memcpy(bytes.data() + offset, &value, sizeof(value));
  return bytes;
}

TEST(HnswGraphTest, ReadsBackWhatWasWritten) {
  FlatGraph flat{.row_count = 3, .max_neighbors = 2, .entry_point = 2, .base_links = {}, .upper_layers = {}};
  flat.base_links.assign(3 * BaseLinkStride(2), kNoLink);
  flat.BasePlaces(0)[0] = 1;
  flat.BasePlaces(0)[1] = 2;
  flat.BasePlaces(2)[0] = 0;
  flat.upper_layers = {{.members = {0, 2}, .links = {2, kNoLink, 0, kNoLink}},
                       {.members = {2}, .links = {kNoLink, kNoLink}}};
  BufferWriter writer;
  ASSERT_TRUE(AppendGraph(flat, writer).ok());
  AlignedBytes bytes(writer.bytes());
  const Result<HnswGraph> graph = HnswGraph::Parse(bytes.span(), 3, "graph.bin");
  ASSERT_TRUE(graph.ok()) << graph.status().ToString();
  EXPECT_EQ(graph->row_count(), 3);
  EXPECT_EQ(graph->max_neighbors(), 2);
  EXPECT_EQ(graph->max_level(), 2);
  EXPECT_EQ(graph->entry_point(), 2u);
  EXPECT_THAT(graph->Links(0), testing::ElementsAre(1, 2));
  EXPECT_THAT(graph->Links(1), testing::IsEmpty());
  EXPECT_THAT(graph->Links(2), testing::ElementsAre(0));
  EXPECT_THAT(graph->UpperLinks(0, 1), testing::ElementsAre(2));
  EXPECT_THAT(graph->UpperLinks(1, 1), testing::IsEmpty());
  EXPECT_THAT(graph->UpperLinks(2, 1), testing::ElementsAre(0));
  EXPECT_THAT(graph->UpperLinks(2, 2), testing::IsEmpty());
}

// Members are searched for where they would be if they were spread evenly.
TEST(HnswGraphTest, FindsUpperLinksHoweverTheMembersAreSpread) {
  constexpr uint32_t kRows = 1'000;
  std::vector<uint32_t> first_hundred(100), last_hundred(100), every_tenth(100), ends = {0, 1, 2, 500, 998, 999};
  for (uint32_t i = 0; i < 100; ++i) {
    first_hundred[i] = i;
    last_hundred[i] = kRows - 100 + i;
    every_tenth[i] = 10 * i;
  }
  for (const std::vector<uint32_t>& members : {first_hundred, last_hundred, every_tenth, ends, {0u}, {999u}}) {
    FlatGraph flat{
        .row_count = kRows, .max_neighbors = 2, .entry_point = members[0], .base_links = {}, .upper_layers = {}};
    flat.base_links.assign(kRows * BaseLinkStride(2), kNoLink);
    flat.upper_layers = {{.members = members, .links = {}}};
    for (const uint32_t member : members) {  // its only link says which it is
      flat.upper_layers[0].links.push_back(kRows - 1 - member);
      flat.upper_layers[0].links.push_back(kNoLink);
    }
    BufferWriter writer;
    ASSERT_TRUE(AppendGraph(flat, writer).ok());
    AlignedBytes bytes(writer.bytes());
    const Result<HnswGraph> graph = HnswGraph::Parse(bytes.span(), kRows, "graph.bin");
    ASSERT_TRUE(graph.ok()) << graph.status().ToString();
    for (uint32_t node = 0; node < kRows; ++node) {
      SCOPED_TRACE(node);
      if (std::binary_search(members.begin(), members.end(), node)) {
        EXPECT_THAT(graph->UpperLinks(node, 1), testing::ElementsAre(kRows - 1 - node));
      } else {
        EXPECT_THAT(graph->UpperLinks(node, 1), testing::IsEmpty());
      }
    }
  }
}

TEST(HnswGraphTest, SectionsAreWhereTheFormatSays) {
  FlatGraph flat{.row_count = 1, .max_neighbors = 9, .entry_point = 0, .base_links = {}, .upper_layers = {}};
  flat.base_links.assign(BaseLinkStride(9), kNoLink);
  flat.upper_layers = {{.members = {0}, .links = std::vector<uint32_t>(9, kNoLink)}};
  BufferWriter writer;
  ASSERT_TRUE(AppendGraph(flat, writer).ok());
  const auto word = [&](size_t offset) {
    uint32_t value;
    std::memcpy(&value, writer.bytes().data() + offset, sizeof(value));
    return value;
  };
  EXPECT_EQ(std::memcmp(writer.bytes().data(), "OCHREHNS", 8), 0);
  EXPECT_EQ(word(8), 1u);        // version
  EXPECT_EQ(word(16), 1u);       // row count
  EXPECT_EQ(word(24), 9u);       // M
  EXPECT_EQ(word(28), 1u);       // max level
  EXPECT_EQ(word(64), kNoLink);  // layer 0: 72 bytes in a stride of 128
  EXPECT_EQ(word(64 + 124), kNoLink);
  EXPECT_EQ(word(192), 1u);       // sizes
  EXPECT_EQ(word(256), 0u);       // members
  EXPECT_EQ(word(320), kNoLink);  // links
  EXPECT_EQ(writer.size(), 320u + 36u);
}

TEST(HnswGraphTest, ANewerVersionIsNotDamage) {
  const Status status = ParseStatus(With(SmallGraph(), 8, 2));
  EXPECT_EQ(status.code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(status.message(), testing::HasSubstr("segments/7/graph.bin"));
}

TEST(HnswGraphTest, AnyOtherLengthIsRefused) {
  const std::vector<std::byte> bytes = SmallGraph();
  ASSERT_TRUE(ParseStatus(bytes).ok());
  for (size_t length = 0; length < bytes.size(); ++length) {
    const Status status = ParseStatus(std::span(bytes).first(length));
    ASSERT_EQ(status.code(), StatusCode::kDataLoss) << "length " << length;
    ASSERT_THAT(status.message(), testing::HasSubstr("segments/7/graph.bin"));
  }
  for (const size_t more : {1, 4, 64}) {
    std::vector<std::byte> longer = bytes;
    longer.resize(bytes.size() + more);
    EXPECT_EQ(ParseStatus(longer).code(), StatusCode::kDataLoss) << more << " bytes more";
  }
}

TEST(HnswGraphTest, FieldsOutOfBoundsAreRefused) {
  const std::vector<std::byte> bytes = SmallGraph();
  const uint32_t kAny = 0x7FFFFFFF;
  for (const auto& [offset, value] : std::vector<std::pair<size_t, uint32_t>>{
           {0, kAny},                                                                // magic
           {12, 1},                                                                  // a field that is not there
           {16, 39},                                                                 // row count
           {20, 1},                                                                  // its upper half
           {24, 0},                                                                  // M
           {24, 1},          {24, 3},       {24, 513},        {24, kAny},  {28, 0},  // max level
           {28, 1},          {28, 64},      {28, 0xFFFFFFFF}, {32, kRows},           // entry point
           {32, 0xFFFFFFFF}, {36, 1},                                                // a field that is not there
           {60, 1},          {64, kRows},                                            // a link
           {64, 0xFFFFFFFE}, {64, kNoLink},                                          // followed by a link
           {64 + 16, 0},                                                             // a link in the rest of the stride
       }) {
    EXPECT_EQ(ParseStatus(With(bytes, offset, value)).code(), StatusCode::kDataLoss)
        << value << " at " << offset << " was accepted";
  }
}

TEST(HnswGraphTest, AGraphOfAnotherSegmentIsRefused) {
  const std::vector<std::byte> bytes = SmallGraph();
  for (const int64_t row_count : {int64_t{0}, kRows - 1, kRows + 1, int64_t{-1}}) {
    EXPECT_EQ(ParseStatus(bytes, row_count).code(), StatusCode::kDataLoss) << row_count;
  }
}

// What a damaged file says may be wrong, but searching it touches nothing outside (which a sanitizer would see) and
// ends.
TEST(HnswGraphTest, AnyDamagedByteIsRefusedOrSafeToSearch) {
  const AlignedRows rows(RandomFloats(kRows * 2, /*seed=*/1), 2);
  const PreparedQuery query(Space::kL2, rows.span().Row(3), 2);
  AlignedBytes bytes(SmallGraph());
  int64_t refused = 0;
  for (size_t offset = 0; offset < bytes.span().size(); ++offset) {
    const std::byte intact = bytes.span()[offset];
    for (const int value : {0x00, 0x01, 0x05, 0x27, 0x28, 0x80, 0xFF}) {
      bytes.span()[offset] = intact ^ static_cast<std::byte>(value);
      const Result<HnswGraph> graph = HnswGraph::Parse(bytes.span(), kRows, "graph.bin");
      if (!graph.ok()) {
        ++refused;
        continue;
      }
      const GraphSearchResult result = SearchGraph(*graph, rows.span(), query, {.k = 40, .ef = 40});
      ASSERT_LE(result.neighbors.size(), static_cast<size_t>(kRows));
      const uint64_t allowed = 0x5555555555;
      SearchGraph(*graph, rows.span(), query, {.k = 5, .ef = 5, .allowed = std::span(&allowed, 1)});
    }
    bytes.span()[offset] = intact;
  }
  EXPECT_GT(refused, static_cast<int64_t>(bytes.span().size()));
}

}  // namespace
}  // namespace ochre
