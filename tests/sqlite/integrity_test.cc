#include "sqlite/integrity.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "tests/support/expect_ok.h"
#include "tests/support/faulty_vfs.h"
#include "tests/support/must.h"
#include "tests/support/temporary_directory.h"

namespace ochre {
namespace {

class IntegrityTest : public testing::Test {
 protected:
  IntegrityTest() {
    const auto connection = Open();
    Must(connection->Configure({.durability = Durability::kNone}));
    // Some 80 pages, some of them in chains of their own.
    Must(connection->Execute(
        "CREATE TABLE t(x INTEGER PRIMARY KEY, y TEXT); CREATE INDEX i ON t(y);"
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300)"
        "INSERT INTO t SELECT i, i || hex(zeroblob(i * 2)) FROM n;"
        "INSERT INTO t VALUES(1000, printf('%020000d', 1)); DELETE FROM t WHERE x > 200 AND x < 300"));
  }

  std::unique_ptr<SqliteConnection> Open() { return Must(SqliteConnection::Open(path_)); }

  FaultyVfs vfs_;
  const TemporaryDirectory directory_;
  const std::filesystem::path path_ = directory_.path() / "test.sqlite3";
};

TEST_F(IntegrityTest, AReadThatFailsOnceIsNoDamage) {
  int failures = 0, passed = 0;
  for (int64_t nth = 1;; ++nth) {
    const auto connection = Open();
    vfs_.Fail(FaultyVfs::Call::kRead, nth, /*for_good=*/false);
    const Status status = CheckSqliteIntegrity(*connection);
    const bool failed = vfs_.failed();
    vfs_.FailNothing();
    if (!failed) break;
    ++failures;
    passed += static_cast<int>(status.ok());
    EXPECT_TRUE(status.ok() || status.code() == StatusCode::kUnavailable)
        << "read " << nth << ": " << status.ToString();
    EXPECT_OK(CheckSqliteIntegrity(*connection));
  }
  EXPECT_GE(failures, 20);
  EXPECT_GE(passed, 1) << "no page was ever asked for again";
}

TEST_F(IntegrityTest, ADiskThatCannotReadIsUnavailable) {
  for (int64_t nth = 1; nth <= 20; ++nth) {
    const auto connection = Open();
    vfs_.Fail(FaultyVfs::Call::kRead, nth, /*for_good=*/true);
    const Status status = CheckSqliteIntegrity(*connection);
    vfs_.FailNothing();
    EXPECT_EQ(status.code(), StatusCode::kUnavailable) << "from read " << nth << " on: " << status.ToString();
    EXPECT_NE(status.message().find("test.sqlite3: input/output error"), std::string::npos) << status.ToString();
  }
}

TEST_F(IntegrityTest, ADamagedPageIsDataLoss) {
  Must(CheckSqliteIntegrity(*Open()));
  std::fstream file(path_, std::ios::binary | std::ios::in | std::ios::out);
  file.seekp(4096);  // the root of t
  file << std::string(64, '\xff');
  file.close();
  EXPECT_EQ(CheckSqliteIntegrity(*Open()).code(), StatusCode::kDataLoss);
}

}  // namespace
}  // namespace ochre
