// What each operation of a collection does, rule by rule.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "ochre/ochre.h"
#include "tests/support/expect_ok.h"

namespace ochre {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> IdsOf(const RecordColumns& columns) {
  std::vector<std::string> ids;
  for (size_t i = 0; i < columns.size(); ++i) ids.emplace_back(columns.ids[i]);
  return ids;
}

// Every rule holds for records in the tail and for records in a segment.
class CollectionTest : public testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(client_, Client::InMemory());
    ASSERT_OK_AND_ASSIGN(Collection created, client_->CreateCollection("test"));
    collection_ = std::make_unique<Collection>(created);
  }

  Collection& collection() { return *collection_; }

  // After this, what was written is in a segment, if the parameter says so.
  void Settle() {
    if (GetParam()) ASSERT_OK(client_->Compact(collection()));
  }

  // a, b, c at 1, 2, 3 on a line, with documents and metadata.
  void AddThree() {
    const std::vector<float> values = {1, 0, 2, 0, 3, 0};
    ASSERT_OK(collection().Add({.ids = {"a", "b", "c"},
                                .embeddings = {values, 2},
                                .documents = {"red fox", "blue fox", "red whale"},
                                .metadatas = {{{"n", 1}}, {{"n", 2}, {"s", "x"}}, {{"n", 3}}}}));
    Settle();
  }

  std::vector<std::string> AllIds() {
    auto all = collection().Get();
    EXPECT_OK(all);
    return all.ok() ? IdsOf(*all) : std::vector<std::string>();
  }

  std::unique_ptr<Client> client_;
  std::unique_ptr<Collection> collection_;
};

TEST_P(CollectionTest, AddOfAnExistingIdLeavesTheRecordAsItIs) {
  AddThree();
  const std::vector<float> values = {9, 9, 4, 0};
  ASSERT_OK(collection().Add({.ids = {"a", "d"}, .embeddings = {values, 2}, .documents = {"new", "new"}}));
  ASSERT_OK_AND_ASSIGN(const GetResult found,
                       collection().Get({.include = {.documents = true, .metadatas = true, .embeddings = true}}));
  EXPECT_THAT(IdsOf(found), ElementsAre("a", "b", "c", "d"));
  EXPECT_EQ((*found.documents)[0], "red fox");
  EXPECT_THAT(found.embeddings->Row(0), ElementsAre(1, 0));
  EXPECT_EQ(found.metadatas->Get(0, "n"), MetadataValue(1));
}

TEST_P(CollectionTest, UpdateReplacesWhatIsGivenMergesMetadataAndIgnoresUnknownIds) {
  AddThree();
  ASSERT_OK(collection().Update({.ids = {"b", "nobody"},
                                 .documents = {"green fox", "x"},
                                 .metadatas = {{{"s", nullptr}, {"t", true}}, {{"n", 1}}}}));
  ASSERT_OK_AND_ASSIGN(const GetResult found,
                       collection().Get({.include = {.documents = true, .metadatas = true, .embeddings = true}}));
  EXPECT_THAT(IdsOf(found), ElementsAre("a", "b", "c"));
  EXPECT_EQ((*found.documents)[1], "green fox");
  EXPECT_THAT(found.embeddings->Row(1), ElementsAre(2, 0));
  EXPECT_EQ((*found.metadatas)[1], (Metadata{{"n", 2}, {"t", true}}));
}

TEST_P(CollectionTest, UpdateMayGiveEmbeddingsForSomeRecordsOnly) {
  AddThree();
  const std::vector<float> values = {7, 7, 8, 8};
  const std::vector<uint8_t> given = {0, 1};
  ASSERT_OK(collection().Update({.ids = {"a", "b"}, .embeddings = {values, 2}, .embedding_given = given}));
  ASSERT_OK_AND_ASSIGN(const GetResult found, collection().Get({.include = {.embeddings = true}}));
  EXPECT_THAT(found.embeddings->Row(0), ElementsAre(1, 0));
  EXPECT_THAT(found.embeddings->Row(1), ElementsAre(8, 8));
}

TEST_P(CollectionTest, UpsertInsertsOrMergesAndKeepsAnAbsentDocument) {
  AddThree();
  const std::vector<float> values = {5, 5, 6, 6};
  ASSERT_OK(collection().Upsert(
      {.ids = {"a", "d"}, .embeddings = {values, 2}, .metadatas = {{{"m", 1.5}}, {{"gone", nullptr}, {"m", 2}}}}));
  ASSERT_OK_AND_ASSIGN(const GetResult found,
                       collection().Get({.include = {.documents = true, .metadatas = true, .embeddings = true}}));
  EXPECT_THAT(IdsOf(found), ElementsAre("a", "b", "c", "d"));
  EXPECT_EQ((*found.documents)[0], "red fox");
  EXPECT_THAT(found.embeddings->Row(0), ElementsAre(5, 5));
  EXPECT_EQ((*found.metadatas)[0], (Metadata{{"n", 1}, {"m", 1.5}}));
  EXPECT_TRUE(found.documents->IsNull(3));
  EXPECT_EQ((*found.metadatas)[3], (Metadata{{"m", 2}}));
}

TEST_P(CollectionTest, AnEmptyDocumentReplacesANullOneKeeps) {
  AddThree();
  const std::vector<std::optional<std::string>> documents = {"", std::nullopt};
  ASSERT_OK(collection().Update({.ids = {"a", "b"}, .documents = documents}));
  ASSERT_OK_AND_ASSIGN(const GetResult found, collection().Get());
  EXPECT_EQ(found.documents->Get(0), std::optional<std::string_view>(""));
  EXPECT_EQ((*found.documents)[1], "blue fox");
}

TEST_P(CollectionTest, ARecordAddedAgainAfterADeleteComesLast) {
  AddThree();
  ASSERT_OK(collection().Delete({.ids = StringColumn{"a"}}));
  Settle();
  const std::vector<float> values = {1, 0};
  ASSERT_OK(collection().Add({.ids = {"a"}, .embeddings = {values, 2}}));
  EXPECT_THAT(AllIds(), ElementsAre("b", "c", "a"));
  ASSERT_OK_AND_ASSIGN(const GetResult found, collection().Get({.ids = StringColumn{"a"}}));
  EXPECT_TRUE(found.documents->IsNull(0));
}

TEST_P(CollectionTest, DeleteCountsWhatWasReallyThere) {
  AddThree();
  ASSERT_OK_AND_ASSIGN(const DeleteReceipt two, collection().Delete({.ids = StringColumn{"a", "nobody", "c", "a"}}));
  EXPECT_EQ(two.deleted, 2);
  ASSERT_OK_AND_ASSIGN(const DeleteReceipt none, collection().Delete({.ids = StringColumn{"a"}}));
  EXPECT_EQ(none.deleted, 0);
  EXPECT_THAT(AllIds(), ElementsAre("b"));
}

TEST_P(CollectionTest, DeleteWithAFilterTakesTheFirstInOrderOfInsertionUpToTheLimit) {
  AddThree();
  ASSERT_OK_AND_ASSIGN(const DeleteReceipt one, collection().Delete({.where = Key("n") >= 2, .limit = 1}));
  EXPECT_EQ(one.deleted, 1);
  EXPECT_THAT(AllIds(), ElementsAre("a", "c"));
  ASSERT_OK_AND_ASSIGN(const DeleteReceipt zero, collection().Delete({.where = Key("n") >= 2, .limit = 0}));
  EXPECT_EQ(zero.deleted, 0);
  ASSERT_OK_AND_ASSIGN(const DeleteReceipt both, collection().Delete({.ids = StringColumn{"a", "c"},
                                                                      .where_document = Document().Contains("fox")}));
  EXPECT_EQ(both.deleted, 1);
  EXPECT_THAT(AllIds(), ElementsAre("c"));
}

TEST_P(CollectionTest, DeleteOfNothingInParticularIsRefused) {
  AddThree();
  EXPECT_EQ(collection().Delete({}).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(collection().Delete({.ids = StringColumn()}).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(collection().Delete({.ids = StringColumn{"a"}, .limit = 1}).status().code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(AllIds(), ElementsAre("a", "b", "c"));
}

TEST_P(CollectionTest, GetIsInOrderOfInsertionWhateverTheOrderAndRepeatsOfIds) {
  AddThree();
  ASSERT_OK_AND_ASSIGN(const GetResult found, collection().Get({.ids = StringColumn{"c", "nobody", "a", "c"}}));
  EXPECT_THAT(IdsOf(found), ElementsAre("a", "c"));
  ASSERT_OK_AND_ASSIGN(const GetResult none, collection().Get({.ids = StringColumn()}));
  EXPECT_THAT(IdsOf(none), IsEmpty());
}

TEST_P(CollectionTest, GetSkipsTheOffsetThenTakesUpToTheLimit) {
  AddThree();
  ASSERT_OK_AND_ASSIGN(const GetResult middle, collection().Get({.limit = 1, .offset = 1}));
  EXPECT_THAT(IdsOf(middle), ElementsAre("b"));
  ASSERT_OK_AND_ASSIGN(const GetResult nothing, collection().Get({.limit = 0}));
  EXPECT_THAT(IdsOf(nothing), IsEmpty());
  ASSERT_OK_AND_ASSIGN(const GetResult beyond, collection().Get({.offset = std::numeric_limits<int64_t>::max()}));
  EXPECT_THAT(IdsOf(beyond), IsEmpty());
  EXPECT_EQ(collection().Get({.limit = -1}).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(collection().Get({.offset = -1}).status().code(), StatusCode::kInvalidArgument);
}

TEST_P(CollectionTest, OnlyIncludedColumnsComeBack) {
  AddThree();
  ASSERT_OK_AND_ASSIGN(const GetResult by_default, collection().Get());
  EXPECT_TRUE(by_default.documents.has_value() && by_default.metadatas.has_value());
  EXPECT_FALSE(by_default.embeddings.has_value() || by_default.uris.has_value());
  ASSERT_OK_AND_ASSIGN(const GetResult ids_only, collection().Get({.include = {}}));
  EXPECT_FALSE(ids_only.documents.has_value() || ids_only.metadatas.has_value());
  EXPECT_EQ(collection().Get({.include = {.distances = true}}).status().code(), StatusCode::kInvalidArgument);
  ASSERT_OK_AND_ASSIGN(const GetResult peeked, collection().Peek(2));
  EXPECT_THAT(IdsOf(peeked), ElementsAre("a", "b"));
  EXPECT_TRUE(peeked.embeddings.has_value());
}

TEST_P(CollectionTest, QueryGivesTheNearestFirstWithSquaredDistances) {
  AddThree();
  const std::vector<float> query = {2.75f, 0};
  ASSERT_OK_AND_ASSIGN(const QueryResult hits, collection().Query({.embeddings = {query, 2}, .n_results = 2}));
  EXPECT_THAT(IdsOf(hits), ElementsAre("c", "b"));
  EXPECT_THAT(*hits.distances, ElementsAre(0.0625f, 0.5625f));
  EXPECT_EQ((*hits.documents)[0], "red whale");
}

TEST_P(CollectionTest, SeveralQueriesAreAnsweredEachForItself) {
  AddThree();
  const std::vector<float> queries = {0, 0, 4, 0, 2, 0};
  ASSERT_OK_AND_ASSIGN(const QueryResult hits, collection().Query({.embeddings = {queries, 2}, .n_results = 1}));
  EXPECT_EQ(hits.query_count(), 3);
  EXPECT_THAT(IdsOf(hits), ElementsAre("a", "c", "b"));
  EXPECT_THAT(hits.offsets, ElementsAre(0, 1, 2, 3));
  ASSERT_OK_AND_ASSIGN(const QueryResult none, collection().Query({}));
  EXPECT_EQ(none.query_count(), 0);
}

TEST_P(CollectionTest, QueryConsidersOnlyWhatSatisfiesEverything) {
  AddThree();
  const std::vector<float> query = {0, 0};
  ASSERT_OK_AND_ASSIGN(const QueryResult hits, collection().Query({.embeddings = {query, 2},
                                                                   .ids = StringColumn{"b", "c", "nobody"},
                                                                   .where = Key("n") != 3,
                                                                   .where_document = Document().Contains("fox")}));
  EXPECT_THAT(IdsOf(hits), ElementsAre("b"));
  ASSERT_OK_AND_ASSIGN(const QueryResult none, collection().Query({.embeddings = {query, 2}, .where = Key("n") > 3}));
  EXPECT_EQ(none.HitCount(0), 0);
}

TEST_P(CollectionTest, AHugeNumberOfResultsGivesAllThereAre) {
  AddThree();
  const std::vector<float> query = {0, 0};
  ASSERT_OK_AND_ASSIGN(const QueryResult hits, collection().Query({.embeddings = {query, 2},
                                                                   .n_results = std::numeric_limits<int64_t>::max()}));
  EXPECT_THAT(IdsOf(hits), ElementsAre("a", "b", "c"));
  EXPECT_EQ(collection().Query({.embeddings = {query, 2}, .n_results = 0}).status().code(),
            StatusCode::kInvalidArgument);
}

TEST_P(CollectionTest, EquallyNearRecordsComeInOrderOfInsertion) {
  const std::vector<float> values = {1, 1, 1, 1, 1, 1, 1, 1};
  ASSERT_OK(collection().Add({.ids = {"d", "b"}, .embeddings = {std::span(values).first(4), 2}}));
  Settle();
  ASSERT_OK(collection().Add({.ids = {"c", "a"}, .embeddings = {std::span(values).first(4), 2}}));
  ASSERT_OK(collection().Update({.ids = {"d"}, .documents = {"moves to the tail"}}));
  ASSERT_OK_AND_ASSIGN(const QueryResult hits,
                       collection().Query({.embeddings = {std::span(values).first(2), 2}, .n_results = 3}));
  EXPECT_THAT(IdsOf(hits), ElementsAre("d", "b", "c"));
}

TEST_P(CollectionTest, TheFirstEmbeddingFixesTheDimensionForGood) {
  const std::vector<float> query = {1, 2, 3};
  ASSERT_OK_AND_ASSIGN(const QueryResult empty, collection().Query({.embeddings = {query, 3}}));
  EXPECT_EQ(empty.HitCount(0), 0);
  AddThree();
  ASSERT_OK(collection().Delete({.where = Key("n") >= 0}));
  Settle();
  const Status refused = collection().Add({.ids = {"d"}, .embeddings = {query, 3}}).status();
  EXPECT_EQ(refused.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(refused.message(), HasSubstr("Collection expecting embedding with dimension of 2, got 3"));
  EXPECT_EQ(collection().Query({.embeddings = {query, 3}}).status().code(), StatusCode::kInvalidArgument);
  ASSERT_OK_AND_ASSIGN(const CollectionInfo info, collection().Info());
  EXPECT_EQ(info.dimension, 2);
}

TEST_P(CollectionTest, ABatchWithOneBadRecordChangesNothing) {
  AddThree();
  const std::vector<float> values = {1, 0, std::numeric_limits<float>::quiet_NaN(), 0};
  const Status nan = collection().Add({.ids = {"d", "e"}, .embeddings = {values, 2}}).status();
  EXPECT_THAT(nan.message(), HasSubstr("at index 1"));
  const std::vector<float> fine = {1, 0, 2, 0};
  const Status twice = collection().Upsert({.ids = {"d", "d"}, .embeddings = {fine, 2}}).status();
  EXPECT_THAT(twice.message(), HasSubstr("found duplicates of: d"));
  const Status null =
      collection().Add({.ids = {"d", "e"}, .embeddings = {fine, 2}, .metadatas = {{}, {{"k", nullptr}}}}).status();
  EXPECT_THAT(null.message(), HasSubstr("index 1"));
  EXPECT_THAT(AllIds(), ElementsAre("a", "b", "c"));
}

TEST_P(CollectionTest, AnEmptyBatchDoesNothing) {
  ASSERT_OK_AND_ASSIGN(const WriteReceipt receipt, collection().Add({}));
  EXPECT_EQ(receipt.log_position, 0u);
}

TEST_P(CollectionTest, ReceiptsSayWhereAWriteIsInTheLog) {
  const std::vector<float> values = {1, 0, 2, 0};
  ASSERT_OK_AND_ASSIGN(const WriteReceipt first, collection().Add({.ids = {"a", "b"}, .embeddings = {values, 2}}));
  EXPECT_EQ(first.log_position, 2u);
  EXPECT_EQ(first.durability, Durability::kMemory);
  Settle();
  ASSERT_OK_AND_ASSIGN(const DeleteReceipt second, collection().Delete({.ids = StringColumn{"a"}}));
  EXPECT_EQ(second.receipt.log_position, 3u);
}

TEST_P(CollectionTest, TextsWithoutAnEmbeddingFunctionAreRefused) {
  EXPECT_EQ(collection().Query({.texts = {"x"}}).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(collection().Add({.ids = {"a"}, .documents = {"x"}}).status().code(), StatusCode::kInvalidArgument);
}

TEST_P(CollectionTest, EmbeddingsComeBackAsTheyWereGiven) {
  ASSERT_OK_AND_ASSIGN(Collection cosine, client_->CreateCollection("cosine", {.space = Space::kCosine}));
  const std::vector<float> values = {3, 4, 0, 0};
  ASSERT_OK(cosine.Add({.ids = {"a", "zero"}, .embeddings = {values, 2}}));
  if (GetParam()) ASSERT_OK(client_->Compact(cosine));
  ASSERT_OK_AND_ASSIGN(const GetResult found, cosine.Get({.include = {.embeddings = true}}));
  EXPECT_EQ(found.embeddings->values, values);
  const std::vector<float> query = {6, 8};
  ASSERT_OK_AND_ASSIGN(const QueryResult hits, cosine.Query({.embeddings = {query, 2}}));
  EXPECT_NEAR((*hits.distances)[0], 0, 1e-6);
  EXPECT_EQ((*hits.distances)[1], 1);
}

INSTANTIATE_TEST_SUITE_P(TailAndSegment, CollectionTest, testing::Bool(), [](const auto& parameter) {
  return parameter.param ? std::string("InASegment") : std::string("InTheTail");
});

}  // namespace
}  // namespace ochre
