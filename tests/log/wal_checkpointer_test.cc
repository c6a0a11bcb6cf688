#include "log/wal_checkpointer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <random>
#include <string>
#include <thread>

#include "tests/support/sqlite_observer.h"

namespace ochre {
namespace {

namespace fs = std::filesystem;

constexpr SqliteOptions kOptions = {.durability = Durability::kNone, .auto_checkpoint = false};
constexpr WalCheckpointer::Limits kLimits = {.wal_bytes_soft = 256 << 10, .wal_bytes_hard = 1 << 20};

class WalCheckpointerTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "ochre_wal_XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
    writer_ = Connect();
    ASSERT_TRUE(writer_->Execute("CREATE TABLE t(v)").ok());
  }
  void TearDown() override {
    writer_.reset();
    fs::remove_all(directory_);
  }

  fs::path File() const { return directory_ / "test.sqlite3"; }

  std::unique_ptr<SqliteConnection> Connect() {
    auto connection = SqliteConnection::Open(File());
    EXPECT_TRUE(connection.ok()) << connection.status().ToString();
    const Status status = (*connection)->Configure(kOptions);
    EXPECT_TRUE(status.ok()) << status.ToString();
    return *std::move(connection);
  }

  // Returns the size of the write-ahead log afterwards.
  int64_t Commit(WalCheckpointer& checkpointer) {
    checkpointer.WaitForRoom();
    MutexLock lock(writer_mutex_);
    EXPECT_TRUE(writer_->Execute("INSERT INTO t VALUES(zeroblob(50000))").ok());
    checkpointer.NoteWalPages(writer_->wal_pages());
    return writer_->wal_pages() * kOptions.page_bytes;
  }

  fs::path directory_;
  std::unique_ptr<SqliteConnection> writer_;
  Mutex reader_mutex_;
  Mutex writer_mutex_;
};

TEST_F(WalCheckpointerTest, TheLogIsBoundedBesideWritersAndReadersWithoutPauses) {
  int64_t wal_bytes_max = 0;
  {
    WalCheckpointer checkpointer(File(), kOptions, kLimits, reader_mutex_, writer_mutex_);
    std::atomic<bool> stop{false};
    std::thread reader([&] {
      std::unique_ptr<SqliteConnection> connection;
      while (!stop) {
        MutexLock lock(reader_mutex_);
        if (connection == nullptr) connection = Connect();
        ASSERT_TRUE(connection->QueryInt64("SELECT count(*) FROM t").ok());
      }
    });
    for (int i = 0; i < 200; ++i) wal_bytes_max = std::max(wal_bytes_max, Commit(checkpointer));
    stop = true;
    reader.join();
  }
  // Twice the hard limit and the commit that passed it; 10 MB were committed.
  EXPECT_LE(wal_bytes_max, 2 * kLimits.wal_bytes_hard + 100'000);
  EXPECT_EQ(*writer_->QueryInt64("SELECT count(*) FROM t"), 200);
}

// Counts the checkpoints that begin where all of the write-ahead log is in the database file, so that a writer may be
// beginning it anew: the condition of the WAL-reset bug that SQLite has before 3.51.3.
class CheckpointCounter : public SqliteObserver {
 public:
  std::atomic<int64_t> checkpoints = 0;
  std::atomic<int64_t> of_complete_logs = 0;

 protected:
  void OnCheckpoint([[maybe_unused]] const std::string& file, WalState wal) override {
    ++checkpoints;
    if (wal.pages > 0 && wal.copied_pages == wal.pages) ++of_complete_logs;
  }
};

TEST_F(WalCheckpointerTest, NoCheckpointBeginsBesideWritersWhereNothingIsLeftToCopy) {
  constexpr uint32_t kSeed = 1;
  SCOPED_TRACE("seed " + std::to_string(kSeed));
  std::mt19937 random(kSeed);
  writer_.reset();
  CheckpointCounter counter;
  writer_ = Connect();
  {
    WalCheckpointer checkpointer(File(), kOptions, kLimits, reader_mutex_, writer_mutex_);
    for (int i = 0; i < 150; ++i) {
      checkpointer.WaitForRoom();
      MutexLock lock(writer_mutex_);
      // Some are larger than both limits.
      const int bytes = random() % 8 == 0 ? 1'500'000 : static_cast<int>(random() % 300'000);
      ASSERT_TRUE(writer_->Execute("INSERT INTO t VALUES(zeroblob(" + std::to_string(bytes) + "))").ok());
      // A checkpoint that runs meanwhile may copy what is not noted yet.
      if (random() % 2 == 0) std::this_thread::sleep_for(std::chrono::microseconds(random() % 4'000));
      checkpointer.NoteWalPages(writer_->wal_pages());
    }
  }
  EXPECT_GT(counter.checkpoints, 10);
  EXPECT_EQ(counter.of_complete_logs, 0);
  EXPECT_EQ(*writer_->QueryInt64("SELECT count(*) FROM t"), 150);
  writer_.reset();  // before the observer
}

TEST_F(WalCheckpointerTest, ACheckpointThatFailsHoldsNobodyUp) {
  WalCheckpointer checkpointer(directory_ / "missing" / "test.sqlite3", kOptions, kLimits, reader_mutex_,
                               writer_mutex_);
  for (int i = 0; i < 60; ++i) Commit(checkpointer);
  EXPECT_EQ(*writer_->QueryInt64("SELECT count(*) FROM t"), 60);
}

TEST_F(WalCheckpointerTest, StopsAtOnceWithoutWork) {
  for (int i = 0; i < 20; ++i) WalCheckpointer(File(), kOptions, kLimits, reader_mutex_, writer_mutex_);
}

}  // namespace
}  // namespace ochre
