#include "sqlite/sqlite_status.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <cerrno>

namespace ochre {
namespace {

TEST(SqliteStatusTest, EveryKindOfErrorHasItsCode) {
  struct Case {
    int code;
    int system_errno;
    StatusCode expected;
  };
  for (const Case& c : {
           Case{SQLITE_FULL, 0, StatusCode::kResourceExhausted},
           Case{SQLITE_NOMEM, 0, StatusCode::kResourceExhausted},
           Case{SQLITE_IOERR_NOMEM, 0, StatusCode::kResourceExhausted},
           Case{SQLITE_IOERR_WRITE, ENOSPC, StatusCode::kResourceExhausted},
           Case{SQLITE_IOERR_WRITE, EFBIG, StatusCode::kResourceExhausted},
           Case{SQLITE_IOERR_FSYNC, EDQUOT, StatusCode::kResourceExhausted},
           Case{SQLITE_IOERR_WRITE, EIO, StatusCode::kUnavailable},
           Case{SQLITE_IOERR_READ, 0, StatusCode::kUnavailable},
           Case{SQLITE_IOERR_CORRUPTFS, 0, StatusCode::kDataLoss},
           Case{SQLITE_CORRUPT, 0, StatusCode::kDataLoss},
           Case{SQLITE_CORRUPT_INDEX, 0, StatusCode::kDataLoss},
           Case{SQLITE_NOTADB, 0, StatusCode::kDataLoss},
           Case{SQLITE_BUSY, 0, StatusCode::kUnavailable},
           Case{SQLITE_BUSY_SNAPSHOT, 0, StatusCode::kUnavailable},
           Case{SQLITE_LOCKED, 0, StatusCode::kUnavailable},
           Case{SQLITE_READONLY, 0, StatusCode::kFailedPrecondition},
           Case{SQLITE_PERM, 0, StatusCode::kFailedPrecondition},
           Case{SQLITE_CANTOPEN, ENOENT, StatusCode::kFailedPrecondition},
           Case{SQLITE_CANTOPEN, ENOSPC, StatusCode::kResourceExhausted},
           Case{SQLITE_TOOBIG, 0, StatusCode::kInvalidArgument},
           Case{SQLITE_CONSTRAINT_UNIQUE, 0, StatusCode::kInternal},
           Case{SQLITE_MISUSE, 0, StatusCode::kInternal},
       }) {
    SCOPED_TRACE(c.code);
    const Status status = StatusFromSqlite(c.code, c.system_errno, "/some/file", "its detail");
    EXPECT_EQ(status.code(), c.expected) << status.ToString();
    EXPECT_THAT(status.message(),
                testing::AllOf(testing::StartsWith("/some/file: "), testing::HasSubstr("its detail")));
  }
}

TEST(SqliteStatusTest, AHeaderWithASchemaFormatThatDoesNotExistIsDataLoss) {
  EXPECT_EQ(StatusFromSqlite(SQLITE_ERROR, 0, "f", "unsupported file format").code(), StatusCode::kDataLoss);
  EXPECT_EQ(StatusFromSqlite(SQLITE_ERROR, 0, "f", "near \"SELEKT\": syntax error").code(), StatusCode::kInternal);
}

TEST(SqliteStatusTest, TheSystemsErrorIsPartOfTheMessage) {
  EXPECT_THAT(StatusFromSqlite(SQLITE_IOERR_WRITE, EIO, "f", "disk I/O error").message(),
              testing::HasSubstr("Input/output error"));
}

}  // namespace
}  // namespace ochre
