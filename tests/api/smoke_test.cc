#include <gtest/gtest.h>

#include "ochre/ochre.h"

namespace ochre {
namespace {

TEST(SmokeTest, AddQueryCompactReopen) {
  auto client = Client::InMemory();
  ASSERT_TRUE(client.ok()) << client.status().ToString();
  auto function = MakeHashingEmbedder(64);
  auto docs = (*client)->CreateCollection("docs", {.space = Space::kCosine, .embedding_function = *function});
  ASSERT_TRUE(docs.ok()) << docs.status().ToString();
  auto added = docs->Add({.ids = {"a", "b", "c"}, .documents = {"the red fox", "a blue whale", "red foxes run"},
             .metadatas = {{{"year", 2020}}, {{"year", 2021}}, {{"year", 2022}}}});
  ASSERT_TRUE(added.ok()) << added.status().ToString();
  for (int round = 0; round < 2; ++round) {
    auto hits = docs->Query({.texts = {"red fox"}, .n_results = 2, .where = Key("year") >= 2020, .where_document = Document().Contains("red")});
    ASSERT_TRUE(hits.ok()) << hits.status().ToString();
    ASSERT_EQ(hits->size(), 2u);
    EXPECT_EQ(hits->ids[0], "a");
    EXPECT_EQ(hits->ids[1], "c");
    EXPECT_EQ(hits->metadatas->Get(1, "year"), MetadataValue(2022));
    auto compacted = (*client)->Compact(*docs);
    ASSERT_TRUE(compacted.ok()) << compacted.ToString();
    auto stats = (*client)->Stats(*docs);
    EXPECT_EQ(stats->segment_count, 1);
    EXPECT_EQ(stats->tail_records, 0);
    ASSERT_TRUE((*client)->Verify(*docs).ok());
  }
}

}  // namespace
}  // namespace ochre
