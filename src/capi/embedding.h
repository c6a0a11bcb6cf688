// Embedding functions as C sees them.
#ifndef OCHRE_CAPI_EMBEDDING_H_
#define OCHRE_CAPI_EMBEDDING_H_

#include <memory>
#include <string>

#include "capi/handle.h"
#include "ochre/c.h"
#include "ochre/embedding_function.h"

struct ochre_embedding_function : ochre::Handle<ochre::HandleKind::kEmbeddingFunction> {
  explicit ochre_embedding_function(std::shared_ptr<const ochre::EmbeddingFunction> given)
      : function(std::move(given)), name(function->Name()), config(function->ConfigJson()) {}

  std::shared_ptr<const ochre::EmbeddingFunction> function;
  std::string name;
  std::string config;
};

namespace ochre {

// The function behind an optional handle: null for null. InvalidArgument: it is no such handle.
Result<std::shared_ptr<const EmbeddingFunction>> ToFunction(const ochre_embedding_function* handle);

}  // namespace ochre

#endif  // OCHRE_CAPI_EMBEDDING_H_
