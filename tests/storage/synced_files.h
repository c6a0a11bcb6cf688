// What the process brings to disk: fsync is the C library's no more, but notes what it is called for.
#ifndef OCHRE_TESTS_STORAGE_SYNCED_FILES_H_
#define OCHRE_TESTS_STORAGE_SYNCED_FILES_H_

#include <filesystem>
#include <vector>

namespace ochre {

// The files and directories that were synced since the last call, in order. Thread-safe.
std::vector<std::filesystem::path> TakeSyncedFiles();

// Syncs of `path`, which is canonical, fail with EIO from now on; none with an empty one. Thread-safe.
void FailSyncsOf(const std::filesystem::path& path);

}  // namespace ochre

#endif  // OCHRE_TESTS_STORAGE_SYNCED_FILES_H_
