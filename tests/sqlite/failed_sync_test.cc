#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <new>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <utility>

#include "sqlite/connection.h"
#include "sqlite/schema.h"
#include "sqlite/transaction.h"
#include "tests/support/failing_allocator.h"
#include "tests/support/faulty_vfs.h"
#include "tests/support/temporary_directory.h"

namespace {
std::atomic<bool> directory_syncs_fail = false;
}  // namespace

// In place of the C library's. That of files goes through FaultyVfs.
extern "C" int fsync(int descriptor) {
  struct stat stats = {};
  if (directory_syncs_fail && fstat(descriptor, &stats) == 0 && S_ISDIR(stats.st_mode)) {
    errno = EIO;
    return -1;
  }
  return static_cast<int>(syscall(SYS_fsync, descriptor));
}

namespace ochre {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr SqliteMigration kMigrations[] = {{"CREATE TABLE t(k INTEGER PRIMARY KEY, v BLOB) STRICT"}};
const SqliteSchema kSchema = {.application_id = 0x4f63, .what = "a test's database", .migrations = kMigrations};

class FailedSyncTest : public testing::Test {
 protected:
  void OpenAt(const fs::path& path, const SqliteOptions& options) {
    connection_.reset();
    auto connection = OpenSqliteDatabase(path, kSchema, options);
    if (!connection.ok()) {
      std::fprintf(stderr, "%s\n", connection.status().ToString().c_str());
      std::abort();  // no test can go on
    }
    connection_ = *std::move(connection);
  }

  void Open(const SqliteOptions& options = {.exclusive = true, .auto_checkpoint = false}) {
    OpenAt(directory_.path() / "test.sqlite3", options);
  }

  // A row, in a transaction of its own.
  Status Insert(int64_t key, int64_t bytes = 100) {
    OCHRE_ASSIGN_OR_RETURN(SqliteTransaction transaction, SqliteTransaction::Begin(*connection_));
    {
      OCHRE_ASSIGN_OR_RETURN(SqliteStatement insert, connection_->Prepare("INSERT INTO t VALUES(?1,zeroblob(?2))"));
      insert.BindInt64(1, key);
      insert.BindInt64(2, bytes);
      OCHRE_RETURN_IF_ERROR(insert.Run());
    }
    return transaction.Commit();
  }

  std::set<int64_t> Keys() {
    std::set<int64_t> keys;
    auto query = connection_->Prepare("SELECT k FROM t");
    EXPECT_TRUE(query.ok()) << query.status().ToString();
    for (auto row = query->Step(); row.ok() ? *row : (ADD_FAILURE() << row.status().ToString(), false);
         row = query->Step()) {
      keys.insert(query->Int64(0));
    }
    return keys;
  }

  // What a process that was killed leaves: nothing is checkpointed, nothing removed.
  void CopyAndOpen() {
    if (vfs_.has_value()) vfs_->FailNothing();
    const fs::path copy = directory_.path() / "copy";
    fs::remove_all(copy);
    fs::create_directory(copy);
    for (const char* suffix : {"", "-wal"}) {
      const std::string name = std::string("test.sqlite3") + suffix;
      if (fs::exists(directory_.path() / name)) fs::copy(directory_.path() / name, copy / name);
    }
    OpenAt(copy / "test.sqlite3", {.exclusive = true});
  }

  TemporaryDirectory directory_;
  std::optional<FaultyVfs> vfs_{std::in_place};
  std::unique_ptr<SqliteConnection> connection_;
};

TEST_F(FailedSyncTest, ACommitThatFailedIsNotThereAfterOpeningAgain) {
  Open();
  ASSERT_TRUE(Insert(1).ok());
  vfs_->Fail(FaultyVfs::Call::kSync, 1, /*for_good=*/false);
  const Status status = Insert(2);
  ASSERT_TRUE(vfs_->failed());
  EXPECT_EQ(status.code(), StatusCode::kUnavailable) << status.ToString();
  EXPECT_THAT(status.message(), HasSubstr("no write is taken until the database is opened again"));
  EXPECT_EQ(Keys(), std::set<int64_t>{1});
  CopyAndOpen();
  EXPECT_EQ(Keys(), std::set<int64_t>{1});
}

TEST_F(FailedSyncTest, AfterAFailedSyncWritesAreRefusedUntilTheDatabaseIsOpenedAgain) {
  Open();
  ASSERT_TRUE(Insert(1).ok());
  vfs_->Fail(FaultyVfs::Call::kSync, 1, /*for_good=*/false);
  ASSERT_FALSE(Insert(2).ok());
  for (const Status& status : {Insert(3), connection_->Execute("INSERT INTO t VALUES(4,NULL)"),
                               connection_->Checkpoint().status(), connection_->Prepare("DELETE FROM t").status()}) {
    EXPECT_EQ(status.code(), StatusCode::kFailedPrecondition) << status.ToString();
    EXPECT_THAT(status.message(), HasSubstr("open the database again"));
  }
  EXPECT_EQ(Keys(), std::set<int64_t>{1});
  Open();
  EXPECT_TRUE(Insert(3).ok());
  EXPECT_EQ(Keys(), (std::set<int64_t>{1, 3}));
}

TEST_F(FailedSyncTest, WhereSyncsFailForGoodTheWriteIsTakenBackAndTheErrorSaysWhatAPowerCutMayDo) {
  Open();
  ASSERT_TRUE(Insert(1).ok());
  vfs_->Fail(FaultyVfs::Call::kSync, 1, /*for_good=*/true);
  const Status status = Insert(2);
  EXPECT_EQ(status.code(), StatusCode::kUnknown) << status.ToString();
  EXPECT_THAT(status.message(), HasSubstr("after a power cut"));
  CopyAndOpen();
  EXPECT_EQ(Keys(), std::set<int64_t>{1});
}

TEST_F(FailedSyncTest, WhereNothingCanBeWrittenTheErrorSaysThatTheOutcomeIsUnknown) {
  Open();
  ASSERT_TRUE(Insert(1).ok());
  vfs_->Fail(FaultyVfs::Call::kSync, 1, /*for_good=*/true);
  // A row takes one page here: its frame's header and its content.
  vfs_->Fail(FaultyVfs::Call::kWrite, 3, /*for_good=*/true);
  vfs_->Fail(FaultyVfs::Call::kTruncate, 1, /*for_good=*/true);
  const Status status = Insert(2);
  EXPECT_EQ(status.code(), StatusCode::kUnknown) << status.ToString();
  EXPECT_THAT(status.message(), HasSubstr("is unknown"));
  EXPECT_FALSE(Insert(3).ok());
}

TEST_F(FailedSyncTest, AFailedWriteDoesNotEndWriting) {
  Open();
  ASSERT_TRUE(Insert(1).ok());
  vfs_->Fail(FaultyVfs::Call::kWrite, 2, /*for_good=*/false);
  EXPECT_EQ(Insert(2).code(), StatusCode::kUnavailable);
  EXPECT_TRUE(Insert(3).ok());
  CopyAndOpen();
  EXPECT_EQ(Keys(), (std::set<int64_t>{1, 3}));
}

TEST_F(FailedSyncTest, TheFirstCommitAfterTheLogBeganAnewCanBeTakenBack) {
  Open();
  for (int64_t key = 1; key <= 5; ++key) ASSERT_TRUE(Insert(key).ok());
  ASSERT_TRUE(connection_->Checkpoint().ok());
  vfs_->Fail(FaultyVfs::Call::kSync, 2, /*for_good=*/false, "-wal");  // the first one is that of the log's new header
  ASSERT_FALSE(Insert(6).ok());
  ASSERT_TRUE(vfs_->failed());
  CopyAndOpen();
  EXPECT_EQ(Keys(), (std::set<int64_t>{1, 2, 3, 4, 5}));
}

TEST_F(FailedSyncTest, TheFirstCommitAfterOpeningALogThatWasLeftBehindCanBeTakenBack) {
  Open();
  for (int64_t key = 1; key <= 5; ++key) ASSERT_TRUE(Insert(key).ok());
  CopyAndOpen();
  vfs_->Fail(FaultyVfs::Call::kSync, 1, /*for_good=*/true);
  ASSERT_FALSE(Insert(6).ok());
  vfs_->FailNothing();
  OpenAt(directory_.path() / "copy" / "test.sqlite3", {.exclusive = true});
  EXPECT_EQ(Keys(), (std::set<int64_t>{1, 2, 3, 4, 5}));
}

TEST_F(FailedSyncTest, AFailedSyncOfAnAutomaticCheckpointEndsWritingAndTheLogIsKept) {
  Open({.exclusive = true});
  vfs_->Fail(FaultyVfs::Call::kSync, 1, /*for_good=*/false, "test.sqlite3");
  std::set<int64_t> inserted;
  for (int64_t key = 1; key < 50 && !vfs_->failed(); ++key) {
    const Status status = Insert(key, 200'000);
    EXPECT_TRUE(status.ok()) << status.ToString();  // the commit itself was synced
    inserted.insert(key);
  }
  ASSERT_TRUE(vfs_->failed());
  EXPECT_EQ(Insert(100).code(), StatusCode::kFailedPrecondition);
  connection_.reset();  // does not checkpoint either
  vfs_->CutPower(directory_.path());
  Open();
  EXPECT_EQ(Keys(), inserted);
}

TEST_F(FailedSyncTest, NothingIsWrittenBeforeTheNamesOfTheFilesAreOnDisk) {
  Open();
  ASSERT_TRUE(Insert(1).ok());
  Open();  // with another write-ahead log
  directory_syncs_fail = true;
  const Status status = Insert(2);
  directory_syncs_fail = false;
  EXPECT_EQ(status.code(), StatusCode::kUnavailable) << status.ToString();
  EXPECT_THAT(status.message(), HasSubstr("directory"));
  EXPECT_EQ(Keys(), std::set<int64_t>{1});
  EXPECT_TRUE(Insert(3).ok());
  EXPECT_EQ(Keys(), (std::set<int64_t>{1, 3}));
}

TEST_F(FailedSyncTest, ACommitThatLacksMemoryIsNotThereAfterOpeningAgain) {
  if (!AllocationFailure::kOfMalloc) GTEST_SKIP() << "it is SQLite that allocates";
  vfs_.reset();  // it allocates itself
  int64_t failures = 0;
  for (int64_t nth = 1; nth < 1000; ++nth) {
    connection_.reset();
    fs::remove_all(directory_.path() / "copy");
    for (const auto& file : fs::directory_iterator(directory_.path())) fs::remove_all(file);
    // The index of the write-ahead log has a block for each 4096 of its pages; the commit needs the second one.
    Open({.exclusive = true, .auto_checkpoint = false, .page_bytes = 512});
    ASSERT_TRUE(Insert(1, 4050 * 508).ok());
    AllocationFailure failure({.nth = nth});
    Status status;
    try {
      status = Insert(2, 100 * 508);
    } catch (const std::bad_alloc&) {
      status = Status(StatusCode::kResourceExhausted, "bad_alloc");
    }
    failure.Stop();
    if (!failure.happened()) break;
    ++failures;
    const bool there_now = Keys().contains(2);
    EXPECT_EQ(there_now, status.ok()) << nth << ": " << status.ToString();
    if (nth % 2 == 0) {
      EXPECT_TRUE(Insert(3).ok()) << nth;
    }
    CopyAndOpen();
    EXPECT_EQ(Keys().contains(2), status.ok()) << nth;
  }
  EXPECT_GT(failures, 0);
}

// Random writes, vacuums, checkpoints and openings; one sync fails, once or for good; then the power goes out. What
// failed is not there, except where the error said so; what was acknowledged is, or under kNormal a beginning of it,
// and nothing is damaged.
class PowerCutTest : public FailedSyncTest, public testing::WithParamInterface<Durability> {};
INSTANTIATE_TEST_SUITE_P(Durabilities, PowerCutTest, testing::Values(Durability::kFull, Durability::kNormal));

TEST_P(PowerCutTest, WhatFailedNeverReappearsAndWhatWasAcknowledgedIsNeverLost) {
  const SqliteOptions options = {
      .durability = GetParam(), .exclusive = true, .auto_checkpoint = false, .incremental_vacuum = true};
  for (uint32_t seed = 1; seed <= 150; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    const auto one_in = [&random](uint32_t n) { return random() % n == 0; };
    connection_.reset();
    vfs_->FailNothing();
    for (const auto& file : fs::directory_iterator(directory_.path())) fs::remove_all(file);
    Open(options);
    ASSERT_TRUE(connection_->Checkpoint().ok());  // of the schema
    std::set<int64_t> acknowledged;
    std::set<int64_t> unknown;
    const int64_t syncs_max = GetParam() == Durability::kFull ? 12 : 3;
    vfs_->Fail(FaultyVfs::Call::kSync, 1 + static_cast<int64_t>(random()) % syncs_max, one_in(2),
               one_in(3) ? "test.sqlite3" : "-wal");
    for (int64_t key = 1; key <= 20; ++key) {
      const Status status = Insert(key, static_cast<int64_t>(random() % 20'000));
      if (status.ok()) acknowledged.insert(key);
      if (status.code() == StatusCode::kUnknown) unknown.insert(key);
      if (one_in(4)) (void)connection_->Execute("UPDATE t SET v=zeroblob(10)");  // which leaves free pages
      if (one_in(4)) (void)connection_->Execute("PRAGMA incremental_vacuum(3)");
      if (one_in(5)) (void)connection_->Checkpoint();
      if (one_in(12)) {
        vfs_->FailNothing();
        Open(options);
        vfs_->Fail(FaultyVfs::Call::kSync, 1 + static_cast<int64_t>(random()) % syncs_max, one_in(2));
      }
    }
    vfs_->FailNothing();
    if (one_in(2)) {
      // Opening copies the log into the database, which the sync at its end does not bring to disk any more.
      connection_.reset();
      vfs_->Fail(FaultyVfs::Call::kSync, 1, /*for_good=*/true, "test.sqlite3");
      Open(options);
      vfs_->FailNothing();
      for (const int64_t key : Keys()) {
        EXPECT_TRUE(acknowledged.contains(key) || unknown.contains(key)) << key;
      }
    }
    connection_->RefuseWrites();  // closing would checkpoint, which a power cut does not
    connection_.reset();
    vfs_->CutPower(directory_.path(), one_in(3) ? 0 : seed);
    Open(options);
    {
      auto check = connection_->Prepare("PRAGMA integrity_check");
      ASSERT_TRUE(check.ok() && check->Step().ok());
      EXPECT_EQ(check->Text(0), "ok");
    }
    std::set<int64_t> keys = Keys();
    for (const int64_t key : unknown) keys.erase(key);
    if (GetParam() == Durability::kFull) {
      EXPECT_EQ(keys, acknowledged);
    } else {
      EXPECT_TRUE(std::equal(keys.begin(), keys.end(), acknowledged.begin()));
    }
  }
}

}  // namespace
}  // namespace ochre
