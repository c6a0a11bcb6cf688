// SqliteReadTransaction: one state of the file for all that is read in its scope.
#ifndef OCHRE_SQLITE_READ_TRANSACTION_H_
#define OCHRE_SQLITE_READ_TRANSACTION_H_

#include "ochre/status.h"
#include "sqlite/connection.h"

namespace ochre {

// What is committed meanwhile, by this or any other connection, is not seen. Holds a checkpoint up from what is newer.
// `connection` must outlive it, and have no other transaction. Its statements must be gone before it is.
class SqliteReadTransaction {
 public:
  explicit SqliteReadTransaction(SqliteConnection& connection) : connection_(connection), status_(Begin(connection)) {}
  ~SqliteReadTransaction();
  SqliteReadTransaction(const SqliteReadTransaction&) = delete;
  SqliteReadTransaction& operator=(const SqliteReadTransaction&) = delete;

  // Whether it could begin; nothing is to be read otherwise.
  const Status& status() const { return status_; }

 private:
  static Status Begin(SqliteConnection& connection);

  SqliteConnection& connection_;
  const Status status_;
};

}  // namespace ochre

#endif  // OCHRE_SQLITE_READ_TRANSACTION_H_
