#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <string_view>
#include <vector>

#include "ochre/embedding_function.h"

namespace ochre {
namespace {

using testing::Each;
using testing::ElementsAre;

std::vector<float> EmbedOne(std::string_view text, int32_t dimension = 256) {
  const auto embedder = MakeHashingEmbedder(dimension);
  EXPECT_TRUE(embedder.ok()) << embedder.status().ToString();
  std::vector<float> row(static_cast<size_t>(dimension), -1.0f);
  const Status status = (*embedder)->Embed({&text, 1}, row);
  EXPECT_TRUE(status.ok()) << status.ToString();
  return row;
}

double Dot(const std::vector<float>& a, const std::vector<float>& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += static_cast<double>(a[i]) * b[i];
  return sum;
}

// Stored embeddings were made with these features: another hash, weight or tokenizer would not find them any more.
TEST(HashingEmbedderTest, AnEmbeddingIsTheSameBitsForEver) {
  EXPECT_THAT(EmbedOne("Grüße, vector world", 8), ElementsAre(0.428571463f, -0.142857149f, 0.714285731f, -0.285714298f,
                                                              -0.142857149f, -0.428571463f, 0.0f, 0.0f));
}

TEST(HashingEmbedderTest, EmbeddingsHaveLengthOne) {
  for (const std::string_view text : {"a", "the quick brown fox", "Ünïcode ωords", "x x x x x x"}) {
    const auto row = EmbedOne(text);
    EXPECT_NEAR(Dot(row, row), 1, 1e-6) << text;
  }
}

TEST(HashingEmbedderTest, TextWithoutWordsIsTheZeroVector) {
  EXPECT_THAT(EmbedOne(""), Each(0.0f));
  EXPECT_THAT(EmbedOne(" -- ?!"), Each(0.0f));
}

TEST(HashingEmbedderTest, CaseAndPunctuationAndOrderMakeNoDifference) {
  const auto row = EmbedOne("red fox jumps");
  EXPECT_EQ(EmbedOne("Jumps: RED fox!"), row);
}

TEST(HashingEmbedderTest, SharedWordsBringTextsNearerThanSharedSpellingsAndThoseNearerThanNothing) {
  const auto text = EmbedOne("graph search");
  const double same_word = Dot(text, EmbedOne("graph colouring"));
  const double same_stem = Dot(text, EmbedOne("graphs colouring"));
  const double nothing = Dot(text, EmbedOne("tomato soup"));
  EXPECT_GT(same_word, same_stem);
  EXPECT_GT(same_stem, nothing + 0.1);
}

TEST(HashingEmbedderTest, TrigramsAreOfCharactersNotBytes) {
  // The one shared character has two bytes: a trigram of bytes would see "ж" and half of the next one in both.
  EXPECT_NEAR(Dot(EmbedOne("аж", 65'536), EmbedOne("ою", 65'536)), 0, 1e-6);
  EXPECT_GT(Dot(EmbedOne("слово", 65'536), EmbedOne("словом", 65'536)), 0.2);
}

TEST(HashingEmbedderTest, RowsOfABatchAreThoseOfSingleTexts) {
  const auto embedder = MakeHashingEmbedder(16);
  ASSERT_TRUE(embedder.ok());
  const std::vector<std::string_view> texts = {"one", "", "two words"};
  std::vector<float> rows(3 * 16, -1.0f);
  ASSERT_TRUE((*embedder)->Embed(texts, rows).ok());
  std::vector<float> expected;
  for (const std::string_view text : texts) {
    const auto row = EmbedOne(text, 16);
    expected.insert(expected.end(), row.begin(), row.end());
  }
  EXPECT_EQ(rows, expected);
}

TEST(HashingEmbedderTest, SaysWhatItIs) {
  const auto embedder = MakeHashingEmbedder(32);
  ASSERT_TRUE(embedder.ok());
  EXPECT_EQ((*embedder)->Name(), "ochre_hashing");
  EXPECT_EQ((*embedder)->ConfigJson(), R"({"dimension":32})");
  EXPECT_EQ((*embedder)->Dimension(), 32);
}

TEST(HashingEmbedderTest, RefusesADimensionOutOfRange) {
  for (const int32_t dimension : {-1, 0, 7, 65'537}) {
    const auto embedder = MakeHashingEmbedder(dimension);
    EXPECT_EQ(embedder.status().code(), StatusCode::kInvalidArgument) << dimension;
  }
  EXPECT_TRUE(MakeHashingEmbedder(8).ok());
  EXPECT_TRUE(MakeHashingEmbedder(65'536).ok());
}

TEST(HashingEmbedderTest, RefusesRoomOfTheWrongSize) {
  const auto embedder = MakeHashingEmbedder(8);
  ASSERT_TRUE(embedder.ok());
  const std::string_view text = "a";
  std::vector<float> rows(7);
  EXPECT_EQ((*embedder)->Embed({&text, 1}, rows).code(), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace ochre
