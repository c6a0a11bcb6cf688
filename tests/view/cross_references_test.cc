#include "view/cross_references.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/expect_ok.h"
#include "tests/view/test_database.h"

namespace ochre {
namespace {

using testing::HasSubstr;

constexpr auto kNothingIsBeingWritten = [](const SegmentId&) { return false; };

LogPosition Add(TestDatabase& database, const std::vector<std::string>& ids) {
  const std::vector<float> embeddings(2 * ids.size(), 1.0f);
  return database.Write(OperationKind::kAdd, {.ids = ids, .embeddings = {embeddings, 2}});
}

void ExpectDataLoss(const Status& status, const std::string& message_part) {
  EXPECT_EQ(status.code(), StatusCode::kDataLoss) << status.ToString();
  EXPECT_THAT(status.message(), HasSubstr(message_part));
}

TEST(CrossReferencesTest, WhatCompactionsLeaveAgrees) {
  TestDatabase database;
  database.CreateCollection("never written to");
  EXPECT_OK(database.views.VerifyReferences());
  for (const char* id : {"a", "b"}) {
    const LogPosition last = Add(database, {id});
    EXPECT_OK(database.views.VerifyReferences());
    database.MoveTailToSegment();
    EXPECT_OK(database.views.VerifyReferences());
    ASSERT_OK(database.log->Purge(database.collection, last));
    EXPECT_OK(database.views.VerifyReferences());
  }
  // Of a deleted collection whose log was not purged yet.
  ASSERT_OK(database.sysdb->DeleteCollection(kDefaultTenant, kDefaultDatabase, "docs"));
  EXPECT_OK(database.views.VerifyReferences());
}

// As after system.sqlite3 was put back to an older state.
TEST(CrossReferencesTest, ACatalogueThatIsOlderThanTheLogDeletesNothing) {
  TestDatabase database;
  Add(database, {"a"});
  const SegmentId segment = database.MoveTailToSegment();
  const LogPosition last = Add(database, {"b"});
  ASSERT_OK(database.log->Purge(database.collection, last));
  ExpectDataLoss(CheckLogAgainstCatalogue(*database.log, *database.sysdb), "begins after position 2");
  ExpectDataLoss(database.views.VerifyReferences(), "system.sqlite3");

  const SegmentId unknown = RandomUuid();  // which a newer version named
  auto writer = Must(database.storage.Create(SegmentFolder(unknown) + "/SEGMENT"));
  ASSERT_OK(writer->Finish());
  ExpectDataLoss(database.views.CollectGarbage(kNothingIsBeingWritten), "system.sqlite3");
  EXPECT_THAT(Must(database.storage.List(kSegmentsFolder)),
              testing::UnorderedElementsAre(segment.ToString(), unknown.ToString()));
}

TEST(CrossReferencesTest, ASegmentWithoutAFolderIsDataLoss) {
  TestDatabase database;
  Add(database, {"a"});
  const SegmentId segment = database.MoveTailToSegment();
  ASSERT_OK(database.storage.DeleteFolder(SegmentFolder(segment)));
  ExpectDataLoss(CheckFoldersAgainstCatalogue(database.storage, *database.sysdb), SegmentFolder(segment));
}

TEST(CrossReferencesTest, WhatIsNoSegmentIsNamed) {
  TestDatabase database;
  Add(database, {"a"});
  database.MoveTailToSegment();
  // A segment that no version names is garbage, or being written: neither is damage.
  auto writer = Must(database.storage.Create(SegmentFolder(RandomUuid()) + "/ids.bin"));
  ASSERT_OK(writer->Finish());
  EXPECT_OK(CheckFoldersAgainstCatalogue(database.storage, *database.sysdb));
  writer = Must(database.storage.Create("segments/notes.txt"));
  ASSERT_OK(writer->Finish());
  ExpectDataLoss(CheckFoldersAgainstCatalogue(database.storage, *database.sysdb), "segments/notes.txt");
}

// What a version says of its records and segments, and what these say of themselves.
TEST(CrossReferencesTest, AVersionThatContradictsItsSegmentsIsDataLoss) {
  for (const bool of_count : {false, true}) {
    SCOPED_TRACE(of_count);
    TestDatabase database;
    Add(database, {"a"});
    const SegmentId id = database.MoveTailToSegment();
    CollectionVersion version = Must(database.sysdb->LatestVersion(database.collection));
    version.version = 2;
    if (of_count) {
      version.record_count = 2;
    } else {
      // Another collection's segment.
      const CollectionId other = database.CreateCollection("other");
      version.version = 1;
      database.collection = other;
    }
    Must(database.sysdb->RegisterVersion(database.collection, version));
    const Status status = database.views.SwapVersion(database.collection);
    ExpectDataLoss(status, of_count ? "has 2 records, but its segments hold 1" : id.ToString());
    ExpectDataLoss(status, "system.sqlite3");
  }
}

}  // namespace
}  // namespace ochre
