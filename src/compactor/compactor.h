// Compactor: keeps the tails of collections short, in the background.
#ifndef OCHRE_COMPACTOR_COMPACTOR_H_
#define OCHRE_COMPACTOR_COMPACTOR_H_

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <thread>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "log/log.h"
#include "ochre/options.h"
#include "ochre/status.h"
#include "runtime/mutex.h"
#include "storage/storage.h"
#include "sysdb/system_database.h"
#include "types/ids.h"
#include "view/view_registry.h"

namespace ochre {

// One collection is compacted by one thread at a time; different collections in parallel. Thread-safe. What the
// constructor is given must outlive the compactor.
class Compactor {
 public:
  // Starts options.compaction_threads threads, the first of which begins by removing what a crash left.
  Compactor(Storage& storage, Log& log, SystemDatabase& sysdb, ViewRegistry& views, const ClientOptions& options);
  ~Compactor();  // Stop()s

  // Tells that a collection was written to. Cheap: looks at the view's numbers.
  void Nudge(CollectionId collection, const CollectionView& view);

  // Called before a write: holds the writer up while the collection's tail is far longer than compaction can keep up
  // with, so that memory stays bounded. ResourceExhausted: the tail has reached its bound, and compacting has been
  // failing, or writers are not to wait (options.writers_wait); the message says so.
  Status Throttle(CollectionId collection, const CollectionView& view);

  // Compacts everything into one segment without dead rows, on the calling thread, after any compaction that runs.
  Status CompactFully(CollectionId collection);

  // Returns when the policy wants nothing more for the collection, which is taken to be at rest; with the error, if
  // compacting it fails.
  Status WaitUntilIdle(CollectionId collection);

  // Forgets a collection that was deleted, and removes its segments once no reader holds them.
  void Forget(CollectionId collection);

  // Cancels what runs and joins the threads. Idempotent. Later calls do nothing, or return Cancelled.
  void Stop();

  // Deletes the segments that readers have let go of since garbage was collected last, if any. The threads do this by
  // themselves; this is for who has stopped them and then waited for the last reader.
  void DeleteReleased() noexcept;

 private:
  using Clock = std::chrono::steady_clock;

  struct Entry {
    bool queued = false;
    bool running = false;
    int failures = 0;  // in a row
    Status last_error;
    Clock::time_point retry_at{};                          // after a failure: not before
    Clock::time_point due_at = Clock::time_point::max();   // when its tail will have aged
    Clock::time_point rest_at = Clock::time_point::max();  // when it will count as not written to any more
  };
  using Entries = std::unordered_map<CollectionId, Entry>;

  class BeingWritten;

  void Work(bool first);
  enum class Task { kNone, kCompaction, kCollectGarbage };
  // Blocks until there is something to do. kCompaction: of `collection`, whose time has come; kNone: stopping.
  Task TakeNext(CollectionId& collection);
  // False: there was no memory for some of them.
  bool EnqueueDue(Clock::time_point now) OCHRE_REQUIRES(mutex_);
  void Enqueue(CollectionId collection, Entry& entry) OCHRE_REQUIRES(mutex_);
  void Erase(Entries::iterator entry) noexcept OCHRE_REQUIRES(mutex_);
  // Enqueues it now, or notes when it will be due, if the policy wants either.
  void Schedule(CollectionId collection, Entry& entry, const CollectionView& view) OCHRE_REQUIRES(mutex_);
  // Until a compaction has ended, or a moment has passed. Cancelled, DeadlineExceeded: the call is to end.
  Status AwaitCompaction(MutexLock& lock) OCHRE_REQUIRES(mutex_);
  // Cancelled: the database is being closed, or the call is to end. DeadlineExceeded: the latter.
  Status AcquireExclusively(CollectionId collection);
  // Whatever came of the compaction, a lack of memory included, the next one can begin.
  void Release(CollectionId collection, const Status& outcome) noexcept;
  // One compaction by the policy, or a full one.
  Status RunOnce(CollectionId collection, bool fully);
  Status Register(CollectionId collection, const CollectionVersion& version);
  // What follows once a version that covers the log up to `log_position` is registered.
  Status Publish(CollectionId collection, LogPosition log_position);
  bool WantsCompaction(const CollectionView& view) const;
  // Whether it is to be compacted once it is at rest, or its tail has aged.
  bool MayWantCompaction(const CollectionView& view) const;
  void CollectGarbage() noexcept;
  void NoteRelease() noexcept;
  // Segments that nothing names, and logs of deleted collections, as a crash may leave them.
  void RemoveLeftovers() noexcept;
  Status PurgeDeleted();

  Storage& storage_;
  Log& log_;
  SystemDatabase& sysdb_;
  ViewRegistry& views_;
  const ClientOptions options_;
  std::atomic<bool> stopping_ = false;

  Mutex mutex_;  // held to look at and change the queue; never during a compaction, nor where a view may end
  CondVar work_changed_;
  CondVar compaction_ended_;
  std::deque<CollectionId> queue_ OCHRE_GUARDED_BY(mutex_);
  Entries entries_ OCHRE_GUARDED_BY(mutex_);
  std::unordered_set<SegmentId> being_written_ OCHRE_GUARDED_BY(mutex_);
  bool released_ OCHRE_GUARDED_BY(mutex_) = false;  // a segment, since garbage was collected last

  std::vector<std::thread> threads_;
};

}  // namespace ochre

#endif  // OCHRE_COMPACTOR_COMPACTOR_H_
