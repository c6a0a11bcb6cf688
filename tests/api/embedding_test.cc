// Collections that embed their documents and query texts themselves.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ochre/ochre.h"
#include "tests/support/expect_ok.h"
#include "tests/support/must.h"

namespace ochre {
namespace {

using testing::ElementsAre;

std::vector<std::string> IdsOf(const RecordColumns& columns) {
  std::vector<std::string> ids;
  for (size_t i = 0; i < columns.size(); ++i) ids.emplace_back(columns.ids[i]);
  return ids;
}

// With the built-in hashing embedder.
class EmbeddingCollectionTest : public testing::Test {
 protected:
  std::unique_ptr<Client> client_ = Must(Client::InMemory());
  Collection docs_ = Must(client_->CreateCollection(
      "docs", {.space = Space::kCosine, .embedding_function = Must(MakeHashingEmbedder(64))}));
};

TEST_F(EmbeddingCollectionTest, DocumentsAndQueryTextsAreEmbedded) {
  ASSERT_OK(docs_.Add({.ids = {"a", "b", "c"}, .documents = {"the red fox", "a blue whale", "red foxes run"}}));
  EXPECT_THAT(IdsOf(Must(docs_.Query({.texts = {"red fox", "whale"}, .n_results = 1}))), ElementsAre("a", "b"));
  EXPECT_EQ(Must(docs_.Info()).dimension, 64);
}

TEST_F(EmbeddingCollectionTest, AnUpdatedDocumentIsEmbeddedAgainAndAbsentOnesAreNot) {
  ASSERT_OK(docs_.Add({.ids = {"a", "b"}, .documents = {"the red fox", "a blue whale"}}));
  const std::vector<float> b_before = Must(docs_.Peek()).embeddings->values;
  ASSERT_OK(docs_.Update(
      {.ids = {"a", "b"}, .documents = std::vector<std::optional<std::string>>{"green tea", std::nullopt}}));
  const QueryResult tea = Must(docs_.Query({.texts = {"green tea"}, .n_results = 1}));
  EXPECT_THAT(IdsOf(tea), ElementsAre("a"));
  EXPECT_NEAR((*tea.distances)[0], 0, 1e-6);
  const std::vector<float> after = Must(docs_.Peek()).embeddings->values;
  EXPECT_EQ(std::vector<float>(after.begin() + 64, after.end()),
            std::vector<float>(b_before.begin() + 64, b_before.end()));
}

TEST_F(EmbeddingCollectionTest, GivenEmbeddingsAreKept) {
  std::vector<float> given(64, 0.0f);
  given[3] = 1;
  ASSERT_OK(docs_.Add({.ids = {"a"}, .embeddings = {given, 64}, .documents = {"the red fox"}}));
  EXPECT_EQ(Must(docs_.Peek()).embeddings->values, given);
}

TEST_F(EmbeddingCollectionTest, ARecordWithNeitherEmbeddingNorDocumentIsRefused) {
  const std::vector<std::optional<std::string>> documents = {"text", std::nullopt};
  EXPECT_EQ(docs_.Add({.ids = {"a", "b"}, .documents = documents}).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(docs_.Add({.ids = {"a"}, .metadatas = {{{"n", 1}}}}).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(Must(docs_.Count()), 0);
}

TEST_F(EmbeddingCollectionTest, ANullQueryTextIsRefused) {
  const std::vector<std::optional<std::string>> texts = {"text", std::nullopt};
  EXPECT_EQ(docs_.Query({.texts = texts}).status().code(), StatusCode::kInvalidArgument);
}

// A user's function under the name of the built-in one, with a configuration that it never writes.
class Impostor : public EmbeddingFunction {
 public:
  explicit Impostor(std::string config) : config_(std::move(config)) {}
  std::string Name() const override { return "ochre_hashing"; }
  std::string ConfigJson() const override { return config_; }
  int32_t Dimension() const override { return 32; }
  Status Embed(std::span<const std::string_view>, std::span<float>) const override { return Status::Ok(); }

 private:
  std::string config_;
};

TEST_F(EmbeddingCollectionTest, AStoredConfigurationThatMakesNoFunctionIsAnErrorNotACrash) {
  int number = 0;
  for (const char* config : {R"({"dimension": "many"})", R"({"dimension": 1e300})", R"({"dimension": null})", "{}"}) {
    const std::string name = "impostor-" + std::to_string(++number);
    ASSERT_OK(client_->CreateCollection(name, {.embedding_function = std::make_shared<Impostor>(config)}));
    EXPECT_EQ(client_->GetCollection(name).status().code(), StatusCode::kInvalidArgument) << config;
  }
  EXPECT_EQ(
      client_->CreateCollection("no-json", {.embedding_function = std::make_shared<Impostor>("[1]")}).status().code(),
      StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace ochre
