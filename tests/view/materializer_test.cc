#include "view/materializer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "tests/support/expect_ok.h"
#include "tests/view/test_database.h"

namespace ochre {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr int64_t kDimension = 2;

OffsetId OffsetIdOf(const CollectionView& view, std::string_view id) {
  return TestDatabase::ReadRecord(view, id).offset_id;
}

TEST(MaterializerTest, InsertedRecordsGetOffsetIdsInTheOrderOfTheLog) {
  TestDatabase database;
  database.Write(OperationKind::kAdd, {.ids = {"b", "a"}, .embeddings = {std::vector<float>{1, 1, 2, 2}, kDimension}});
  database.Write(OperationKind::kUpsert, {.ids = {"c"}, .embeddings = {std::vector<float>{3, 3}, kDimension}});
  const auto view = database.Pin();
  EXPECT_EQ(OffsetIdOf(*view, "b"), OffsetId{1});
  EXPECT_EQ(OffsetIdOf(*view, "a"), OffsetId{2});
  EXPECT_EQ(OffsetIdOf(*view, "c"), OffsetId{3});
  EXPECT_EQ(view->next_offset_id, OffsetId{4});
  EXPECT_EQ(view->record_count, 3);
  EXPECT_EQ(view->position, LogPosition{3});
}

TEST(MaterializerTest, AddOfAnIdThatASegmentHoldsIsIgnored) {
  TestDatabase database;
  database.Write(OperationKind::kAdd,
                 {.ids = {"a"}, .embeddings = {std::vector<float>{1, 1}, kDimension}, .documents = {"first"}});
  database.MoveTailToSegment();
  database.Write(OperationKind::kAdd, {.ids = {"a", "b"},
                                       .embeddings = {std::vector<float>{9, 9, 2, 2}, kDimension},
                                       .documents = {"second", "other"}});
  const auto view = database.Pin();
  EXPECT_THAT(TestDatabase::IdsOf(*view), ElementsAre("a", "b"));
  EXPECT_EQ(TestDatabase::ReadRecord(*view, "a").contents.document, "first");
  EXPECT_EQ(OffsetIdOf(*view, "b"), OffsetId{2});
  EXPECT_EQ(view->tail_size, 1u);
}

TEST(MaterializerTest, AnUpdateMovesARowOfASegmentToTheTailUnderItsOffsetId) {
  TestDatabase database;
  database.Write(OperationKind::kAdd, {.ids = {"a", "b"},
                                       .embeddings = {std::vector<float>{1, 1, 2, 2}, kDimension},
                                       .documents = {"one", "two"},
                                       .metadatas = {{{"x", 1}}, {{"x", 2}}}});
  database.MoveTailToSegment();
  database.Write(OperationKind::kUpdate, {.ids = {"a"}, .metadatas = {{{"y", 3}}}});
  const auto view = database.Pin();
  EXPECT_EQ(*view->Find("a").value(), (RecordLocation{RecordLocation::kTail, 0}));
  EXPECT_EQ(*view->Find("b").value(), (RecordLocation{0, 1}));
  const ViewRecord record = TestDatabase::ReadRecord(*view, "a");
  EXPECT_EQ(record.offset_id, OffsetId{1});
  EXPECT_EQ(record.position, LogPosition{3});
  EXPECT_EQ(record.contents.document, "one");
  EXPECT_EQ(record.row[0], 1.0f);
  EXPECT_EQ(DecodeMetadata(record.contents.metadata), (Metadata{{"x", 1}, {"y", 3}}));
  EXPECT_EQ(view->segments[0].deletions->deleted_count(), 1);
  EXPECT_EQ(view->record_count, 2);
  EXPECT_THAT(TestDatabase::IdsOf(*view), ElementsAre("a", "b"));  // order of insertion, not of places
}

TEST(MaterializerTest, ARecordThatIsDeletedAndAddedAgainComesLast) {
  TestDatabase database;
  database.Write(OperationKind::kAdd, {.ids = {"a", "b"}, .embeddings = {std::vector<float>{1, 1, 2, 2}, kDimension}});
  database.MoveTailToSegment();
  database.Write(OperationKind::kAdd, {.ids = {"c"}, .embeddings = {std::vector<float>{3, 3}, kDimension}});
  database.Delete({"a", "c"});
  database.Write(OperationKind::kAdd, {.ids = {"c", "a"}, .embeddings = {std::vector<float>{4, 4, 5, 5}, kDimension}});
  const auto view = database.Pin();
  EXPECT_THAT(TestDatabase::IdsOf(*view), ElementsAre("b", "c", "a"));
  EXPECT_EQ(OffsetIdOf(*view, "c"), OffsetId{4});
  EXPECT_EQ(OffsetIdOf(*view, "a"), OffsetId{5});
  EXPECT_EQ(view->record_count, 3);
}

TEST(MaterializerTest, OperationsOnAbsentRecordsDoNothing) {
  TestDatabase database;
  database.Write(OperationKind::kUpdate, {.ids = {"a"}, .embeddings = {std::vector<float>{1, 1}, kDimension}});
  database.Delete({"a", "b"});
  const auto view = database.Pin();
  EXPECT_EQ(view->record_count, 0);
  EXPECT_EQ(view->tail_size, 0u);
  EXPECT_EQ(view->position, LogPosition{3});
  EXPECT_EQ(view->next_offset_id, OffsetId{1});
  EXPECT_THAT(TestDatabase::IdsOf(*view), IsEmpty());
}

TEST(MaterializerTest, AnUpdateMayReplaceItsOwnSourceInTheTailAgainAndAgain) {
  TestDatabase database;
  database.Write(OperationKind::kAdd,
                 {.ids = {"a"}, .embeddings = {std::vector<float>{1, 1}, kDimension}, .documents = {"text"}});
  for (int i = 0; i < 100; ++i) database.Write(OperationKind::kUpdate, {.ids = {"a"}, .metadatas = {{{"i", i}}}});
  const auto view = database.Pin();
  const ViewRecord record = TestDatabase::ReadRecord(*view, "a");
  EXPECT_EQ(record.contents.document, "text");
  EXPECT_EQ(record.contents.metadata.Find("i")->AsInt64(), 99);
  EXPECT_EQ(record.offset_id, OffsetId{1});
  EXPECT_EQ(view->All().tail.size(), 1u);
}

// What a view holds, as text: for comparing views.
std::vector<std::string> Describe(const CollectionView& view) {
  std::vector<std::string> lines;
  for (const RecordLocation location : Must(WalkRecords(view, view.All(), 0, 1'000'000))) {
    const ViewRecord record = Must(view.Read(location, {.contents = true, .row = true}));
    lines.push_back(std::to_string(static_cast<uint64_t>(record.offset_id)) + " " + std::string(record.id) + " at " +
                    std::to_string(static_cast<uint64_t>(record.position)) + " [" + std::to_string(record.row[0]) +
                    "] " + std::string(record.contents.document.value_or("(null)")) +
                    MetadataToJson(DecodeMetadata(record.contents.metadata)));
  }
  return lines;
}

TEST(MaterializerTest, ReplayingTheLogFromAnyVersionGivesTheSameRecords) {
  constexpr uint64_t kSeed = 3;
  SCOPED_TRACE("seed 3");
  std::mt19937_64 random(kSeed);
  TestDatabase database;
  for (int round = 0; round < 300; ++round) {
    const std::string id = "id" + std::to_string(random() % 40);
    const auto number = static_cast<float>(random() % 100);
    const std::vector<float> embedding = {number, number};
    const std::vector<Metadata> metadatas = {
        {{"k" + std::to_string(random() % 3), static_cast<int64_t>(random() % 9)}}};
    switch (random() % 4) {
      case 0:
        database.Write(OperationKind::kAdd,
                       {.ids = {id}, .embeddings = {embedding, kDimension}, .metadatas = metadatas});
        break;
      case 1:
        database.Write(OperationKind::kUpdate, {.ids = {id}, .documents = {"doc"}, .metadatas = metadatas});
        break;
      case 2:
        database.Write(OperationKind::kUpsert,
                       {.ids = {id}, .embeddings = {embedding, kDimension}, .metadatas = metadatas});
        break;
      default:
        database.Delete({id});
    }
    if (round % 60 == 59) {
      const std::vector<std::string> before = Describe(*database.Pin());
      // A second registry reads the same log from the version before; then both go over to a new version.
      ViewRegistry second(database.storage, *database.log, *database.sysdb);
      EXPECT_EQ(Describe(*Must(second.Pin(database.collection))), before) << "round " << round;
      if (!database.Pin()->All().tail.empty()) database.MoveTailToSegment();
      EXPECT_EQ(Describe(*database.Pin()), before) << "round " << round;
      EXPECT_EQ(database.Pin()->tail_size, 0u);
    }
  }
}

TEST(MaterializerTest, ABatchOfAnotherDimensionIsDataLoss) {
  TestDatabase database;
  database.Write(OperationKind::kAdd, {.ids = {"a"}, .embeddings = {std::vector<float>{1, 1}, 2}});
  database.Write(OperationKind::kAdd, {.ids = {"b"}, .embeddings = {std::vector<float>{1, 1, 1}, 3}});
  EXPECT_EQ(database.views.Pin(database.collection).status().code(), StatusCode::kDataLoss);
}

TEST(MaterializerTest, ABatchThatSpansOtherPositionsIsDataLoss) {
  Materializer materializer{BaseVersion{}};
  auto bytes = std::make_shared<const std::string>(Must(EncodeOperations(OperationKind::kDelete, {.ids = {"a", "b"}})));
  EXPECT_EQ(materializer.Apply({LogPosition{1}, LogPosition{3}, bytes}).code(), StatusCode::kDataLoss);
}

TEST(MaterializerTest, ADamagedBatchIsDataLoss) {
  Materializer materializer{BaseVersion{}};
  std::string bytes = Must(EncodeOperations(OperationKind::kDelete, {.ids = {"a"}}));
  bytes[bytes.size() / 2] ^= 1;
  EXPECT_EQ(materializer.Apply({LogPosition{1}, LogPosition{1}, std::make_shared<const std::string>(bytes)}).code(),
            StatusCode::kDataLoss);
}

}  // namespace
}  // namespace ochre
