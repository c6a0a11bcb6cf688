#include "compactor/compaction.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/expect_ok.h"
#include "tests/view/test_database.h"

namespace ochre {
namespace {

using testing::IsEmpty;

// What readers can tell of a record, as text.
std::vector<std::string> Describe(const CollectionView& view) {
  std::vector<std::string> lines;
  for (const RecordLocation location : Must(WalkRecords(view, view.All(), 0, 1'000'000))) {
    const ViewRecord record = Must(view.Read(location, {.contents = true, .row = true}));
    lines.push_back(std::to_string(static_cast<uint64_t>(record.offset_id)) + "|" + std::string(record.id) + "|" +
                    std::to_string(static_cast<uint64_t>(record.position)) + "|" + std::to_string(record.row[0]) + "|" +
                    std::string(record.contents.document.value_or("(null)")) + "|" +
                    std::string(record.contents.uri.value_or("(null)")) + "|" +
                    MetadataToJson(DecodeMetadata(record.contents.metadata)));
  }
  return lines;
}

class CompactionTest : public testing::Test {
 protected:
  // Two segments, the first with deleted and replaced rows, and a tail.
  CompactionTest() {
    Add(0, 40);
    database_.MoveTailToSegment();
    Add(40, 60);
    database_.Delete({"id3", "id50"});
    database_.MoveTailToSegment();
    Add(60, 70);
    database_.Write(OperationKind::kUpdate, {.ids = {"id5", "id65"}, .documents = {"", "new"}, .uris = {"u", "v"}});
    database_.Delete({"id0", "id60"});
    Add(0, 1);  // id0 again: last
  }

  SegmentIdentity NewSegment() const { return {.segment = RandomUuid(), .collection = database_.collection}; }

  void Add(int begin, int end) {
    for (int i = begin; i < end; ++i) {
      const std::vector<float> embedding = {static_cast<float>(i), 1};
      const std::vector<Metadata> metadatas = {{{"i", i}}};
      database_.Write(OperationKind::kAdd,
                      {.ids = {"id" + std::to_string(i)}, .embeddings = {embedding, 2}, .metadatas = metadatas});
    }
  }

  // Compacts, registers and swaps in; returns the new view.
  std::shared_ptr<const CollectionView> CompactWith(const std::vector<size_t>& merges) {
    const CollectionVersion version =
        Must(Compact(database_.storage, *database_.Pin(), merges, NewSegment(), {}, 1, std::atomic<bool>(false)));
    Must(database_.sysdb->RegisterVersion(database_.collection, version));
    Must(database_.views.SwapVersion(database_.collection));
    return database_.Pin();
  }

  TestDatabase database_;
};

TEST_F(CompactionTest, NoChoiceOfMergesChangesWhatReadersSee) {
  const std::vector<std::string> before = Describe(*database_.Pin());
  ASSERT_EQ(before.size(), 67u);
  EXPECT_EQ(Describe(*CompactWith({})), before);
  EXPECT_EQ(database_.Pin()->segments.size(), 3u);
  EXPECT_EQ(Describe(*CompactWith({1, 2})), before);
  EXPECT_EQ(database_.Pin()->segments.size(), 2u);
  const auto view = CompactWith({0, 1});
  EXPECT_EQ(Describe(*view), before);
  ASSERT_EQ(view->segments.size(), 1u);
  EXPECT_EQ(view->segments[0].segment->row_count(), 67);
  EXPECT_EQ(view->segments[0].deletions->deleted_count(), 0);
  EXPECT_EQ(view->tail_operations(), 0);
}

TEST_F(CompactionTest, OffsetIdsGoOnAfterIt) {
  const OffsetId next = database_.Pin()->next_offset_id;
  EXPECT_EQ(CompactWith({0, 1})->next_offset_id, next);
  Add(100, 101);
  EXPECT_EQ(TestDatabase::ReadRecord(*database_.Pin(), "id100").offset_id, next);
}

TEST_F(CompactionTest, ACollectionWithoutRecordsHasNoSegments) {
  database_.Delete(TestDatabase::IdsOf(*database_.Pin()));
  const auto view = CompactWith({0, 1});
  EXPECT_THAT(view->segments, IsEmpty());
  EXPECT_EQ(view->record_count, 0);
  Add(7, 9);
  EXPECT_EQ(database_.Pin()->record_count, 2);
}

TEST_F(CompactionTest, ASegmentWhoseRowsAreAllDeadIsDroppedUnmerged) {
  std::vector<std::string> of_second;
  for (int i = 40; i < 60; ++i) of_second.push_back("id" + std::to_string(i));
  database_.Delete(of_second);
  const auto view = CompactWith({});
  EXPECT_EQ(view->segments.size(), 2u);
  EXPECT_EQ(view->record_count, 48);
}

// As when the files of one segment were put in the place of another's, and the checksums made to fit.
TEST_F(CompactionTest, SegmentsThatShareAnOffsetIdAreDataLossAndNothingIsWritten) {
  const auto folders = Must(database_.storage.List(kSegmentsFolder));
  const auto view = database_.Pin();
  CollectionView forged;
  forged.segments = {view->segments[0], view->segments[0]};
  forged.tail = view->tail;
  forged.record_count = 2 * view->segments[0].deletions->live_count();
  const std::vector<size_t> merges = {0, 1};
  const auto compacted = Compact(database_.storage, forged, merges, NewSegment(), {}, 1, std::atomic<bool>(false));
  EXPECT_EQ(compacted.status().code(), StatusCode::kDataLoss) << compacted.status().ToString();
  EXPECT_EQ(Must(database_.storage.List(kSegmentsFolder)), folders);
}

TEST_F(CompactionTest, ACancelledOneLeavesNothing) {
  const auto folders = Must(database_.storage.List(kSegmentsFolder));
  const std::vector<size_t> merges = {0, 1};
  const auto cancelled =
      Compact(database_.storage, *database_.Pin(), merges, NewSegment(), {}, 1, std::atomic<bool>(true));
  EXPECT_EQ(cancelled.status().code(), StatusCode::kCancelled);
  EXPECT_EQ(Must(database_.storage.List(kSegmentsFolder)), folders);
}

}  // namespace
}  // namespace ochre
