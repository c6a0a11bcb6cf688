#include "compactor/compactor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "segment/manifest.h"
#include "storage/local_storage.h"
#include "tests/support/ends_after.h"
#include "tests/support/expect_ok.h"
#include "tests/support/sqlite_observer.h"
#include "tests/support/temporary_directory.h"
#include "tests/view/test_database.h"

namespace ochre {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// Bounds that nothing in these tests reaches, so that each test lowers the one that it is about.
ClientOptions Quiet() {
  return {.compaction_threads = 1,
          .tail_records_max = 1'000'000,
          .tail_bytes_max = int64_t{1} << 40,
          .aged_tail_records_min = 1'000'000,
          .aged_tail_seconds = 1'000'000,
          .tail_bytes_slowdown = int64_t{1} << 40};
}

// Storage whose writers wait for a gate, so that a compaction is under way for as long as a test likes.
class GatedStorage : public Storage {
 public:
  explicit GatedStorage(Storage& storage) : storage_(storage) {}

  void Open() {
    MutexLock lock(mutex_);
    open_ = true;
    changed_.NotifyAll();
  }
  void AwaitWriter() {
    MutexLock lock(mutex_);
    while (!waiting_) changed_.Wait(lock);
  }

  Result<std::unique_ptr<BlobWriter>> Create(std::string_view name) override {
    MutexLock lock(mutex_);
    waiting_ = true;
    changed_.NotifyAll();
    while (!open_) changed_.Wait(lock);
    return storage_.Create(name);
  }
  Result<std::shared_ptr<const Blob>> Map(std::string_view name) const override { return storage_.Map(name); }
  Result<std::vector<std::string>> List(std::string_view folder) const override { return storage_.List(folder); }
  Status DeleteFolder(std::string_view folder) override { return storage_.DeleteFolder(folder); }
  Status SyncFolder(std::string_view folder) override { return storage_.SyncFolder(folder); }

 private:
  Storage& storage_;
  Mutex mutex_;
  CondVar changed_;
  bool open_ = false;
  bool waiting_ = false;
};

class CompactorTest : public testing::Test {
 protected:
  void Start(const ClientOptions& options) {
    compactor_ =
        std::make_unique<Compactor>(database_.storage, *database_.log, *database_.sysdb, database_.views, options);
  }

  // As the Gateway does.
  void Add(int begin, int end) {
    std::vector<std::string> ids;
    for (int i = begin; i < end; ++i) ids.push_back("id" + std::to_string(i));
    const std::vector<float> embeddings(ids.size() * 2, 1.0f);
    database_.Write(OperationKind::kAdd, {.ids = ids, .embeddings = {embeddings, 2}});
    if (compactor_ != nullptr) compactor_->Nudge(database_.collection, *database_.Pin());
  }
  void Delete(int begin, int end) {
    std::vector<std::string> ids;
    for (int i = begin; i < end; ++i) ids.push_back("id" + std::to_string(i));
    database_.Delete(ids);
    if (compactor_ != nullptr) compactor_->Nudge(database_.collection, *database_.Pin());
  }

  // Until a background compaction has covered every operation. Takes milliseconds; the bound ends a failure.
  void AwaitEmptyTail() {
    for (int i = 0; i < 30'000 && database_.Pin()->tail_operations() > 0; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    EXPECT_EQ(database_.Pin()->tail_operations(), 0);
  }

  TestDatabase database_;
  std::unique_ptr<Compactor> compactor_;
};

TEST_F(CompactorTest, ATailOfManyRecordsIsCompacted) {
  ClientOptions options = Quiet();
  options.tail_records_max = 100;
  Start(options);
  Add(0, 99);
  ASSERT_OK(compactor_->WaitUntilIdle(database_.collection));
  EXPECT_EQ(database_.Pin()->tail_operations(), 99);
  Add(99, 100);
  AwaitEmptyTail();
  EXPECT_EQ(database_.Pin()->record_count, 100);
}

TEST_F(CompactorTest, ATailOfManyBytesIsCompacted) {
  ClientOptions options = Quiet();
  options.tail_bytes_max = 5'000;
  Start(options);
  Add(0, 1);
  ASSERT_OK(compactor_->WaitUntilIdle(database_.collection));
  EXPECT_EQ(database_.Pin()->tail_operations(), 1);
  const std::string large(5'000, 'x');
  database_.Write(OperationKind::kUpdate, {.ids = {"id0"}, .documents = {large}});
  compactor_->Nudge(database_.collection, *database_.Pin());
  AwaitEmptyTail();
}

TEST_F(CompactorTest, AnAgedTailIsCompactedIfItIsNotTiny) {
  for (const int64_t seconds : {0, 1}) {
    ClientOptions options = Quiet();
    options.aged_tail_records_min = 10;
    options.aged_tail_seconds = seconds;
    Start(options);
    const int first = static_cast<int>(seconds) * 100;
    Add(first, first + 9);
    ASSERT_OK(compactor_->WaitUntilIdle(database_.collection));
    EXPECT_EQ(database_.Pin()->tail_operations(), 9);
    Add(first + 9, first + 10);
    AwaitEmptyTail();
  }
}

TEST_F(CompactorTest, ATailThatGrewDuringACompactionStillAges) {
  GatedStorage gated(database_.storage);
  ClientOptions options = Quiet();
  options.tail_records_max = 100;
  options.aged_tail_records_min = 10;
  options.aged_tail_seconds = 0;
  compactor_ = std::make_unique<Compactor>(gated, *database_.log, *database_.sysdb, database_.views, options);
  Add(0, 100);
  gated.AwaitWriter();
  Add(100, 150);  // the last write there ever is
  gated.Open();
  AwaitEmptyTail();
  compactor_.reset();
}

TEST_F(CompactorTest, ACallThatIsToEndDoesNotWaitForACompaction) {
  GatedStorage gated(database_.storage);
  ClientOptions options = Quiet();
  options.tail_records_max = 100;
  compactor_ = std::make_unique<Compactor>(gated, *database_.log, *database_.sysdb, database_.views, options);
  Add(0, 100);
  gated.AwaitWriter();
  {
    const EndsAfter limit(2);
    const CallLimit::Scope scope(&limit);
    EXPECT_EQ(compactor_->WaitUntilIdle(database_.collection), Status::Cancelled("enough"));
    EXPECT_EQ(compactor_->CompactFully(database_.collection), Status::Cancelled("enough"));
  }
  gated.Open();
  AwaitEmptyTail();
  compactor_.reset();  // before its storage
}

TEST_F(CompactorTest, ACompactionThatACallHasBegunIsCompleted) {
  Start(Quiet());
  Add(0, 2'000);  // so many that reading them looks at the limit, too
  {
    const EndsAfter limit(0);
    const CallLimit::Scope scope(&limit);
    EXPECT_EQ(compactor_->CompactFully(database_.collection), Status::Ok());
  }
  EXPECT_EQ(compactor_->WaitUntilIdle(database_.collection), Status::Ok());
  EXPECT_EQ(database_.Pin()->tail_operations(), 0);
}

TEST_F(CompactorTest, TheLogIsPurgedOfWhatIsCompacted) {
  Start(Quiet());
  Add(0, 500);
  ASSERT_OK(compactor_->CompactFully(database_.collection));
  EXPECT_EQ(database_.log->Read(database_.collection, LogPosition{0}, 1).status().code(), StatusCode::kAborted);
  EXPECT_THAT(Must(database_.log->Read(database_.collection, LogPosition{500}, 1)), IsEmpty());
  EXPECT_EQ(Must(database_.log->LastPosition(database_.collection)), LogPosition{500});
}

TEST_F(CompactorTest, DeadRowsAreReclaimedInTheBackground) {
  Start(Quiet());
  Add(0, 1'000);
  ASSERT_OK(compactor_->CompactFully(database_.collection));
  Delete(0, 40);  // under kUntidyPartMin
  ASSERT_OK(compactor_->WaitUntilIdle(database_.collection));
  EXPECT_EQ(database_.Pin()->segments[0].deletions->deleted_count(), 40);
  Delete(40, 300);
  ASSERT_OK(compactor_->WaitUntilIdle(database_.collection));
  const auto view = database_.Pin();
  ASSERT_EQ(view->segments.size(), 1u);
  EXPECT_EQ(view->segments[0].deletions->deleted_count(), 0);
  EXPECT_EQ(view->segments[0].segment->row_count(), 700);
}

TEST_F(CompactorTest, ACollectionAtRestBecomesOneSegmentByItself) {
  ClientOptions options = Quiet();
  options.aged_tail_seconds = 0;  // at rest at once
  Add(0, 1'000);
  database_.MoveTailToSegment();
  Add(1'000, 1'100);
  database_.MoveTailToSegment();
  ASSERT_EQ(database_.Pin()->segments.size(), 2u);
  Start(options);
  compactor_->Nudge(database_.collection, *database_.Pin());  // as a write does
  while (database_.Pin()->segments.size() > 1) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  EXPECT_EQ(database_.Pin()->segments[0].segment->row_count(), 1'100);
}

TEST_F(CompactorTest, CompactingFullyLeavesOneCleanSegmentAndNoGarbage) {
  for (int round = 0; round < 5; ++round) {
    Add(round * 10, round * 10 + 10);
    database_.MoveTailToSegment();  // behind the compactor's back, so before it looks for leftovers
  }
  Delete(7, 9);
  Start(Quiet());
  ASSERT_OK(compactor_->CompactFully(database_.collection));
  const auto view = database_.Pin();
  ASSERT_EQ(view->segments.size(), 1u);
  EXPECT_EQ(view->segments[0].segment->row_count(), 48);
  EXPECT_EQ(Must(database_.storage.List(kSegmentsFolder)).size(), 1u);
  const uint64_t version = view->version;
  ASSERT_OK(compactor_->CompactFully(database_.collection));
  EXPECT_EQ(database_.Pin()->version, version) << "there was nothing left to do";
}

TEST_F(CompactorTest, ASegmentThatAReaderHeldIsDeletedOnceItLetsGo) {
  Start(Quiet());
  Add(0, 5);
  ASSERT_OK(compactor_->CompactFully(database_.collection));
  auto held = database_.Pin();
  Add(5, 10);
  ASSERT_OK(compactor_->CompactFully(database_.collection));
  const auto segments = [this] { return Must(database_.storage.List(kSegmentsFolder)).size(); };
  EXPECT_EQ(segments(), 2u);
  held.reset();
  for (int i = 0; i < 30'000 && segments() > 1; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  EXPECT_EQ(segments(), 1u);
  EXPECT_EQ(TestDatabase::IdsOf(*database_.Pin()).size(), 10u);
}

TEST_F(CompactorTest, OnceStoppedItDeletesWhatReadersHaveLetGoOfWhenItIsAsked) {
  Start(Quiet());
  Add(0, 5);
  ASSERT_OK(compactor_->CompactFully(database_.collection));
  auto held = database_.Pin();
  Add(5, 10);
  ASSERT_OK(compactor_->CompactFully(database_.collection));
  compactor_->Stop();
  const auto segments = [this] { return Must(database_.storage.List(kSegmentsFolder)).size(); };
  compactor_->DeleteReleased();
  EXPECT_EQ(segments(), 2u);
  held.reset();
  EXPECT_EQ(segments(), 2u);
  compactor_->DeleteReleased();
  EXPECT_EQ(segments(), 1u);
}

TEST_F(CompactorTest, WritersAreSlowedDownButNeverRefusedWhileCompactingSucceeds) {
  ClientOptions options = Quiet();
  options.tail_bytes_slowdown = 1'000;
  Start(options);
  for (int i = 0; i < 100; ++i) {
    ASSERT_OK(compactor_->Throttle(database_.collection, *database_.Pin()));
    Add(i, i + 1);
    EXPECT_LT(database_.Pin()->tail_bytes, 4 * options.tail_bytes_slowdown);
  }
  EXPECT_EQ(database_.Pin()->record_count, 100);
  EXPECT_GT(database_.Pin()->version, 0u);
}

TEST_F(CompactorTest, WritersThatAreNotToWaitAreToldToBackOffUntilTheTailIsCompacted) {
  ClientOptions options = Quiet();
  options.tail_bytes_slowdown = 1;
  options.writers_wait = false;
  Start(options);
  ASSERT_OK(compactor_->Throttle(database_.collection, *database_.Pin()));
  Add(0, 10);
  const Status refused = compactor_->Throttle(database_.collection, *database_.Pin());
  EXPECT_EQ(refused.code(), StatusCode::kResourceExhausted);
  EXPECT_THAT(refused.message(), testing::StartsWith("Backoff and retry"));
  ASSERT_OK(compactor_->WaitUntilIdle(database_.collection));
  EXPECT_EQ(database_.Pin()->tail_operations(), 0) << "the refusal has asked for a compaction";
  EXPECT_OK(compactor_->Throttle(database_.collection, *database_.Pin()));
}

TEST_F(CompactorTest, StoppingRefusesFurtherWorkAndIsIdempotent) {
  Start(Quiet());
  Add(0, 10);
  compactor_->Stop();
  compactor_->Stop();
  EXPECT_EQ(compactor_->CompactFully(database_.collection).code(), StatusCode::kCancelled);
  EXPECT_EQ(compactor_->WaitUntilIdle(database_.collection).code(), StatusCode::kCancelled);
  EXPECT_EQ(database_.Pin()->tail_operations(), 10);
}

TEST_F(CompactorTest, ADeletedCollectionIsNotFoundAndItsSegmentsGo) {
  Start(Quiet());
  Add(0, 10);
  ASSERT_OK(compactor_->CompactFully(database_.collection));
  ASSERT_OK(database_.sysdb->DeleteCollection(kDefaultTenant, kDefaultDatabase, "docs"));
  database_.views.Forget(database_.collection);
  compactor_->Forget(database_.collection);
  EXPECT_THAT(Must(database_.storage.List(kSegmentsFolder)), IsEmpty());
  EXPECT_EQ(compactor_->CompactFully(database_.collection).code(), StatusCode::kNotFound);
  EXPECT_EQ(compactor_->WaitUntilIdle(database_.collection).code(), StatusCode::kNotFound);
}

TEST_F(CompactorTest, ACollectionThatIsDeletedWhileItWaitsItsTurnHarmsNobody) {
  ClientOptions options = Quiet();
  options.tail_records_max = 10;
  GatedStorage gated(database_.storage);
  compactor_ = std::make_unique<Compactor>(gated, *database_.log, *database_.sysdb, database_.views, options);
  Add(0, 10);
  gated.AwaitWriter();  // the only thread is busy
  const CollectionId busy = database_.collection;
  const CollectionId deleted = database_.CreateCollection("deleted");
  database_.collection = deleted;
  Add(0, 10);
  database_.collection = busy;
  Must(database_.sysdb->DeleteCollection(kDefaultTenant, kDefaultDatabase, "deleted"));
  database_.views.Forget(deleted);
  compactor_->Forget(deleted);
  gated.Open();
  AwaitEmptyTail();
  Add(10, 20);
  AwaitEmptyTail();
  EXPECT_EQ(database_.Pin()->record_count, 20);
  compactor_.reset();
}

// CompactFully does not wait for its turn: what it finds deleted may be queued.
TEST_F(CompactorTest, ACollectionThatIsFoundDeletedBeforeItsTurnLeavesTheQueue) {
  ClientOptions options = Quiet();
  options.tail_records_max = 10;
  GatedStorage gated(database_.storage);
  compactor_ = std::make_unique<Compactor>(gated, *database_.log, *database_.sysdb, database_.views, options);
  Add(0, 10);
  gated.AwaitWriter();  // the only thread is busy
  const CollectionId busy = database_.collection;
  database_.collection = database_.CreateCollection("deleted");
  Add(0, 10);
  Must(database_.sysdb->DeleteCollection(kDefaultTenant, kDefaultDatabase, "deleted"));
  database_.views.Forget(database_.collection);
  EXPECT_EQ(compactor_->CompactFully(database_.collection).code(), StatusCode::kNotFound);
  database_.collection = busy;
  gated.Open();
  AwaitEmptyTail();
  Add(10, 20);
  AwaitEmptyTail();
  EXPECT_EQ(database_.Pin()->record_count, 20);
  compactor_.reset();
}

TEST_F(CompactorTest, WhatACrashLeftIsRemovedAtTheStart) {
  const SegmentId left_over = RandomUuid();
  {
    auto writer = Must(database_.storage.Create(SegmentFolder(left_over) + "/ids.bin"));
    Must(writer->Append("half a segment"));
    Must(writer->Finish());
  }
  const CollectionId deleted = RandomUuid();
  auto bytes = std::make_shared<const std::string>(Must(EncodeOperations(OperationKind::kDelete, {.ids = {"a"}})));
  Must(database_.log->Append(deleted, bytes, 1));
  Start(Quiet());
  while (!Must(database_.storage.List(kSegmentsFolder)).empty() || !Must(database_.log->Collections()).empty()) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

// What of the two write-ahead logs is not on disk yet when something happens that must come later.
class UnsyncedLogs : public SqliteObserver {
 public:
  std::atomic<bool> log = false;
  std::atomic<bool> catalogue = false;
  std::atomic<int> log_writes = 0;
  std::atomic<int> catalogue_writes = 0;
  std::atomic<int> overtakings = 0;  // of the one by the other

 protected:
  int OnWrite(const std::string& file) override {
    if (file.ends_with("log.sqlite3-wal")) {
      ++log_writes;
      log = true;
      if (catalogue) ++overtakings;
    }
    if (file.ends_with("system.sqlite3-wal")) {
      ++catalogue_writes;
      catalogue = true;
      if (log) ++overtakings;
    }
    return SQLITE_OK;
  }
  int OnSync(const std::string& file) override {
    if (file.ends_with("log.sqlite3-wal")) log = false;
    if (file.ends_with("system.sqlite3-wal")) catalogue = false;
    return SQLITE_OK;
  }
};

// Counts the deletions of folders, and those of them that come too early.
class WatchedStorage : public LocalStorage {
 public:
  WatchedStorage(const std::filesystem::path& root, const UnsyncedLogs& logs)
      : LocalStorage(root, /*sync=*/true), logs_(logs) {}

  int deletions = 0;
  int early_deletions = 0;

  Status DeleteFolder(std::string_view folder) override {
    ++deletions;
    if (logs_.catalogue) ++early_deletions;
    return LocalStorage::DeleteFolder(folder);
  }

 private:
  const UnsyncedLogs& logs_;
};

// What a compactor needs, in files, with one collection. What observes the files is made before, and dies after.
struct FilesToCompact {
  FilesToCompact(const std::filesystem::path& directory, Storage& storage)
      : log(Must(Log::Open(directory, Durability::kNormal))),
        sysdb(Must(SystemDatabase::Open(directory, Durability::kNormal))),
        views(storage, *log, *sysdb),
        compactor(storage, *log, *sysdb, views, Quiet()) {
    Must(sysdb->CreateCollection({.id = collection,
                                  .name = "docs",
                                  .tenant = std::string(kDefaultTenant),
                                  .database = std::string(kDefaultDatabase),
                                  .metadata = {},
                                  .configuration = {},
                                  .dimension = std::nullopt}));
  }

  void Add(const char* id) {
    const std::vector<float> embedding = {1, 2};
    auto bytes = std::make_shared<const std::string>(
        Must(EncodeOperations(OperationKind::kAdd, {.ids = {id}, .embeddings = {embedding, 2}})));
    Must(log->Append(collection, std::move(bytes), 1));
  }

  const CollectionId collection = RandomUuid();
  const std::unique_ptr<Log> log;
  const std::unique_ptr<SystemDatabase> sysdb;
  ViewRegistry views;
  Compactor compactor;
};

TEST(CompactorOrderTest, WithNormalDurabilityNothingGoesBeforeWhatReplacesItIsOnDisk) {
  const TemporaryDirectory directory;
  UnsyncedLogs logs;
  WatchedStorage storage(directory.path(), logs);
  FilesToCompact files(directory.path(), storage);
  logs.log_writes = logs.catalogue_writes = logs.overtakings = 0;
  for (const char* id : {"a", "b", "c"}) {
    files.Add(id);
    EXPECT_TRUE(logs.log);  // or else the test shows nothing
    EXPECT_OK(files.compactor.CompactFully(files.collection));
    EXPECT_EQ(storage.deletions, id[0] - 'a');  // of the segment before
  }
  EXPECT_EQ(storage.early_deletions, 0);
  EXPECT_GT(logs.log_writes, 0);
  EXPECT_GT(logs.catalogue_writes, 0);
  EXPECT_EQ(logs.overtakings, 0);
}

// What the catalogue's disk answers from some time on.
class FailingCatalogue : public SqliteObserver {
 public:
  std::atomic<int> write_code = SQLITE_OK;
  std::atomic<int> sync_code = SQLITE_OK;

 protected:
  int OnWrite(const std::string& file) override { return IsCatalogue(file) ? write_code.load() : SQLITE_OK; }
  int OnSync(const std::string& file) override { return IsCatalogue(file) ? sync_code.load() : SQLITE_OK; }

 private:
  static bool IsCatalogue(const std::string& file) { return file.ends_with("system.sqlite3-wal"); }
};

TEST(CompactorOrderTest, NothingGoesForAVersionThatCouldNotBeRegistered) {
  const TemporaryDirectory directory;
  FailingCatalogue catalogue;
  LocalStorage storage(directory.path(), /*sync=*/true);
  FilesToCompact files(directory.path(), storage);
  files.Add("a");
  ASSERT_OK(files.compactor.CompactFully(files.collection));
  const auto segments = Must(storage.List(kSegmentsFolder));
  files.Add("b");
  catalogue.write_code = SQLITE_FULL;
  EXPECT_EQ(files.compactor.CompactFully(files.collection).code(), StatusCode::kResourceExhausted);
  catalogue.write_code = SQLITE_OK;
  EXPECT_THAT(Must(storage.List(kSegmentsFolder)), testing::IsSupersetOf(segments));
  ViewRegistry fresh(storage, *files.log, *files.sysdb);
  EXPECT_THAT(TestDatabase::IdsOf(*Must(fresh.Pin(files.collection))), ElementsAre("a", "b"));
}

// No segment can be opened while `unreadable`.
class UnreadableStorage : public LocalStorage {
 public:
  using LocalStorage::LocalStorage;
  Result<std::shared_ptr<const Blob>> Map(std::string_view name) const override {
    if (unreadable && name.ends_with(kManifestName)) return Status::Unavailable("cannot open ", name);
    return LocalStorage::Map(name);
  }
  std::atomic<bool> unreadable = false;
};

TEST(CompactorOrderTest, AVersionThatCouldNotBeSwappedInIsTheNextCompactionsFirstTask) {
  const TemporaryDirectory directory;
  UnreadableStorage storage(directory.path(), /*sync=*/false);
  FilesToCompact files(directory.path(), storage);
  files.Add("a");
  storage.unreadable = true;
  EXPECT_EQ(files.compactor.CompactFully(files.collection).code(), StatusCode::kUnavailable);
  storage.unreadable = false;
  EXPECT_EQ(Must(files.sysdb->LatestVersion(files.collection)).version, 1u);
  EXPECT_EQ(Must(files.views.Pin(files.collection))->version, 0u) << "or this shows nothing";
  ASSERT_OK(files.compactor.CompactFully(files.collection));
  EXPECT_EQ(Must(files.views.Pin(files.collection))->version, 1u) << "nothing else was to be done";
  EXPECT_EQ(files.log->Read(files.collection, LogPosition{0}, 1).status().code(), StatusCode::kAborted) << "purged";

  files.Add("b");
  storage.unreadable = true;
  EXPECT_EQ(files.compactor.CompactFully(files.collection).code(), StatusCode::kUnavailable);
  storage.unreadable = false;
  files.Add("c");
  ASSERT_OK(files.compactor.CompactFully(files.collection));
  const auto view = Must(files.views.Pin(files.collection));
  EXPECT_EQ(view->version, 3u);
  EXPECT_EQ(view->segments.size(), 1u);
  EXPECT_THAT(TestDatabase::IdsOf(*view), ElementsAre("a", "b", "c"));
}

TEST(CompactorOrderTest, TheSegmentOfAVersionThatMayBeRegisteredStays) {
  const TemporaryDirectory directory;
  FailingCatalogue catalogue;
  LocalStorage storage(directory.path(), /*sync=*/true);
  FilesToCompact files(directory.path(), storage);
  files.Add("a");
  catalogue.sync_code = SQLITE_IOERR_FSYNC;
  EXPECT_EQ(files.compactor.CompactFully(files.collection).code(), StatusCode::kUnknown);
  files.compactor.Forget(RandomUuid());  // collects garbage
  EXPECT_EQ(Must(storage.List(kSegmentsFolder)).size(), 1u);
}

}  // namespace
}  // namespace ochre
