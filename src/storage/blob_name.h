// IsBlobName: which names a Storage gives to blobs and folders.
#ifndef OCHRE_STORAGE_BLOB_NAME_H_
#define OCHRE_STORAGE_BLOB_NAME_H_

#include <string_view>

namespace ochre {

// True for parts of [A-Za-z0-9._-] separated by single '/', of which none is empty, "." or "..": so a name never leaves
// the storage's root, and is the same on every file system and object store.
bool IsBlobName(std::string_view name);

}  // namespace ochre

#endif  // OCHRE_STORAGE_BLOB_NAME_H_
