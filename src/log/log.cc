#include "log/log.h"

#include <algorithm>
#include <cassert>
#include <chrono>
#include <optional>
#include <system_error>
#include <thread>
#include <unordered_map>
#include <utility>

#include "log/free_pages.h"
#include "log/log_table.h"
#include "log/recent_batches.h"
#include "log/wal_checkpointer.h"
#include "runtime/mutex.h"
#include "sqlite/integrity.h"
#include "sqlite/read_transaction.h"
#include "sqlite/transaction.h"
#include "types/catch_exceptions.h"
#include "types/operation_batch.h"

namespace ochre {
namespace {

// With SQLite's 4 KiB a batch of 300 KB is 75 frames of the write-ahead log, each written by two system calls; with
// 8 KiB its append takes 0.92 of the time, and that of a 3 KB record 1.03. 16 KiB lose more on the latter than they
// gain.
constexpr int32_t kPageBytes = 8 << 10;

// Of batches in memory. A writer reads its own batch back at once, and a compaction starts at about this many bytes of
// tail (ClientOptions::tail_bytes_max, 8 MiB): so that both are served from here.
constexpr int64_t kRecentBytesMax = int64_t{16} << 20;

// Of batches that one transaction commits, unless the first alone is larger. Below kRecentBytesMax, so that all the
// group's writers find their batches in memory; above what 16 writers of 100 records of 3 KB queue up.
constexpr int64_t kGroupBytesMax = int64_t{8} << 20;

// Of pages that the writer holds: a group, and so it is not written to the write-ahead log before its commit.
constexpr int64_t kWriterCacheBytes = kGroupBytesMax + (int64_t{2} << 20);
// A reader sees each page once, so it only needs the inner ones again.
constexpr int64_t kReaderCacheBytes = int64_t{1} << 20;

// A purge goes in steps of so many bytes, so that appends wait a few milliseconds for it at most.
constexpr int64_t kPurgeStepBytes = int64_t{8} << 20;

// Giving pages back goes in steps of so many bytes, which may all have to be written to the write-ahead log: then an
// append waits no longer than for a batch of 300 records.
constexpr int64_t kShrinkStepBytes = int64_t{1} << 20;

// Writers whose group was just committed are about to be back with their next batch. The next leader lets them run up
// to so many times before it commits without them: 1.3 times as many appends a second with 4 and 16 writers on 2 cores,
// and nothing for a single one. 16 times were no better.
constexpr int kYieldsMax = 4;

constexpr LogPosition kEndOfLog{INT64_MAX};

SqliteOptions OptionsOf(Durability durability, int64_t cache_bytes) {
  // Not exclusive: checkpoints beside the writers need a connection of their own, and the locks in shared memory cost
  // a microsecond or two of a commit's hundred.
  return {.durability = durability,
          .exclusive = false,
          .auto_checkpoint = false,
          .incremental_vacuum = true,
          .page_bytes = kPageBytes,
          .cache_bytes = cache_bytes};
}

LogPosition Plus(LogPosition position, int64_t count) {
  return static_cast<LogPosition>(static_cast<uint64_t>(position) + static_cast<uint64_t>(count));
}

// A write that waits for its group's commit; lives on its writer's stack. The queue links them, so that none of its
// changes needs memory.
struct PendingAppend {
  CollectionId collection;
  std::shared_ptr<const std::string> bytes;
  int64_t operation_count;

  Status status = {};   // of the commit
  LogPosition first{};  // if it succeeded
  LogPosition last{};
  int64_t checksum = 0;
  bool done = false;
  PendingAppend* next = nullptr;  // in the queue
  CondVar wake = {};              // when it is done, or first in the queue
};

// The first `size` of the queue from `first` on.
struct Group {
  PendingAppend* first = nullptr;
  size_t size = 0;

  // The one behind `append`, which is the i-th; null behind the last, whose `next` is written by who joins the queue.
  PendingAppend* Next(const PendingAppend& append, size_t i) const { return i + 1 < size ? append.next : nullptr; }

  template <typename Function>
  void ForEach(const Function& function) const {
    PendingAppend* append = first;
    for (size_t i = 0; i < size; ++i) {
      PendingAppend* const next = Next(*append, i);
      function(*append);
      append = next;
    }
  }
};

}  // namespace

// Locks are taken in this order: reader_mutex, writer_mutex, mutex.
struct Log::Impl {
  Impl(std::filesystem::path path, Durability durability, std::unique_ptr<SqliteConnection> connection)
      : path(std::move(path)), durability(durability), files(connection->files()), writer(std::move(connection)) {}

  Status Enter() OCHRE_EXCLUDES(mutex);
  void Leave() OCHRE_EXCLUDES(mutex);

  // From joining the queue to having left it: whatever is lacking, nobody may be left waiting.
  void Enqueue(PendingAppend& append) noexcept OCHRE_REQUIRES(mutex);
  Group AwaitGroup() noexcept OCHRE_EXCLUDES(mutex);
  Group TakeGroup() noexcept OCHRE_REQUIRES(mutex);
  void CommitGroup(const Group& group) noexcept OCHRE_REQUIRES(writer_mutex);
  bool TryCommit(const Group& group) noexcept OCHRE_REQUIRES(writer_mutex);
  Status InsertAndCommit(const Group& group, PendingAppend*& failed) OCHRE_REQUIRES(writer_mutex);
  void Publish(const PendingAppend& append) noexcept OCHRE_REQUIRES(mutex);

  Result<LogPosition> LastPosition(CollectionId collection) OCHRE_EXCLUDES(mutex, writer_mutex);
  Result<LogBounds> LoadBounds(CollectionId collection) OCHRE_REQUIRES(writer_mutex);
  Result<std::vector<LogBatch>> Read(CollectionId collection, LogPosition after, int64_t bytes_max);
  Result<bool> PurgeStep(CollectionId collection, LogPosition position, bool forget);
  void Shrink() noexcept OCHRE_EXCLUDES(writer_mutex);
  Result<int64_t> ShrinkStep() OCHRE_EXCLUDES(writer_mutex);
  Status SkipTo(CollectionId collection, LogPosition position) OCHRE_EXCLUDES(writer_mutex);
  Status Sync() OCHRE_EXCLUDES(writer_mutex);
  Status Verify();
  void NoteCommit() OCHRE_REQUIRES(writer_mutex);
  // What the checkpointer's connection met holds for the writer's too.
  void RefuseAfterFailedSync() OCHRE_REQUIRES(writer_mutex);

  // Calls `function` with a table to read from, under the lock of its connection.
  template <typename Function>
  auto WithReader(Function function) -> decltype(function(std::declval<const LogTable&>()));

  const std::filesystem::path path;  // of log.sqlite3
  const Durability durability;
  const OpenFiles files;  // of `writer`: whoever opens a connection later asks whether it will have the same

  Mutex writer_mutex;  // held by whoever uses `writer`, also to wait for the disk
  std::unique_ptr<SqliteConnection> writer OCHRE_GUARDED_BY(writer_mutex);  // null once closed
  // Nothing was committed since the last Sync. Not at first: a process that crashed may have left commits unsynced.
  bool synced OCHRE_GUARDED_BY(writer_mutex) = false;

  Mutex reader_mutex;                                                       // held by whoever uses `reader`
  std::unique_ptr<SqliteConnection> reader OCHRE_GUARDED_BY(reader_mutex);  // opened on first use; null in memory

  Mutex mutex;                                                   // guards what follows; never held during I/O
  PendingAppend* queue_first OCHRE_GUARDED_BY(mutex) = nullptr;  // its writer commits the group
  PendingAppend* queue_last OCHRE_GUARDED_BY(mutex) = nullptr;
  size_t queue_size OCHRE_GUARDED_BY(mutex) = 0;
  // Of the collections used since opening; equal to the file's, and changed only by who holds writer_mutex too.
  std::unordered_map<CollectionId, LogBounds> bounds OCHRE_GUARDED_BY(mutex);
  size_t last_group_size OCHRE_GUARDED_BY(mutex) = 1;
  RecentBatches recent OCHRE_GUARDED_BY(mutex){kRecentBytesMax};
  int64_t running_calls OCHRE_GUARDED_BY(mutex) = 0;
  enum class State { kOpen, kClosing, kClosed } state OCHRE_GUARDED_BY(mutex) = State::kOpen;
  CondVar state_changed;  // also when running_calls reaches 0

  std::unique_ptr<WalCheckpointer> checkpointer;  // null in memory; set before the log is shared, reset by Close
};

namespace {

// A call that Close waits for.
template <typename Impl>
class RunningCall {
 public:
  explicit RunningCall(Impl& impl) : impl_(impl), status_(impl.Enter()) {}
  ~RunningCall() {
    if (status_.ok()) impl_.Leave();
  }
  RunningCall(const RunningCall&) = delete;
  RunningCall& operator=(const RunningCall&) = delete;

  const Status& status() const { return status_; }

 private:
  Impl& impl_;
  Status status_;
};

}  // namespace

Result<std::unique_ptr<Log>> Log::Open(const std::filesystem::path& directory, Durability durability) {
  const std::filesystem::path path = directory / "log.sqlite3";
  OCHRE_ASSIGN_OR_RETURN(auto writer, OpenSqliteDatabase(path, kLogSchema, OptionsOf(durability, kWriterCacheBytes)));
  // The log is as good without it: what fails is tried again when it is opened next. But for a failed sync, after which
  // it takes no writes.
  if (const Status status = MakeShrinkable(*writer); writer->refuses_writes()) return status;
  auto impl = std::make_unique<Impl>(path, durability, std::move(writer));
  if (durability != Durability::kMemory) {
    impl->checkpointer =
        std::make_unique<WalCheckpointer>(path, OptionsOf(durability, kReaderCacheBytes), WalCheckpointer::Limits{},
                                          impl->reader_mutex, impl->writer_mutex);
  }
  return std::unique_ptr<Log>(new Log(std::move(impl)));
}

Log::Log(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Log::~Log() {
  (void)CatchExceptions([this] { return Close(); });
}

Status Log::Impl::Enter() {
  MutexLock lock(mutex);
  if (state != State::kOpen) return Status::FailedPrecondition("the log is closed");
  ++running_calls;
  return Status::Ok();
}

void Log::Impl::Leave() {
  MutexLock lock(mutex);
  --running_calls;
  assert(running_calls >= 0);
  if (running_calls == 0 && state != State::kOpen) state_changed.NotifyAll();
}

Result<LogPosition> Log::Append(CollectionId collection, std::shared_ptr<const std::string> bytes,
                                int64_t operation_count) {
  assert(operation_count >= 1);
  if (bytes->size() > kEncodedBatchBytesMax) {
    return Status::InvalidArgument("a batch of ", bytes->size(),
                                   " bytes is larger than the log takes at once, which is ", kEncodedBatchBytesMax);
  }
  const RunningCall call(*impl_);
  OCHRE_RETURN_IF_ERROR(call.status());

  PendingAppend append{.collection = collection, .bytes = std::move(bytes), .operation_count = operation_count};
  bool is_leader = false;
  {
    MutexLock lock(impl_->mutex);
    impl_->Enqueue(append);
    while (!append.done && impl_->queue_first != &append) append.wake.Wait(lock);
    is_leader = !append.done;
  }
  if (is_leader) {
    const Group group = impl_->AwaitGroup();
    if (impl_->checkpointer != nullptr) impl_->checkpointer->WaitForRoom();
    MutexLock writer_lock(impl_->writer_mutex);
    impl_->CommitGroup(group);
  }
  OCHRE_RETURN_IF_ERROR(append.status);
  return append.last;
}

void Log::Impl::Enqueue(PendingAppend& append) noexcept {
  (queue_size == 0 ? queue_first : queue_last->next) = &append;
  queue_last = &append;
  ++queue_size;
}

// What the first in the queue commits, after giving the others a chance to join.
Group Log::Impl::AwaitGroup() noexcept {
  for (int yields = 0; yields < kYieldsMax; ++yields) {
    {
      MutexLock lock(mutex);
      if (queue_size >= last_group_size) break;
    }
    std::this_thread::yield();
  }
  MutexLock lock(mutex);
  return TakeGroup();
}

// The longest beginning of the queue that makes a group. It stays in the queue until it is committed, so that nobody
// else becomes first.
Group Log::Impl::TakeGroup() noexcept {
  Group group{.first = queue_first};
  int64_t bytes = 0;
  for (const PendingAppend* append = queue_first; append != nullptr; append = append->next) {
    bytes += static_cast<int64_t>(append->bytes->size());
    if (group.size > 0 && bytes > kGroupBytesMax) break;
    ++group.size;
  }
  return group;
}

void Log::Impl::RefuseAfterFailedSync() {
  if (writer != nullptr && checkpointer != nullptr && checkpointer->sync_failed()) writer->RefuseWrites();
}

void Log::Impl::CommitGroup(const Group& group) noexcept {
  RefuseAfterFailedSync();
  // A write whose statement fails leaves the group with its error, and the rest begins again without it.
  while (!TryCommit(group)) {
  }
  NoteCommit();

  MutexLock lock(mutex);
  last_group_size = group.size;
  group.ForEach([this](PendingAppend& append) OCHRE_REQUIRES(mutex) {
    assert(queue_first == &append);
    if (append.status.ok()) Publish(append);
    queue_first = append.next;
    --queue_size;
  });
  if (queue_size == 0) queue_last = nullptr;
  // The next group's writer first, so that the disk does not wait. The first of this group is us.
  if (queue_first != nullptr) queue_first->wake.NotifyOne();
  group.ForEach([](PendingAppend& append) {
    append.done = true;
    append.wake.NotifyOne();
  });
}

// Commits what has not failed of `group`, and returns true when that is settled; false when some of it has just failed,
// with its status, and the rest is to be tried again.
bool Log::Impl::TryCommit(const Group& group) noexcept {
  bool any = false;
  group.ForEach([&any](const PendingAppend& append) { any = any || append.status.ok(); });
  if (!any) return true;
  PendingAppend* failed = nullptr;
  const Status status = CatchExceptions([&] { return InsertAndCommit(group, failed); });
  if (status.ok()) return true;
  const auto fail = [&status](PendingAppend& append) {
    append.status = CatchExceptions([&status] { return status; });  // a copy, which may lack memory itself
  };
  if (failed != nullptr) {
    fail(*failed);
  } else {
    group.ForEach([&fail](PendingAppend& append) {
      if (append.status.ok()) fail(append);
    });
  }
  return false;
}

// `failed`: whose statement it was that failed; null if it concerns them all.
Status Log::Impl::InsertAndCommit(const Group& group, PendingAppend*& failed) {
  OCHRE_ASSIGN_OR_RETURN(SqliteTransaction transaction, SqliteTransaction::Begin(*writer));
  LogTable table(*writer);
  std::unordered_map<CollectionId, LogBounds> bounds_of_group;
  PendingAppend* append = group.first;
  for (size_t i = 0; i < group.size; append = group.Next(*append, i++)) {
    if (!append->status.ok()) continue;
    failed = append;
    auto [entry, is_first] = bounds_of_group.try_emplace(append->collection);
    LogBounds& group_bounds = entry->second;
    if (is_first) {
      // From here on `bounds` has the collection, so that publishing finds its place.
      OCHRE_ASSIGN_OR_RETURN(group_bounds, LoadBounds(append->collection));
    }
    append->first = Plus(group_bounds.last, 1);
    OCHRE_RETURN_IF_ERROR(table.Append(append->collection, append->operation_count, *append->bytes, group_bounds));
    append->last = group_bounds.last;
    append->checksum = group_bounds.last_checksum;
  }
  failed = nullptr;
  for (const auto& [collection, group_bounds] : bounds_of_group) {
    OCHRE_RETURN_IF_ERROR(table.WriteBounds(collection, group_bounds));
  }
  return transaction.Commit();
}

void Log::Impl::Publish(const PendingAppend& append) noexcept {
  LogBounds& of_collection = bounds.find(append.collection)->second;
  of_collection.last = append.last;
  of_collection.last_checksum = append.checksum;
  recent.Add(append.collection, {append.first, append.last, append.bytes});
}

void Log::Impl::NoteCommit() {
  synced = false;
  if (checkpointer != nullptr) checkpointer->NoteWalPages(writer->wal_pages());
}

Result<LogPosition> Log::Impl::LastPosition(CollectionId collection) {
  {
    MutexLock lock(mutex);
    if (const auto found = bounds.find(collection); found != bounds.end()) return found->second.last;
  }
  MutexLock writer_lock(writer_mutex);
  OCHRE_ASSIGN_OR_RETURN(const LogBounds loaded, LoadBounds(collection));
  return loaded.last;
}

Result<LogBounds> Log::Impl::LoadBounds(CollectionId collection) {
  {
    MutexLock lock(mutex);
    if (const auto found = bounds.find(collection); found != bounds.end()) return found->second;
  }
  OCHRE_ASSIGN_OR_RETURN(const LogBounds loaded, LogTable(*writer).Bounds(collection));
  MutexLock lock(mutex);
  bounds.emplace(collection, loaded);
  return loaded;
}

template <typename Function>
auto Log::Impl::WithReader(Function function) -> decltype(function(std::declval<const LogTable&>())) {
  if (durability == Durability::kMemory) {
    MutexLock lock(writer_mutex);
    return function(LogTable(*writer));
  }
  MutexLock lock(reader_mutex);
  if (reader == nullptr) {
    OCHRE_RETURN_IF_ERROR(files.Check());
    OCHRE_ASSIGN_OR_RETURN(auto connection, SqliteConnection::Open(path));
    OCHRE_RETURN_IF_ERROR(connection->Configure(OptionsOf(durability, kReaderCacheBytes)));
    reader = std::move(connection);
  }
  // All statements of one call see the same state.
  const SqliteReadTransaction transaction(*reader);
  OCHRE_RETURN_IF_ERROR(transaction.status());
  return function(LogTable(*reader));
}

Result<std::vector<LogBatch>> Log::Impl::Read(CollectionId collection, LogPosition after, int64_t bytes_max) {
  OCHRE_ASSIGN_OR_RETURN(const LogPosition last, LastPosition(collection));
  std::vector<LogBatch> batches;
  if (after >= last) return batches;
  {
    MutexLock lock(mutex);
    if (recent.Read(collection, after, bytes_max, batches)) return batches;
  }
  OCHRE_ASSIGN_OR_RETURN(
      batches, WithReader([&](const LogTable& table) { return table.Read(collection, after, last, bytes_max); }));
  if (batches.empty() || batches.front().first != Plus(after, 1)) {
    return Status(StatusCode::kAborted, "the log of collection " + collection.ToString() +
                                            " no longer has what follows position " +
                                            std::to_string(static_cast<uint64_t>(after)) +
                                            ": it was purged; read a newer version of the collection");
  }
  return batches;
}

Result<std::vector<LogBatch>> Log::Read(CollectionId collection, LogPosition after, int64_t bytes_max) const {
  const RunningCall call(*impl_);
  OCHRE_RETURN_IF_ERROR(call.status());
  return impl_->Read(collection, after, bytes_max);
}

Result<LogPosition> Log::LastPosition(CollectionId collection) const {
  const RunningCall call(*impl_);
  OCHRE_RETURN_IF_ERROR(call.status());
  return impl_->LastPosition(collection);
}

Result<LogPosition> Log::PurgedPosition(CollectionId collection) const {
  const RunningCall call(*impl_);
  OCHRE_RETURN_IF_ERROR(call.status());
  MutexLock writer_lock(impl_->writer_mutex);
  OCHRE_ASSIGN_OR_RETURN(const LogBounds loaded, impl_->LoadBounds(collection));
  return loaded.purged;
}

// Deletes some of the collection's oldest batches that end at or before `position`; false when there are none left.
// `forget` is for a deleted collection, of which nothing remains then.
Result<bool> Log::Impl::PurgeStep(CollectionId collection, LogPosition position, bool forget) {
  MutexLock writer_lock(writer_mutex);
  RefuseAfterFailedSync();
  LogTable table(*writer);
  // Nothing is deleted that is not what the bounds say: a damaged log keeps everything.
  OCHRE_ASSIGN_OR_RETURN(LogBounds next, LoadBounds(collection));
  OCHRE_ASSIGN_OR_RETURN(const std::optional<LogTable::BatchEnd> end,
                         table.EndOfOldest(collection, position, kPurgeStepBytes));
  if (end.has_value()) {
    next.purged = end->position;
    next.purged_checksum = end->checksum;
  } else if (!forget) {
    return false;
  }

  OCHRE_ASSIGN_OR_RETURN(SqliteTransaction transaction, SqliteTransaction::Begin(*writer));
  if (end.has_value()) OCHRE_RETURN_IF_ERROR(table.DeleteUpTo(collection, end->position));
  const bool forget_now = !end.has_value();
  OCHRE_RETURN_IF_ERROR(forget_now ? table.DeleteBounds(collection) : table.WriteBounds(collection, next));
  OCHRE_RETURN_IF_ERROR(transaction.Commit());
  NoteCommit();

  MutexLock lock(mutex);
  recent.DropUpTo(collection, forget_now ? kEndOfLog : end->position);
  if (forget_now) {
    bounds.erase(collection);
  } else {
    bounds[collection] = next;
  }
  return end.has_value();
}

// Returns the bytes of free pages that it gave back, in one transaction.
Result<int64_t> Log::Impl::ShrinkStep() {
  if (checkpointer != nullptr) checkpointer->WaitForRoom();
  MutexLock writer_lock(writer_mutex);
  RefuseAfterFailedSync();
  OCHRE_ASSIGN_OR_RETURN(const int64_t bytes, GiveBackFreePages(*writer, kFreeBytesKept, kShrinkStepBytes));
  if (bytes > 0) NoteCommit();
  return bytes;
}

// What was purged is gone whether or not this succeeds: it begins again after the next purge.
void Log::Impl::Shrink() noexcept {
  const auto writers_wait = [this] {
    MutexLock lock(mutex);
    return queue_size > 0;
  };
  bool any = false;
  while (true) {
    const auto begun = std::chrono::steady_clock::now();
    const Result<int64_t> bytes = CatchExceptions([this] { return ShrinkStep(); });
    if (!bytes.ok() || *bytes == 0) break;
    any = true;
    // The lock goes to whoever asks first, which would be this thread again: half of the time is the writers'.
    if (writers_wait()) std::this_thread::sleep_for(std::chrono::steady_clock::now() - begun);
  }
  if (any && checkpointer != nullptr) checkpointer->CheckpointSoon();
}

Status Log::Purge(CollectionId collection, LogPosition position) {
  const RunningCall call(*impl_);
  OCHRE_RETURN_IF_ERROR(call.status());
  for (bool more = true; more;) {
    OCHRE_ASSIGN_OR_RETURN(more, impl_->PurgeStep(collection, position, /*forget=*/false));
  }
  impl_->Shrink();
  return Status::Ok();
}

Status Log::Impl::SkipTo(CollectionId collection, LogPosition position) {
  MutexLock writer_lock(writer_mutex);
  OCHRE_ASSIGN_OR_RETURN(LogBounds next, LoadBounds(collection));
  if (next.last >= position) return Status::Ok();
  assert(next.purged == next.last);  // its caller has purged it
  next.purged = next.last = position;
  OCHRE_RETURN_IF_ERROR(LogTable(*writer).WriteBounds(collection, next));
  NoteCommit();
  MutexLock lock(mutex);
  bounds[collection] = next;
  recent.DropUpTo(collection, position);  // what it holds has no gaps
  return Status::Ok();
}

Status Log::SkipTo(CollectionId collection, LogPosition position) {
  OCHRE_ASSIGN_OR_RETURN(const LogPosition last, LastPosition(collection));
  if (last >= position) return Status::Ok();
  OCHRE_RETURN_IF_ERROR(Purge(collection, position));  // all of it, as nobody writes before this has ended
  const RunningCall call(*impl_);
  OCHRE_RETURN_IF_ERROR(call.status());
  return impl_->SkipTo(collection, position);
}

Status Log::PurgeCollection(CollectionId collection) {
  const RunningCall call(*impl_);
  OCHRE_RETURN_IF_ERROR(call.status());
  for (bool more = true; more;) {
    OCHRE_ASSIGN_OR_RETURN(more, impl_->PurgeStep(collection, kEndOfLog, /*forget=*/true));
  }
  impl_->Shrink();
  return Status::Ok();
}

Status Log::Impl::Sync() {
  OCHRE_RETURN_IF_ERROR(files.Check());
  if (durability != Durability::kNormal) return Status::Ok();
  MutexLock writer_lock(writer_mutex);
  if (synced) return Status::Ok();
  OCHRE_RETURN_IF_ERROR(writer->SyncWriteAheadLog());
  synced = true;
  return Status::Ok();
}

Status Log::Sync() {
  const RunningCall call(*impl_);
  OCHRE_RETURN_IF_ERROR(call.status());
  return impl_->Sync();
}

Result<std::vector<CollectionId>> Log::Collections() const {
  const RunningCall call(*impl_);
  OCHRE_RETURN_IF_ERROR(call.status());
  return impl_->WithReader([](const LogTable& table) { return table.Collections(); });
}

Status Log::Impl::Verify() {
  if (durability == Durability::kMemory) {
    MutexLock lock(writer_mutex);
    return CheckSqliteIntegrity(*writer);
  }
  // By a connection of its own: the reader's lock would hold up checkpoints, and so writers, all the while.
  OCHRE_RETURN_IF_ERROR(files.Check());
  OCHRE_ASSIGN_OR_RETURN(const auto connection, SqliteConnection::Open(path));
  OCHRE_RETURN_IF_ERROR(connection->Configure(OptionsOf(durability, kReaderCacheBytes)));
  OCHRE_RETURN_IF_ERROR(CheckSqliteIntegrity(*connection));
  const LogTable table(*connection);
  std::vector<CollectionId> collections;
  {
    const SqliteReadTransaction transaction(*connection);
    OCHRE_RETURN_IF_ERROR(transaction.status());
    OCHRE_ASSIGN_OR_RETURN(collections, table.Collections());
  }
  for (const CollectionId& collection : collections) {
    const SqliteReadTransaction transaction(*connection);
    OCHRE_RETURN_IF_ERROR(transaction.status());
    OCHRE_RETURN_IF_ERROR(table.Verify(collection));
  }
  return Status::Ok();
}

Status Log::Verify() const {
  const RunningCall call(*impl_);
  OCHRE_RETURN_IF_ERROR(call.status());
  return impl_->Verify();
}

Result<int64_t> Log::SizeBytes() const {
  const RunningCall call(*impl_);
  OCHRE_RETURN_IF_ERROR(call.status());
  if (impl_->durability == Durability::kMemory) {
    MutexLock writer_lock(impl_->writer_mutex);
    OCHRE_ASSIGN_OR_RETURN(const int64_t pages, impl_->writer->QueryInt64("PRAGMA page_count"));
    OCHRE_ASSIGN_OR_RETURN(const int64_t page_bytes, impl_->writer->QueryInt64("PRAGMA page_size"));
    return pages * page_bytes;
  }
  int64_t bytes = 0;
  for (const char* suffix : {"", "-wal"}) {
    std::error_code error;
    const std::uintmax_t size = std::filesystem::file_size(impl_->path.string() + suffix, error);
    if (error == std::errc::no_such_file_or_directory) continue;
    if (error) return Status::Unavailable(impl_->path.string(), suffix, ": ", error.message());
    bytes += static_cast<int64_t>(size);
  }
  return bytes;
}

Durability Log::durability() const { return impl_->durability; }

Status Log::Close() {
  {
    MutexLock lock(impl_->mutex);
    const bool first = impl_->state == Impl::State::kOpen;
    if (first) impl_->state = Impl::State::kClosing;
    while (first ? impl_->running_calls > 0 : impl_->state != Impl::State::kClosed) impl_->state_changed.Wait(lock);
    if (!first) return Status::Ok();
  }
  if (impl_->checkpointer != nullptr) impl_->checkpointer->Stop();
  {
    MutexLock lock(impl_->writer_mutex);
    impl_->RefuseAfterFailedSync();  // also to checkpoint when closing
  }
  const bool on_disk = impl_->checkpointer != nullptr;
  impl_->checkpointer.reset();
  {
    MutexLock lock(impl_->reader_mutex);
    impl_->reader.reset();
  }
  {
    // The last connection: SQLite checkpoints and removes the write-ahead log. If it cannot, the next Open replays it.
    MutexLock lock(impl_->writer_mutex);
    if (on_disk) (void)CatchExceptions([this] { return GiveBackAllFreePages(*impl_->writer); });
    impl_->writer.reset();
  }
  MutexLock lock(impl_->mutex);
  impl_->state = Impl::State::kClosed;
  impl_->state_changed.NotifyAll();
  return Status::Ok();
}

}  // namespace ochre
