#include "sqlite/integrity.h"

namespace ochre {

Status CheckSqliteIntegrity(SqliteConnection& connection) {
  {
    OCHRE_ASSIGN_OR_RETURN(SqliteStatement check, connection.Prepare("PRAGMA integrity_check(1)"));
    OCHRE_ASSIGN_OR_RETURN(const bool row, check.Step());
    if (!row || check.Text(0) != "ok") {
      return Status::DataLoss(connection.name(), ": the file is damaged: ", row ? check.Text(0) : "no answer");
    }
  }
  OCHRE_ASSIGN_OR_RETURN(SqliteStatement check, connection.Prepare("PRAGMA foreign_key_check"));
  OCHRE_ASSIGN_OR_RETURN(const bool violated, check.Step());
  if (!violated) return Status::Ok();
  return Status::DataLoss(connection.name(), ": the file is damaged: a row of table ", check.Text(0),
                          " refers to one of table ", check.Text(2), " that is missing");
}

}  // namespace ochre
