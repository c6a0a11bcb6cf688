// An embedding function over a fastText model; in the library ochre::fasttext, which is built where libfasttext is
// found.
#ifndef OCHRE_FASTTEXT_H_
#define OCHRE_FASTTEXT_H_

#include <memory>
#include <string_view>

#include "ochre/embedding_function.h"
#include "ochre/export.h"
#include "ochre/status.h"

namespace ochre {

// Loads any fastText .bin model (supervised, skipgram, cbow, quantised). A text's embedding is fastText's sentence
// vector: the mean of its words' vectors, each scaled to length 1; words outside the vocabulary count by their
// character n-grams. Text is lower-cased by Unicode's simple mapping and split at everything that is no letter or
// digit. Name "ochre_fasttext", configuration {"model": path}. NotFound: no file at `model_path`. InvalidArgument: it
// is no fastText model.
OCHRE_EXPORT Result<std::shared_ptr<const EmbeddingFunction>> LoadFastTextEmbedder(std::string_view model_path);

}  // namespace ochre

#endif  // OCHRE_FASTTEXT_H_
