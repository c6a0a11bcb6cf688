// SqliteTransaction: a scope whose changes are committed together or not at all.
#ifndef OCHRE_SQLITE_TRANSACTION_H_
#define OCHRE_SQLITE_TRANSACTION_H_

#include <utility>

#include "ochre/status.h"
#include "sqlite/connection.h"

namespace ochre {

// Rolls back when it goes out of scope without Commit. `connection` must outlive it, and statements that ran in it must
// be gone before Commit.
class SqliteTransaction {
 public:
  // Takes the write lock at once, so that nothing later fails for a lock.
  static Result<SqliteTransaction> Begin(SqliteConnection& connection);

  SqliteTransaction(SqliteTransaction&& other) noexcept : connection_(std::exchange(other.connection_, nullptr)) {}
  SqliteTransaction& operator=(SqliteTransaction&&) = delete;
  ~SqliteTransaction();

  // After an error nothing of the transaction remains.
  Status Commit();

 private:
  explicit SqliteTransaction(SqliteConnection& connection) : connection_(&connection) {}
  static void RollBack(SqliteConnection& connection) noexcept;

  SqliteConnection* connection_;  // null once it has ended
};

}  // namespace ochre

#endif  // OCHRE_SQLITE_TRANSACTION_H_
