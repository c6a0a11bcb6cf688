#include "sqlite/integrity.h"

#include <optional>
#include <string>

namespace ochre {
namespace {

// What is wrong with the pages and indexes first.
Result<std::optional<std::string>> FirstComplaint(SqliteConnection& connection) {
  OCHRE_ASSIGN_OR_RETURN(SqliteStatement check, connection.Prepare("PRAGMA integrity_check(1)"));
  OCHRE_ASSIGN_OR_RETURN(const bool row, check.Step());
  if (!row) return std::optional<std::string>("no answer");
  if (check.Text(0) == "ok") return std::optional<std::string>();
  return std::optional<std::string>(check.Text(0));
}

}  // namespace

Status CheckSqliteIntegrity(SqliteConnection& connection) {
  OCHRE_RETURN_IF_ERROR(connection.files().Check());
  OCHRE_ASSIGN_OR_RETURN(std::optional<std::string> complaint, FirstComplaint(connection));
  if (complaint.has_value()) {
    // It takes a page that could not be read for a damaged one. So it is asked again once all of them can be.
    OCHRE_RETURN_IF_ERROR(connection.CheckReadable());
    OCHRE_ASSIGN_OR_RETURN(complaint, FirstComplaint(connection));
  }
  if (complaint.has_value()) return Status::DataLoss(connection.name(), ": the file is damaged: ", *complaint);
  OCHRE_ASSIGN_OR_RETURN(SqliteStatement check, connection.Prepare("PRAGMA foreign_key_check"));
  OCHRE_ASSIGN_OR_RETURN(const bool violated, check.Step());
  if (!violated) return Status::Ok();
  return Status::DataLoss(connection.name(), ": the file is damaged: a row of table ", check.Text(0),
                          " refers to one of table ", check.Text(2), " that is missing");
}

}  // namespace ochre
