// EmbeddingFunction: turns texts into vectors, so that documents can be added and searched without giving embeddings.
#ifndef OCHRE_EMBEDDING_FUNCTION_H_
#define OCHRE_EMBEDDING_FUNCTION_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "ochre/export.h"
#include "ochre/status.h"

namespace ochre {

// Implementations are immutable and thread-safe.
class OCHRE_EXPORT EmbeddingFunction {
 public:
  virtual ~EmbeddingFunction();

  // Names the kind of function; stored with the collection, and compared when a function is given for an existing one.
  virtual std::string Name() const = 0;

  // A JSON object of what is needed to make the same function again; stored with the collection. Never a secret.
  virtual std::string ConfigJson() const = 0;

  // Floats per embedding.
  virtual int32_t Dimension() const = 0;

  // Writes texts.size() rows of Dimension() floats to `rows`, row-major: rows.size() == texts.size() * Dimension().
  virtual Status Embed(std::span<const std::string_view> texts, std::span<float> rows) const = 0;
};

// A deterministic embedder without a model: signed feature hashing (Weinberger et al. 2009, "Feature Hashing for Large
// Scale Multitask Learning", section 2) of lower-cased words and of the character trigrams of each word, scaled to
// length 1. Texts that share words or spellings come out near each other; it knows nothing of meaning. For tests and
// for getting started. Name "ochre_hashing". `dimension` in [8, 65536], else InvalidArgument.
OCHRE_EXPORT Result<std::shared_ptr<const EmbeddingFunction>> MakeHashingEmbedder(int32_t dimension = 256);

}  // namespace ochre

#endif  // OCHRE_EMBEDDING_FUNCTION_H_
