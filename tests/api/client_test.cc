// Tenants, databases and collections; opening, closing and reopening.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "ochre/ochre.h"
#include "tests/support/expect_ok.h"
#include "tests/support/temporary_directory.h"

namespace ochre {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class ClientTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_OK_AND_ASSIGN(client_, Client::InMemory()); }
  std::unique_ptr<Client> client_;
};

TEST_F(ClientTest, ACollectionIsCreatedOnceAndFoundAgain) {
  ASSERT_OK_AND_ASSIGN(const Collection created,
                       client_->CreateCollection("docs", {.space = Space::kCosine, .metadata = {{"a", 1}}}));
  const Status again = client_->CreateCollection("docs").status();
  EXPECT_EQ(again.code(), StatusCode::kAlreadyExists);
  EXPECT_EQ(again.message(), "Collection [docs] already exists");
  ASSERT_OK_AND_ASSIGN(const Collection found, client_->GetCollection("docs"));
  EXPECT_EQ(found.id(), created.id());
  ASSERT_OK_AND_ASSIGN(const CollectionInfo info, found.Info());
  EXPECT_EQ(info.hnsw.space, Space::kCosine);
  EXPECT_EQ(info.metadata, (Metadata{{"a", 1}}));
  EXPECT_EQ(info.dimension, std::nullopt);
  EXPECT_EQ(info.tenant, "default_tenant");
  EXPECT_EQ(info.database, "default_database");
  EXPECT_THAT(info.configuration_json, HasSubstr("\"space\":\"cosine\""));
}

TEST_F(ClientTest, QuotasHoldForEveryViewOfADatabase) {
  ASSERT_OK_AND_ASSIGN(const auto client, Client::InMemory({.quotas = Quotas::ChromaCloud()}));
  ASSERT_OK(client->CreateDatabase("other"));
  ASSERT_OK_AND_ASSIGN(const auto view, client->WithDatabase("default_tenant", "other"));
  ASSERT_OK_AND_ASSIGN(Collection collection, view->CreateCollection("docs"));
  const std::vector<float> embedding(4'097);
  const Status refused = collection.Add({.ids = {"a"}, .embeddings = {embedding, 4'097}}).status();
  EXPECT_EQ(refused.code(), StatusCode::kResourceExhausted);
  EXPECT_EQ(
      refused.message(),
      "Quota exceeded: 'Embedding dimension' exceeded quota limit for action 'Add': current usage of 4097 exceeds "
      "limit of 4096 (embedding_dimensions)");
  EXPECT_OK(collection.Add({.ids = {"a"}, .embeddings = {std::span(embedding).first(4'096), 4'096}}));
  EXPECT_EQ(client->CreateCollection(std::string(129, 'n')).status().code(), StatusCode::kResourceExhausted);
}

TEST_F(ClientTest, GetOrCreateLeavesAnExistingCollectionUnchanged) {
  ASSERT_OK(client_->CreateCollection("docs", {.metadata = {{"a", 1}}}));
  ASSERT_OK_AND_ASSIGN(const Collection same,
                       client_->GetOrCreateCollection("docs", {.space = Space::kCosine, .metadata = {{"b", 2}}}));
  ASSERT_OK_AND_ASSIGN(const CollectionInfo info, same.Info());
  EXPECT_EQ(info.metadata, (Metadata{{"a", 1}}));
  EXPECT_EQ(info.hnsw.space, Space::kL2);
}

TEST_F(ClientTest, LegacyMetadataConfiguresWhereNothingElseDoes) {
  ASSERT_OK_AND_ASSIGN(const Collection legacy, client_->CreateCollection("one", {.metadata = {{"hnsw:space", "ip"}}}));
  ASSERT_OK_AND_ASSIGN(const CollectionInfo info, legacy.Info());
  EXPECT_EQ(info.hnsw.space, Space::kInnerProduct);
  ASSERT_OK_AND_ASSIGN(const Collection explicit_wins,
                       client_->CreateCollection("two", {.space = Space::kCosine, .metadata = {{"hnsw:space", "ip"}}}));
  ASSERT_OK_AND_ASSIGN(const CollectionInfo second, explicit_wins.Info());
  EXPECT_EQ(second.hnsw.space, Space::kCosine);
  EXPECT_EQ(client_->CreateCollection("three", {.metadata = {{"hnsw:space", "no"}}}).status().code(),
            StatusCode::kInvalidArgument);
}

TEST_F(ClientTest, NumbersThatTheGraphCannotUseAreStoredAndStatsSaysWhichItUses) {
  ASSERT_OK_AND_ASSIGN(
      const Collection large,
      client_->CreateCollection("large", {.max_neighbors = 1'000, .ef_construction = 20'000, .ef_search = 20'000}));
  ASSERT_OK_AND_ASSIGN(const CollectionInfo info, large.Info());
  EXPECT_EQ(info.hnsw.max_neighbors, 1'000);
  EXPECT_EQ(info.hnsw.ef_construction, 20'000);
  EXPECT_EQ(info.hnsw.ef_search, 20'000);
  ASSERT_OK_AND_ASSIGN(const CollectionStats stats, client_->Stats(large));
  EXPECT_EQ(stats.max_neighbors_used, 512);
  EXPECT_EQ(stats.ef_construction_used, 10'000);
  EXPECT_EQ(stats.ef_search_used, 10'000);
}

TEST_F(ClientTest, AGraphOfOneNeighbourIsBuiltWithTwoAndSearched) {
  constexpr int64_t kRecords = 5'200;  // enough for a graph
  ASSERT_OK_AND_ASSIGN(Collection line, client_->CreateCollection("line", {.max_neighbors = 1, .ef_construction = 1}));
  std::vector<std::string> ids;
  std::vector<float> values;
  for (int64_t i = 0; i < kRecords; ++i) {
    ids.push_back(std::to_string(i));
    values.push_back(static_cast<float>(i));
  }
  ASSERT_OK(line.Add({.ids = ids, .embeddings = {values, 1}}));
  ASSERT_OK(client_->Compact(line));
  ASSERT_OK_AND_ASSIGN(const CollectionStats stats, client_->Stats(line));
  EXPECT_EQ(stats.max_neighbors_used, 2);
  EXPECT_EQ(stats.segment_records, kRecords);
  const float query = 77;
  ASSERT_OK_AND_ASSIGN(const QueryResult found, line.Query({.embeddings = {{&query, 1}, 1}, .n_results = 1}));
  EXPECT_EQ(found.HitCount(0), 1);
}

TEST_F(ClientTest, ModifyRenamesReplacesMetadataAndChangesSearchParameters) {
  ASSERT_OK_AND_ASSIGN(Collection docs, client_->CreateCollection("docs", {.metadata = {{"a", 1}}}));
  ASSERT_OK(client_->CreateCollection("taken"));
  ASSERT_OK(docs.Modify({.name = "renamed", .metadata = Metadata{{"b", 2}}, .ef_search = 7}));
  ASSERT_OK_AND_ASSIGN(const CollectionInfo info, docs.Info());
  EXPECT_EQ(info.name, "renamed");
  EXPECT_EQ(info.metadata, (Metadata{{"b", 2}}));
  EXPECT_EQ(info.hnsw.ef_search, 7);
  EXPECT_EQ(client_->GetCollection("docs").status().code(), StatusCode::kNotFound);
  EXPECT_EQ(docs.Modify({.name = "taken"}).code(), StatusCode::kAlreadyExists);
  EXPECT_EQ(docs.Modify({.name = "a..b"}).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(docs.Modify({.metadata = Metadata()}).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(docs.Modify({.ef_search = 0}).code(), StatusCode::kInvalidArgument);
  EXPECT_OK(docs.Modify({}));
}

TEST_F(ClientTest, CollectionsAreListedByIdAndCounted) {
  for (const char* name : {"ccc", "aaa", "bbb"}) ASSERT_OK(client_->CreateCollection(name));
  ASSERT_OK_AND_ASSIGN(const int64_t count, client_->CountCollections());
  EXPECT_EQ(count, 3);
  ASSERT_OK_AND_ASSIGN(const auto all, client_->ListCollections());
  EXPECT_TRUE(std::is_sorted(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.id < b.id; }));
  ASSERT_OK_AND_ASSIGN(const auto middle, client_->ListCollections(1, 1));
  ASSERT_EQ(middle.size(), 1u);
  EXPECT_EQ(middle[0].id, all[1].id);
  EXPECT_EQ(client_->ListCollections(-1).status().code(), StatusCode::kInvalidArgument);
}

TEST_F(ClientTest, ADeletedCollectionIsGoneForItsHandles) {
  ASSERT_OK_AND_ASSIGN(Collection docs, client_->CreateCollection("docs"));
  const std::vector<float> values = {1, 2};
  ASSERT_OK(docs.Add({.ids = {"a"}, .embeddings = {values, 2}}));
  ASSERT_OK(client_->DeleteCollection("docs"));
  EXPECT_EQ(docs.Count().status().code(), StatusCode::kNotFound);
  EXPECT_EQ(docs.Add({.ids = {"b"}, .embeddings = {values, 2}}).status().code(), StatusCode::kNotFound);
  EXPECT_EQ(client_->DeleteCollection("docs").code(), StatusCode::kNotFound);
  ASSERT_OK_AND_ASSIGN(Collection fresh, client_->CreateCollection("docs"));
  ASSERT_OK_AND_ASSIGN(const int64_t count, fresh.Count());
  EXPECT_EQ(count, 0);
}

TEST_F(ClientTest, DatabasesKeepCollectionsApart) {
  ASSERT_OK(client_->CreateTenant("acme"));
  EXPECT_EQ(client_->CreateTenant("acme").code(), StatusCode::kAlreadyExists);
  ASSERT_OK_AND_ASSIGN(const auto acme_default, client_->WithDatabase("default_tenant", "default_database"));
  EXPECT_EQ(client_->WithDatabase("acme", "nothing").status().code(), StatusCode::kNotFound);
  ASSERT_OK(client_->CreateDatabase("second"));
  ASSERT_OK_AND_ASSIGN(const auto second, client_->WithDatabase("default_tenant", "second"));
  ASSERT_OK(client_->CreateCollection("docs"));
  ASSERT_OK_AND_ASSIGN(Collection in_second, second->CreateCollection("docs"));
  ASSERT_OK_AND_ASSIGN(const auto databases, client_->ListDatabases());
  ASSERT_EQ(databases.size(), 2u);
  EXPECT_EQ(databases[0].name, "default_database");
  EXPECT_EQ(databases[1].name, "second");
  ASSERT_OK(client_->DeleteDatabase("second"));
  EXPECT_EQ(in_second.Count().status().code(), StatusCode::kNotFound);
  EXPECT_OK(client_->GetCollection("docs"));
}

TEST_F(ClientTest, CloseIsIdempotentAndEndsEveryHandle) {
  ASSERT_OK_AND_ASSIGN(Collection docs, client_->CreateCollection("docs"));
  ASSERT_OK(client_->Close());
  EXPECT_OK(client_->Close());
  EXPECT_EQ(docs.Count().status().code(), StatusCode::kFailedPrecondition);
  EXPECT_EQ(client_->CreateCollection("more").status().code(), StatusCode::kFailedPrecondition);
}

TEST_F(ClientTest, TheEmbeddingFunctionIsStoredAndItsKindChecked) {
  ASSERT_OK_AND_ASSIGN(const auto hashing, MakeHashingEmbedder(32));
  ASSERT_OK(client_->CreateCollection("docs", {.embedding_function = hashing}));
  ASSERT_OK_AND_ASSIGN(Collection again, client_->GetCollection("docs"));  // the built-in one is made again
  ASSERT_OK(again.Add({.ids = {"a"}, .documents = {"red fox"}}));
  ASSERT_OK_AND_ASSIGN(const QueryResult hits, again.Query({.texts = {"fox"}}));
  EXPECT_EQ(hits.size(), 1u);

  class Other : public EmbeddingFunction {
   public:
    std::string Name() const override { return "other"; }
    std::string ConfigJson() const override { return "{}"; }
    int32_t Dimension() const override { return 32; }
    Status Embed(std::span<const std::string_view>, std::span<float>) const override { return Status::Ok(); }
  };
  EXPECT_EQ(client_->GetCollection("docs", std::make_shared<Other>()).status().code(), StatusCode::kInvalidArgument);
}

TEST(ClientOpenTest, EverythingIsThereAfterReopening) {
  const TemporaryDirectory directory;
  std::string id;
  {
    ASSERT_OK_AND_ASSIGN(const auto client, Client::Open(directory.path()));
    ASSERT_OK_AND_ASSIGN(
        Collection docs,
        client->CreateCollection("docs", {.space = Space::kInnerProduct, .ef_search = 33, .metadata = {{"m", 1.5}}}));
    id = docs.id();
    const std::vector<float> values = {1, 2, 3, 4};
    ASSERT_OK_AND_ASSIGN(const WriteReceipt receipt,
                         docs.Add({.ids = {"a", "b"},
                                   .embeddings = {values, 2},
                                   .documents = {"x", "y"},
                                   .metadatas = {{{"tags", std::vector<std::string>{"t"}}}, {}},
                                   .uris = {"u1", "u2"}}));
    EXPECT_EQ(receipt.durability, Durability::kFull);
    ASSERT_OK(client->Compact(docs));
    ASSERT_OK(docs.Delete({.ids = StringColumn{"b"}}));
  }
  ASSERT_OK_AND_ASSIGN(const auto client, Client::Open(directory.path(), {.create_if_missing = false}));
  ASSERT_OK_AND_ASSIGN(const Collection docs, client->GetCollection("docs"));
  ASSERT_OK_AND_ASSIGN(const CollectionInfo info, docs.Info());
  EXPECT_EQ(info.id, id);
  EXPECT_EQ(info.dimension, 2);
  EXPECT_EQ(info.hnsw.space, Space::kInnerProduct);
  EXPECT_EQ(info.hnsw.ef_search, 33);
  EXPECT_EQ(info.metadata, (Metadata{{"m", 1.5}}));
  ASSERT_OK_AND_ASSIGN(const GetResult found,
                       docs.Get({.include = {.documents = true, .metadatas = true, .uris = true}}));
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ((*found.documents)[0], "x");
  EXPECT_EQ((*found.uris)[0], "u1");
  EXPECT_EQ(found.metadatas->Get(0, "tags"), MetadataValue(std::vector<std::string>{"t"}));
}

TEST(ClientOpenTest, InMemoryLeavesNothingOnDisk) {
  const TemporaryDirectory directory;
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(directory.path());
  {
    ASSERT_OK_AND_ASSIGN(const auto client, Client::InMemory());
    ASSERT_OK_AND_ASSIGN(Collection docs, client->CreateCollection("docs"));
    const std::vector<float> values = {1, 2};
    ASSERT_OK(docs.Add({.ids = {"a"}, .embeddings = {values, 2}, .documents = {"x"}}));
    ASSERT_OK(client->Compact(docs));
    ASSERT_OK(docs.Query({.embeddings = {values, 2}, .where_document = Document().Contains("x")}));
    EXPECT_TRUE(std::filesystem::is_empty(directory.path()));
  }
  EXPECT_TRUE(std::filesystem::is_empty(directory.path()));
  std::filesystem::current_path(before);
}

TEST(ClientOpenTest, TheFilesStayBoundedUnderASteadyLoad) {
  const TemporaryDirectory directory;
  ASSERT_OK_AND_ASSIGN(const auto client, Client::Open(directory.path(), {.durability = Durability::kNone}));
  ASSERT_OK_AND_ASSIGN(Collection docs, client->CreateCollection("docs"));
  // 50 rounds of 200 records of 64 floats, 60 KB a round: 3 MB go through the log.
  const std::vector<float> values(200 * 64, 0.5f);
  std::vector<std::string> ids;
  for (int i = 0; i < 200; ++i) ids.push_back("id" + std::to_string(i));
  for (int round = 0; round < 50; ++round) {
    ASSERT_OK(docs.Add({.ids = ids, .embeddings = {values, 64}}));
    ASSERT_OK(client->Compact(docs));
    ASSERT_OK(docs.Delete({.ids = ids}));
  }
  ASSERT_OK(client->Compact(docs));
  ASSERT_OK_AND_ASSIGN(const CollectionStats stats, client->Stats(docs));
  EXPECT_EQ(stats.segment_count, 0);
  EXPECT_EQ(stats.record_count, 0);
  ASSERT_OK(client->Close());
  EXPECT_TRUE(std::filesystem::is_empty(directory.path() / "segments"));
  // Closing empties the write-ahead log, whose size until then depends on when its checkpoints run. The pages of purged
  // batches are used again, so the file is as large as a few rounds: 16 of 60 KB.
  EXPECT_FALSE(std::filesystem::exists(directory.path() / "log.sqlite3-wal"));
  EXPECT_LE(std::filesystem::file_size(directory.path() / "log.sqlite3"), uintmax_t{1} << 20);
}

}  // namespace
}  // namespace ochre
