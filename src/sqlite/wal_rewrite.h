// RewriteWal: makes certain that a write-ahead log which was left behind is on disk.
#ifndef OCHRE_SQLITE_WAL_REWRITE_H_
#define OCHRE_SQLITE_WAL_REWRITE_H_

#include <filesystem>

#include "ochre/status.h"

namespace ochre {

// After a sync has failed, the system holds pages that the disk does not have, and calls them clean: whoever opens the
// database reads them, and no sync writes them. A checkpoint would then rest on a log that the next power cut takes
// away. So all of the log of the database at `path`, if there is one, is written over itself and synced. To be called
// before SQLite opens it. Unavailable: an I/O error.
Status RewriteWal(const std::filesystem::path& path);

}  // namespace ochre

#endif  // OCHRE_SQLITE_WAL_REWRITE_H_
