// CheckFastTextModel: whether a file is a whole fastText model.
#ifndef OCHRE_EMBEDDING_FASTTEXT_MODEL_FILE_H_
#define OCHRE_EMBEDDING_FASTTEXT_MODEL_FILE_H_

#include <filesystem>

#include "ochre/status.h"

namespace ochre {

// Walks the structure of the .bin file at `path` without loading it: magic, version, every length against the file's,
// every number against what fastText indexes with. fastText itself trusts all of it, and reads a truncated dictionary
// until memory runs out. NotFound: no such file. InvalidArgument: no fastText model, a version other than 11 or 12,
// damaged or truncated.
Status CheckFastTextModel(const std::filesystem::path& path);

}  // namespace ochre

#endif  // OCHRE_EMBEDDING_FASTTEXT_MODEL_FILE_H_
