// Row sets: which rows the tables of a file hold, proven by checksums in the rows and a count and a digest beside them.
#ifndef OCHRE_SQLITE_ROW_SETS_H_
#define OCHRE_SQLITE_ROW_SETS_H_

#include <span>
#include <string_view>

#include "ochre/status.h"
#include "sqlite/connection.h"

namespace ochre {

// A table whose column `checksum` is the row checksum (row_checksum.h) of all its other columns. It has no REAL.
struct CheckedTable {
  std::string_view name;
  std::string_view columns;  // all but checksum, in their order: "id,name"
  std::string_view key;      // SQL for what names a row in messages: "quote(id)"
};

// The file has a table row_sets(name TEXT, row_count INTEGER, digest INTEGER): for each checked table the number of its
// rows, and the exclusive or of their checksums. So a row that was changed does not match its checksum, and one that
// was lost or added does not match the set.

// Gives every row the checksum of what it holds, and row_sets its rows: for a migration from a version that had
// neither.
Status ChecksumRows(SqliteConnection& connection, std::span<const CheckedTable> tables);

// Once after opening: from now on this connection keeps row_sets in step with every change of a row (cascades of
// foreign keys too, but no REPLACE), in the transaction that changes it. And it gives the connection, for reading, the
// views checked_<name>: a table's columns; is_sound, 1 where the checksum matches; and row_key, the row's name in
// messages. Both are the connection's own: somebody else who changes rows, by whatever statement, leaves row_sets as it
// was.
Status WatchRows(SqliteConnection& connection, std::span<const CheckedTable> tables);

// Reads all rows, after WatchRows. DataLoss: a checksum does not match, or a table holds other rows than row_sets says.
Status VerifyRowSets(SqliteConnection& connection, std::span<const CheckedTable> tables);

// For the current row of a query of checked_<table>, whose columns `column` and `column` + 1 are is_sound and row_key.
// DataLoss names the file, the table and the row: it is not what was written.
Status CheckRow(const SqliteConnection& connection, const SqliteStatement& row, int column, std::string_view table);

}  // namespace ochre

#endif  // OCHRE_SQLITE_ROW_SETS_H_
