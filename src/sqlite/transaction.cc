#include "sqlite/transaction.h"

#include <cassert>

namespace ochre {

Result<SqliteTransaction> SqliteTransaction::Begin(SqliteConnection& connection) {
  OCHRE_ASSIGN_OR_RETURN(SqliteStatement begin, connection.Prepare("BEGIN IMMEDIATE"));
  OCHRE_RETURN_IF_ERROR(begin.Run());
  return SqliteTransaction(connection);
}

SqliteTransaction::~SqliteTransaction() {
  if (connection_ != nullptr) RollBack();
}

Status SqliteTransaction::Commit() {
  assert(connection_ != nullptr);
  const Status status = [&]() -> Status {
    OCHRE_ASSIGN_OR_RETURN(SqliteStatement commit, connection_->Prepare("COMMIT"));
    return commit.Run();
  }();
  if (!status.ok()) RollBack();
  connection_ = nullptr;
  return status;
}

void SqliteTransaction::RollBack() {
  // A full disk or an I/O error has made SQLite roll back already. A failing ROLLBACK ends the transaction too, so its
  // error changes nothing for the caller.
  if (!connection_->in_transaction()) return;
  if (auto rollback = connection_->Prepare("ROLLBACK"); rollback.ok()) (void)rollback->Run();
  assert(!connection_->in_transaction());
}

}  // namespace ochre
