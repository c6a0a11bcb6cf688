#include "log/free_pages.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <filesystem>
#include <memory>
#include <random>
#include <string>

#include "sqlite/integrity.h"
#include "sqlite/schema.h"
#include "tests/support/expect_ok.h"
#include "tests/support/faulty_vfs.h"
#include "tests/support/temporary_directory.h"

namespace ochre {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kMiB = int64_t{1} << 20;
constexpr int64_t kNoBound = INT64_MAX;
constexpr SqliteMigration kMigrations[] = {{"CREATE TABLE t(k INTEGER PRIMARY KEY, v BLOB NOT NULL) STRICT"}};
const SqliteSchema kSchema = {.application_id = 0x4f63, .what = "a test's database", .migrations = kMigrations};
constexpr SqliteOptions kShrinkable = {
    .durability = Durability::kNone, .auto_checkpoint = false, .incremental_vacuum = true};
constexpr SqliteOptions kAsOfOld = {.durability = Durability::kNone, .auto_checkpoint = false};

class FreePagesTest : public testing::Test {
 protected:
  void Open(const SqliteOptions& options) {
    connection_.reset();
    auto connection = OpenSqliteDatabase(File(), kSchema, options);
    ASSERT_OK(connection);
    connection_ = *std::move(connection);
  }

  // Rows `first` to `last`, of `bytes` each that nobody could compress or mistake for another's.
  void Insert(int64_t first, int64_t last, int64_t bytes) {
    ASSERT_OK(connection_->Execute("BEGIN"));
    for (int64_t key = first; key <= last; ++key) {
      auto insert = connection_->Prepare("INSERT INTO t VALUES(?1,?2)");
      ASSERT_OK(insert);
      const std::string content = Content(key, bytes);
      insert->BindInt64(1, key);
      insert->BindBlob(2, content);
      ASSERT_OK(insert->Run());
    }
    ASSERT_OK(connection_->Execute("COMMIT"));
  }

  static std::string Content(int64_t key, int64_t bytes) {
    std::mt19937_64 random(static_cast<uint64_t>(key));
    std::string content(static_cast<size_t>(bytes), '\0');
    for (char& c : content) c = static_cast<char>(random());
    return content;
  }

  void ExpectRows(int64_t first, int64_t last, int64_t bytes) {
    auto query = connection_->Prepare("SELECT k,v FROM t ORDER BY k");
    ASSERT_OK(query);
    for (int64_t key = first; key <= last; ++key) {
      auto row = query->Step();
      ASSERT_TRUE(row.ok() && *row) << "row " << key << " is missing";
      EXPECT_EQ(query->Int64(0), key);
      EXPECT_TRUE(query->Blob(1) == Content(key, bytes)) << "row " << key;
    }
    EXPECT_FALSE(*query->Step()) << "row " << query->Int64(0) << " is too much";
  }

  int64_t FreeBytes() {
    return *connection_->QueryInt64("PRAGMA freelist_count") * *connection_->QueryInt64("PRAGMA page_size");
  }

  // Once all of the write-ahead log is in the file.
  int64_t FileBytes() {
    EXPECT_OK(connection_->Checkpoint());
    return static_cast<int64_t>(fs::file_size(File()));
  }

  fs::path File() const { return directory_.path() / "test.sqlite3"; }

  TemporaryDirectory directory_;
  std::unique_ptr<SqliteConnection> connection_;
};

TEST_F(FreePagesTest, PagesBeyondWhatIsKeptLeaveTheFileAMegabyteAtATime) {
  Open(kShrinkable);
  Insert(1, 100, 100'000);
  ASSERT_OK(connection_->Execute("DELETE FROM t WHERE k<=90"));
  EXPECT_GT(FileBytes(), 10'000'000);
  const int64_t free = FreeBytes();
  int64_t given_back = 0;
  while (true) {
    const auto bytes = GiveBackFreePages(*connection_, 4 * kMiB, kMiB);
    ASSERT_OK(bytes);
    if (*bytes == 0) break;
    EXPECT_LE(*bytes, kMiB);
    given_back += *bytes;
    // Two pages a thousand are their parents' record, which go too.
    EXPECT_NEAR(static_cast<double>(FreeBytes()), static_cast<double>(free - given_back), 20'000);
  }
  EXPECT_NEAR(static_cast<double>(FreeBytes()), 4.0 * kMiB, 20'000);
  EXPECT_LT(FileBytes(), 4 * kMiB + 1'100'000);
  EXPECT_OK(CheckSqliteIntegrity(*connection_));
  ExpectRows(91, 100, 100'000);  // of the end of the file, so they were moved
}

TEST_F(FreePagesTest, WhatIsKeptIsNotMoved) {
  Open(kShrinkable);
  Insert(1, 10, 100'000);
  ASSERT_OK(connection_->Execute("DELETE FROM t"));
  const int64_t pages = *connection_->QueryInt64("PRAGMA page_count");
  EXPECT_EQ(*GiveBackFreePages(*connection_, kMiB, kMiB), 0);
  EXPECT_EQ(*connection_->QueryInt64("PRAGMA page_count"), pages);
}

TEST_F(FreePagesTest, AFileThatCannotShrinkIsRebuiltOnceAndKeepsItsRows) {
  Open(kAsOfOld);
  Insert(1, 100, 100'000);
  ASSERT_OK(connection_->Execute("DELETE FROM t WHERE k<=90"));
  EXPECT_EQ(*GiveBackFreePages(*connection_, 0, kNoBound), 0);
  EXPECT_GT(FileBytes(), 10'000'000);

  Open(kShrinkable);
  ASSERT_OK(MakeShrinkable(*connection_));
  EXPECT_LT(FileBytes(), 1'100'000);
  ExpectRows(91, 100, 100'000);
  EXPECT_EQ(*connection_->QueryInt64("PRAGMA user_version"), 1);
  EXPECT_EQ(*connection_->QueryInt64("PRAGMA application_id"), kSchema.application_id);

  const int64_t changes = *connection_->QueryInt64("PRAGMA schema_version");
  ASSERT_OK(MakeShrinkable(*connection_));
  EXPECT_EQ(*connection_->QueryInt64("PRAGMA schema_version"), changes) << "a VACUUM would have raised it";
  ASSERT_OK(connection_->Execute("DELETE FROM t WHERE k<=95"));
  EXPECT_GT(*GiveBackFreePages(*connection_, 0, kNoBound), 0);
  EXPECT_LT(FileBytes(), 600'000);
  ExpectRows(96, 100, 100'000);
}

TEST_F(FreePagesTest, ALargeFileThatCannotShrinkIsLeftForLater) {
  Open(kAsOfOld);
  Insert(1, 70, kMiB);
  ASSERT_OK(connection_->Execute("DELETE FROM t WHERE k<=5"));
  ASSERT_OK(MakeShrinkable(*connection_));
  EXPECT_EQ(*connection_->QueryInt64("PRAGMA auto_vacuum"), 0);
  ASSERT_OK(connection_->Execute("DELETE FROM t WHERE k<=10"));
  ASSERT_OK(GiveBackAllFreePages(*connection_));
  EXPECT_EQ(*connection_->QueryInt64("PRAGMA auto_vacuum"), 2);
  EXPECT_LT(FileBytes(), 61 * kMiB);
  ExpectRows(11, 70, kMiB);
}

TEST_F(FreePagesTest, InMemoryTooPagesAreGivenBack) {
  auto connection = OpenSqliteDatabase({}, kSchema, {.durability = Durability::kMemory, .incremental_vacuum = true});
  ASSERT_OK(connection);
  connection_ = *std::move(connection);
  Insert(1, 100, 100'000);
  ASSERT_OK(connection_->Execute("DELETE FROM t WHERE k<=90"));
  EXPECT_GT(*GiveBackFreePages(*connection_, 0, kNoBound), 8 * kMiB);
  EXPECT_LT(*connection_->QueryInt64("PRAGMA page_count") * 4096, 1'100'000);
  ExpectRows(91, 100, 100'000);
}

TEST_F(FreePagesTest, OnAFullDiskTheFileStaysAsItIs) {
  Open(kAsOfOld);
  Insert(1, 40, 100'000);
  ASSERT_OK(connection_->Execute("DELETE FROM t WHERE k<=10"));
  Open(kShrinkable);
  {
    const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
    rlimit old = {};
    getrlimit(RLIMIT_FSIZE, &old);
    rlimit limit = old;
    limit.rlim_cur = 1'000'000;  // the write-ahead log would take 3 MB
    setrlimit(RLIMIT_FSIZE, &limit);
    EXPECT_EQ(MakeShrinkable(*connection_).code(), StatusCode::kResourceExhausted);
    setrlimit(RLIMIT_FSIZE, &old);
    std::signal(SIGXFSZ, old_handler);
  }
  ExpectRows(11, 40, 100'000);
  EXPECT_OK(CheckSqliteIntegrity(*connection_));
  Open(kShrinkable);
  ASSERT_OK(MakeShrinkable(*connection_));
  ExpectRows(11, 40, 100'000);
}

// A file of any kind shrinks, is rebuilt and written to; one sync or write fails, or none; then the power goes out.
TEST_F(FreePagesTest, APowerCutAtAnyTimeLeavesAllRows) {
  using Call = FaultyVfs::Call;
  for (uint32_t seed = 1; seed <= 120; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    const auto one_in = [&random](uint32_t n) { return random() % n == 0; };
    FaultyVfs vfs;
    const SqliteOptions options = {
        .durability = Durability::kFull, .auto_checkpoint = false, .incremental_vacuum = true};
    for (const auto& file : fs::directory_iterator(directory_.path())) fs::remove(file);
    Open({.durability = Durability::kFull, .auto_checkpoint = false, .incremental_vacuum = one_in(2)});
    constexpr int64_t kRows = 30;
    constexpr int64_t kBytes = 20'000;
    Insert(1, kRows, kBytes);
    int64_t first = 1 + static_cast<int64_t>(random() % kRows);
    bool first_may_be_gone = false;
    ASSERT_OK(connection_->Execute("DELETE FROM t WHERE k<" + std::to_string(first)));
    Open(options);
    vfs.Fail(one_in(2)   ? Call::kSync
             : one_in(2) ? Call::kWrite
                         : Call::kTruncate,
             1 + static_cast<int64_t>(random() % 40), one_in(3), one_in(2) ? "-wal" : "");
    (void)MakeShrinkable(*connection_);
    for (int i = 0; i < 6; ++i) {
      (void)GiveBackFreePages(*connection_, 40'000, 1 + static_cast<int64_t>(random() % 60'000));
      if (one_in(3)) (void)connection_->Checkpoint();
      if (one_in(3) && first < kRows) {
        const Status deleted = connection_->Execute("DELETE FROM t WHERE k<" + std::to_string(first + 1));
        if (deleted.ok()) ++first;
        if (deleted.code() == StatusCode::kUnknown) first_may_be_gone = true;  // then it takes no more writes
      }
    }
    connection_->RefuseWrites();  // closing would checkpoint, which a power cut does not
    connection_.reset();
    vfs.FailNothing();
    vfs.CutPower(directory_.path(), one_in(3) ? 0 : seed);
    Open(options);
    EXPECT_OK(CheckSqliteIntegrity(*connection_));
    if (first_may_be_gone) first = *connection_->QueryInt64("SELECT min(k) FROM t");
    ExpectRows(first, kRows, kBytes);
    connection_.reset();
  }
}

}  // namespace
}  // namespace ochre
