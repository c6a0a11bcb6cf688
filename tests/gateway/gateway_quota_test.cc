// That the Gateway asks for the quotas of each of its calls, before anything is written.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "gateway/gateway.h"
#include "tests/support/expect_ok.h"
#include "tests/support/must.h"
#include "tests/view/test_database.h"

namespace ochre {
namespace {

using testing::HasSubstr;
using testing::SizeIs;
using testing::StartsWith;

void ExpectExceeded(const Status& status, const std::string& rule) {
  EXPECT_EQ(status.code(), StatusCode::kResourceExhausted) << rule << ": " << status.ToString();
  EXPECT_THAT(status.message(), StartsWith("Quota exceeded: "));
  EXPECT_THAT(status.message(), HasSubstr("(" + rule));
}

class GatewayQuotaTest : public testing::Test {
 protected:
  void Start(const Quotas& quotas) {
    gateway_ =
        std::make_unique<Gateway>(*database_.log, *database_.sysdb, database_.views, executor_, compactor_, quotas);
  }

  // Records of dimension 2 named from `begin` on.
  Status Write(OperationKind kind, int begin, int end) {
    std::vector<std::string> ids;
    for (int i = begin; i < end; ++i) ids.push_back(std::to_string(i));
    const std::vector<float> values(2 * ids.size(), 1.0f);
    return gateway_->Write(collection_, kind, {.ids = ids, .embeddings = {values, 2}}).status();
  }

  int64_t Count() { return database_.Pin()->record_count; }
  LogPosition Position() { return Must(database_.log->LastPosition(collection_)); }

  TestDatabase database_;
  const CollectionId collection_ = database_.collection;
  QueryExecutor executor_{database_.views};
  Compactor compactor_{database_.storage, *database_.log, *database_.sysdb, database_.views,
                       ClientOptions{.compaction_threads = 1}};
  std::unique_ptr<Gateway> gateway_;
};

TEST_F(GatewayQuotaTest, ACountIsBoundedByThePredicatesOfItsFiltersAndRefusesBadOnes) {
  Start({.num_where_predicates = 1});
  ExpectExceeded(gateway_->Count(collection_, Key("k") == 1 || Key("k") == 2).status(), "num_where_predicates");
  EXPECT_EQ(gateway_->Count(collection_, Key("k") > "text").status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(gateway_->Count(collection_, {}, Key("k") == 1).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(Must(gateway_->Count(collection_, Key("k") == 1, Document().Contains("a") || Document().Contains("b"))), 0);
}

TEST_F(GatewayQuotaTest, ARefusedWriteLeavesNothingNotEvenTheDimension) {
  Start({.num_records = 2});
  for (const OperationKind kind : {OperationKind::kAdd, OperationKind::kUpdate, OperationKind::kUpsert}) {
    ExpectExceeded(Write(kind, 0, 3), "num_records");
  }
  EXPECT_EQ(Position(), LogPosition{0});
  EXPECT_EQ(Must(gateway_->GetCollection(collection_))->dimension, std::nullopt);
  EXPECT_OK(Write(OperationKind::kAdd, 0, 2));
  EXPECT_EQ(Count(), 2);
}

TEST_F(GatewayQuotaTest, WhatIsInvalidIsInvalidAlsoBeyondAQuota) {
  Start({.id_size_bytes = 1});
  const std::vector<std::string> repeated = {"long", "long"};
  const std::vector<float> values(2);
  EXPECT_EQ(
      gateway_->Write(collection_, OperationKind::kAdd, {.ids = repeated, .embeddings = {values, 1}}).status().code(),
      StatusCode::kInvalidArgument);
}

TEST_F(GatewayQuotaTest, ReadsAndDeletesAreChecked) {
  Start({.num_results = 2, .num_query_ids = 1, .num_records = 3});
  ASSERT_OK(Write(OperationKind::kAdd, 0, 3));
  const std::vector<std::string> ids = {"0", "1", "2", "3"};
  ExpectExceeded(gateway_->Get(collection_, {.limit = 3}).status(), "num_results");
  ExpectExceeded(gateway_->Get(collection_, {.ids = ids}).status(), "num_query_ids");
  const std::vector<float> query = {1, 1};
  ExpectExceeded(gateway_->Query(collection_, {.embeddings = {query, 2}, .n_results = 3}).status(), "num_results");
  EXPECT_OK(gateway_->Query(collection_, {.embeddings = {query, 2}, .n_results = 2}));
  ExpectExceeded(gateway_->Delete(collection_, {.ids = ids}).status(), "num_records");
  EXPECT_EQ(Count(), 3);
}

TEST_F(GatewayQuotaTest, AGetWithoutALimitStopsAtTheLimitOfResults) {
  Start({.num_results = 2});
  ASSERT_OK(Write(OperationKind::kAdd, 0, 5));
  EXPECT_THAT(Must(gateway_->Get(collection_, {})).ids, SizeIs(2));
  EXPECT_THAT(Must(gateway_->Get(collection_, {.offset = 4})).ids, SizeIs(1));
}

TEST_F(GatewayQuotaTest, ACollectionIsFullOfRecordsNotOfOperations) {
  Start({.collection_size_records = 5});
  ASSERT_OK(Write(OperationKind::kAdd, 0, 4));
  ExpectExceeded(Write(OperationKind::kAdd, 4, 6), "collection_size_records");
  EXPECT_EQ(Count(), 4);
  ASSERT_OK(Write(OperationKind::kUpsert, 2, 5));  // one of them is new
  EXPECT_EQ(Count(), 5);
  EXPECT_OK(Write(OperationKind::kUpsert, 0, 5));
  EXPECT_OK(Write(OperationKind::kAdd, 0, 5));
  EXPECT_OK(Write(OperationKind::kUpdate, 3, 9));
  const Status full = Write(OperationKind::kUpsert, 4, 6);
  ExpectExceeded(full, "collection_size_records");
  EXPECT_THAT(full.message(), HasSubstr("current usage of 6 exceeds limit of 5"));
  const std::vector<std::string> deleted = {"0"};
  ASSERT_OK(gateway_->Delete(collection_, {.ids = deleted}));
  EXPECT_OK(Write(OperationKind::kAdd, 5, 6));
  EXPECT_EQ(Count(), 5);
}

TEST_F(GatewayQuotaTest, ManyWritersTogetherDoNotOverfillACollection) {
  Start({.collection_size_records = 200});
  std::vector<std::thread> writers;
  for (int t = 0; t < 4; ++t) {
    writers.emplace_back([&, t] {
      for (int i = 0; i < 20; ++i) (void)Write(OperationKind::kAdd, t * 1'000 + i * 5, t * 1'000 + i * 5 + 5);
    });
  }
  for (std::thread& writer : writers) writer.join();
  EXPECT_LE(Count(), 200);
  EXPECT_GT(Count(), 150) << "only writers that compete for the last places may be refused too early";
}

TEST_F(GatewayQuotaTest, ConcurrencyOfZeroLetsNobodyIn) {
  Start({.num_concurrent_reads = 0, .num_concurrent_writes = 0});
  const std::vector<float> query = {1, 1};
  const std::vector<std::string> ids = {"a"};
  ExpectExceeded(gateway_->Get(collection_, {}).status(), "num_concurrent_reads");
  ExpectExceeded(gateway_->Query(collection_, {.embeddings = {query, 2}}).status(), "num_concurrent_reads");
  ExpectExceeded(gateway_->Count(collection_).status(), "num_concurrent_reads");
  ExpectExceeded(Write(OperationKind::kUpsert, 0, 1), "num_concurrent_writes");
  ExpectExceeded(gateway_->Delete(collection_, {.ids = ids}).status(), "num_concurrent_writes");
  EXPECT_EQ(Must(gateway_->GetCollection(collection_))->dimension, std::nullopt);
}

TEST_F(GatewayQuotaTest, CollectionsAreBoundedInNumberNameAndMetadata) {
  Start({.name_size_bytes = 4, .num_collection_metadata_keys = 1, .num_collections = 2});
  NewCollection request = {.tenant = std::string(kDefaultTenant),
                           .database = std::string(kDefaultDatabase),
                           .name = "other",
                           .metadata = {},
                           .configuration = {}};
  ExpectExceeded(gateway_->CreateCollection(request).status(), "name_size_bytes");
  request.name = "more";
  request.metadata = {{"a", 1}, {"b", 2}};
  ExpectExceeded(gateway_->CreateCollection(request).status(), "num_collection_metadata_keys");
  request.metadata = {{"a", 1}};
  const CollectionPointer more = Must(gateway_->CreateCollection(request));
  request.name = "most";
  ExpectExceeded(gateway_->CreateCollection(request).status(), "num_collections");
  request.name = "docs";
  request.get_or_create = true;
  EXPECT_EQ(Must(gateway_->CreateCollection(request))->id, collection_);  // which is there already

  ExpectExceeded(gateway_->ModifyCollection(more->id, {.name = "other"}), "name_size_bytes");
  ExpectExceeded(gateway_->ModifyCollection(more->id, {.metadata = Metadata{{"a", 1}, {"b", 2}}}),
                 "num_collection_metadata_keys");
  EXPECT_EQ(Must(gateway_->GetCollection(more->id))->metadata, (Metadata{{"a", 1}}));
  ASSERT_OK(gateway_->DeleteCollection(kDefaultTenant, kDefaultDatabase, "docs"));
  EXPECT_OK(gateway_->CreateCollection(request));
}

TEST_F(GatewayQuotaTest, DatabasesAreBoundedInNumberAndName) {
  Start({.name_size_bytes = 5, .num_databases = 2});
  ExpectExceeded(gateway_->CreateDatabase(kDefaultTenant, "second"), "name_size_bytes");
  ASSERT_OK(gateway_->CreateDatabase(kDefaultTenant, "other"));
  ExpectExceeded(gateway_->CreateDatabase(kDefaultTenant, "third"), "num_databases");
  ASSERT_OK(gateway_->CreateTenant("tenant"));
  EXPECT_OK(gateway_->CreateDatabase("tenant", "third"));  // each tenant has as many
}

}  // namespace
}  // namespace ochre
