#include "log/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "log/free_pages.h"
#include "tests/support/faulty_vfs.h"
#include "tests/support/sqlite_observer.h"

namespace ochre {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr CollectionId kA = {.bytes = {0xa}};
constexpr CollectionId kB = {.bytes = {0xb}};
constexpr int64_t kNoBound = INT64_MAX;
constexpr LogPosition kStart{0};

std::shared_ptr<const std::string> Bytes(std::string bytes) {
  return std::make_shared<const std::string>(std::move(bytes));
}

std::vector<std::string> Contents(const std::vector<LogBatch>& batches) {
  std::vector<std::string> contents;
  for (const LogBatch& batch : batches) contents.push_back(*batch.bytes);
  return contents;
}

class LogTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "ochre_log_XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
  }
  void TearDown() override {
    log_.reset();
    fs::remove_all(directory_);
  }

  void Open(Durability durability = Durability::kNone) {
    log_.reset();
    auto log = Log::Open(directory_, durability);
    ASSERT_TRUE(log.ok()) << log.status().ToString();
    log_ = *std::move(log);
  }

  LogPosition Append(CollectionId collection, std::string bytes, int64_t operation_count = 1) {
    const auto position = log_->Append(collection, Bytes(std::move(bytes)), operation_count);
    EXPECT_TRUE(position.ok()) << position.status().ToString();
    return position.ok() ? *position : LogPosition{};
  }

  std::vector<LogBatch> Read(CollectionId collection, LogPosition after, int64_t bytes_max = kNoBound) {
    auto batches = log_->Read(collection, after, bytes_max);
    EXPECT_TRUE(batches.ok()) << batches.status().ToString();
    return batches.ok() ? *std::move(batches) : std::vector<LogBatch>();
  }

  LogPosition LastPosition(CollectionId collection) {
    const auto position = log_->LastPosition(collection);
    EXPECT_TRUE(position.ok()) << position.status().ToString();
    return position.ok() ? *position : LogPosition{};
  }

  fs::path File() const { return directory_ / "log.sqlite3"; }

  fs::path directory_;
  std::unique_ptr<Log> log_;
};

// What both kinds of log promise.
class AnyLogTest : public LogTest, public testing::WithParamInterface<Durability> {
 protected:
  void SetUp() override {
    LogTest::SetUp();
    Open(GetParam());
  }
};
INSTANTIATE_TEST_SUITE_P(Durabilities, AnyLogTest,
                         testing::Values(Durability::kFull, Durability::kNormal, Durability::kNone,
                                         Durability::kMemory));

TEST_P(AnyLogTest, PositionsAreDenseInEachCollection) {
  EXPECT_EQ(log_->durability(), GetParam());
  EXPECT_EQ(LastPosition(kA), kStart);
  EXPECT_EQ(Append(kA, "a1", 3), LogPosition{3});
  EXPECT_EQ(Append(kB, "b1", 1), LogPosition{1});
  EXPECT_EQ(Append(kA, "a2", 2), LogPosition{5});
  EXPECT_EQ(LastPosition(kA), LogPosition{5});

  const auto batches = Read(kA, kStart);
  ASSERT_EQ(batches.size(), 2u);
  EXPECT_EQ(batches[0].first, LogPosition{1});
  EXPECT_EQ(batches[0].last, LogPosition{3});
  EXPECT_EQ(batches[1].first, LogPosition{4});
  EXPECT_EQ(batches[1].last, LogPosition{5});
  EXPECT_THAT(Contents(batches), ElementsAre("a1", "a2"));
}

TEST_P(AnyLogTest, ReadReturnsBatchesAfterAPositionUntilTheBytesAreReached) {
  for (int i = 0; i < 5; ++i) Append(kA, std::string(10, static_cast<char>('0' + i)));
  EXPECT_EQ(Read(kA, LogPosition{2}).size(), 3u);
  EXPECT_EQ(Read(kA, kStart, 1).size(), 1u) << "at least one";
  EXPECT_EQ(Read(kA, kStart, 20).size(), 2u);
  EXPECT_EQ(Read(kA, kStart, 21).size(), 3u);
  EXPECT_TRUE(Read(kA, LogPosition{5}).empty());
  EXPECT_TRUE(Read(kB, kStart).empty());
}

TEST_P(AnyLogTest, BatchesThatLeftMemoryAreReadFromTheFile) {
  constexpr size_t kMegabyte = 1 << 20;
  for (char c = 'a'; c < 'a' + 20; ++c) Append(kA, std::string(kMegabyte, c));
  const auto batches = Read(kA, kStart);
  ASSERT_EQ(batches.size(), 20u);
  for (size_t i = 0; i < batches.size(); ++i) {
    EXPECT_EQ(*batches[i].bytes, std::string(kMegabyte, static_cast<char>('a' + i))) << i;
  }
  EXPECT_EQ(Read(kA, kStart, 3 * kMegabyte).size(), 3u);
}

TEST_P(AnyLogTest, PurgeForgetsWholeBatchesAndNoPosition) {
  Append(kA, "a1", 3);
  Append(kA, "a2", 3);
  Append(kB, "b1");
  ASSERT_TRUE(log_->Purge(kA, LogPosition{2}).ok());
  EXPECT_EQ(Read(kA, kStart).size(), 2u) << "position 2 is inside the first batch";
  ASSERT_TRUE(log_->Purge(kA, LogPosition{5}).ok());
  EXPECT_THAT(Contents(Read(kA, LogPosition{3})), ElementsAre("a2"));
  EXPECT_EQ(log_->Read(kA, kStart, kNoBound).status().code(), StatusCode::kAborted);

  ASSERT_TRUE(log_->Purge(kA, LogPosition{UINT64_MAX}).ok()) << "beyond the end";
  EXPECT_TRUE(Read(kA, LogPosition{6}).empty());
  EXPECT_EQ(log_->Read(kA, LogPosition{3}, kNoBound).status().code(), StatusCode::kAborted);
  EXPECT_EQ(LastPosition(kA), LogPosition{6});
  EXPECT_EQ(Append(kA, "a3"), LogPosition{7});
  EXPECT_THAT(Contents(Read(kA, LogPosition{6})), ElementsAre("a3"));
  EXPECT_EQ(Read(kB, kStart).size(), 1u);
}

TEST_P(AnyLogTest, SkippedPositionsAreNeverGivenOut) {
  Append(kA, "a1", 3);
  ASSERT_TRUE(log_->SkipTo(kA, LogPosition{2}).ok());
  EXPECT_EQ(Read(kA, kStart).size(), 1u) << "the log does not end before it";
  ASSERT_TRUE(log_->SkipTo(kA, LogPosition{10}).ok());
  ASSERT_TRUE(log_->SkipTo(kB, LogPosition{20}).ok());
  EXPECT_EQ(LastPosition(kA), LogPosition{10});
  EXPECT_EQ(log_->Read(kA, kStart, kNoBound).status().code(), StatusCode::kAborted);
  EXPECT_EQ(Append(kA, "a2"), LogPosition{11});
  EXPECT_EQ(Append(kB, "b1"), LogPosition{21});
  EXPECT_THAT(Contents(Read(kA, LogPosition{10})), ElementsAre("a2"));
  EXPECT_THAT(Contents(Read(kB, LogPosition{20})), ElementsAre("b1"));
  EXPECT_TRUE(log_->Verify().ok());
}

TEST_P(AnyLogTest, KnowsItsCollectionsUntilTheyAreForgotten) {
  constexpr CollectionId kC = {.bytes = {0xc}};
  for (int i = 0; i < 3; ++i) {
    for (const CollectionId id : {kA, kB, kC}) Append(id, "x");
  }
  ASSERT_TRUE(log_->Purge(kB, LogPosition{3}).ok());
  auto collections = log_->Collections();
  ASSERT_TRUE(collections.ok());
  EXPECT_THAT(*collections, testing::UnorderedElementsAre(kA, kB, kC)) << "a purged one is known too";

  ASSERT_TRUE(log_->PurgeCollection(kB).ok());
  ASSERT_TRUE(log_->PurgeCollection(kC).ok());
  ASSERT_TRUE(log_->PurgeCollection({.bytes = {0xd}}).ok()) << "never seen";
  collections = log_->Collections();
  ASSERT_TRUE(collections.ok());
  EXPECT_THAT(*collections, ElementsAre(kA));
  EXPECT_TRUE(Read(kC, kStart).empty());
  EXPECT_EQ(LastPosition(kC), kStart);
  EXPECT_EQ(Append(kC, "anew"), LogPosition{1});
  EXPECT_THAT(Contents(Read(kC, kStart)), ElementsAre("anew"));
}

TEST_P(AnyLogTest, ConcurrentWritersLoseNothingAndKeepTheirOrder) {
  constexpr int kWriters = 16;
  constexpr int kAppends = 60;
  std::atomic<bool> stop{false};
  std::thread reader([&] {  // follows the log as a tail does
    LogPosition seen = kStart;
    while (!stop.load()) {
      for (const LogBatch& batch : Read(kA, seen, /*bytes_max=*/500)) {
        ASSERT_EQ(static_cast<uint64_t>(batch.first), static_cast<uint64_t>(seen) + 1);
        seen = batch.last;
      }
    }
  });
  std::vector<std::thread> writers;
  for (int writer = 0; writer < kWriters; ++writer) {
    writers.emplace_back([&, writer] {
      for (int i = 0; i < kAppends; ++i) {
        const CollectionId collection = i % 3 == 0 ? kB : kA;
        const int64_t operation_count = 1 + i % 4;
        const std::string bytes = std::to_string(writer) + ":" + std::to_string(i);
        const LogPosition last = Append(collection, bytes, operation_count);
        const auto mine = Read(collection, LogPosition{static_cast<uint64_t>(last) - operation_count}, 1);
        ASSERT_EQ(Contents(mine), std::vector<std::string>{bytes}) << "an acknowledged write can be read";
      }
    });
  }
  for (std::thread& thread : writers) thread.join();
  stop = true;
  reader.join();

  std::map<std::string, int> last_of_writer;
  size_t count = 0;
  for (const CollectionId collection : {kA, kB}) {
    last_of_writer.clear();
    uint64_t position = 0;
    for (const LogBatch& batch : Read(collection, kStart)) {
      EXPECT_EQ(static_cast<uint64_t>(batch.first), position + 1);
      position = static_cast<uint64_t>(batch.last);
      const size_t colon = batch.bytes->find(':');
      const int i = std::stoi(batch.bytes->substr(colon + 1));
      EXPECT_EQ(static_cast<uint64_t>(batch.last) - static_cast<uint64_t>(batch.first), static_cast<uint64_t>(i % 4));
      const auto [last, is_first] = last_of_writer.try_emplace(batch.bytes->substr(0, colon), i);
      EXPECT_TRUE(is_first || last->second < i) << "a writer's batches in its order";
      last->second = i;
      ++count;
    }
    EXPECT_EQ(LastPosition(collection), LogPosition{position});
  }
  EXPECT_EQ(count, static_cast<size_t>(kWriters * kAppends));
}

TEST_P(AnyLogTest, PurgesBesideWritersLeaveNoGap) {
  std::thread purger([&] {
    for (uint64_t position = 0; position < 300;) {
      position = static_cast<uint64_t>(LastPosition(kA));
      ASSERT_TRUE(log_->Purge(kA, LogPosition{position}).ok());
    }
  });
  std::vector<std::thread> writers;
  for (int writer = 0; writer < 3; ++writer) {
    writers.emplace_back([&] {
      for (int i = 0; i < 100; ++i) Append(kA, "x");
    });
  }
  for (std::thread& thread : writers) thread.join();
  purger.join();
  EXPECT_EQ(LastPosition(kA), LogPosition{300});
  EXPECT_TRUE(Read(kA, LogPosition{300}).empty());
  EXPECT_EQ(Append(kA, "y"), LogPosition{301});
}

TEST_P(AnyLogTest, ClosesOnceAndRefusesCallsAfterwards) {
  Append(kA, "x");
  EXPECT_TRUE(log_->Close().ok());
  EXPECT_TRUE(log_->Close().ok());
  EXPECT_EQ(log_->Append(kA, Bytes("x"), 1).status().code(), StatusCode::kFailedPrecondition);
  EXPECT_EQ(log_->Read(kA, kStart, 1).status().code(), StatusCode::kFailedPrecondition);
  EXPECT_EQ(log_->LastPosition(kA).status().code(), StatusCode::kFailedPrecondition);
  EXPECT_EQ(log_->Purge(kA, kStart).code(), StatusCode::kFailedPrecondition);
  EXPECT_EQ(log_->PurgeCollection(kA).code(), StatusCode::kFailedPrecondition);
  EXPECT_EQ(log_->Collections().status().code(), StatusCode::kFailedPrecondition);
  EXPECT_EQ(log_->SizeBytes().status().code(), StatusCode::kFailedPrecondition);
}

TEST_P(AnyLogTest, CloseWaitsForRunningAppends) {
  std::vector<std::thread> writers;
  std::atomic<uint64_t> acknowledged{0};
  std::atomic<bool> refused{false};
  for (int writer = 0; writer < 4; ++writer) {
    writers.emplace_back([&] {
      while (true) {
        const auto position = log_->Append(kA, Bytes("x"), 1);
        if (!position.ok()) {
          EXPECT_EQ(position.status().code(), StatusCode::kFailedPrecondition) << position.status().ToString();
          refused = true;
          return;
        }
        ++acknowledged;
      }
    });
  }
  while (acknowledged < 20) std::this_thread::yield();
  EXPECT_TRUE(log_->Close().ok());
  for (std::thread& thread : writers) thread.join();
  EXPECT_TRUE(refused);
  if (GetParam() == Durability::kMemory) return;
  Open();
  EXPECT_EQ(LastPosition(kA), LogPosition{acknowledged.load()});
}

TEST_F(LogTest, EverythingIsThereAfterReopening) {
  Open(Durability::kFull);
  Append(kA, "a1", 2);
  Append(kA, std::string("zeros\0inside", 12), 2);
  Append(kB, "b1");
  Open(Durability::kFull);
  EXPECT_EQ(LastPosition(kA), LogPosition{4});
  EXPECT_THAT(Contents(Read(kA, kStart)), ElementsAre("a1", std::string("zeros\0inside", 12)));
  EXPECT_EQ(Append(kA, "a3"), LogPosition{5}) << "the first use of the collection";
  EXPECT_THAT(Contents(Read(kA, LogPosition{2})), ElementsAre(std::string("zeros\0inside", 12), "a3"))
      << "one from the file, one that memory has";
  EXPECT_EQ(Append(kB, "b2"), LogPosition{2});
}

TEST_F(LogTest, AnAppendRightAfterReopeningContinuesThePositions) {
  Open();
  Append(kA, "a1", 7);
  Open();
  EXPECT_EQ(Append(kA, "a2", 2), LogPosition{9});
}

TEST_F(LogTest, PositionsAreNotReusedAfterAnEmptiedLogIsReopened) {
  Open();
  Append(kA, "a1", 5);
  ASSERT_TRUE(log_->Purge(kA, LogPosition{5}).ok());
  Open();
  EXPECT_EQ(LastPosition(kA), LogPosition{5});
  EXPECT_EQ(log_->Read(kA, kStart, 1).status().code(), StatusCode::kAborted);
  EXPECT_EQ(Append(kA, "a2"), LogPosition{6});
  EXPECT_THAT(Contents(Read(kA, LogPosition{5})), ElementsAre("a2"));
}

// Counts the syncs of the write-ahead log.
class WalSyncs : public SqliteObserver {
 public:
  int count = 0;

 protected:
  int OnSync(const std::string& file) override {
    if (file.ends_with("-wal")) ++count;
    return SQLITE_OK;
  }
};

// ThreadSanitizer says whether they take their locks in one order.
TEST_F(LogTest, ACheckpointThatHoldsWritersUpAndAReadOfTheFileLoseNothing) {
  Open();
  Append(kA, "small");
  const std::string large(34 << 20, 'x');  // twice as much as the write-ahead log may have, so that writers wait
  Append(kB, large);
  Append(kB, "after the checkpoint");
  EXPECT_THAT(Contents(Read(kA, kStart)), ElementsAre("small")) << "it is no longer in memory";
  EXPECT_THAT(Contents(Read(kB, kStart)), ElementsAre(large, "after the checkpoint"));
}

TEST_F(LogTest, SyncBringsCommitsToDiskWhereTheyAreNotThereYet) {
  for (const Durability durability : {Durability::kFull, Durability::kNormal, Durability::kNone}) {
    WalSyncs syncs;
    Open(durability);
    Append(kA, "a1");
    syncs.count = 0;
    Append(kA, "a2");
    EXPECT_EQ(syncs.count, durability == Durability::kFull ? 1 : 0);
    ASSERT_TRUE(log_->Sync().ok());
    EXPECT_EQ(syncs.count, durability == Durability::kNone ? 0 : 1);
    ASSERT_TRUE(log_->Sync().ok());
    EXPECT_EQ(syncs.count, durability == Durability::kNone ? 0 : 1) << "nothing was committed since";
    log_.reset();
  }
}

TEST_F(LogTest, AWriteAheadLogLeftByACrashIsReplayed) {
  Open(Durability::kFull);
  Append(kA, "a1");
  const fs::path copy = directory_ / "copy";  // what a crash now would leave
  fs::create_directory(copy);
  fs::copy_file(File(), copy / "log.sqlite3");
  fs::copy_file(File().string() + "-wal", copy / "log.sqlite3-wal");
  auto log = Log::Open(copy, Durability::kFull);
  ASSERT_TRUE(log.ok()) << log.status().ToString();
  auto batches = (*log)->Read(kA, kStart, 1);
  ASSERT_TRUE(batches.ok());
  EXPECT_THAT(Contents(*batches), ElementsAre("a1"));
}

TEST_F(LogTest, InMemoryItLeavesNothingOnDisk) {
  Open(Durability::kMemory);
  Append(kA, std::string(100'000, 'x'));
  auto size = log_->SizeBytes();
  ASSERT_TRUE(size.ok());
  EXPECT_GE(*size, 100'000);
  EXPECT_TRUE(fs::is_empty(directory_));
}

TEST_F(LogTest, OpeningADirectoryThatIsMissingSaysSo) {
  const auto log = Log::Open(directory_ / "missing", Durability::kFull);
  EXPECT_EQ(log.status().code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(log.status().message(), HasSubstr("missing/log.sqlite3"));
}

TEST_F(LogTest, AFileThatIsNoDatabaseIsDataLoss) {
  std::ofstream(File()) << std::string(5000, 'g');
  const auto log = Log::Open(directory_, Durability::kFull);
  EXPECT_EQ(log.status().code(), StatusCode::kDataLoss);
  EXPECT_THAT(log.status().message(), HasSubstr(File().string()));
}

TEST_F(LogTest, ATruncatedFileIsDataLossWhereverItEnds) {
  Open();
  for (int i = 0; i < 20; ++i) Append(kA, std::string(10'000, 'x'));
  log_.reset();
  // An empty file is a new database, and so is one of a single byte, which SQLite may leave on some file systems.
  for (const uintmax_t size : {2, 20, 50, 99, 100, 512, 5000, 16384, 40000}) {
    SCOPED_TRACE(size);
    const fs::path copy = directory_ / std::to_string(size);
    fs::create_directory(copy);
    fs::copy_file(File(), copy / "log.sqlite3");
    fs::resize_file(copy / "log.sqlite3", size);
    const auto log = Log::Open(copy, Durability::kFull);
    const Status status = log.ok() ? (*log)->Read(kA, kStart, kNoBound).status() : log.status();
    EXPECT_EQ(status.code(), StatusCode::kDataLoss) << status.ToString();
    EXPECT_THAT(status.message(), HasSubstr((copy / "log.sqlite3").string()));
  }
}

void ExecuteSql(const fs::path& path, const char* sql) {
  sqlite3* database = nullptr;
  ASSERT_EQ(sqlite3_open(path.c_str(), &database), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(database, sql, nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(database);
  sqlite3_close(database);
}

TEST_F(LogTest, SomebodyElsesDatabaseIsRefusedAndNotTouched) {
  ExecuteSql(File(), "CREATE TABLE t(x); INSERT INTO t VALUES(1)");
  const auto before = fs::last_write_time(File());
  const auto log = Log::Open(directory_, Durability::kFull);
  EXPECT_EQ(log.status().code(), StatusCode::kDataLoss);
  EXPECT_THAT(log.status().message(), HasSubstr("not an Ochre log"));
  EXPECT_EQ(fs::last_write_time(File()), before);
}

TEST_F(LogTest, ALogOfANewerOchreIsRefused) {
  Open();
  log_.reset();
  ExecuteSql(File(), "PRAGMA user_version=99");
  const auto log = Log::Open(directory_, Durability::kFull);
  EXPECT_EQ(log.status().code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(log.status().message(), HasSubstr("newer Ochre"));
}

TEST_F(LogTest, AGapInThePositionsIsDataLoss) {
  Open();
  for (int i = 0; i < 3; ++i) Append(kA, "x");
  log_.reset();
  ExecuteSql(File(), "DELETE FROM batches WHERE first=2");
  Open();
  const auto batches = log_->Read(kA, kStart, kNoBound);
  EXPECT_EQ(batches.status().code(), StatusCode::kDataLoss);
  EXPECT_THAT(batches.status().message(), HasSubstr(File().string()));
}

// Purging and forgetting delete: not on the word of a log that is not what it says of itself.
TEST_F(LogTest, ADamagedLogIsNotPurged) {
  Open();
  for (int i = 0; i < 3; ++i) Append(kA, "x");
  Append(kB, "y");
  EXPECT_TRUE(log_->Verify().ok());
  log_.reset();
  ExecuteSql(File(), "DELETE FROM batches WHERE first=3");
  Open();
  for (const Status& status :
       {log_->Purge(kA, LogPosition{3}), log_->PurgeCollection(kA), log_->SkipTo(kA, LogPosition{9}), log_->Verify(),
        log_->Append(kA, Bytes("z"), 1).status(), log_->LastPosition(kA).status()}) {
    EXPECT_EQ(status.code(), StatusCode::kDataLoss) << status.ToString();
    EXPECT_THAT(status.message(), HasSubstr(File().string()));
  }
  EXPECT_EQ(Read(kB, kStart).size(), 1u) << "the others go on";
  EXPECT_EQ(Append(kB, "y"), LogPosition{2});
  log_.reset();
  sqlite3* database = nullptr;
  ASSERT_EQ(sqlite3_open(File().c_str(), &database), SQLITE_OK);
  int count = 0;
  const auto note = [](void* out, int, char** columns, char**) {
    return *static_cast<int*>(out) = atoi(columns[0]), 0;
  };
  ASSERT_EQ(sqlite3_exec(database, "SELECT count(*) FROM batches", note, &count, nullptr), SQLITE_OK);
  sqlite3_close(database);
  EXPECT_EQ(count, 4);
}

TEST_F(LogTest, ATriggerInTheFileIsDataLoss) {
  Open();
  log_.reset();
  ExecuteSql(File(), "CREATE TRIGGER t BEFORE INSERT ON batches BEGIN SELECT RAISE(IGNORE); END");
  EXPECT_EQ(Log::Open(directory_, Durability::kFull).status().code(), StatusCode::kDataLoss);
  ExecuteSql(File(), "DROP TRIGGER t");
  Open();
  log_.reset();
  ExecuteSql(File(), "DROP INDEX batches_of_collection");
  EXPECT_EQ(Log::Open(directory_, Durability::kFull).status().code(), StatusCode::kDataLoss);
}

// No file of this process can grow beyond `bytes` while it lives, as if the disk were full.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    old_handler_ = std::signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &old_);
    rlimit limit = old_;
    limit.rlim_cur = bytes;
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    setrlimit(RLIMIT_FSIZE, &old_);
    std::signal(SIGXFSZ, old_handler_);
  }

 private:
  rlimit old_;
  void (*old_handler_)(int);
};

TEST_F(LogTest, AFullDiskIsReportedAndTheLogWorksOnceThereIsRoom) {
  Open(Durability::kFull);
  uint64_t acknowledged = 0;
  {
    const FileSizeLimit limit(1 << 20);
    Status status;
    for (int i = 0; i < 100 && status.ok(); ++i) {
      const auto position = log_->Append(kA, Bytes(std::string(50'000, 'x')), 2);
      status = position.status();
      if (position.ok()) acknowledged = static_cast<uint64_t>(*position);
    }
    EXPECT_EQ(status.code(), StatusCode::kResourceExhausted) << status.ToString();
    EXPECT_THAT(status.message(), HasSubstr(File().string()));
    // Larger than the page cache, so that its INSERT fails and not its COMMIT.
    EXPECT_EQ(log_->Append(kA, Bytes(std::string(30 << 20, 'x')), 1).status().code(), StatusCode::kResourceExhausted);
    EXPECT_EQ(LastPosition(kA), LogPosition{acknowledged});
  }
  EXPECT_GT(acknowledged, 0u);
  EXPECT_EQ(Append(kA, "room again"), LogPosition{acknowledged + 1}) << "failed appends use no positions";
  Open(Durability::kFull);
  const auto batches = Read(kA, kStart);
  ASSERT_EQ(batches.size(), acknowledged / 2 + 1);
  EXPECT_EQ(*batches.back().bytes, "room again");
}

TEST_F(LogTest, AWriteThatFindsNoRoomDoesNotFailTheOthersOfItsGroup) {
  Open(Durability::kNormal);
  constexpr int kWriters = 8;
  std::atomic<uint64_t> acknowledged{0};
  {
    const FileSizeLimit limit(24 << 20);
    std::vector<std::thread> writers;
    for (int writer = 0; writer < kWriters; ++writer) {
      writers.emplace_back([&, writer] {
        for (int i = 0; i < 10; ++i) {
          const bool large = writer == 0;  // alone more than the page cache and the limit
          const auto position = log_->Append(kA, Bytes(std::string(large ? 30 << 20 : 1000, 'x')), 1);
          EXPECT_EQ(position.ok(), !large) << position.status().ToString();
          if (position.ok()) ++acknowledged;
        }
      });
    }
    for (std::thread& thread : writers) thread.join();
  }
  EXPECT_EQ(LastPosition(kA), LogPosition{acknowledged.load()});
}

TEST_F(LogTest, FreedPagesAreReusedSoThatTheFileStaysBounded) {
  Open();
  for (int round = 0; round < 50; ++round) {
    for (int i = 0; i < 20; ++i) Append(i % 2 == 0 ? kA : kB, std::string(100'000, 'x'));
    for (const CollectionId collection : {kA, kB}) {
      ASSERT_TRUE(log_->Purge(collection, LastPosition(collection)).ok());
    }
  }
  log_.reset();
  EXPECT_LT(fs::file_size(File()), 4u << 20) << "one round holds 2 MB, all of them 100 MB";
}

// What `condition` comes to within 20 s.
template <typename Condition>
bool Eventually(const Condition& condition) {
  for (int i = 0; i < 2'000 && !condition(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  return condition();
}

TEST_F(LogTest, APurgedLogKeepsWhatSteadyWritingNeedsAndAClosedOneNothing) {
  Open();
  Append(kB, "b1");
  for (int i = 0; i < 60; ++i) Append(kA, std::string(1'000'000, 'x'));
  Append(kB, std::string(300'000, 'y'));  // at the end of the file
  ASSERT_TRUE(log_->Purge(kA, LastPosition(kA)).ok());
  EXPECT_TRUE(Eventually([this] { return fs::file_size(File()) < kFreeBytesKept + 500'000; })) << fs::file_size(File());
  EXPECT_LE(fs::file_size(File().string() + "-wal"), 40u << 20);
  log_.reset();
  EXPECT_LT(fs::file_size(File()), 500'000u);
  EXPECT_FALSE(fs::exists(File().string() + "-wal"));
  Open();
  EXPECT_THAT(Contents(Read(kB, kStart)), ElementsAre("b1", std::string(300'000, 'y')));
  EXPECT_EQ(Append(kA, "x"), LogPosition{61});
}

TEST_F(LogTest, InMemoryAPurgedLogGivesItsMemoryBack) {
  Open(Durability::kMemory);
  for (int i = 0; i < 60; ++i) Append(kA, std::string(1'000'000, 'x'));
  ASSERT_TRUE(log_->Purge(kA, LastPosition(kA)).ok());
  EXPECT_LT(*log_->SizeBytes(), kFreeBytesKept + 500'000);
}

TEST_F(LogTest, ALogOfOchre01GivesItsFreePagesBackToo) {
  // Version 1, purged up to 40; no auto_vacuum.
  ExecuteSql(File(), R"sql(
    CREATE TABLE batches(
      number INTEGER PRIMARY KEY,
      collection BLOB NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, bytes BLOB NOT NULL) STRICT;
    CREATE INDEX batches_of_collection ON batches(collection, first, last);
    CREATE TABLE purged(
      collection BLOB NOT NULL PRIMARY KEY, position INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<42)
      INSERT INTO batches(collection,first,last,bytes)
      SELECT x'0a000000000000000000000000000000',i,i,CAST(printf('%.*c',1000000,'x') || i AS BLOB) FROM n;
    DELETE FROM batches WHERE first<=40;
    INSERT INTO purged VALUES(x'0a000000000000000000000000000000',40);
    PRAGMA application_id=0x4f63684c;
    PRAGMA user_version=1;
  )sql");
  EXPECT_GT(fs::file_size(File()), 40'000'000u);
  Open(Durability::kFull);
  EXPECT_LT(fs::file_size(File()), 2'500'000u);
  const std::string xs(1'000'000, 'x');
  EXPECT_EQ(Contents(Read(kA, LogPosition{40})), (std::vector<std::string>{xs + "41", xs + "42"}));
  EXPECT_TRUE(log_->Verify().ok());
  ASSERT_TRUE(log_->Purge(kA, LogPosition{42}).ok());
  log_.reset();
  EXPECT_LT(fs::file_size(File()), 100'000u);
}

TEST_F(LogTest, GivingPagesBackBesideWritersAndReadersLosesNothing) {
  Open();
  constexpr int kBatches = 300;
  std::atomic<bool> writing{true};
  std::thread purger([&] {
    // Its file shrinks while those of kB grow, which is at its end.
    while (writing) ASSERT_TRUE(log_->Purge(kA, LastPosition(kA)).ok());
  });
  const auto content = [](int i) { return std::to_string(i) + std::string(20'000, static_cast<char>('a' + i % 26)); };
  std::thread writer([&] {
    for (int i = 0; i < kBatches; ++i) Append(kB, content(i));
  });
  for (int i = 0; i < kBatches; ++i) {
    Append(kA, std::string(static_cast<size_t>(i % 50 == 0 ? 20'000'000 : 1'000), 'x'));
    const LogPosition last = LastPosition(kB);
    if (last > kStart) {
      EXPECT_EQ(*Read(kB, kStart, 1).front().bytes, content(0));
    }
  }
  writer.join();
  writing = false;
  purger.join();
  EXPECT_TRUE(log_->Verify().ok());
  log_.reset();
  EXPECT_LT(fs::file_size(File()), 10'000'000u);
  Open();
  const std::vector<LogBatch> batches = Read(kB, kStart);
  ASSERT_EQ(batches.size(), static_cast<size_t>(kBatches));
  for (int i = 0; i < kBatches; ++i) EXPECT_EQ(*batches[static_cast<size_t>(i)].bytes, content(i));
}

TEST_F(LogTest, AfterACheckpointThatCannotSyncTheLogRefusesAppendsAndLosesNothing) {
  FaultyVfs vfs;
  Open(Durability::kFull);
  vfs.Fail(FaultyVfs::Call::kSync, 1, /*for_good=*/false, "log.sqlite3");
  std::vector<std::string> appended;
  Status status;
  while (status.ok() && appended.size() < 1000) {  // a checkpoint comes every 4 MiB
    std::string bytes = std::to_string(appended.size()) + std::string(100'000, 'x');
    status = log_->Append(kA, Bytes(bytes), 1).status();
    if (status.ok()) appended.push_back(std::move(bytes));
  }
  ASSERT_TRUE(vfs.failed());
  EXPECT_EQ(status.code(), StatusCode::kFailedPrecondition) << status.ToString();
  EXPECT_EQ(log_->Purge(kA, LogPosition{1}).code(), StatusCode::kFailedPrecondition);
  ASSERT_EQ(Read(kA, kStart).size(), appended.size());  // the contents are too long to be shown
  EXPECT_TRUE(Contents(Read(kA, kStart)) == appended);
  log_.reset();
  vfs.CutPower(directory_);
  Open(Durability::kFull);
  ASSERT_EQ(Read(kA, kStart).size(), appended.size());
  EXPECT_TRUE(Contents(Read(kA, kStart)) == appended);
  Append(kA, "again");
  log_.reset();
}

}  // namespace
}  // namespace ochre
