#include <fasttext/fasttext.h>

#include <cstdint>
#include <exception>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "embedding/fasttext_model_file.h"
#include "embedding/tokenizer.h"
#include "ochre/fasttext.h"

namespace ochre {
namespace {

class FastTextEmbedder : public EmbeddingFunction {
 public:
  FastTextEmbedder(std::string model_path, std::unique_ptr<const fasttext::FastText> model)
      : model_path_(std::move(model_path)), model_(std::move(model)), dimension_(model_->getDimension()) {}

  std::string Name() const override { return "ochre_fasttext"; }
  std::string ConfigJson() const override {
    const nlohmann::json config = {{"model", model_path_}};
    return config.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  }
  int32_t Dimension() const override { return dimension_; }

  Status Embed(std::span<const std::string_view> texts, std::span<float> rows) const override {
    const auto columns = static_cast<size_t>(dimension_);
    if (rows.size() != texts.size() * columns) {
      return Status::InvalidArgument("Embed was given room for ", rows.size(), " floats, and ", texts.size(),
                                     " texts take ", texts.size() * columns);
    }
    try {
      for (size_t i = 0; i < texts.size(); ++i) EmbedOne(texts[i], rows.subspan(i * columns, columns));
    } catch (const std::exception& exception) {
      return Status::Internal("fastText failed: ", std::string_view(exception.what()));
    }
    return Status::Ok();
  }

 private:
  // Word by word: getSentenceVector() reads a line, and a document may have several.
  void EmbedOne(std::string_view text, std::span<float> row) const {
    for (float& value : row) value = 0;
    fasttext::Vector vector(dimension_);
    int32_t counted = 0;
    for (const std::string& word : WordsOf(text)) {
      model_->getWordVector(vector, word);
      const float norm = vector.norm();
      if (!(norm > 0)) continue;  // nothing is known of the word, not even its n-grams
      for (size_t i = 0; i < row.size(); ++i) row[i] += vector[static_cast<int64_t>(i)] / norm;
      ++counted;
    }
    if (counted == 0) return;
    for (float& value : row) value /= static_cast<float>(counted);
  }

  const std::string model_path_;
  const std::unique_ptr<const fasttext::FastText> model_;  // its const members only read
  const int32_t dimension_;
};

}  // namespace

Result<std::shared_ptr<const EmbeddingFunction>> LoadFastTextEmbedder(std::string_view model_path) {
  OCHRE_RETURN_IF_ERROR(CheckFastTextModel(std::filesystem::path(model_path)));
  std::string path(model_path);
  try {
    auto model = std::make_unique<fasttext::FastText>();
    model->loadModel(path);
    return std::shared_ptr<const EmbeddingFunction>(
        std::make_shared<FastTextEmbedder>(std::move(path), std::move(model)));
  } catch (const std::exception& exception) {
    return Status::InvalidArgument("fastText cannot load \"", model_path, "\": ", std::string_view(exception.what()));
  }
}

}  // namespace ochre
