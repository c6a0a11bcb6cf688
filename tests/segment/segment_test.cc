#include "segment/segment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "runtime/random.h"
#include "segment/segment_writer.h"
#include "segment/vector_index_writer.h"
#include "storage/memory_storage.h"
#include "tests/support/expect_ok.h"
#include "tests/support/must.h"

namespace ochre {
namespace {

using testing::IsEmpty;

constexpr int32_t kDimension = 8;
constexpr CollectionId kCollection = {.bytes = {0xc}};
const std::atomic<bool> kNotCancelled = false;

// Rows of random vectors; row i has id "id<i>", offset id 3 * i + 1 and position 5 * i.
std::unique_ptr<SegmentWriter> WriteRows(Storage& storage, const SegmentId& id, int64_t row_count, int64_t rows_added) {
  auto writer =
      Must(SegmentWriter::Create(storage, {.segment = id, .collection = kCollection},
                                 {.row_count = row_count, .dimension = kDimension, .hnsw = {.space = Space::kCosine}}));
  std::mt19937_64 random(7);
  std::normal_distribution<float> normal;
  std::vector<float> embedding(kDimension), row(static_cast<size_t>(RowStride(kDimension)));
  for (int64_t i = 0; i < rows_added; ++i) {
    for (float& value : embedding) value = normal(random);
    FillRow(embedding.data(), kDimension, row.data());
    const std::string record_id = "id" + std::to_string(i);
    const std::string document = "document number " + std::to_string(i);
    const std::string metadata = EncodeMetadata({{"parity", i % 2}, {"name", "n" + std::to_string(i % 3)}});
    Must(writer->Add({.id = record_id,
                      .offset_id = OffsetId{static_cast<uint64_t>(3 * i + 1)},
                      .position = LogPosition{static_cast<uint64_t>(5 * i)},
                      .row = row.data(),
                      .record = {.document = i % 4 == 0 ? std::nullopt : std::optional<std::string_view>(document),
                                 .uri = "u",
                                 .metadata = EncodedMetadata(metadata)}}));
  }
  return writer;
}

TEST(SegmentTest, WhatWasWrittenIsReadInTheSameOrder) {
  MemoryStorage storage;
  const SegmentId id = RandomUuid();
  ASSERT_OK_AND_ASSIGN(const int64_t bytes, WriteRows(storage, id, 100, 100)->Finish(kNotCancelled));
  ASSERT_OK_AND_ASSIGN(const auto segment, Segment::Open(storage, id));
  EXPECT_EQ(segment->id(), id);
  EXPECT_EQ(segment->row_count(), 100);
  EXPECT_EQ(segment->dimension(), kDimension);
  EXPECT_GT(segment->bytes(), 0);
  EXPECT_EQ(segment->bytes(), bytes);
  ASSERT_OK_AND_ASSIGN(const IdTable* ids, segment->Ids());
  ASSERT_OK_AND_ASSIGN(const RecordStore* records, segment->Records());
  for (uint32_t i = 0; i < 100; ++i) {
    EXPECT_EQ(ids->Id(Ordinal{i}), "id" + std::to_string(i));
    EXPECT_EQ(ids->Find("id" + std::to_string(i)), Ordinal{i});
    EXPECT_EQ(ids->offset_id(Ordinal{i}), OffsetId{3 * i + 1});
    EXPECT_EQ(ids->position(Ordinal{i}), LogPosition{5 * i});
    ASSERT_OK_AND_ASSIGN(const StoredRecord record, records->Read(Ordinal{i}));
    EXPECT_EQ(record.document.has_value(), i % 4 != 0);
    EXPECT_EQ(record.uri, "u");
    EXPECT_EQ(record.metadata.Find("parity")->AsInt64(), i % 2);
  }
  ASSERT_OK_AND_ASSIGN(const InvertedIndex* index, segment->Index());
  ASSERT_OK_AND_ASSIGN(const Roaring odd, index->Equal("parity", 1));
  EXPECT_EQ(odd.cardinality(), 50u);
  ASSERT_OK_AND_ASSIGN(const Roaring with_document, index->HasDocument());
  EXPECT_EQ(with_document.cardinality(), 75u);
  EXPECT_OK(segment->Scrub());
}

TEST(SegmentTest, OnlySegmentsOfManyRowsHaveCodesAndOfMoreAGraph) {
  MemoryStorage storage;
  for (const int64_t rows : {int64_t{1}, kCodesRowsMin - 1, kCodesRowsMin, kGraphRowsMin - 1, kGraphRowsMin}) {
    const SegmentId id = RandomUuid();
    ASSERT_OK(WriteRows(storage, id, rows, rows)->Finish(kNotCancelled));
    ASSERT_OK_AND_ASSIGN(const auto segment, Segment::Open(storage, id));
    EXPECT_EQ(segment->has_codes(), rows >= kCodesRowsMin) << rows;
    EXPECT_EQ(segment->has_graph(), rows >= kGraphRowsMin) << rows;
    if (!segment->has_codes()) continue;
    ASSERT_OK_AND_ASSIGN(const VectorIndex* index, segment->IndexOfVectors());
    EXPECT_EQ(index->parts().codes.row_count, rows);
    ASSERT_EQ(index->parts().graph.has_value(), segment->has_graph());
    if (!segment->has_graph()) continue;
    EXPECT_EQ(index->parts().graph->row_count(), rows);
    EXPECT_FALSE(index->calibration().by_ef.empty());
  }
}

TEST(SegmentTest, AnUnfinishedWriterDeletesItsFolder) {
  MemoryStorage storage;
  const SegmentId id = RandomUuid();
  { const auto writer = WriteRows(storage, id, 10, 4); }
  ASSERT_OK_AND_ASSIGN(const auto names, storage.List(kSegmentsFolder));
  EXPECT_THAT(names, IsEmpty());
  EXPECT_EQ(Segment::Open(storage, id).status().code(), StatusCode::kDataLoss);
}

TEST(SegmentTest, ACancelledFinishLeavesNothing) {
  MemoryStorage storage;
  const SegmentId id = RandomUuid();
  {
    const auto writer = WriteRows(storage, id, kGraphRowsMin, kGraphRowsMin);
    const std::atomic<bool> cancelled = true;
    EXPECT_EQ(writer->Finish(cancelled).status().code(), StatusCode::kCancelled);
  }
  ASSERT_OK_AND_ASSIGN(const auto names, storage.List(kSegmentsFolder));
  EXPECT_THAT(names, IsEmpty());
}

TEST(SegmentTest, AFinishedSegmentOutlivesItsWriter) {
  MemoryStorage storage;
  const SegmentId id = RandomUuid();
  {
    const auto writer = WriteRows(storage, id, 5, 5);
    ASSERT_OK(writer->Finish(kNotCancelled));
  }
  ASSERT_OK_AND_ASSIGN(const auto segment, Segment::Open(storage, id));
  EXPECT_OK(segment->Scrub());
}

TEST(SegmentTest, AnOpenSegmentStaysReadableAfterItsFolderIsDeleted) {
  MemoryStorage storage;
  const SegmentId id = RandomUuid();
  ASSERT_OK(WriteRows(storage, id, 5, 5)->Finish(kNotCancelled));
  ASSERT_OK_AND_ASSIGN(const auto segment, Segment::Open(storage, id));
  ASSERT_OK_AND_ASSIGN(const RowsSpan rows, segment->Rows());
  ASSERT_OK(storage.DeleteFolder(SegmentFolder(id)));
  EXPECT_EQ(rows.Row(4)[kDimension + 1], 0.0f);  // padding, still mapped
  EXPECT_OK(segment->Rows());
}

// All blobs of one segment's folder, under the names of another's.
void CopyFolder(Storage& storage, const SegmentId& from, const SegmentId& to) {
  for (const std::string& name : Must(storage.List(SegmentFolder(from)))) {
    auto writer = Must(storage.Create(SegmentFolder(to) + "/" + name));
    Must(writer->Append(Must(storage.Map(SegmentFolder(from) + "/" + name))->bytes()));
    Must(writer->Finish().status());
  }
}

TEST(SegmentTest, AFolderThatHoldsAnotherSegmentIsDataLoss) {
  MemoryStorage storage;
  const SegmentId id = RandomUuid(), other = RandomUuid();
  ASSERT_OK(WriteRows(storage, id, 5, 5)->Finish(kNotCancelled));
  CopyFolder(storage, id, other);
  const Status status = Segment::Open(storage, other).status();
  EXPECT_EQ(status.code(), StatusCode::kDataLoss);
  EXPECT_EQ(status.message(), SegmentFolder(other) + "/SEGMENT is that of segment " + id.ToString());
}

TEST(SegmentTest, WhatTheCatalogueSaysIsComparedWithTheManifest) {
  MemoryStorage storage;
  const SegmentId id = RandomUuid();
  ASSERT_OK_AND_ASSIGN(const int64_t bytes, WriteRows(storage, id, 5, 5)->Finish(kNotCancelled));
  ASSERT_OK_AND_ASSIGN(const auto segment, Segment::Open(storage, id));
  const SegmentDescription right = {
      .collection = kCollection, .row_count = 5, .bytes = bytes, .dimension = kDimension, .space = Space::kCosine};
  EXPECT_OK(segment->CheckAgainst(right));
  SegmentDescription described = right;
  described.dimension.reset();  // not fixed: nothing to compare
  EXPECT_OK(segment->CheckAgainst(described));
  const auto expect_refused = [&](const SegmentDescription& wrong, const std::string& what) {
    const Status status = segment->CheckAgainst(wrong);
    EXPECT_EQ(status.code(), StatusCode::kDataLoss) << what;
    EXPECT_THAT(status.message(), testing::HasSubstr(SegmentFolder(id) + "/SEGMENT: its " + what + " is "));
  };
  (described = right).collection = {.bytes = {0xd}};
  expect_refused(described, "collection");
  (described = right).row_count = 6;
  expect_refused(described, "row count");
  (described = right).bytes = bytes - 1;
  expect_refused(described, "size in bytes");
  (described = right).dimension = kDimension + 1;
  expect_refused(described, "dimension");
  (described = right).space = Space::kL2;
  expect_refused(described, "space");
}

TEST(SegmentTest, AManifestOfVersionOneIsComparedInWhatItHas) {
  MemoryStorage storage;
  const SegmentId id = RandomUuid(), old = RandomUuid();
  ASSERT_OK(WriteRows(storage, id, 5, 5)->Finish(kNotCancelled));
  Manifest manifest = Must(Manifest::Parse(Must(storage.Map(SegmentFolder(id) + "/SEGMENT"))->bytes(), "SEGMENT"));
  manifest.identity.reset();
  const std::string bytes = manifest.Serialize();
  auto writer = Must(storage.Create(SegmentFolder(old) + "/SEGMENT"));
  ASSERT_OK(writer->Append(bytes));
  ASSERT_OK(writer->Finish());
  ASSERT_OK_AND_ASSIGN(const auto segment, Segment::Open(storage, old));
  SegmentDescription described = {.collection = {.bytes = {0xd}},  // it does not say whose it is
                                  .row_count = 5,
                                  .bytes = manifest.TotalBytes() + static_cast<int64_t>(bytes.size()),
                                  .dimension = kDimension,
                                  .space = Space::kCosine};
  EXPECT_OK(segment->CheckAgainst(described));
  described.row_count = 4;
  EXPECT_EQ(segment->CheckAgainst(described).code(), StatusCode::kDataLoss);
}

TEST(SegmentTest, AFileThatTheManifestDoesNotListIsNamedByScrub) {
  MemoryStorage storage;
  const SegmentId id = RandomUuid();
  ASSERT_OK(WriteRows(storage, id, 5, 5)->Finish(kNotCancelled));
  ASSERT_OK_AND_ASSIGN(const auto segment, Segment::Open(storage, id));
  ASSERT_OK(segment->Scrub());
  auto writer = Must(storage.Create(SegmentFolder(id) + "/notes"));
  ASSERT_OK(writer->Finish());
  const Status status = segment->Scrub();
  EXPECT_EQ(status.code(), StatusCode::kDataLoss);
  EXPECT_THAT(status.message(), testing::HasSubstr(SegmentFolder(id) + "/notes"));
}

}  // namespace
}  // namespace ochre
