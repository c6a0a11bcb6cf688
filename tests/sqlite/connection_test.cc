#include "sqlite/connection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "sqlite/transaction.h"
#include "tests/support/must.h"
#include "tests/support/sqlite_observer.h"

namespace ochre {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class ConnectionTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "ochre_sqlite_XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
    connection_ = Open({.durability = Durability::kNormal, .auto_checkpoint = false});
    ASSERT_TRUE(connection_->Execute("CREATE TABLE t(k INTEGER PRIMARY KEY, v ANY) STRICT").ok());
  }
  void TearDown() override {
    connection_.reset();
    fs::remove_all(directory_);
  }

  fs::path File() const { return directory_ / "test.sqlite3"; }

  std::unique_ptr<SqliteConnection> Open(const SqliteOptions& options) {
    auto connection = SqliteConnection::Open(File());
    EXPECT_TRUE(connection.ok()) << connection.status().ToString();
    const Status status = (*connection)->Configure(options);
    EXPECT_TRUE(status.ok()) << status.ToString();
    return *std::move(connection);
  }

  int64_t CountRows() { return *connection_->QueryInt64("SELECT count(*) FROM t"); }

  fs::path directory_;
  std::unique_ptr<SqliteConnection> connection_;
};

TEST_F(ConnectionTest, ValuesComeBackAsTheyWereBound) {
  const std::string zeros("\0a\0", 3);
  {
    auto insert = connection_->Prepare("INSERT INTO t VALUES(?1,?2),(?3,?4),(?5,?6),(?7,?8)");
    ASSERT_TRUE(insert.ok()) << insert.status().ToString();
    insert->BindInt64(1, 1);
    insert->BindBlob(2, zeros);
    insert->BindInt64(3, 2);
    insert->BindText(4, zeros);
    insert->BindInt64(5, 3);
    insert->BindNull(6);
    insert->BindInt64(7, 4);
    insert->BindBlob(8, std::string_view());
    ASSERT_TRUE(insert->Run().ok());
    EXPECT_EQ(connection_->changed_rows(), 4);
  }
  auto query = connection_->Prepare("SELECT v FROM t ORDER BY k");
  ASSERT_TRUE(query.ok());
  ASSERT_TRUE(*query->Step());
  EXPECT_EQ(query->Blob(0), zeros);
  ASSERT_TRUE(*query->Step());
  EXPECT_EQ(query->Text(0), zeros);
  ASSERT_TRUE(*query->Step());
  EXPECT_TRUE(query->IsNull(0));
  ASSERT_TRUE(*query->Step());
  EXPECT_FALSE(query->IsNull(0)) << "no bytes are not null";
  EXPECT_EQ(query->Blob(0), "");
  EXPECT_FALSE(*query->Step());
}

TEST_F(ConnectionTest, AStatementStartsAfreshWheneverItIsPrepared) {
  for (int i = 1; i <= 3; ++i) {
    auto insert = connection_->Prepare("INSERT INTO t VALUES(?1,?2)");
    ASSERT_TRUE(insert.ok());
    insert->BindInt64(1, i);
    if (i == 1) insert->BindInt64(2, 7);
    ASSERT_TRUE(insert->Run().ok());
  }
  EXPECT_EQ(*connection_->QueryInt64("SELECT count(*) FROM t WHERE v IS NULL"), 2) << "no binding remains";
}

TEST_F(ConnectionTest, AFailingStatementNamesTheFileAndCanBeUsedAgain) {
  for (int i = 0; i < 2; ++i) {
    const Status status = connection_->Execute("INSERT INTO t VALUES(1,1); INSERT INTO t VALUES(1,1)");
    EXPECT_EQ(status.code(), StatusCode::kInternal);
    EXPECT_THAT(status.message(), HasSubstr(File().string()));
    EXPECT_THAT(status.message(), HasSubstr("UNIQUE constraint failed"));
  }
  EXPECT_EQ(connection_->Prepare("SELEKT").status().code(), StatusCode::kInternal);
  EXPECT_EQ(CountRows(), 1);
}

TEST_F(ConnectionTest, ATransactionIsCommittedOrLeavesNothing) {
  {
    auto transaction = SqliteTransaction::Begin(*connection_);
    ASSERT_TRUE(transaction.ok());
    ASSERT_TRUE(connection_->Execute("INSERT INTO t VALUES(1,1)").ok());
  }
  EXPECT_FALSE(connection_->in_transaction());
  EXPECT_EQ(CountRows(), 0);
  {
    auto transaction = SqliteTransaction::Begin(*connection_);
    ASSERT_TRUE(transaction.ok());
    ASSERT_TRUE(connection_->Execute("INSERT INTO t VALUES(1,1)").ok());
    ASSERT_TRUE(transaction->Commit().ok());
  }
  EXPECT_EQ(CountRows(), 1);
}

TEST_F(ConnectionTest, ACommitThatFailsLeavesNothing) {
  ASSERT_TRUE(connection_
                  ->Execute("CREATE TABLE c(k INTEGER REFERENCES t(k) DEFERRABLE INITIALLY DEFERRED);"
                            "INSERT INTO t VALUES(1,1)")
                  .ok());
  auto transaction = SqliteTransaction::Begin(*connection_);
  ASSERT_TRUE(transaction.ok());
  ASSERT_TRUE(connection_->Execute("DELETE FROM t; INSERT INTO c VALUES(5)").ok());
  EXPECT_FALSE(transaction->Commit().ok());
  EXPECT_FALSE(connection_->in_transaction());
  EXPECT_EQ(CountRows(), 1);
}

TEST_F(ConnectionTest, AnotherConnectionsLockIsUnavailable) {
  auto other = Open({.durability = Durability::kNone});
  ASSERT_TRUE(other->Execute("PRAGMA busy_timeout=1").ok());
  auto transaction = SqliteTransaction::Begin(*connection_);
  ASSERT_TRUE(transaction.ok());
  EXPECT_EQ(SqliteTransaction::Begin(*other).status().code(), StatusCode::kUnavailable);
}

TEST_F(ConnectionTest, ACheckpointEmptiesTheWriteAheadLogForTheNextWriter) {
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(connection_->Execute("INSERT INTO t VALUES(NULL,zeroblob(10000))").ok());
  }
  const int64_t pages_before = connection_->wal_pages();
  EXPECT_GE(pages_before, 20);
  auto checkpointer = Open({.durability = Durability::kNormal, .auto_checkpoint = false});
  const auto progress = checkpointer->Checkpoint();
  ASSERT_TRUE(progress.ok()) << progress.status().ToString();
  EXPECT_EQ(progress->wal_pages, pages_before);
  EXPECT_EQ(progress->checkpointed_pages, pages_before);
  EXPECT_TRUE(checkpointer->SyncDatabaseFile().ok());
  ASSERT_TRUE(connection_->Execute("INSERT INTO t VALUES(NULL,1)").ok());
  EXPECT_LT(connection_->wal_pages(), 5);
}

TEST_F(ConnectionTest, AWriteAheadLogThatWasLargeKeepsWhatIsToBeKeptWhenItBeginsAnew) {
  connection_ = Open({.auto_checkpoint = false, .wal_bytes_kept = 1'000'000});
  const auto wal_bytes = [this] { return fs::file_size(File().string() + "-wal"); };
  for (const int bytes : {10'000'000, 100}) {
    ASSERT_TRUE(connection_->Execute("INSERT INTO t VALUES(NULL,zeroblob(" + std::to_string(bytes) + "))").ok());
    if (bytes > 100) {
      EXPECT_GT(wal_bytes(), 10'000'000u);
    }
    ASSERT_TRUE(connection_->Checkpoint().ok());
  }
  EXPECT_EQ(wal_bytes(), 1'000'000u);
  EXPECT_EQ(CountRows(), 2);
}

TEST_F(ConnectionTest, DamagedPagesAreDataLoss) {
  ASSERT_TRUE(connection_->Execute("INSERT INTO t VALUES(1,zeroblob(100000))").ok());
  connection_.reset();
  fs::resize_file(File(), 8192);
  auto connection = SqliteConnection::Open(File());
  ASSERT_TRUE(connection.ok());
  const auto sum = (*connection)->QueryInt64("SELECT length(hex(v)) FROM t");
  EXPECT_EQ(sum.status().code(), StatusCode::kDataLoss);
  EXPECT_THAT(sum.status().message(), HasSubstr(File().string()));
}

TEST_F(ConnectionTest, AFileThatCannotBeOpenedIsAFailedPrecondition) {
  const auto connection = SqliteConnection::Open(directory_ / "missing" / "test.sqlite3");
  EXPECT_EQ(connection.status().code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(connection.status().message(), HasSubstr("No such file or directory"));
}

// Fails one sync of any file.
class FailingSync : public SqliteObserver {
 public:
  explicit FailingSync(int which) : left_(which) {}
  bool failed() const { return left_ < 0; }

 protected:
  int OnSync([[maybe_unused]] const std::string& file) override {
    return left_-- == 0 ? SQLITE_IOERR_FSYNC : SQLITE_OK;
  }

 private:
  int left_;
};

TEST_F(ConnectionTest, AFileThatCannotBeGivenAWriteAheadLogIsNotConfigured) {
  int refused = 0;
  for (int which = 0;; ++which) {
    const fs::path file = directory_ / ("new" + std::to_string(which));
    FailingSync sync(which);
    auto connection = Must(SqliteConnection::Open(file));
    const Status configured = connection->Configure({.durability = Durability::kFull});
    if (!configured.ok()) ++refused;
    connection.reset();
    if (configured.ok()) {
      std::ifstream header(file, std::ios::binary);
      std::string bytes(20, 0);
      header.read(bytes.data(), 20);
      EXPECT_EQ(bytes[18], 2) << "sync " << which;  // the write version of a database with a write-ahead log
      EXPECT_EQ(bytes[19], 2) << "sync " << which;
    }
    if (!sync.failed()) break;
  }
  EXPECT_GT(refused, 0);
}

// As by a restored backup, or by somebody who tidies up. Neither file, nor what is in its place, gets another byte.
TEST_F(ConnectionTest, WritesNothingOnceItsFilesAreOthersOrGone) {
  for (const std::string which : {"test.sqlite3", "test.sqlite3-wal"}) {
    for (const bool replaced : {false, true}) {
      SCOPED_TRACE(testing::Message() << which << (replaced ? " replaced" : " moved away"));
      const fs::path file = directory_ / which;
      const fs::path moved = directory_ / "moved";
      fs::rename(file, moved);
      if (replaced) fs::copy_file(moved, file);
      const Status refused = connection_->Execute("INSERT INTO t VALUES(1,1)");
      EXPECT_EQ(refused.code(), StatusCode::kFailedPrecondition);
      EXPECT_THAT(refused.message(), HasSubstr(file.string() + " is no longer the file"));
      EXPECT_EQ(SqliteTransaction::Begin(*connection_).status().code(), StatusCode::kFailedPrecondition);
      EXPECT_EQ(connection_->files().Check().code(), StatusCode::kFailedPrecondition);
      EXPECT_EQ(CountRows(), 0) << "reads go on";
      fs::rename(moved, file);
      EXPECT_TRUE(connection_->files().Check().ok()) << "it is back";
    }
  }
  EXPECT_TRUE(connection_->Execute("INSERT INTO t VALUES(1,1)").ok());
}

}  // namespace
}  // namespace ochre
