// SqliteStatement: a compiled statement with its bindings and its current row.
#ifndef OCHRE_SQLITE_STATEMENT_H_
#define OCHRE_SQLITE_STATEMENT_H_

#include <cstdint>
#include <string_view>
#include <utility>

#include "ochre/status.h"

struct sqlite3_stmt;

namespace ochre {

class SqliteConnection;

namespace sqlite_internal {

struct CompiledStatement {
  sqlite3_stmt* statement = nullptr;
  bool in_use = false;
  bool writes = false;   // to the database, possibly
  bool commits = false;  // its failure may be that of a commit
};

}  // namespace sqlite_internal

// Borrowed from its connection, to which the destructor gives it back (reset, without bindings). A query that has
// returned a row holds a read transaction until then.
class SqliteStatement {
 public:
  SqliteStatement(SqliteStatement&& other) noexcept
      : connection_(other.connection_), compiled_(std::exchange(other.compiled_, nullptr)), error_(other.error_) {}
  SqliteStatement& operator=(SqliteStatement&&) = delete;
  ~SqliteStatement();

  // Binds parameter `index`, from 1. Bytes are borrowed until the statement is gone; they may hold anything, zeros
  // included. A failure is reported by Step.
  void BindInt64(int index, int64_t value);
  void BindBlob(int index, std::string_view bytes);
  void BindText(int index, std::string_view text);
  void BindNull(int index);

  // Goes to the next row; false after the last.
  Result<bool> Step();

  // Runs a statement that has no rows.
  Status Run();

  // Of the current row; columns count from 0. Bytes live until the next Step.
  bool IsNull(int column) const;
  int64_t Int64(int column) const;
  std::string_view Blob(int column) const;
  std::string_view Text(int column) const;

 private:
  friend class SqliteConnection;

  SqliteStatement(SqliteConnection& connection, sqlite_internal::CompiledStatement& compiled)
      : connection_(&connection), compiled_(&compiled) {}
  void Keep(int code);

  SqliteConnection* connection_;
  sqlite_internal::CompiledStatement* compiled_;
  int error_ = 0;  // the first failed binding's
};

}  // namespace ochre

#endif  // OCHRE_SQLITE_STATEMENT_H_
