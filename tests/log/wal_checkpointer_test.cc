#include "log/wal_checkpointer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>

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
