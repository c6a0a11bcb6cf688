// CheckSqliteIntegrity: whether all pages, indexes and references of a SQLite file agree with each other.
#ifndef OCHRE_SQLITE_INTEGRITY_H_
#define OCHRE_SQLITE_INTEGRITY_H_

#include "ochre/status.h"
#include "sqlite/connection.h"

namespace ochre {

// Reads the whole file, at some hundred MB/s. DataLoss names the file and the first thing that is wrong: a page that is
// damaged, used twice or not at all, a row that an index lacks, a value of a type that its column does not take, a row
// that refers to one that is missing. It says nothing about values that are merely wrong. Unavailable: the disk cannot
// read it. FailedPrecondition: it was moved, deleted or replaced.
Status CheckSqliteIntegrity(SqliteConnection& connection);

}  // namespace ochre

#endif  // OCHRE_SQLITE_INTEGRITY_H_
