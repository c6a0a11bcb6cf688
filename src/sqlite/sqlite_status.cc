#include "sqlite/sqlite_status.h"

#include <sqlite3.h>

#include <cerrno>
#include <string>
#include <system_error>

namespace ochre {
namespace {

// Such an I/O error goes away when somebody makes room. SQLite itself maps only ENOSPC to SQLITE_FULL.
bool IsOutOfRoom(int system_errno) { return system_errno == ENOSPC || system_errno == EDQUOT || system_errno == EFBIG; }

StatusCode CodeFor(int code, int system_errno) {
  switch (code) {
    case SQLITE_IOERR_NOMEM:
      return StatusCode::kResourceExhausted;
    case SQLITE_IOERR_CORRUPTFS:
    case SQLITE_IOERR_DATA:
      return StatusCode::kDataLoss;
    default:
      break;
  }
  switch (code & 0xff) {  // the primary code
    case SQLITE_FULL:
    case SQLITE_NOMEM:
      return StatusCode::kResourceExhausted;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return StatusCode::kDataLoss;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return StatusCode::kUnavailable;
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_CANTOPEN:
    case SQLITE_AUTH:
      return IsOutOfRoom(system_errno) ? StatusCode::kResourceExhausted : StatusCode::kFailedPrecondition;
    case SQLITE_IOERR:
      return IsOutOfRoom(system_errno) ? StatusCode::kResourceExhausted : StatusCode::kUnavailable;
    case SQLITE_TOOBIG:
      return StatusCode::kInvalidArgument;
    default:
      return StatusCode::kInternal;
  }
}

std::string_view AdviceFor(int code, StatusCode status_code) {
  switch (status_code) {
    case StatusCode::kResourceExhausted:
      return (code & 0xff) == SQLITE_NOMEM || code == SQLITE_IOERR_NOMEM ? "out of memory" : "no room on the disk";
    case StatusCode::kDataLoss:
      return (code & 0xff) == SQLITE_NOTADB ? "not a SQLite database" : "the file is damaged";
    case StatusCode::kUnavailable:
      return (code & 0xff) == SQLITE_IOERR ? "input/output error" : "in use by somebody else";
    case StatusCode::kFailedPrecondition:
      return "cannot be opened or written";
    case StatusCode::kInvalidArgument:
      return "a value is too large";
    default:
      return "SQLite failed";
  }
}

}  // namespace

Status StatusFromSqlite(int code, int system_errno, std::string_view file, std::string_view detail) {
  // Of a schema format that no SQLite has written: a plain error in SQLite's eyes, a damaged header in ours.
  const bool has_other_format = code == SQLITE_ERROR && detail == "unsupported file format";
  const StatusCode status_code = has_other_format ? StatusCode::kDataLoss : CodeFor(code, system_errno);
  std::string message(file);
  message.append(": ").append(AdviceFor(code, status_code)).append(" (SQLite ").append(std::to_string(code));
  message.append(": ").append(detail);
  const int primary = code & 0xff;
  if (system_errno != 0 && (primary == SQLITE_IOERR || primary == SQLITE_CANTOPEN)) {
    message.append("; ").append(std::generic_category().message(system_errno));
  }
  message.append(")");
  return Status(status_code, std::move(message));
}

}  // namespace ochre
