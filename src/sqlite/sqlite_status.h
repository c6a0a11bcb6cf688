// StatusFromSqlite: what a SQLite error means to a caller of Ochre.
#ifndef OCHRE_SQLITE_SQLITE_STATUS_H_
#define OCHRE_SQLITE_SQLITE_STATUS_H_

#include <string_view>

#include "ochre/status.h"

namespace ochre {

// `code` is an extended result code other than SQLITE_OK, ROW and DONE; `system_errno` that of the failed system call,
// 0 if unknown; `detail` is SQLite's own message. The status's message names `file`.
//   ResourceExhausted   the disk, a quota, a file-size limit or memory is full: the operation can be repeated
//   DataLoss            the file is damaged, or no SQLite database
//   Unavailable         locked by somebody else, or an I/O error: try again
//   FailedPrecondition  the file cannot be opened or written: permissions, a read-only file system
//   InvalidArgument     a value is larger than SQLite's rows may be
//   Internal            everything else
Status StatusFromSqlite(int code, int system_errno, std::string_view file, std::string_view detail);

}  // namespace ochre

#endif  // OCHRE_SQLITE_SQLITE_STATUS_H_
