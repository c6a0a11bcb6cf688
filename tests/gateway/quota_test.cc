#include "gateway/quota.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ochre/filter.h"
#include "tests/support/expect_ok.h"

namespace ochre {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

// `status` refuses `value` by the rule of this name, whose limit is `limit`.
void ExpectExceeded(const Status& status, const std::string& rule, int64_t value, int64_t limit) {
  EXPECT_EQ(status.code(), StatusCode::kResourceExhausted) << rule << ": " << status.ToString();
  EXPECT_THAT(status.message(), AllOf(StartsWith("Quota exceeded: '"), HasSubstr("(" + rule),
                                      HasSubstr("current usage of " + std::to_string(value) + " exceeds limit of " +
                                                std::to_string(limit) + " ")));
}

TEST(QuotaTest, AMessageNamesRuleActionValueAndLimit) {
  const Status status = CheckQuota({.num_records = 300}, &Quotas::num_records, QuotaAction::kUpsert, 301);
  EXPECT_EQ(
      status.message(),
      "Quota exceeded: 'Number of records' exceeded quota limit for action 'Upsert': current usage of 301 exceeds "
      "limit of 300 (num_records)");
}

TEST(QuotaTest, ALimitItselfIsAllowed) {
  const Quotas quotas = {.num_results = 0, .num_records = 3};
  EXPECT_OK(CheckQuota(quotas, &Quotas::num_records, QuotaAction::kAdd, 3));
  EXPECT_FALSE(CheckQuota(quotas, &Quotas::num_records, QuotaAction::kAdd, 4).ok());
  EXPECT_OK(CheckQuota(quotas, &Quotas::num_results, QuotaAction::kGet, 0));
  EXPECT_FALSE(CheckQuota(quotas, &Quotas::num_results, QuotaAction::kGet, 1).ok());
  EXPECT_OK(CheckQuota(quotas, &Quotas::id_size_bytes, QuotaAction::kAdd, INT64_MAX));  // a rule that is off
}

TEST(QuotaTest, MessagesNameEachKindOfWrite) {
  EXPECT_EQ(ActionOf(OperationKind::kAdd), QuotaAction::kAdd);
  EXPECT_EQ(ActionOf(OperationKind::kUpdate), QuotaAction::kUpdate);
  EXPECT_EQ(ActionOf(OperationKind::kUpsert), QuotaAction::kUpsert);
  EXPECT_EQ(ActionOf(OperationKind::kDelete), QuotaAction::kDelete);
}

// ---- Records: one rule a case, which three records keep and the third of four breaks.

struct RecordCase {
  const char* rule;
  Quotas quotas;
  int64_t value;  // of the one too large
  int64_t limit;
};

class QuotaRecordsTest : public testing::Test {
 protected:
  const std::vector<std::string> ids_ = {"1", "22", "four", "1"};
  const std::vector<std::optional<std::string>> texts_ = {"1", std::nullopt, "ffffive", "1"};
  const std::vector<float> values_ = std::vector<float>(4 * 3);
  const std::vector<Metadata> metadatas_ = {
      {},
      {{"k", "22"}},
      {{"key", "four"}, {"l", std::vector<std::string>{"aaaa", "bbb"}}, {"s", SparseVector{{1, 5, 9}, {1, 1, 1}, {}}}},
      {{"n", 1}}};
  const Records records_ = {
      .ids = ids_, .embeddings = {values_, 3}, .documents = texts_, .metadatas = metadatas_, .uris = texts_};
};

TEST_F(QuotaRecordsTest, EachRuleBoundsWhatItNames) {
  const RecordCase kCases[] = {
      {"num_records", {.num_records = 3}, 4, 3},
      {"embedding_dimensions", {.embedding_dimensions = 2}, 3, 2},
      {"id_size_bytes", {.id_size_bytes = 3}, 4, 3},
      {"document_size_bytes", {.document_size_bytes = 6}, 7, 6},
      {"uri_size_bytes", {.uri_size_bytes = 6}, 7, 6},
      {"num_metadata_keys", {.num_metadata_keys = 2}, 3, 2},
      {"metadata_key_size_bytes", {.metadata_key_size_bytes = 2}, 3, 2},
      {"metadata_value_size_bytes", {.metadata_value_size_bytes = 6}, 7, 6},
      {"sparse_vector_populated_dimensions", {.sparse_vector_populated_dimensions = 2}, 3, 2},
  };
  for (const OperationKind kind : {OperationKind::kAdd, OperationKind::kUpdate, OperationKind::kUpsert}) {
    for (const RecordCase& broken : kCases) {
      ExpectExceeded(CheckRecords(broken.quotas, kind, records_), broken.rule, broken.value, broken.limit);
    }
  }
  EXPECT_OK(CheckRecords({}, OperationKind::kAdd, records_));
  EXPECT_OK(CheckRecords({.id_size_bytes = 4,
                          .embedding_dimensions = 3,
                          .document_size_bytes = 7,
                          .uri_size_bytes = 7,
                          .num_metadata_keys = 3,
                          .metadata_key_size_bytes = 3,
                          .metadata_value_size_bytes = 8,
                          .sparse_vector_populated_dimensions = 3,
                          .num_records = 4},
                         OperationKind::kAdd, records_));
}

TEST_F(QuotaRecordsTest, AMessageSaysWhichRecordItIs) {
  for (const Quotas& quotas : {Quotas{.id_size_bytes = 3}, Quotas{.document_size_bytes = 6},
                               Quotas{.uri_size_bytes = 6}, Quotas{.num_metadata_keys = 2}}) {
    EXPECT_THAT(CheckRecords(quotas, OperationKind::kAdd, records_).message(), HasSubstr(", at index 2)"));
  }
}

TEST_F(QuotaRecordsTest, ValuesOfEveryTypeHaveASize) {
  const std::pair<MetadataValue, int64_t> kSizes[] = {
      {nullptr, 0},
      {true, 1},
      {int64_t{1}, 8},
      {0.5, 8},
      {"\xc3\xa9", 2},
      {std::vector<bool>{true, false}, 2},
      {std::vector<int64_t>{1, 2, 3}, 24},
      {std::vector<double>{1, 2}, 16},
      {std::vector<std::string>{"ab", "c"}, 3},
      {SparseVector{{1, 2}, {1, 1}, {}}, 0},
  };
  for (const auto& [value, size] : kSizes) {
    const std::vector<std::string> ids = {"a"};
    const std::vector<Metadata> metadatas = {{{"k", value}}};
    const Records records = {.ids = ids, .metadatas = metadatas};
    EXPECT_OK(CheckRecords({.metadata_value_size_bytes = size}, OperationKind::kUpdate, records));
    if (size == 0) continue;
    ExpectExceeded(CheckRecords({.metadata_value_size_bytes = size - 1}, OperationKind::kUpdate, records),
                   "metadata_value_size_bytes", size, size - 1);
  }
}

// ---- Names and collections.

TEST(QuotaTest, NamesAreBoundedInBytes) {
  const Quotas quotas = {.name_size_bytes = 3};
  EXPECT_OK(CheckName(quotas, QuotaAction::kCreateDatabase, "abc"));
  ExpectExceeded(CheckName(quotas, QuotaAction::kCreateDatabase, "abcd"), "name_size_bytes", 4, 3);
}

TEST(QuotaTest, ACollectionsMetadataHasRulesOfItsOwn) {
  const Metadata metadata = {{"key", "value"}, {"number", 1}};
  const auto check = [&](const Quotas& quotas) {
    return CheckCollectionMetadata(quotas, QuotaAction::kCreateCollection, metadata);
  };
  EXPECT_OK(check({.num_metadata_keys = 1, .metadata_value_size_bytes = 1}));  // those are of records
  ExpectExceeded(check({.num_collection_metadata_keys = 1}), "num_collection_metadata_keys", 2, 1);
  ExpectExceeded(check({.collection_metadata_value_size_bytes = 4}), "collection_metadata_value_size_bytes", 5, 4);
  ExpectExceeded(check({.metadata_key_size_bytes = 5}), "metadata_key_size_bytes", 6, 5);
}

// ---- Reads and deletes.

Filter Parsed(const std::string& json) { return std::move(Filter::FromJson(json)).value(); }

// Three predicates under two operators.
const char kWhere[] = R"({"$and": [{"a": {"$in": ["1", "22"]}}, {"$or": [{"b": {"$ne": "333"}}, {"c": 4}]}]})";

TEST(QuotaTest, EachReadAndDeleteIsBoundedByThePredicatesOfItsFilters) {
  const Quotas where_quota = {.num_where_predicates = 2}, document_quota = {.num_where_document_predicates = 2};
  const Filter where = Parsed(kWhere);
  const Filter documents =
      std::move(Filter::DocumentFromJson(R"({"$or": [{"$contains": "a"}, {"$contains": "b"}, {"$regex": "c"}]})"))
          .value();
  ExpectExceeded(CheckGet(where_quota, {.where = where}), "num_where_predicates", 3, 2);
  ExpectExceeded(CheckQuery(where_quota, {.where = where}), "num_where_predicates", 3, 2);
  ExpectExceeded(CheckDelete(where_quota, {.where = where}), "num_where_predicates", 3, 2);
  ExpectExceeded(CheckCount(where_quota, where, {}), "num_where_predicates", 3, 2);
  ExpectExceeded(CheckCount(document_quota, {}, documents), "num_where_document_predicates", 3, 2);
  EXPECT_OK(CheckCount(where_quota, {}, documents));
  EXPECT_OK(CheckCount(document_quota, where, {}));
  EXPECT_OK(CheckGet({.num_where_predicates = 3}, {.where = where}));
  EXPECT_OK(CheckGet(document_quota, {.where = where}));
  ExpectExceeded(CheckGet(document_quota, {.where_document = documents}), "num_where_document_predicates", 3, 2);
  ExpectExceeded(CheckQuery(document_quota, {.where_document = documents}), "num_where_document_predicates", 3, 2);
  ExpectExceeded(CheckDelete(document_quota, {.where_document = documents}), "num_where_document_predicates", 3, 2);
  EXPECT_OK(CheckGet(where_quota, {.where_document = documents}));
}

TEST(QuotaTest, OperandsAreBoundedByWhatTheyAreComparedWith) {
  const Quotas values = {.where_value_size_bytes = 2}, documents = {.where_document_value_length = 2},
               patterns = {.regex_pattern_length = 2}, ids = {.id_size_bytes = 2};
  const Filter on_metadata = Parsed(kWhere);
  const Filter on_document = Parsed(R"({"#document": {"$not_contains": "333"}})");
  const Filter on_pattern = Parsed(R"({"#document": {"$not_regex": "333"}})");
  const Filter on_id = Parsed(R"({"#id": {"$in": ["1", "333"]}})");
  ExpectExceeded(CheckGet(values, {.where = on_metadata}), "where_value_size_bytes", 3, 2);
  ExpectExceeded(CheckGet(documents, {.where = on_document}), "where_document_value_length", 3, 2);
  ExpectExceeded(CheckGet(patterns, {.where = on_pattern}), "regex_pattern_length", 3, 2);
  ExpectExceeded(CheckGet(ids, {.where = on_id}), "id_size_bytes", 3, 2);
  ExpectExceeded(CheckDelete(patterns, {.where_document = on_pattern}), "regex_pattern_length", 3, 2);
  for (const Filter& other : {on_document, on_pattern, on_id}) EXPECT_OK(CheckGet(values, {.where = other}));
  EXPECT_OK(CheckGet(documents, {.where = on_pattern}));
  EXPECT_OK(CheckGet(patterns, {.where = on_document}));
}

TEST(QuotaTest, ResultsAreBoundedByWhatIsAskedFor) {
  const Quotas quotas = {.num_results = 5};
  EXPECT_OK(CheckGet(quotas, {}));  // without a limit it gets as many as it may
  EXPECT_OK(CheckGet(quotas, {.limit = 5}));
  ExpectExceeded(CheckGet(quotas, {.limit = 6}), "num_results", 6, 5);
  EXPECT_OK(CheckQuery(quotas, {.n_results = 5}));
  ExpectExceeded(CheckQuery(quotas, {.n_results = 6}), "num_results", 6, 5);
}

TEST(QuotaTest, QueriesAreBoundedInNumberAndDimension) {
  const std::vector<float> values(6);
  const QueryRequest query = {.embeddings = {values, 2}};
  ExpectExceeded(CheckQuery({.num_query_embeddings = 2}, query), "num_query_embeddings", 3, 2);
  EXPECT_OK(CheckQuery({.num_query_embeddings = 3}, query));
  ExpectExceeded(CheckQuery({.embedding_dimensions = 1}, query), "embedding_dimensions", 2, 1);
  EXPECT_OK(CheckQuery({.embedding_dimensions = 2}, query));
}

TEST(QuotaTest, IdsCountForReadsAsIdsAndForDeletesAsRecords) {
  const std::vector<std::string> ids = {"a", "b", "c"};
  ExpectExceeded(CheckGet({.num_query_ids = 2}, {.ids = ids}), "num_query_ids", 3, 2);
  ExpectExceeded(CheckQuery({.num_query_ids = 2}, {.ids = ids}), "num_query_ids", 3, 2);
  ExpectExceeded(CheckDelete({.num_records = 2}, {.ids = ids}), "num_records", 3, 2);
  EXPECT_OK(CheckGet({.num_query_ids = 3, .num_records = 2}, {.ids = ids}));
  EXPECT_OK(CheckDelete({.num_query_ids = 2, .num_records = 3}, {.ids = ids}));
}

}  // namespace
}  // namespace ochre
