#include "sqlite/statement.h"

#include <sqlite3.h>

#include "sqlite/connection.h"

namespace ochre {

SqliteStatement::~SqliteStatement() {
  if (compiled_ == nullptr) return;     // moved from
  sqlite3_reset(compiled_->statement);  // repeats Step's error, which the caller has
  sqlite3_clear_bindings(compiled_->statement);
  compiled_->in_use = false;
}

void SqliteStatement::Keep(int code) {
  if (error_ == SQLITE_OK) error_ = code;
}

void SqliteStatement::BindInt64(int index, int64_t value) {
  Keep(sqlite3_bind_int64(compiled_->statement, index, value));
}

void SqliteStatement::BindBlob(int index, std::string_view bytes) {
  // A null pointer would bind NULL, but no bytes are a value too.
  Keep(
      sqlite3_bind_blob64(compiled_->statement, index, bytes.empty() ? "" : bytes.data(), bytes.size(), SQLITE_STATIC));
}

void SqliteStatement::BindText(int index, std::string_view text) {
  Keep(sqlite3_bind_text64(compiled_->statement, index, text.empty() ? "" : text.data(), text.size(), SQLITE_STATIC,
                           SQLITE_UTF8));
}

void SqliteStatement::BindNull(int index) { Keep(sqlite3_bind_null(compiled_->statement, index)); }

Result<bool> SqliteStatement::Step() {
  const int code = error_ == SQLITE_OK ? sqlite3_step(compiled_->statement) : error_;
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return compiled_->commits ? connection_->ErrorOfWrite(code) : connection_->ErrorOf(code);
}

Status SqliteStatement::Run() {
  OCHRE_ASSIGN_OR_RETURN(const bool row, Step());
  if (row) return Status::Internal(connection_->name(), ": a statement returned a row where none was expected");
  return Status::Ok();
}

bool SqliteStatement::IsNull(int column) const {
  return sqlite3_column_type(compiled_->statement, column) == SQLITE_NULL;
}

int64_t SqliteStatement::Int64(int column) const { return sqlite3_column_int64(compiled_->statement, column); }

std::string_view SqliteStatement::Blob(int column) const {
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(compiled_->statement, column));
  return {bytes, static_cast<size_t>(sqlite3_column_bytes(compiled_->statement, column))};
}

std::string_view SqliteStatement::Text(int column) const {
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(compiled_->statement, column));
  return {text, static_cast<size_t>(sqlite3_column_bytes(compiled_->statement, column))};
}

}  // namespace ochre
