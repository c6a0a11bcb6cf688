// Free pages of log.sqlite3: how many are kept for what is written next, and how the others leave the file.
#ifndef OCHRE_LOG_FREE_PAGES_H_
#define OCHRE_LOG_FREE_PAGES_H_

#include <cstdint>

#include "ochre/status.h"
#include "sqlite/connection.h"

namespace ochre {

// A purge leaves its pages in the file, for later batches. What is beyond this is given back to the file system: twice
// ClientOptions::tail_bytes_max, which is about what is appended from one purge to the next. A closed file keeps none.
inline constexpr int64_t kFreeBytesKept = int64_t{16} << 20;

// Gives free pages back beyond `kept_bytes`, up to `bytes_max` of them in one transaction, by moving the last pages of
// the file into free ones; returns how many bytes that were. 0: no more are free, or the file is one of Ochre 0.1
// (MakeShrinkable). The file itself gets shorter with the next checkpoint that copies all of the write-ahead log.
// Precondition: no transaction is open.
Result<int64_t> GiveBackFreePages(SqliteConnection& writer, int64_t kept_bytes, int64_t bytes_max);

// A file that Ochre 0.1 made does not record who refers to a page, so none can be moved. Rebuilds it with that record,
// once, by a VACUUM: a power cut leaves the file before or the one after. Only while there are few batches in it, as
// they pass through memory and nobody writes meanwhile; else it stays as it is, for another time.
// Preconditions: no other connection is open, and no transaction.
Status MakeShrinkable(SqliteConnection& writer);

// What an open log does before it is closed: both of the above, so that the file has no free pages.
Status GiveBackAllFreePages(SqliteConnection& writer);

}  // namespace ochre

#endif  // OCHRE_LOG_FREE_PAGES_H_
