// The built-in embedder: signed feature hashing of words and of their character trigrams.
#include <cmath>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "embedding/tokenizer.h"
#include "ochre/embedding_function.h"

namespace ochre {
namespace {

constexpr int32_t kDimensionMin = 8;
constexpr int32_t kDimensionMax = 65'536;

// A word counts as much as three of its trigrams: sharing a word says more than sharing a spelling. Whole numbers, so
// that sums are exact and the order of the words makes no difference, not even in the last bit.
constexpr float kWordWeight = 3;
constexpr float kTrigramWeight = 1;

// Seeds keep a word and an equal trigram apart.
constexpr uint64_t kWordSeed = 1;
constexpr uint64_t kTrigramSeed = 2;

class HashingEmbedder : public EmbeddingFunction {
 public:
  explicit HashingEmbedder(int32_t dimension) : dimension_(dimension) {}

  std::string Name() const override { return "ochre_hashing"; }
  std::string ConfigJson() const override { return "{\"dimension\":" + std::to_string(dimension_) + "}"; }
  int32_t Dimension() const override { return dimension_; }

  Status Embed(std::span<const std::string_view> texts, std::span<float> rows) const override {
    if (rows.size() != texts.size() * static_cast<size_t>(dimension_)) {
      return Status::InvalidArgument("Embed was given room for ", rows.size(), " floats, and ", texts.size(),
                                     " texts take ", texts.size() * static_cast<size_t>(dimension_));
    }
    for (size_t i = 0; i < texts.size(); ++i) {
      EmbedOne(texts[i], rows.subspan(i * static_cast<size_t>(dimension_), static_cast<size_t>(dimension_)));
    }
    return Status::Ok();
  }

 private:
  void EmbedOne(std::string_view text, std::span<float> row) const {
    for (float& value : row) value = 0;
    for (const std::string& word : WordsOf(text)) {
      AddFeature(word, kWordSeed, kWordWeight, row);
      AddTrigrams("<" + word + ">", row);
    }
    double sum = 0;
    for (const float value : row) sum += static_cast<double>(value) * value;
    if (sum == 0) return;
    const auto scale = static_cast<float>(1 / std::sqrt(sum));
    for (float& value : row) value *= scale;
  }

  // Of characters, not bytes: `word` is valid UTF-8.
  void AddTrigrams(std::string_view word, std::span<float> row) const {
    const auto next = [word](size_t at) {
      ++at;
      while (at < word.size() && (word[at] & 0xc0) == 0x80) ++at;  // continuation bytes
      return at;
    };
    size_t begin = 0;
    for (size_t end = next(next(next(0))); begin < end; begin = next(begin)) {
      AddFeature(word.substr(begin, end - begin), kTrigramSeed, kTrigramWeight, row);
      if (end == word.size()) break;
      end = next(end);
    }
  }

  // The low bits choose the place, another bit the sign, so that collisions cancel out on average.
  void AddFeature(std::string_view feature, uint64_t seed, float weight, std::span<float> row) const {
    const uint64_t hash = XXH3_64bits_withSeed(feature.data(), feature.size(), seed);
    row[(hash & 0xffffffff) % row.size()] += (hash >> 63) != 0 ? -weight : weight;
  }

  const int32_t dimension_;
};

}  // namespace

EmbeddingFunction::~EmbeddingFunction() = default;

Result<std::shared_ptr<const EmbeddingFunction>> MakeHashingEmbedder(int32_t dimension) {
  if (dimension < kDimensionMin || dimension > kDimensionMax) {
    return Status::InvalidArgument("the hashing embedder's dimension is ", dimension, ", but must be in [",
                                   kDimensionMin, ", ", kDimensionMax, "]");
  }
  return std::shared_ptr<const EmbeddingFunction>(std::make_shared<HashingEmbedder>(dimension));
}

}  // namespace ochre
