// Directories: created so that their names survive a power cut, listed, and removed.
#ifndef OCHRE_STORAGE_DIRECTORY_H_
#define OCHRE_STORAGE_DIRECTORY_H_

#include <filesystem>
#include <string>
#include <vector>

#include "ochre/status.h"

namespace ochre {

// Creates `path`, which is absolute, and the directories that lead to it, where they are missing. With `sync` the names
// of what it created, and that of `path` in any case, are on disk when it returns.
// FailedPrecondition: it cannot be created, or is something else.
Status CreateDirectory(const std::filesystem::path& path, bool sync);

// Of both errno, or 0; std::bad_alloc may be thrown. std::filesystem's iterators, and so its remove_all, end the
// process where memory is lacking: they allocate in functions that must not throw (libstdc++ 12).

// Adds the names in `path` to `names`, in no order, without "." and "..".
int ListDirectory(const std::filesystem::path& path, std::vector<std::string>& names);

// Removes `path` with all that is in it, or what can be removed of that. 0 also when there is no such directory.
int RemoveDirectory(const std::filesystem::path& path);

}  // namespace ochre

#endif  // OCHRE_STORAGE_DIRECTORY_H_
