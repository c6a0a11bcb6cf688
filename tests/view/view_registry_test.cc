#include "view/view_registry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "tests/support/expect_ok.h"
#include "tests/view/test_database.h"

namespace ochre {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

constexpr auto kNothingIsBeingWritten = [](const SegmentId&) { return false; };

void Add(TestDatabase& database, const std::vector<std::string>& ids) {
  const std::vector<float> embeddings(2 * ids.size(), 1.0f);
  database.Write(OperationKind::kAdd, {.ids = ids, .embeddings = {embeddings, 2}});
}

TEST(ViewRegistryTest, PinShowsEveryWriteAcknowledgedBefore) {
  TestDatabase database;
  EXPECT_EQ(database.Pin()->record_count, 0);
  for (int i = 1; i <= 100; ++i) {
    Add(database, {"id" + std::to_string(i)});
    EXPECT_EQ(database.Pin()->record_count, i);
  }
}

TEST(ViewRegistryTest, PinOfACurrentViewIsTheSameView) {
  TestDatabase database;
  Add(database, {"a"});
  const auto view = database.Pin();
  EXPECT_EQ(database.Pin(), view);
  Add(database, {"b"});
  EXPECT_NE(database.Pin(), view);
}

TEST(ViewRegistryTest, APinnedViewDoesNotChange) {
  TestDatabase database;
  Add(database, {"a", "b", "c"});
  const auto in_tail = database.Pin();
  database.Delete({"b"});
  const auto deleted = database.Pin();
  database.MoveTailToSegment();
  database.Delete({"a"});
  database.Write(OperationKind::kUpdate, {.ids = {"c"}, .documents = {"new"}});
  const auto in_segment = database.Pin();
  Add(database, {"d"});
  database.MoveTailToSegment();

  EXPECT_THAT(TestDatabase::IdsOf(*in_tail), ElementsAre("a", "b", "c"));
  EXPECT_THAT(TestDatabase::IdsOf(*deleted), ElementsAre("a", "c"));
  EXPECT_THAT(TestDatabase::IdsOf(*in_segment), ElementsAre("c"));
  EXPECT_THAT(TestDatabase::IdsOf(*database.Pin()), ElementsAre("c", "d"));
  EXPECT_EQ(TestDatabase::ReadRecord(*deleted, "c").contents.document, std::nullopt);
  EXPECT_EQ(TestDatabase::ReadRecord(*in_segment, "c").contents.document, "new");
  ASSERT_OK_AND_ASSIGN(const auto gone, deleted->Find("b"));
  EXPECT_FALSE(gone.has_value());
  ASSERT_OK_AND_ASSIGN(const auto not_yet, in_segment->Find("d"));
  EXPECT_FALSE(not_yet.has_value());
}

TEST(ViewRegistryTest, SwapVersionMovesRecordsWithoutChangingThem) {
  TestDatabase database;
  Add(database, {"a", "b"});
  const auto before = database.Pin();
  EXPECT_EQ(before->tail_operations(), 2);
  database.MoveTailToSegment();
  const auto after = database.Pin();
  EXPECT_EQ(after->version, before->version + 1);
  EXPECT_EQ(after->compacted_position, LogPosition{2});
  EXPECT_EQ(after->tail_operations(), 0);
  EXPECT_EQ(after->tail_size, 0u);
  ASSERT_EQ(after->segments.size(), 1u);
  EXPECT_EQ(TestDatabase::IdsOf(*after), TestDatabase::IdsOf(*before));
  EXPECT_EQ(after->record_count, 2);
}

TEST(ViewRegistryTest, WritesAfterTheLogLostWhatAVersionCoversAreSeen) {
  TestDatabase database;
  Add(database, {"a", "b", "c"});
  database.MoveTailToSegment();
  database.log = Must(Log::Open({}, Durability::kMemory));
  ViewRegistry views(database.storage, *database.log, *database.sysdb);
  EXPECT_EQ(Must(views.Pin(database.collection))->position, LogPosition{3});
  Add(database, {"d"});
  EXPECT_THAT(TestDatabase::IdsOf(*Must(views.Pin(database.collection))), ElementsAre("a", "b", "c", "d"));
}

TEST(ViewRegistryTest, SegmentsThatStayAreNotOpenedAgain) {
  TestDatabase database;
  Add(database, {"a"});
  database.MoveTailToSegment();
  const auto first = database.Pin();
  Add(database, {"b"});
  database.MoveTailToSegment();
  const auto second = database.Pin();
  ASSERT_EQ(second->segments.size(), 2u);
  EXPECT_EQ(second->segments[0].segment, first->segments[0].segment);
}

TEST(ViewRegistryTest, WritesThatArriveBeforeASwapAreInTheViewAfterIt) {
  TestDatabase database;
  Add(database, {"a", "b"});
  database.WriteTailAsVersion();
  Add(database, {"c"});
  database.Delete({"a"});
  ASSERT_OK(database.views.SwapVersion(database.collection));
  const auto view = database.Pin();
  EXPECT_THAT(TestDatabase::IdsOf(*view), ElementsAre("b", "c"));
  EXPECT_EQ(view->tail_operations(), 2);
}

TEST(ViewRegistryTest, WritesAfterASwapGoOnOverTheNewVersion) {
  TestDatabase database;
  Add(database, {"a", "b"});
  database.MoveTailToSegment();
  Add(database, {"c"});
  const auto view = database.Pin();
  EXPECT_EQ(view->version, 1u);
  EXPECT_EQ(view->tail_operations(), 1);
  EXPECT_THAT(TestDatabase::IdsOf(*view), ElementsAre("a", "b", "c"));
}

TEST(ViewRegistryTest, APurgedLogIsNoLossOnceAVersionCoversIt) {
  TestDatabase database;
  Add(database, {"a", "b"});
  database.Pin();  // a materializer at version 0
  const auto covered = database.Pin()->position;
  database.WriteTailAsVersion();
  Add(database, {"c"});
  ASSERT_OK(database.log->Purge(database.collection, covered));
  // The registry has not been told of the version; a fresh one starts from it.
  EXPECT_THAT(TestDatabase::IdsOf(*database.Pin()), ElementsAre("a", "b", "c"));
  ViewRegistry fresh(database.storage, *database.log, *database.sysdb);
  EXPECT_THAT(TestDatabase::IdsOf(*Must(fresh.Pin(database.collection))), ElementsAre("a", "b", "c"));
}

TEST(ViewRegistryTest, OperationsThatNeitherLogNorVersionHasAreDataLoss) {
  TestDatabase database;
  Add(database, {"a", "b"});
  Add(database, {"c"});
  ASSERT_OK(database.log->Purge(database.collection, LogPosition{2}));  // no version covers these
  const auto pinned = database.views.Pin(database.collection);
  EXPECT_EQ(pinned.status().code(), StatusCode::kDataLoss) << pinned.status().ToString();
}

TEST(ViewRegistryTest, AnUnknownCollectionIsNotFound) {
  TestDatabase database;
  EXPECT_EQ(database.views.Pin(RandomUuid()).status().code(), StatusCode::kNotFound);
  EXPECT_EQ(database.views.SwapVersion(RandomUuid()).code(), StatusCode::kNotFound);
}

TEST(ViewRegistryTest, AViewOfADeletedCollectionStaysReadable) {
  TestDatabase database;
  Add(database, {"a"});
  database.MoveTailToSegment();
  Add(database, {"b"});
  const auto view = database.Pin();
  ASSERT_OK(database.sysdb->DeleteCollection(kDefaultTenant, kDefaultDatabase, "docs"));
  database.views.Forget(database.collection);
  ASSERT_OK(database.log->PurgeCollection(database.collection));
  ASSERT_OK(database.views.CollectGarbage(kNothingIsBeingWritten));
  EXPECT_THAT(TestDatabase::IdsOf(*view), ElementsAre("a", "b"));
  EXPECT_EQ(database.views.Pin(database.collection).status().code(), StatusCode::kNotFound);
}

TEST(ViewRegistryTest, CollectionsDoNotSeeEachOthersRecords) {
  TestDatabase database;
  const CollectionId other = database.CreateCollection("other");
  Add(database, {"a"});
  EXPECT_EQ(Must(database.views.Pin(other))->record_count, 0);
  EXPECT_EQ(database.Pin()->record_count, 1);
}

std::vector<std::string> Folders(const TestDatabase& database) { return Must(database.storage.List(kSegmentsFolder)); }

TEST(ViewRegistryTest, GarbageIsWhatNoVersionNamesAndNoViewHolds) {
  TestDatabase database;
  Add(database, {"a"});
  const SegmentId first = database.MoveTailToSegment();
  auto holds_first = database.Pin();

  // A segment that no version names yet.
  const auto write_segment = [&]() -> SegmentRecord {
    const SegmentId id = RandomUuid();
    auto writer = Must(SegmentWriter::Create(database.storage, {.segment = id, .collection = database.collection},
                                             {.row_count = 1, .dimension = 2, .hnsw = {}}));
    const ViewRecord record = TestDatabase::ReadRecord(*holds_first, "a");
    Must(writer->Add({record.id, record.offset_id, record.position, record.row, record.contents}));
    const int64_t bytes = Must(writer->Finish(std::atomic<bool>(false)));
    return {.id = id, .row_count = 1, .bytes = bytes};
  };
  const SegmentRecord second = write_segment();  // replaces the first, as a merge does
  Must(database.sysdb->RegisterVersion(database.collection, {.version = 2,
                                                             .log_position = LogPosition{1},
                                                             .next_offset_id = OffsetId{2},
                                                             .record_count = 1,
                                                             .segments = {{.segment = second, .deletions = {}}}}));
  ASSERT_OK(database.views.SwapVersion(database.collection));
  write_segment();  // left by a crash: no version names it
  const SegmentId being_written = write_segment().id;
  const auto is_being_written = [&](const SegmentId& id) { return id == being_written; };

  ASSERT_OK(database.views.CollectGarbage(is_being_written));
  EXPECT_THAT(Folders(database),
              UnorderedElementsAre(first.ToString(), second.id.ToString(), being_written.ToString()));
  EXPECT_THAT(TestDatabase::IdsOf(*holds_first), ElementsAre("a"));
  holds_first.reset();
  ASSERT_OK(database.views.CollectGarbage(kNothingIsBeingWritten));
  EXPECT_THAT(Folders(database), ElementsAre(second.id.ToString()));
  EXPECT_THAT(TestDatabase::IdsOf(*database.Pin()), ElementsAre("a"));
}

TEST(ViewRegistryTest, TheListenerIsToldWhenTheLastViewOfASegmentEnds) {
  TestDatabase database;
  int releases = 0;
  database.views.ListenForReleases([&] { ++releases; });
  Add(database, {"a"});
  const SegmentId first = database.MoveTailToSegment();
  auto held = database.Pin();
  auto held_too = database.Pin();
  ASSERT_OK(database.sysdb->DeleteCollection(kDefaultTenant, kDefaultDatabase, "docs"));
  database.views.Forget(database.collection);
  ASSERT_OK(database.views.CollectGarbage(kNothingIsBeingWritten));
  held.reset();
  EXPECT_EQ(releases, 0);
  EXPECT_THAT(Folders(database), ElementsAre(first.ToString()));
  held_too.reset();
  EXPECT_EQ(releases, 1);
  EXPECT_THAT(Folders(database), ElementsAre(first.ToString())) << "a reader deletes nothing itself";
  ASSERT_OK(database.views.CollectGarbage(kNothingIsBeingWritten));
  EXPECT_THAT(Folders(database), IsEmpty());
}

TEST(ViewRegistryTest, AViewMayOutliveTheRegistryAndItsListener) {
  TestDatabase database;
  Add(database, {"a"});
  database.MoveTailToSegment();
  int releases = 0;
  std::shared_ptr<const CollectionView> view;
  {
    ViewRegistry views(database.storage, *database.log, *database.sysdb);
    views.ListenForReleases([&] { ++releases; });
    view = Must(views.Pin(database.collection));
    views.ListenForReleases({});
  }
  EXPECT_THAT(TestDatabase::IdsOf(*view), ElementsAre("a"));
  view.reset();
  EXPECT_EQ(releases, 0);
}

TEST(ViewRegistryTest, AReferencedSegmentThatNobodyHasOpenIsNoGarbage) {
  TestDatabase database;
  Add(database, {"a"});
  database.MoveTailToSegment();
  ViewRegistry fresh(database.storage, *database.log, *database.sysdb);
  ASSERT_OK(fresh.CollectGarbage(kNothingIsBeingWritten));
  EXPECT_THAT(TestDatabase::IdsOf(*Must(fresh.Pin(database.collection))), ElementsAre("a"));
}

TEST(ViewRegistryTest, ReadersBesideAWriterSeeWholeBatchesAndNeverGoBack) {
  TestDatabase database;
  constexpr int kBatches = 200;
  std::thread writer([&] {
    for (int i = 0; i < kBatches; ++i) {
      Add(database, {"x" + std::to_string(i), "y" + std::to_string(i)});
      if (i % 50 == 49) database.MoveTailToSegment();
    }
  });
  int64_t last = 0;
  while (last < 2 * kBatches) {
    const auto view = database.Pin();
    EXPECT_GE(view->record_count, last);
    EXPECT_EQ(view->record_count % 2, 0);
    EXPECT_EQ(view->All().count(), view->record_count);
    last = view->record_count;
    if (testing::Test::HasFailure()) break;
  }
  writer.join();
  EXPECT_EQ(database.Pin()->record_count, 2 * kBatches);
}

}  // namespace
}  // namespace ochre
