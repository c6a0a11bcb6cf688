#include "sqlite/transaction.h"

#include <cassert>
#include <new>

namespace ochre {

Result<SqliteTransaction> SqliteTransaction::Begin(SqliteConnection& connection) {
  if (connection.in_transaction()) RollBack(connection);  // for which there was no memory when it should have ended
  // Compiled while there is nothing to lose: ending a transaction allocates nothing then.
  OCHRE_RETURN_IF_ERROR(connection.Prepare("COMMIT").status());
  OCHRE_RETURN_IF_ERROR(connection.Prepare("ROLLBACK").status());
  OCHRE_ASSIGN_OR_RETURN(SqliteStatement begin, connection.Prepare("BEGIN IMMEDIATE"));
  OCHRE_RETURN_IF_ERROR(begin.Run());
  return SqliteTransaction(connection);
}

SqliteTransaction::~SqliteTransaction() {
  if (connection_ != nullptr) RollBack(*connection_);
}

Status SqliteTransaction::Commit() {
  assert(connection_ != nullptr);
  const Status status = [&]() -> Status {
    OCHRE_ASSIGN_OR_RETURN(SqliteStatement commit, connection_->Prepare("COMMIT"));
    return commit.Run();
  }();
  if (!status.ok()) RollBack(*connection_);
  connection_ = nullptr;
  return status;
}

void SqliteTransaction::RollBack(SqliteConnection& connection) noexcept {
  // A full disk or an I/O error has made SQLite roll back already. A failing ROLLBACK ends the transaction too, so its
  // error changes nothing for the caller.
  if (!connection.in_transaction()) return;
  try {
    if (auto rollback = connection.Prepare("ROLLBACK"); rollback.ok()) (void)rollback->Run();
  } catch (const std::bad_alloc&) {  // of the error's text; the next Begin tries again
  }
}

}  // namespace ochre
