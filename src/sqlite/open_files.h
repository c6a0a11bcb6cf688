// OpenFiles: whether the paths of a database still lead to the files that its connections have open.
#ifndef OCHRE_SQLITE_OPEN_FILES_H_
#define OCHRE_SQLITE_OPEN_FILES_H_

#include <sys/types.h>

#include <string>
#include <vector>

#include "ochre/status.h"

namespace ochre {

// SQLite goes on with files that were moved, deleted or replaced, as a restored backup does it: what it commits then is
// in files that nobody opens again. A value; Check is thread-safe.
class OpenFiles {
 public:
  OpenFiles() = default;  // of a database in memory: nothing can happen to them

  // The database file at `file`, and the write-ahead log if there is one; a connection has both open, so that their
  // inode numbers are given to no others. FailedPrecondition: there is no such file.
  static Result<OpenFiles> At(const std::string& file, const std::string& write_ahead_log);

  // FailedPrecondition names the first file that is another, or gone. Unavailable: it cannot be told. Two system calls,
  // about a microsecond each.
  Status Check() const;

 private:
  struct Place {
    std::string path;
    dev_t device;
    ino_t inode;
  };

  std::vector<Place> places_;
};

}  // namespace ochre

#endif  // OCHRE_SQLITE_OPEN_FILES_H_
