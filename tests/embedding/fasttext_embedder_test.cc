#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "ochre/fasttext.h"

namespace ochre {
namespace {

using testing::Each;
using testing::HasSubstr;

// Models trained once for all tests, with Debian's fasttext command: one skipgram, one supervised, and that quantised.
class FastTextEmbedderTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    directory_ = std::filesystem::temp_directory_path() / ("ochre-fasttext-" + std::to_string(getpid()));
    std::filesystem::create_directories(directory_);
    std::ofstream words(PathOf("words.txt")), labelled(PathOf("labelled.txt"));
    for (int i = 0; i < 300; ++i) {
      words << "cat dog sleep eat play house\ncar truck drive fuel wheel road\n";
      labelled << "__label__animal cat dog sleep eat\n__label__machine car truck drive fuel\n";
    }
    words.close();
    labelled.close();
    const std::string common = " -dim 16 -bucket 500 -minCount 1 -minn 3 -maxn 5 -thread 1 -epoch 20 -verbose 0";
    has_models_ = Train("skipgram -input " + PathOf("words.txt") + " -output " + PathOf("skipgram") + common) &&
                  Train("supervised -input " + PathOf("labelled.txt") + " -output " + PathOf("supervised") + common) &&
                  Train("quantize -qnorm -input " + PathOf("labelled.txt") + " -output " + PathOf("supervised") +
                        " -thread 1 -verbose 0");
  }
  static void TearDownTestSuite() { std::filesystem::remove_all(directory_); }

  void SetUp() override {
    if (!has_models_) GTEST_SKIP() << "NOT TESTED: there is no working `fasttext` command (Debian package fasttext)";
  }

  static std::string PathOf(const std::string& name) { return (directory_ / name).string(); }

  static std::shared_ptr<const EmbeddingFunction> Load(const std::string& name) {
    auto embedder = LoadFastTextEmbedder(PathOf(name));
    EXPECT_TRUE(embedder.ok()) << embedder.status().ToString();
    return embedder.ok() ? *embedder : nullptr;
  }

  static std::vector<float> EmbedOne(const EmbeddingFunction& embedder, std::string_view text) {
    std::vector<float> row(static_cast<size_t>(embedder.Dimension()), -1.0f);
    const Status status = embedder.Embed({&text, 1}, row);
    EXPECT_TRUE(status.ok()) << status.ToString();
    return row;
  }

  static std::string ReadFile(const std::string& name) {
    std::ifstream file(PathOf(name), std::ios::binary);
    std::ostringstream bytes;
    bytes << file.rdbuf();
    return bytes.str();
  }
  static Status LoadBytes(std::string_view bytes) {
    std::ofstream(PathOf("changed.bin"), std::ios::binary) << bytes;
    return LoadFastTextEmbedder(PathOf("changed.bin")).status();
  }

 private:
  static bool Train(const std::string& arguments) {
    return std::system(("fasttext " + arguments + " > /dev/null 2>&1").c_str()) == 0;
  }

  inline static std::filesystem::path directory_;
  inline static bool has_models_ = false;
};

double Cosine(const std::vector<float>& a, const std::vector<float>& b) {
  double dot = 0, aa = 0, bb = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    dot += static_cast<double>(a[i]) * b[i];
    aa += static_cast<double>(a[i]) * a[i];
    bb += static_cast<double>(b[i]) * b[i];
  }
  return dot / std::sqrt(aa * bb);
}

TEST_F(FastTextEmbedderTest, IsTheSentenceVectorThatTheFasttextCommandPrints) {
  std::ofstream(PathOf("sentence.txt")) << "the cat and the truck\n";
  ASSERT_EQ(std::system(("fasttext print-sentence-vectors " + PathOf("skipgram.bin") + " < " + PathOf("sentence.txt") +
                         " > " + PathOf("vector.txt"))
                            .c_str()),
            0);
  std::istringstream printed(ReadFile("vector.txt"));
  const auto embedder = Load("skipgram.bin");
  for (const float value : EmbedOne(*embedder, "the cat and the truck")) {
    float expected = 0;
    ASSERT_TRUE(printed >> expected);
    EXPECT_NEAR(value, expected, 1e-4);  // it prints five digits
  }
}

TEST_F(FastTextEmbedderTest, LoadsSkipgramSupervisedAndQuantisedModels) {
  EXPECT_NE(Load("skipgram.bin"), nullptr);
  for (const char* name : {"supervised.bin", "supervised.ftz"}) {
    SCOPED_TRACE(name);
    const auto embedder = Load(name);
    ASSERT_NE(embedder, nullptr);
    const auto cat = EmbedOne(*embedder, "cat");
    EXPECT_GT(Cosine(cat, EmbedOne(*embedder, "dog")), Cosine(cat, EmbedOne(*embedder, "truck")));
  }
}

TEST_F(FastTextEmbedderTest, CaseLinesAndPunctuationMakeNoDifference) {
  const auto embedder = Load("skipgram.bin");
  EXPECT_EQ(EmbedOne(*embedder, "The cat,\n\nthe DOG."), EmbedOne(*embedder, "the cat the dog"));
}

TEST_F(FastTextEmbedderTest, UnknownWordsCountByTheirCharacterNgrams) {
  const auto embedder = Load("skipgram.bin");
  EXPECT_GT(Cosine(EmbedOne(*embedder, "house"), EmbedOne(*embedder, "houses")),
            Cosine(EmbedOne(*embedder, "house"), EmbedOne(*embedder, "truck")));
}

TEST_F(FastTextEmbedderTest, TextWithoutWordsIsTheZeroVector) {
  EXPECT_THAT(EmbedOne(*Load("skipgram.bin"), " -- "), Each(0.0f));
}

TEST_F(FastTextEmbedderTest, SaysWhatItIs) {
  const auto embedder = Load("skipgram.bin");
  EXPECT_EQ(embedder->Name(), "ochre_fasttext");
  EXPECT_EQ(embedder->ConfigJson(), "{\"model\":\"" + PathOf("skipgram.bin") + "\"}");
  EXPECT_EQ(embedder->Dimension(), 16);
}

TEST_F(FastTextEmbedderTest, ThreadsShareOneEmbedder) {
  const auto embedder = Load("skipgram.bin");
  const auto expected = EmbedOne(*embedder, "the dog drives an unheard-of truck");
  std::vector<std::vector<float>> rows(4);
  {
    std::vector<std::jthread> threads;
    for (auto& row : rows) {
      threads.emplace_back([&] {
        for (int i = 0; i < 50; ++i) row = EmbedOne(*embedder, "the dog drives an unheard-of truck");
      });
    }
  }
  EXPECT_THAT(rows, Each(expected));
}

TEST_F(FastTextEmbedderTest, RefusesEveryTruncation) {
  for (const char* name : {"skipgram.bin", "supervised.ftz"}) {
    const std::string bytes = ReadFile(name);
    // Every length of the beginning, with the header and the dictionary; then a few of the matrices.
    for (size_t length = 0; length < bytes.size(); length += length < 1'000 ? 7 : bytes.size() / 50) {
      EXPECT_EQ(LoadBytes(bytes.substr(0, length)).code(), StatusCode::kInvalidArgument) << name << " " << length;
    }
    EXPECT_EQ(LoadBytes(bytes.substr(0, bytes.size() - 1)).code(), StatusCode::kInvalidArgument) << name;
    EXPECT_EQ(LoadBytes(bytes + "x").code(), StatusCode::kInvalidArgument) << name;
  }
}

TEST_F(FastTextEmbedderTest, RefusesOtherFilesAndVersionsByName) {
  EXPECT_THAT(LoadBytes("some text, and no model").message(), HasSubstr("is no fastText model"));
  std::string newer = ReadFile("skipgram.bin");
  newer[4] = 13;
  EXPECT_THAT(LoadBytes(newer).message(), HasSubstr("format version 13"));
}

// Bytes 8 to 63 hold the arguments, then come the counts of the dictionary; see fasttext_model_file.cc.
TEST_F(FastTextEmbedderTest, RefusesNumbersThatFastTextWouldIndexWith) {
  const std::string bytes = ReadFile("skipgram.bin");
  constexpr size_t kDimension = 8, kBucket = 40, kDictionarySize = 64, kWordCount = 68;
  for (const size_t offset : {kDimension, kBucket, kDictionarySize, kWordCount}) {
    for (const int32_t value : {-1, 0, 1, 1 << 30}) {
      std::string changed = bytes;
      changed.replace(offset, sizeof(value), reinterpret_cast<const char*>(&value), sizeof(value));
      if (offset == kBucket && value == 1) continue;  // fewer n-grams than rows do no harm
      EXPECT_EQ(LoadBytes(changed).code(), StatusCode::kInvalidArgument) << offset << " " << value;
    }
  }
}

TEST(FastTextEmbedderErrorsTest, AMissingFileIsNotFound) {
  EXPECT_EQ(LoadFastTextEmbedder("/no/such/model.bin").status().code(), StatusCode::kNotFound);
  EXPECT_EQ(LoadFastTextEmbedder("/tmp").status().code(), StatusCode::kNotFound);
}

}  // namespace
}  // namespace ochre
