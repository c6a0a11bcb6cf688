// What requests mean that leave something out, ask for nothing or for what makes no sense; and the three distances.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <tuple>

#include "ochre/ochre.h"
#include "tests/support/expect_ok.h"
#include "tests/support/must.h"

namespace ochre {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> IdsOf(const RecordColumns& columns) {
  std::vector<std::string> ids;
  for (size_t i = 0; i < columns.size(); ++i) ids.emplace_back(columns.ids[i]);
  return ids;
}

// Every test runs with records in the log's tail and with records in a segment.
class RequestsTest : public testing::TestWithParam<bool> {
 protected:
  // a, b, c at (0,0), (1,0), (2,0), with documents "doc a" ..., metadata n = 1, 2, 3 and no uris.
  void SetUp() override {
    ASSERT_OK(docs_.Add({.ids = {"a", "b", "c"},
                         .embeddings = {std::vector<float>{0, 0, 1, 0, 2, 0}, 2},
                         .documents = {"doc a", "doc b", "doc c"},
                         .metadatas = {{{"n", 1}}, {{"n", 2}}, {{"n", 3}}}}));
    if (GetParam()) ASSERT_OK(client_->Compact(docs_));
  }

  GetResult GetAll() {
    return Must(docs_.Get({.include = {.documents = true, .metadatas = true, .embeddings = true, .uris = true}}));
  }
  GetResult GetOne(std::string_view id) {
    const std::vector<std::string_view> ids = {id};
    return Must(
        docs_.Get({.ids = ids, .include = {.documents = true, .metadatas = true, .embeddings = true, .uris = true}}));
  }

  std::unique_ptr<Client> client_ = Must(Client::InMemory());
  Collection docs_ = Must(client_->CreateCollection("docs"));
};

INSTANTIATE_TEST_SUITE_P(Places, RequestsTest, testing::Bool(),
                         [](const auto& info) { return info.param ? "InASegment" : "InTheTail"; });

TEST_P(RequestsTest, UpsertNeedsEmbeddings) {
  EXPECT_EQ(docs_.Upsert({.ids = {"b"}, .documents = {"x"}}).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(docs_.Add({.ids = {"z"}, .documents = {"x"}}).status().code(), StatusCode::kInvalidArgument);
}

TEST_P(RequestsTest, AddRefusesANullThatUpsertTakesAsADeletion) {
  const std::vector<float> embedding = {0, 0};
  const std::vector<Metadata> metadatas = {{{"n", nullptr}}};
  EXPECT_EQ(docs_.Add({.ids = {"a"}, .embeddings = {embedding, 2}, .metadatas = metadatas}).status().code(),
            StatusCode::kInvalidArgument);
  ASSERT_OK(docs_.Upsert({.ids = {"a"}, .embeddings = {embedding, 2}, .metadatas = metadatas}));
  EXPECT_EQ((*GetOne("a").metadatas)[0], Metadata());
}

TEST_P(RequestsTest, DeleteTakesTheIntersectionOfIdsAndFilter) {
  EXPECT_EQ(Must(docs_.Delete({.ids = StringColumn{"a", "b"}, .where = Key("n") >= 2})).deleted, 1);
  EXPECT_THAT(IdsOf(GetAll()), ElementsAre("a", "c"));
  EXPECT_EQ(Must(docs_.Delete({.where_document = Document().Contains("doc c")})).deleted, 1);
  EXPECT_THAT(IdsOf(GetAll()), ElementsAre("a"));
}

TEST_P(RequestsTest, NoIdsAreNotTheSameAsIdsNotGiven) {
  EXPECT_THAT(IdsOf(Must(docs_.Get({.ids = StringColumn{}}))), IsEmpty());
  EXPECT_EQ(Must(docs_.Query({.embeddings = {std::vector<float>{0, 0}, 2}, .ids = StringColumn{}})).HitCount(0), 0);
}

TEST_P(RequestsTest, GetRefusesWhatMakesNoSense) {
  EXPECT_EQ(docs_.Get({.limit = -1}).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(docs_.Get({.offset = -1}).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(docs_.Get({.include = {.distances = true}}).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(docs_.Get({.where = Key("n") > "text"}).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(docs_.Get({.where = Document().Matches("(")}).status().code(), StatusCode::kInvalidArgument);
}

TEST_P(RequestsTest, GetIncludesDocumentsAndMetadatasByDefault) {
  const GetResult result = Must(docs_.Get());
  EXPECT_TRUE(result.documents.has_value() && result.metadatas.has_value());
  EXPECT_FALSE(result.embeddings.has_value() || result.uris.has_value());
  const GetResult ids_only = Must(docs_.Get({.include = {}}));
  EXPECT_FALSE(ids_only.documents.has_value() || ids_only.metadatas.has_value());
}

TEST_P(RequestsTest, PeekGivesTheFirstRecordsWithEmbeddings) {
  const GetResult two = Must(docs_.Peek(2));
  EXPECT_THAT(IdsOf(two), ElementsAre("a", "b"));
  EXPECT_TRUE(two.embeddings && two.documents && two.metadatas);
  EXPECT_EQ(Must(docs_.Peek()).size(), 3u);
}

TEST_P(RequestsTest, NoQueriesGiveNoLists) {
  const QueryResult result = Must(docs_.Query({}));
  EXPECT_EQ(result.query_count(), 0);
  EXPECT_EQ(result.size(), 0u);
}

TEST_P(RequestsTest, QueryRefusesWhatMakesNoSense) {
  const std::vector<float> query = {0, 0};
  const auto code = [&](const QueryRequest& request) { return docs_.Query(request).status().code(); };
  EXPECT_EQ(code({.embeddings = {query, 2}, .n_results = 0}), StatusCode::kInvalidArgument);
  EXPECT_EQ(code({.embeddings = {query, 2}, .n_results = -1}), StatusCode::kInvalidArgument);
  EXPECT_EQ(code({.embeddings = {query, 2}, .texts = {"x"}}), StatusCode::kInvalidArgument);
  EXPECT_EQ(code({.texts = {"x"}}), StatusCode::kInvalidArgument);  // no embedding function
  EXPECT_EQ(code({.embeddings = {query, 2}, .ef_search = 0}), StatusCode::kInvalidArgument);
  EXPECT_EQ(code({.embeddings = {std::vector<float>{0, std::numeric_limits<float>::quiet_NaN()}, 2}}),
            StatusCode::kInvalidArgument);
}

TEST(EmptyCollectionTest, AnswersQueriesOfAnyDimensionWithEmptyLists) {
  auto client = Must(Client::InMemory());
  Collection docs = Must(client->CreateCollection("docs"));
  for (const int64_t dimension : {1, 7}) {
    const std::vector<float> queries(static_cast<size_t>(2 * dimension), 1.0f);
    const QueryResult result = Must(docs.Query({.embeddings = {queries, dimension}}));
    EXPECT_EQ(result.query_count(), 2);
    EXPECT_EQ(result.size(), 0u);
  }
  EXPECT_EQ(Must(docs.Count()), 0);
  EXPECT_EQ(Must(docs.Get()).size(), 0u);
  EXPECT_EQ(Must(docs.Info()).dimension, std::nullopt);
}

TEST(EmptyCollectionTest, ItsDimensionIsThatOfTheFirstWriteEvenIfNothingWasThereToUpdate) {
  auto client = Must(Client::InMemory());
  Collection docs = Must(client->CreateCollection("docs"));
  ASSERT_OK(docs.Update({.ids = {"unknown"}, .embeddings = {std::vector<float>{1, 2, 3}, 3}}));
  EXPECT_EQ(Must(docs.Info()).dimension, 3);
  EXPECT_FALSE(docs.Add({.ids = {"a"}, .embeddings = {std::vector<float>{1, 2}, 2}}).ok());
}

TEST(SpacesTest, DistancesAreChromas) {
  auto client = Must(Client::InMemory());
  for (const auto& [name, space, expected] :
       {std::tuple("l2-space", Space::kL2, 13.0f), std::tuple("ip-space", Space::kInnerProduct, -6.0f),
        std::tuple("cosine-space", Space::kCosine, 1 - 7 / (5 * std::sqrt(2.0f)))}) {
    Collection docs = Must(client->CreateCollection(name, {.space = space}));
    ASSERT_OK(docs.Add({.ids = {"a", "zero"}, .embeddings = {std::vector<float>{3, 4, 0, 0}, 2}}));
    for (int place = 0; place < 2; ++place) {
      const QueryResult result =
          Must(docs.Query({.embeddings = {std::vector<float>{1, 1}, 2}, .ids = StringColumn{"a"}}));
      EXPECT_NEAR((*result.distances)[0], expected, 1e-5) << name;
      if (space == Space::kCosine) {
        EXPECT_EQ((*Must(docs.Query({.embeddings = {std::vector<float>{1, 1}, 2}, .ids = StringColumn{"zero"}}))
                        .distances)[0],
                  1.0f);
      }
      EXPECT_EQ(Must(docs.Peek(1)).embeddings->values, (std::vector<float>{3, 4})) << "never normalised";
      ASSERT_OK(client->Compact(docs));
    }
  }
}

}  // namespace
}  // namespace ochre
