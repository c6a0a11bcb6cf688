// Whole stores of every format version, as they were once written: they open, say what they said, verify, and take
// writes.
//
// golden/<version>/ holds the two databases as SQL and the segments' files. Version 2 was written by Ochre when that
// version was new, and dumped by the sqlite3 shell (".dump", with the header's two numbers). Version 1 has the same
// records in the tables of Ochre 0.1, whose segments differ from those of version 2 in SEGMENT alone.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <filesystem>
#include <string>
#include <vector>

#include "ochre/ochre.h"
#include "tests/format/sample_database.h"
#include "tests/support/expect_ok.h"
#include "tests/support/must.h"
#include "tests/support/source_directory.h"
#include "tests/support/temporary_directory.h"

namespace ochre {
namespace {

using std::filesystem::path;
using testing::ElementsAre;

std::vector<std::string> Texts(const StringArray& array) {
  std::vector<std::string> texts;
  for (size_t i = 0; i < array.size(); ++i) texts.emplace_back(array[i]);
  return texts;
}

class GoldenStoreTest : public testing::TestWithParam<int> {
 protected:
  void SetUp() override {
    const path golden = testing_support::SourceDirectory() / "tests/format/golden" / std::to_string(GetParam());
    std::filesystem::create_directory(path_);
    std::filesystem::copy(golden / "segments", path_ / "segments", std::filesystem::copy_options::recursive);
    for (const char* name : {"system", "log"}) {
      const std::string sql = ReadFile(golden / (std::string(name) + ".sql"));
      ASSERT_FALSE(sql.empty());
      sqlite3* database = nullptr;
      ASSERT_EQ(sqlite3_open((path_ / (std::string(name) + ".sqlite3")).c_str(), &database), SQLITE_OK);
      EXPECT_EQ(sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(database);
      sqlite3_close(database);
    }
  }

  TemporaryDirectory directory_;
  const path path_ = directory_.path() / "db";
};

INSTANTIATE_TEST_SUITE_P(, GoldenStoreTest, testing::Values(1, 2),
                         [](const auto& version) { return "Version" + std::to_string(version.param); });

TEST_P(GoldenStoreTest, SaysWhatItSaidAndTakesWrites) {
  {
    ASSERT_OK_AND_ASSIGN(const auto client, Client::Open(path_, SampleOptions()));
    EXPECT_OK(client->GetTenant("acme"));
    ASSERT_OK_AND_ASSIGN(const Collection empty, client->GetCollection("empty"));
    EXPECT_EQ(*empty.Count(), 0);
    ASSERT_OK_AND_ASSIGN(Collection docs, client->GetCollection("docs"));
    EXPECT_EQ(Must(docs.Info()).metadata, (Metadata{{"topic", "birds"}}));
    ASSERT_OK(client->Verify(docs));
    ASSERT_OK_AND_ASSIGN(const CollectionStats stats, client->Stats(docs));
    EXPECT_EQ(stats.segment_count, 1);
    EXPECT_EQ(stats.segment_records, 2);
    EXPECT_GT(stats.tail_records, 0);

    ASSERT_OK_AND_ASSIGN(
        const GetResult all,
        docs.Get({.include = {.documents = true, .metadatas = true, .embeddings = true, .uris = true}}));
    EXPECT_THAT(Texts(all.ids), ElementsAre("a", "c", "d"));
    EXPECT_THAT(Texts(*all.documents), ElementsAre("a wren", "an owl", "a kite"));
    EXPECT_EQ(MetadataToJson((*all.metadatas)[0]), R"({"night":false,"size":1})");
    EXPECT_EQ(MetadataToJson((*all.metadatas)[1]), R"({"night":true,"size":4})");
    EXPECT_EQ((*all.uris)[1], "u:c");
    EXPECT_THAT(all.embeddings->Row(2), ElementsAre(3, 4));

    const std::vector<float> query = {0, 1};
    ASSERT_OK_AND_ASSIGN(const QueryResult found, docs.Query({.embeddings = {query, 2}, .n_results = 2}));
    EXPECT_THAT(Texts(found.ids), ElementsAre("d", "c"));
    EXPECT_NEAR((*found.distances)[0], 0.2, 1e-6);

    const std::vector<float> embedding = {2, 0};
    ASSERT_OK(docs.Add({.ids = {"e"}, .embeddings = {embedding, 2}}));
    ASSERT_OK(client->Compact(docs));
    ASSERT_OK(client->Verify(docs));
  }
  ASSERT_OK_AND_ASSIGN(const auto client, Client::Open(path_, SampleOptions()));
  ASSERT_OK_AND_ASSIGN(const Collection docs, client->GetCollection("docs"));
  EXPECT_OK(client->Verify(docs));
  EXPECT_THAT(Texts(Must(docs.Get()).ids), ElementsAre("a", "c", "d", "e"));
}

}  // namespace
}  // namespace ochre
