// AddRowChecksumFunction: row_checksum() in SQL.
#ifndef OCHRE_SQLITE_ROW_CHECKSUM_FUNCTION_H_
#define OCHRE_SQLITE_ROW_CHECKSUM_FUNCTION_H_

struct sqlite3;

namespace ochre {

// Gives the connection the SQL function row_checksum(table, value, ...), which is RowChecksum's value. Nothing that is
// stored in a file can use it (SQLite's INNOCUOUS is about functions without effects; our schemas do not name it), but
// our statements and temporary views can. Returns SQLite's result code.
int AddRowChecksumFunction(sqlite3* database);

}  // namespace ochre

#endif  // OCHRE_SQLITE_ROW_CHECKSUM_FUNCTION_H_
