// The embedder over a fastText model.
#include <fasttext/fasttext.h>

#include <cmath>
#include <cstdint>
#include <exception>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "embedding/tokenizer.h"
#include "ochre/fasttext.h"

namespace ochre {
namespace {

// What a .bin model begins with (fastText's FastText::signModel), in the byte order of the machine that wrote it.
constexpr int32_t kModelMagic = 793712314;
constexpr int32_t kModelVersionMax = 12;

class FastTextEmbedder : public EmbeddingFunction {
 public:
  FastTextEmbedder(std::string path, std::unique_ptr<fasttext::FastText> model)
      : path_(std::move(path)), model_(std::move(model)), dimension_(model_->getDimension()) {}

  std::string Name() const override { return "ochre_fasttext"; }
  std::string ConfigJson() const override {
    return nlohmann::json({{"model", path_}}).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  }
  int32_t Dimension() const override { return dimension_; }

  Status Embed(std::span<const std::string_view> texts, std::span<float> rows) const override {
    if (rows.size() != texts.size() * static_cast<size_t>(dimension_)) {
      return Status::InvalidArgument("Embed was given room for ", rows.size(), " floats, and ", texts.size(),
                                     " texts take ", texts.size() * static_cast<size_t>(dimension_));
    }
    try {
      fasttext::Vector word_vector(dimension_);
      for (size_t i = 0; i < texts.size(); ++i) {
        EmbedOne(texts[i], word_vector,
                 rows.subspan(i * static_cast<size_t>(dimension_), static_cast<size_t>(dimension_)));
      }
    } catch (const std::exception& error) {
      return Status::Internal("fastText failed: ", std::string_view(error.what()));
    }
    return Status::Ok();
  }

 private:
  // The mean of the words' vectors, each scaled to length 1, as fastText's own sentence vectors.
  void EmbedOne(std::string_view text, fasttext::Vector& word_vector, std::span<float> row) const {
    for (float& value : row) value = 0;
    int64_t word_count = 0;
    for (const std::string& word : WordsOf(text)) {
      model_->getWordVector(word_vector, word);
      const float norm = word_vector.norm();
      if (!(norm > 0)) continue;
      for (int32_t d = 0; d < dimension_; ++d) row[static_cast<size_t>(d)] += word_vector[d] / norm;
      ++word_count;
    }
    if (word_count == 0) return;
    for (float& value : row) value /= static_cast<float>(word_count);
  }

  const std::string path_;
  const std::unique_ptr<fasttext::FastText> model_;  // getWordVector only reads it
  const int32_t dimension_;
};

// fastText trusts a file that has the right beginning, so that much is checked here.
Status CheckModelFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return Status::NotFound("there is no fastText model at ", path);
  int32_t magic = 0;
  int32_t version = 0;
  file.read(reinterpret_cast<char*>(&magic), sizeof(magic));
  file.read(reinterpret_cast<char*>(&version), sizeof(version));
  if (!file || magic != kModelMagic || version > kModelVersionMax) {
    return Status::InvalidArgument(path, " is no fastText .bin model of a version up to ", kModelVersionMax);
  }
  return Status::Ok();
}

}  // namespace

Result<std::shared_ptr<const EmbeddingFunction>> LoadFastTextEmbedder(std::string_view model_path) {
  std::string path(model_path);
  OCHRE_RETURN_IF_ERROR(CheckModelFile(path));
  try {
    auto model = std::make_unique<fasttext::FastText>();
    model->loadModel(path);
    return std::shared_ptr<const EmbeddingFunction>(
        std::make_shared<FastTextEmbedder>(std::move(path), std::move(model)));
  } catch (const std::exception& error) {
    return Status::InvalidArgument(path, " is no fastText model: ", std::string_view(error.what()));
  }
}

}  // namespace ochre
