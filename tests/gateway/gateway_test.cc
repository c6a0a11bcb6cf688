#include "gateway/gateway.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <future>
#include <latch>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "ochre/filter.h"
#include "plan/filter_limits.h"
#include "segment/vector_index_writer.h"
#include "tests/gateway/allocation_watch.h"
#include "tests/support/expect_ok.h"
#include "tests/support/must.h"
#include "tests/view/test_database.h"

namespace ochre {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

constexpr int64_t kHuge = 1'000'000'000;
constexpr int64_t kHugest = std::numeric_limits<int64_t>::max();
constexpr size_t kMany = 100'000;

class GatewayTest : public testing::Test {
 protected:
  // `count` records of dimension 2 whose "n" is their number, and whose document is "even" or "odd".
  void AddRecords(int count) {
    std::vector<std::string> ids, documents;
    std::vector<float> embeddings;
    std::vector<Metadata> metadatas;
    for (int i = 0; i < count; ++i) {
      ids.push_back("id" + std::to_string(i));
      documents.push_back(i % 2 == 0 ? "even" : "odd");
      embeddings.insert(embeddings.end(), {static_cast<float>(i), static_cast<float>(i % 7)});
      metadatas.push_back({{"n", i}});
    }
    const Records records = {.ids = ids, .embeddings = {embeddings, 2}, .documents = documents, .metadatas = metadatas};
    ASSERT_OK(gateway_.Write(collection_, OperationKind::kAdd, records));
  }

  LogPosition Position() { return Must(database_.log->LastPosition(collection_)); }
  std::optional<int32_t> Dimension() { return Must(gateway_.GetCollection(collection_))->dimension; }

  TestDatabase database_;
  const CollectionId collection_ = database_.collection;
  QueryExecutor executor_{database_.views};
  Compactor compactor_{database_.storage, *database_.log, *database_.sysdb, database_.views,
                       ClientOptions{.compaction_threads = 1}};
  Gateway gateway_{*database_.log, *database_.sysdb, database_.views, executor_, compactor_};
};

// ---- Of calls at once each sees what the others have done.

TEST_F(GatewayTest, OfTwoFirstWritersOneFixesTheDimension) {
  // Long enough for both to be validated before either fixes it.
  constexpr size_t kRecords = 5'000;
  std::vector<std::string> ids;
  for (size_t i = 0; i < kRecords; ++i) ids.push_back("id" + std::to_string(i));
  for (int round = 0; round < 10; ++round) {
    const CollectionId collection = database_.CreateCollection("round" + std::to_string(round));
    std::latch start(2);
    const auto add = [&](int64_t dimension) {
      const std::vector<float> embeddings(kRecords * static_cast<size_t>(dimension), 1.0f);
      start.arrive_and_wait();
      return gateway_.Write(collection, OperationKind::kAdd, {.ids = ids, .embeddings = {embeddings, dimension}})
          .status();
    };
    auto of_two = std::async(std::launch::async, add, 2);
    const Status three = add(3);
    const Status two = of_two.get();
    EXPECT_NE(two.ok(), three.ok()) << two.ToString() << "; " << three.ToString();
    const Status& refused = two.ok() ? three : two;
    EXPECT_EQ(refused.code(), StatusCode::kInvalidArgument) << refused.ToString();
    EXPECT_EQ(Must(gateway_.GetCollection(collection))->dimension, two.ok() ? 2 : 3);
    EXPECT_EQ(Must(gateway_.Count(collection)), static_cast<int64_t>(kRecords));
  }
}

TEST_F(GatewayTest, DeletesAtOnceCountEachRecordOnce) {
  // Enough for finding them to take longer than starting a thread.
  constexpr int kRounds = 5, kThreads = 4, kEach = 10'000;
  for (int round = 0; round < kRounds; ++round) {
    AddRecords(kThreads * kEach);
    std::latch start(kThreads);
    const auto delete_some = [&] {
      start.arrive_and_wait();
      return Must(gateway_.Delete(collection_, {.where = Key("n") >= 0, .limit = kEach})).deleted;
    };
    std::vector<std::future<int64_t>> others;
    for (int i = 1; i < kThreads; ++i) others.push_back(std::async(std::launch::async, delete_some));
    EXPECT_EQ(delete_some(), kEach);
    for (auto& other : others) EXPECT_EQ(other.get(), kEach);
    EXPECT_EQ(Must(gateway_.Count(collection_)), 0);
  }
}

// ---- A batch is validated before anything is written.

// A batch of three of which one record is wrong.
struct BrokenBatch {
  std::vector<OperationKind> kinds;
  Records records;
  std::vector<std::string> named;  // what the message says
};

TEST_F(GatewayTest, ARefusedBatchNamesIndexAndValueAndWritesNothing) {
  const OperationKind add = OperationKind::kAdd, update = OperationKind::kUpdate, upsert = OperationKind::kUpsert;
  const std::vector<OperationKind> all = {add, update, upsert};
  const std::vector<std::string> ids = {"a", "b", "c"};
  const std::vector<std::string> repeated = {"a", "b", "b"};
  const std::vector<std::string> empty = {"a", "b", ""};
  const std::vector<std::string> broken_ids = {"a", "\xff", "c"};
  const std::vector<std::string> broken_texts = {"x", "\xc3", "z"};
  const std::vector<float> values = {1, 2, 3, 4, 5, 6};
  const std::vector<float> infinite = {1, 2, 3, std::numeric_limits<float>::infinity(), 5, 6};
  const std::vector<float> not_a_number = {1, 2, 3, 4, std::numeric_limits<float>::quiet_NaN(), 6};
  const std::vector<uint8_t> given = {1, 0, 1};
  const std::vector<Metadata> reserved = {{}, {{"#k", 1}}, {}};
  const std::vector<Metadata> infinite_metadata = {{}, {}, {{"weight", std::numeric_limits<double>::infinity()}}};
  const std::vector<Metadata> null_metadata = {{{"gone", nullptr}}, {}, {}};
  const std::vector<Metadata> sparse = {
      {}, {{"s", SparseVector{.indices = {2, 1}, .values = {1, 1}, .tokens = {}}}}, {}};
  const MatrixSpan matrix = {values, 2};
  const std::vector<BrokenBatch> batches = {
      {all, {.ids = repeated, .embeddings = matrix}, {"duplicates of: b"}},
      {all, {.ids = empty, .embeddings = matrix}, {"Empty ID", "at index 2"}},
      {all, {.ids = broken_ids, .embeddings = matrix}, {"the id at index 1 is no valid UTF-8"}},
      {all, {.ids = ids, .embeddings = {values, 3}}, {"3, 2, 0, 0, 0"}},
      {all, {.ids = ids, .embeddings = {values, 4}}, {"6 values are no whole number of rows of 4"}},
      {all, {.ids = ids, .embeddings = {values, -2}}, {"the matrix has -2 columns"}},
      {all, {.ids = ids, .embeddings = {infinite, 2}}, {"NaN or Infinity", "at index 1 (id \"b\")"}},
      {all, {.ids = ids, .embeddings = {not_a_number, 2}}, {"NaN or Infinity", "at index 2 (id \"c\")"}},
      {{add, upsert}, {.ids = ids}, {"embeddings are missing"}},
      {{add, upsert},
       {.ids = ids, .embeddings = matrix, .embedding_given = given},
       {"the embedding at index 1 (id \"b\") is missing"}},
      {{update}, {.ids = ids, .embedding_given = given}, {"index 0 (id \"a\")", "there are no embeddings"}},
      {all, {.ids = ids, .embeddings = matrix, .documents = broken_texts}, {"the document at index 1 (id \"b\")"}},
      {all, {.ids = ids, .embeddings = matrix, .uris = broken_texts}, {"the uri at index 1 (id \"b\")"}},
      {all, {.ids = ids, .embeddings = matrix, .documents = {"x", "y"}}, {"Inconsistent number", "3, 3, 2, 0, 0"}},
      {all, {.ids = ids, .embeddings = matrix, .metadatas = reserved}, {"at index 1 (id \"b\")", "\"#k\" is reserved"}},
      {all,
       {.ids = ids, .embeddings = matrix, .metadatas = infinite_metadata},
       {"at index 2 (id \"c\")", "\"weight\" is NaN or infinite"}},
      {{add}, {.ids = ids, .embeddings = matrix, .metadatas = null_metadata}, {"at index 0 (id \"a\")", "\"gone\""}},
      {all, {.ids = ids, .embeddings = matrix, .metadatas = sparse}, {"at index 1 (id \"b\")", "ascending"}},
  };
  for (const bool collection_is_new : {true, false}) {
    if (!collection_is_new) {
      ASSERT_NO_FATAL_FAILURE(AddRecords(10));
    }
    const LogPosition before = Position();
    const std::optional<int32_t> dimension = Dimension();
    for (const BrokenBatch& batch : batches) {
      for (const OperationKind kind : batch.kinds) {
        SCOPED_TRACE(batch.named.front());
        const auto receipt = gateway_.Write(collection_, kind, batch.records);
        ASSERT_EQ(receipt.status().code(), StatusCode::kInvalidArgument) << receipt.status().ToString();
        for (const std::string& part : batch.named) EXPECT_THAT(receipt.status().message(), HasSubstr(part));
        EXPECT_EQ(Position(), before);
        EXPECT_EQ(Dimension(), dimension);  // nor is a collection's dimension fixed by it
      }
    }
    ASSERT_OK_AND_ASSIGN(const int64_t count, gateway_.Count(collection_));
    EXPECT_EQ(count, collection_is_new ? 0 : 10);
  }
}

TEST_F(GatewayTest, ABatchOfAnotherDimensionIsRefusedUnwritten) {
  AddRecords(10);
  const LogPosition before = Position();
  const std::vector<float> values = {1, 2, 3};
  for (const OperationKind kind : {OperationKind::kAdd, OperationKind::kUpdate, OperationKind::kUpsert}) {
    const auto receipt = gateway_.Write(collection_, kind, {.ids = {"x"}, .embeddings = {values, 3}});
    ASSERT_EQ(receipt.status().code(), StatusCode::kInvalidArgument);
    EXPECT_EQ(receipt.status().message(), "Collection expecting embedding with dimension of 2, got 3");
    EXPECT_EQ(Position(), before);
  }
}

TEST_F(GatewayTest, ARefusedDeleteWritesNothing) {
  AddRecords(10);
  const LogPosition before = Position();
  const std::vector<std::string> one_id = {"id1"}, empty_id = {"id1", ""};  // requests borrow their ids
  const std::vector<DeleteRequest> refused = {
      {},
      {.ids = one_id, .limit = 1},
      {.where = Key("n") >= 0, .limit = -1},
      {.ids = empty_id},
      {.where = Key("n") > "text"},
      {.where = Key("") == 1},
      {.where_document = Key("n") == 1},
  };
  for (size_t i = 0; i < refused.size(); ++i) {
    SCOPED_TRACE("request " + std::to_string(i));
    EXPECT_EQ(gateway_.Delete(collection_, refused[i]).status().code(), StatusCode::kInvalidArgument);
    EXPECT_EQ(Position(), before);
  }
  EXPECT_EQ(*gateway_.Count(collection_), 10);
}

TEST_F(GatewayTest, AWriteToACollectionThatDoesNotExistIsNotFound) {
  const std::vector<float> values = {1, 2};
  const auto receipt = gateway_.Write(RandomUuid(), OperationKind::kAdd, {.ids = {"x"}, .embeddings = {values, 2}});
  EXPECT_EQ(receipt.status().code(), StatusCode::kNotFound);
  ASSERT_OK_AND_ASSIGN(const std::vector<CollectionId> logged, database_.log->Collections());
  EXPECT_THAT(logged, testing::IsEmpty());
}

TEST_F(GatewayTest, AnEmptyBatchIsTakenWithoutAWrite) {
  for (const OperationKind kind : {OperationKind::kAdd, OperationKind::kUpdate, OperationKind::kUpsert}) {
    ASSERT_OK_AND_ASSIGN(const WriteReceipt receipt, gateway_.Write(collection_, kind, {}));
    EXPECT_EQ(receipt.log_position, 0u);
  }
  EXPECT_EQ(Position(), LogPosition{0});
}

// ---- What is asked for costs no more than what there is.

// The records of a test fill a few hundred kilobytes; a billion of anything would be a gigabyte at least.
constexpr size_t kModestBytes = 16 << 20;

class GatewayHugeRequestTest : public GatewayTest, public testing::WithParamInterface<bool> {
 protected:
  static constexpr int kRecords = static_cast<int>(kGraphRowsMin) + 100;

  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(AddRecords(kRecords));
    if (GetParam()) {
      ASSERT_OK(gateway_.Compact(collection_));  // into a segment with a graph
    }
  }
};

TEST_P(GatewayHugeRequestTest, AQueryForMoreThanThereIsGivesAllWithoutAllocatingAhead) {
  const std::vector<float> query = {3, 4};
  for (const int64_t n_results : {kHuge, kHugest}) {
    for (const bool exact : {false, true}) {
      const AllocationWatch watch;
      const auto hits = gateway_.Query(
          collection_,
          {.embeddings = {query, 2}, .n_results = n_results, .include = {.distances = true}, .exact = exact});
      EXPECT_LT(watch.largest_bytes(), kModestBytes);
      ASSERT_OK(hits);
      EXPECT_EQ(hits->HitCount(0), kRecords);
    }
    const AllocationWatch watch;
    const auto filtered = gateway_.Query(
        collection_, {.embeddings = {query, 2}, .n_results = n_results, .where = Key("n") < 20, .include = {}});
    EXPECT_LT(watch.largest_bytes(), kModestBytes);
    ASSERT_OK(filtered);
    EXPECT_EQ(filtered->HitCount(0), 20);
  }
}

TEST_P(GatewayHugeRequestTest, APageBeyondTheEndIsCutWithoutAllocatingAhead) {
  struct Page {
    int64_t limit, offset, expected;
  };
  for (const Page page : {Page{kHuge, 0, kRecords}, Page{kHugest, 0, kRecords}, Page{kHugest, 10, kRecords - 10},
                          Page{10, kHuge, 0}, Page{10, kHugest, 0}, Page{kHugest, kHugest, 0}}) {
    SCOPED_TRACE(testing::Message() << "limit " << page.limit << ", offset " << page.offset);
    const AllocationWatch watch;
    const auto got = gateway_.Get(collection_, {.limit = page.limit, .offset = page.offset, .include = {}});
    const auto odd = gateway_.Get(collection_, {.where_document = Document().Contains("odd"),
                                                .limit = page.limit,
                                                .offset = page.offset,
                                                .include = {.documents = true}});
    EXPECT_LT(watch.largest_bytes(), kModestBytes);
    ASSERT_OK(got);
    ASSERT_OK(odd);
    EXPECT_EQ(static_cast<int64_t>(got->size()), page.expected);
    EXPECT_LE(odd->size(), got->size());
  }
}

TEST_P(GatewayHugeRequestTest, ADeleteWithAHugeLimitTakesWhatMatches) {
  const AllocationWatch watch;
  const auto deleted = gateway_.Delete(collection_, {.where = Key("n") < 20, .limit = kHugest});
  EXPECT_LT(watch.largest_bytes(), kModestBytes);
  ASSERT_OK(deleted);
  EXPECT_EQ(deleted->deleted, 20);
  EXPECT_EQ(*gateway_.Count(collection_), kRecords - 20);
}

INSTANTIATE_TEST_SUITE_P(Where, GatewayHugeRequestTest, testing::Bool(),
                         [](const auto& compacted) { return compacted.param ? "InASegment" : "InTheTail"; });

TEST_F(GatewayTest, ListsOfCollectionsAndDatabasesTakeHugeLimits) {
  for (const int64_t limit : {kHuge, kHugest}) {
    const AllocationWatch watch;
    ASSERT_OK_AND_ASSIGN(const auto collections, gateway_.ListCollections(kDefaultTenant, kDefaultDatabase, limit, 0));
    ASSERT_OK_AND_ASSIGN(const auto databases, gateway_.ListDatabases(kDefaultTenant, limit, 0));
    EXPECT_LT(watch.largest_bytes(), kModestBytes);
    EXPECT_THAT(collections, SizeIs(1));
    EXPECT_THAT(databases, SizeIs(1));
    EXPECT_THAT(*gateway_.ListCollections(kDefaultTenant, kDefaultDatabase, limit, kHugest), SizeIs(0));
  }
}

// ---- Filters of any size are answered or refused.

std::vector<Filter> Conditions(size_t count) {
  std::vector<Filter> conditions;
  for (size_t i = 0; i < count; ++i) conditions.push_back(Key("n") == static_cast<int64_t>(2 * i));
  return conditions;
}

// "or" in "and" in "or" ..., `depth` of them, around the condition that "n" is 4. Each level has a second operand that
// changes nothing: one that every record satisfies in an "and", one that none does in an "or".
Filter NestedFilter(size_t depth) {
  Filter nested = Key("n") == 4;
  for (size_t i = 0; i < depth; ++i) {
    nested = i % 2 == 0 ? std::move(nested) && Key("n") >= 0 : std::move(nested) || Key("n") < 0;
  }
  return nested;
}

std::string NestedJson(size_t depth) {
  std::string json;
  for (size_t i = depth; i > 0; --i) json += i % 2 == 1 ? R"({"$and":[)" : R"({"$or":[)";
  json += R"({"n":4})";
  for (size_t i = 0; i < depth; ++i) json += i % 2 == 0 ? R"(,{"n":{"$gte":0}}]})" : R"(,{"n":{"$lt":0}}]})";
  return json;
}

class GatewayFilterTest : public GatewayTest, public testing::WithParamInterface<bool> {
 protected:
  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(AddRecords(10));
    if (GetParam()) {
      ASSERT_OK(gateway_.Compact(collection_));
    }
  }

  void ExpectMatches(const Filter& where, const std::vector<std::string>& expected) {
    ASSERT_OK_AND_ASSIGN(const GetResult got, gateway_.Get(collection_, {.where = where, .include = {}}));
    std::vector<std::string> ids;
    for (size_t i = 0; i < got.size(); ++i) ids.emplace_back(got.ids[i]);
    EXPECT_EQ(ids, expected);
    const std::vector<float> query = {3, 4};
    ASSERT_OK_AND_ASSIGN(const QueryResult hits,
                         gateway_.Query(collection_, {.embeddings = {query, 2}, .where = where, .include = {}}));
    EXPECT_EQ(hits.size(), expected.size());
  }

  // By every call that takes a filter.
  void ExpectRefused(const Filter& filter, const std::string& part) {
    const auto refused = [&](const Status& status) {
      EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << status.ToString();
      EXPECT_THAT(status.message(), AllOf(HasSubstr("Invalid where"), HasSubstr(part)));
    };
    const std::vector<float> query = {3, 4};
    refused(gateway_.Get(collection_, {.where = filter}).status());
    refused(gateway_.Query(collection_, {.embeddings = {query, 2}, .where = filter}).status());
    refused(gateway_.Delete(collection_, {.where = filter}).status());
    EXPECT_EQ(*gateway_.Count(collection_), 10);
  }
};

TEST_P(GatewayFilterTest, OneAsWideAsItMayBeIsAnswered) {
  ExpectMatches(Filter::Any(Conditions(kFilterNodesMax - 1)), {"id0", "id2", "id4", "id6", "id8"});
  ExpectMatches(Filter::All(Conditions(kFilterNodesMax - 1)), {});
}

TEST_P(GatewayFilterTest, OneOfAHundredThousandConditionsIsRefusedWithTheirNumber) {
  ExpectRefused(Filter::Any(Conditions(kMany)), "100001 conditions");
  ExpectRefused(Filter::All(Conditions(kMany)), "100001 conditions");
  const Filter documents = Filter::Any(std::vector<Filter>(kMany, Document().Contains("even")));
  EXPECT_EQ(gateway_.Get(collection_, {.where_document = documents}).status().code(), StatusCode::kInvalidArgument);
}

TEST_P(GatewayFilterTest, OneOfAHundredThousandConditionsIsRefusedAsJsonToo) {
  std::string json = R"({"$or":[{"n":0})";
  for (size_t i = 1; i < kMany; ++i) json += R"(,{"n":0})";
  json += "]}";
  ASSERT_OK_AND_ASSIGN(const Filter filter, Filter::FromJson(json));
  ExpectRefused(filter, "100001 conditions");
}

TEST_P(GatewayFilterTest, AListOfAHundredThousandIsAnswered) {
  std::vector<FilterScalar> even;
  std::string json = R"({"n":{"$in":[0)";
  for (size_t i = 0; i < kMany; ++i) even.emplace_back(2 * i);
  for (size_t i = 1; i < kMany; ++i) json += "," + std::to_string(2 * i);
  json += "]}}";
  ExpectMatches(Key("n").In(even), {"id0", "id2", "id4", "id6", "id8"});
  ExpectMatches(Key("n").NotIn(even), {"id1", "id3", "id5", "id7", "id9"});
  ASSERT_OK_AND_ASSIGN(const Filter filter, Filter::FromJson(json));
  ExpectMatches(filter, {"id0", "id2", "id4", "id6", "id8"});
}

TEST_P(GatewayFilterTest, OneAsDeepAsItMayBeIsAnswered) {
  const Filter filter = NestedFilter(kFilterDepthMax);
  ExpectMatches(filter, {"id4"});
  EXPECT_EQ(Must(Filter::FromJson(NestedJson(kFilterDepthMax))), filter);
}

TEST_P(GatewayFilterTest, OneThatIsNestedDeeperIsRefused) {
  ExpectRefused(NestedFilter(kFilterDepthMax + 1), "nested more than 1000 deep");
  ExpectRefused(NestedFilter(kMany), "200001 conditions");
  for (const size_t depth : {kFilterDepthMax + 1, kMany}) {
    const auto filter = Filter::FromJson(NestedJson(depth));
    ASSERT_EQ(filter.status().code(), StatusCode::kInvalidArgument);
    EXPECT_THAT(filter.status().message(), HasSubstr("nested more than 1000 deep"));
  }
}

INSTANTIATE_TEST_SUITE_P(Where, GatewayFilterTest, testing::Bool(),
                         [](const auto& compacted) { return compacted.param ? "InASegment" : "InTheTail"; });

TEST_F(GatewayTest, ACollectionThatIsDroppedAtOnceWasCreatedAllTheSame) {
  // Found by the stress test: what was created was looked up again for the answer, and somebody had dropped it.
  NewCollection request = {.tenant = std::string(kDefaultTenant),
                           .database = std::string(kDefaultDatabase),
                           .name = "passing",
                           .metadata = {{"integer", 1}, {"double", 0.1}, {"text", "caf\u00e9"}, {"truth", true}},
                           .configuration = {.hnsw = {.ef_search = 77}}};
  std::atomic<bool> done = false;
  std::thread dropper([&] {
    while (!done) (void)gateway_.DeleteCollection(kDefaultTenant, kDefaultDatabase, "passing");
  });
  for (int i = 0; i < 2000; ++i) {
    request.get_or_create = i % 2 == 0;
    const auto created = gateway_.CreateCollection(request);
    if (!created.ok() && !request.get_or_create && created.status().code() == StatusCode::kAlreadyExists) continue;
    EXPECT_OK(created);
  }
  done = true;
  dropper.join();

  (void)gateway_.DeleteCollection(kDefaultTenant, kDefaultDatabase, "passing");
  const CollectionPointer created = Must(gateway_.CreateCollection(request));
  const CollectionPointer stored = Must(gateway_.GetCollection(created->id));
  EXPECT_EQ(created->metadata, stored->metadata);
  EXPECT_EQ(ConfigurationToJson(created->configuration), ConfigurationToJson(stored->configuration));
}

}  // namespace
}  // namespace ochre
