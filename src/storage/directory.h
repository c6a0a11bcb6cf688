// CreateDirectory: a directory whose name survives a power cut.
#ifndef OCHRE_STORAGE_DIRECTORY_H_
#define OCHRE_STORAGE_DIRECTORY_H_

#include <filesystem>

#include "ochre/status.h"

namespace ochre {

// Creates `path`, which is absolute, and the directories that lead to it, where they are missing. With `sync` the names
// of what it created, and that of `path` in any case, are on disk when it returns.
// FailedPrecondition: it cannot be created, or is something else.
Status CreateDirectory(const std::filesystem::path& path, bool sync);

}  // namespace ochre

#endif  // OCHRE_STORAGE_DIRECTORY_H_
