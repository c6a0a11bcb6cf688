#include "compactor/compactor.h"

#include <algorithm>
#include <cassert>
#include <new>
#include <numeric>
#include <utility>

#include "compactor/compaction.h"
#include "compactor/compaction_policy.h"
#include "runtime/call_limit.h"
#include "runtime/random.h"
#include "types/catch_exceptions.h"
#include "types/refusal.h"
#include "view/cross_references.h"

namespace ochre {
namespace {

// A compaction that fails is tried again after 1, 2, 4, ... seconds; after this many failures in a row only on request
// or at the next open, so that one damaged collection does not keep the threads from the others.
constexpr int kFailuresMax = 5;
constexpr std::chrono::seconds kFirstRetryDelay{1};

// A writer is held up by at most this much per call while the tail grows from the slowdown bound to twice that.
constexpr std::chrono::milliseconds kThrottleMax{20};

constexpr std::chrono::seconds kThrottlePoll{1};     // guards against a missed wake-up only
constexpr std::chrono::milliseconds kLimitPoll{20};  // where the call may have to end earlier

using ViewPointer = std::shared_ptr<const CollectionView>;

int CoreCount() { return std::max(1, static_cast<int>(std::thread::hardware_concurrency())); }

// All cores but the one that the application itself needs.
int BackgroundThreads(const ClientOptions& options) {
  return options.compaction_threads > 0 ? options.compaction_threads : std::max(1, CoreCount() - 1);
}

// Threads that build one graph. Whoever waits for a full compaction can spare the last core too.
int GraphThreads(const ClientOptions& options, bool waited_for) {
  return waited_for && options.compaction_threads == 0 ? CoreCount() : BackgroundThreads(options);
}

std::vector<SegmentSize> SizesOf(const CollectionView& view) {
  std::vector<SegmentSize> sizes;
  for (const SegmentView& segment : view.segments) {
    sizes.push_back({segment.segment->row_count(), segment.deletions->live_count()});
  }
  return sizes;
}

std::vector<size_t> AllOf(const std::vector<SegmentSize>& sizes) {
  std::vector<size_t> indexes(sizes.size());
  std::iota(indexes.begin(), indexes.end(), size_t{0});
  return indexes;
}

TailSize TailOf(const CollectionView& view) { return {view.tail_operations(), view.tail_bytes}; }

}  // namespace

Compactor::Compactor(Storage& storage, Log& log, SystemDatabase& sysdb, ViewRegistry& views,
                     const ClientOptions& options)
    : storage_(storage), log_(log), sysdb_(sysdb), views_(views), options_(options) {
  views_.ListenForReleases([this] { NoteRelease(); });
  try {
    for (int i = 0; i < BackgroundThreads(options); ++i) {
      threads_.emplace_back([this, first = i == 0] { Work(first); });
    }
  } catch (...) {
    if (threads_.empty()) {
      views_.ListenForReleases({});
      throw;
    }
    // Those that there are will do.
  }
}

Compactor::~Compactor() {
  views_.ListenForReleases({});
  Stop();
}

void Compactor::Stop() {
  {
    MutexLock lock(mutex_);
    stopping_.store(true);
    work_changed_.NotifyAll();
    compaction_ended_.NotifyAll();
  }
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

bool Compactor::WantsCompaction(const CollectionView& view) const {
  return IsTailFull(options_, TailOf(view)) || HasDeadSegment(SizesOf(view));
}

bool Compactor::MayWantCompaction(const CollectionView& view) const {
  return WantsCompaction(view) || MayAge(options_, TailOf(view)) || IsUntidy(SizesOf(view));
}

void Compactor::Enqueue(CollectionId collection, Entry& entry) {
  if (entry.queued || entry.running) return;  // Release looks again after a run
  queue_.push_back(collection);               // first, as it may lack memory
  entry.queued = true;
  entry.due_at = entry.rest_at = Clock::time_point::max();
  work_changed_.NotifyOne();
}

void Compactor::Schedule(CollectionId collection, Entry& entry, const CollectionView& view) {
  if (entry.queued || entry.running) return;  // Release looks again after a run
  if (WantsCompaction(view)) {
    Enqueue(collection, entry);
    return;
  }
  const auto later = Clock::now() + std::chrono::seconds(options_.aged_tail_seconds);
  const bool was_scheduled = std::min(entry.due_at, entry.rest_at) != Clock::time_point::max();
  if (MayAge(options_, TailOf(view))) entry.due_at = std::min(entry.due_at, later);
  if (IsUntidy(SizesOf(view))) entry.rest_at = later;  // again with every write
  if (!was_scheduled) work_changed_.NotifyOne();
}

void Compactor::Nudge(CollectionId collection, const CollectionView& view) {
  // The write that this follows stands, so a lack of memory is not its error; the next write nudges again.
  (void)CatchExceptions([&]() -> Status {
    if (!MayWantCompaction(view)) return Status::Ok();
    MutexLock lock(mutex_);
    Entry& entry = entries_[collection];
    if (entry.failures == 0) Schedule(collection, entry, view);  // else its retries are scheduled, or it had its last
    return Status::Ok();
  });
}

Status Compactor::Throttle(CollectionId collection, const CollectionView& view) {
  const int64_t slowdown = options_.tail_bytes_slowdown;
  if (view.tail_bytes <= slowdown) return Status::Ok();
  const double overshoot = static_cast<double>(view.tail_bytes - slowdown) / static_cast<double>(slowdown);
  if (overshoot < 1) {
    std::this_thread::sleep_for(kThrottleMax * overshoot);
    return Status::Ok();
  }
  while (true) {
    OCHRE_ASSIGN_OR_RETURN(const auto current, views_.Pin(collection));
    if (current->tail_bytes < 2 * slowdown) return Status::Ok();
    MutexLock lock(mutex_);
    if (stopping_.load()) return Status::Cancelled("the database is being closed");
    Entry& entry = entries_[collection];
    if (entry.failures > 0) {
      return Status::ResourceExhausted("the collection's tail has reached ", current->tail_bytes,
                                       " bytes, and compacting it fails: ", entry.last_error.ToString());
    }
    Enqueue(collection, entry);
    if (!options_.writers_wait) {
      return Status::ResourceExhausted(kBackoff, ": the collection's tail has reached ", current->tail_bytes,
                                       " bytes, which are being compacted");
    }
    OCHRE_RETURN_IF_ERROR(AwaitCompaction(lock));
  }
}

bool Compactor::EnqueueDue(Clock::time_point now) {
  for (auto& [collection, entry] : entries_) {
    const bool retry = entry.failures > 0 && entry.failures < kFailuresMax && entry.retry_at <= now;
    if (entry.due_at > now && entry.rest_at > now && !retry) continue;
    try {
      Enqueue(collection, entry);
    } catch (const std::bad_alloc&) {
      return false;
    }
  }
  return true;
}

Compactor::Task Compactor::TakeNext(CollectionId& collection) {
  MutexLock lock(mutex_);
  while (!stopping_.load()) {
    if (released_) return Task::kCollectGarbage;
    const auto now = Clock::now();
    const bool all_enqueued = EnqueueDue(now);
    if (!queue_.empty()) {
      collection = queue_.front();
      queue_.pop_front();
      const auto found = entries_.find(collection);
      assert(found != entries_.end());  // as Erase takes what it erases out of the queue
      Entry& entry = found->second;
      entry.queued = false;
      if (entry.running) continue;  // CompactFully has it; Release looks again
      entry.running = true;
      return Task::kCompaction;
    }
    if (!all_enqueued) {
      work_changed_.WaitFor(lock, kFirstRetryDelay);
      continue;
    }
    auto next = Clock::time_point::max();
    for (const auto& [id, entry] : entries_) {
      if (entry.queued || entry.running) continue;
      next = std::min({next, entry.due_at, entry.rest_at});
      if (entry.failures > 0 && entry.failures < kFailuresMax) next = std::min(next, entry.retry_at);
    }
    if (next == Clock::time_point::max()) {
      work_changed_.Wait(lock);
    } else {
      work_changed_.WaitFor(lock, next - now);
    }
  }
  return Task::kNone;
}

void Compactor::Work(bool first) {
  if (first) RemoveLeftovers();
  CollectionId collection;
  for (Task task = TakeNext(collection); task != Task::kNone; task = TakeNext(collection)) {
    if (task == Task::kCollectGarbage) {
      CollectGarbage();
      continue;
    }
    const Status outcome = CatchExceptions([&] { return RunOnce(collection, /*fully=*/false); });
    CollectGarbage();
    Release(collection, outcome);
  }
}

Status Compactor::AwaitCompaction(MutexLock& lock) {
  if (CallLimit::Current() == nullptr) {
    compaction_ended_.WaitFor(lock, kThrottlePoll);
  } else {
    compaction_ended_.WaitFor(lock, kLimitPoll);
  }
  return CallLimit::CheckCurrent();
}

Status Compactor::AcquireExclusively(CollectionId collection) {
  MutexLock lock(mutex_);
  while (!stopping_.load()) {
    Entry& entry = entries_[collection];  // again after each wait: the map may have grown
    if (!entry.running) {
      entry.running = true;
      return Status::Ok();
    }
    OCHRE_RETURN_IF_ERROR(AwaitCompaction(lock));
  }
  return Status::Cancelled("the database is being closed");
}

void Compactor::Release(CollectionId collection, const Status& outcome) noexcept {
  // Writers may have filled the tail again meanwhile.
  const auto view =
      CatchExceptions([&] { return outcome.ok() ? views_.Pin(collection) : Result<ViewPointer>(outcome); });
  MutexLock lock(mutex_);
  const auto found = entries_.find(collection);
  assert(found != entries_.end());  // as what is running is not forgotten
  Entry& entry = found->second;
  entry.running = false;
  if (outcome.ok()) {
    entry.failures = 0;
    entry.last_error = Status::Ok();
    try {
      if (view.ok()) Schedule(collection, entry, **view);
    } catch (const std::bad_alloc&) {
      entry.due_at = Clock::now();  // so that TakeNext tries again
    }
  } else if (outcome.code() == StatusCode::kNotFound) {
    Erase(found);  // it was deleted
  } else if (outcome.code() != StatusCode::kCancelled) {
    entry.last_error = CatchExceptions([&outcome] { return outcome; });
    entry.retry_at = Clock::now() + kFirstRetryDelay * (1 << entry.failures);
    entry.failures = std::min(entry.failures + 1, kFailuresMax);
    work_changed_.NotifyOne();
  }
  compaction_ended_.NotifyAll();
}

// Marks a segment as being written, so that it is no garbage, while it lives.
class Compactor::BeingWritten {
 public:
  BeingWritten(Compactor& compactor, const SegmentId& id) : compactor_(compactor), id_(id) {
    MutexLock lock(compactor.mutex_);
    compactor.being_written_.insert(id);
  }
  ~BeingWritten() {
    if (for_good_) return;
    MutexLock lock(compactor_.mutex_);
    compactor_.being_written_.erase(id_);
  }
  BeingWritten(const BeingWritten&) = delete;
  BeingWritten& operator=(const BeingWritten&) = delete;

  void KeepForGood() { for_good_ = true; }

 private:
  Compactor& compactor_;
  const SegmentId id_;
  bool for_good_ = false;
};

Status Compactor::RunOnce(CollectionId collection, bool fully) {
  OCHRE_ASSIGN_OR_RETURN(const auto record, sysdb_.GetCollection(collection));
  OCHRE_ASSIGN_OR_RETURN(auto view, views_.Pin(collection));
  // What an earlier one registered, but could not swap in, comes first: the next version is to follow it.
  OCHRE_ASSIGN_OR_RETURN(const CollectionVersion latest, sysdb_.LatestVersion(collection));
  if (view->version < latest.version) {
    OCHRE_RETURN_IF_ERROR(Publish(collection, latest.log_position));
    OCHRE_ASSIGN_OR_RETURN(view, views_.Pin(collection));
  }
  const std::vector<SegmentSize> sizes = SizesOf(*view);
  std::vector<size_t> merges;
  if (fully) {
    const bool clean = sizes.empty() || (sizes.size() == 1 && sizes[0].row_count == sizes[0].live_count);
    if (view->tail_operations() == 0 && clean) return Status::Ok();
    merges = AllOf(sizes);
  } else {
    const bool by_size = view->tail_operations() > 0 || HasDeadSegment(sizes);
    if (!by_size && !IsUntidy(sizes)) return Status::Ok();
    // Nothing is left to do but to tidy up: it is at rest.
    merges = by_size ? ChooseMerges(sizes, static_cast<int64_t>(view->All().tail.size())) : AllOf(sizes);
  }
  const SegmentId id = RandomUuid();
  LogPosition log_position{};
  {
    BeingWritten being_written(*this, id);
    OCHRE_ASSIGN_OR_RETURN(const CollectionVersion version,
                           Compact(storage_, *view, merges, {.segment = id, .collection = collection},
                                   record->configuration.hnsw, GraphThreads(options_, fully), stopping_));
    const Status registered = Register(collection, version);
    // The version that names it may be there when the database is opened again: until then the segment is no garbage.
    if (registered.code() == StatusCode::kUnknown) being_written.KeepForGood();
    OCHRE_RETURN_IF_ERROR(registered);
    log_position = version.log_position;
  }
  return Publish(collection, log_position);
}

Status Compactor::Register(CollectionId collection, const CollectionVersion& version) {
  // Not before what was written to other collections earlier: an outage takes the end of what was written, nothing
  // else.
  OCHRE_RETURN_IF_ERROR(log_.Sync());
  return sysdb_.RegisterVersion(collection, version);
}

Status Compactor::Publish(CollectionId collection, LogPosition log_position) {
  OCHRE_RETURN_IF_ERROR(views_.SwapVersion(collection));
  return log_.Purge(collection, log_position);
}

Status Compactor::CompactFully(CollectionId collection) {
  OCHRE_RETURN_IF_ERROR(AcquireExclusively(collection));
  // What has begun is completed: given up halfway for this caller, it would count as a failure for all others.
  const CallLimit::Scope unlimited(nullptr);
  const Status outcome = CatchExceptions([&] { return RunOnce(collection, /*fully=*/true); });
  CollectGarbage();
  Release(collection, outcome);
  return outcome;
}

Status Compactor::WaitUntilIdle(CollectionId collection) {
  while (true) {
    OCHRE_ASSIGN_OR_RETURN(const auto view, views_.Pin(collection));
    MutexLock lock(mutex_);
    if (stopping_.load()) return Status::Cancelled("the database is being closed");
    Entry& entry = entries_[collection];
    if (!entry.queued && !entry.running) {
      if (entry.failures > 0) return entry.last_error;
      if (!WantsCompaction(*view) && !IsUntidy(SizesOf(*view))) return Status::Ok();
      Enqueue(collection, entry);
    }
    OCHRE_RETURN_IF_ERROR(AwaitCompaction(lock));
  }
}

void Compactor::Erase(Entries::iterator entry) noexcept {
  // Also what runs may be queued: CompactFully does not wait for its turn.
  if (entry->second.queued) queue_.erase(std::find(queue_.begin(), queue_.end(), entry->first));
  entries_.erase(entry);
}

void Compactor::Forget(CollectionId collection) {
  {
    MutexLock lock(mutex_);
    const auto found = entries_.find(collection);
    if (found != entries_.end() && !found->second.running) Erase(found);
  }
  CollectGarbage();
}

void Compactor::RemoveLeftovers() noexcept {
  CollectGarbage();
  (void)CatchExceptions([this] { return PurgeDeleted(); });  // the next open tries again
}

Status Compactor::PurgeDeleted() {
  OCHRE_ASSIGN_OR_RETURN(const std::vector<CollectionId> logged, log_.Collections());
  // Collections are catalogued before their first write, so one that is not any more was deleted. A catalogue
  // that is damaged or older than the log is no reason to delete anything.
  OCHRE_ASSIGN_OR_RETURN(const std::vector<CollectionId> deleted, sysdb_.NotCatalogued(logged));
  if (!deleted.empty()) OCHRE_RETURN_IF_ERROR(CheckLogAgainstCatalogue(log_, sysdb_));
  for (const CollectionId& collection : deleted) {
    if (stopping_.load()) break;
    (void)log_.PurgeCollection(collection);
  }
  return Status::Ok();
}

// By a reader, for the most part: deleting files is the threads' task.
void Compactor::NoteRelease() noexcept {
  MutexLock lock(mutex_);
  released_ = true;
  work_changed_.NotifyOne();
}

void Compactor::DeleteReleased() noexcept {
  {
    MutexLock lock(mutex_);
    if (!released_) return;
  }
  CollectGarbage();
}

void Compactor::CollectGarbage() noexcept {
  {
    MutexLock lock(mutex_);
    released_ = false;  // first: what is let go of from here on may be missed below
  }
  // What cannot be deleted now is found again by the next compaction or the next open: nothing refers to it.
  (void)CatchExceptions([this] {
    return views_.CollectGarbage([this](const SegmentId& id) {
      MutexLock lock(mutex_);
      return being_written_.contains(id);
    });
  });
}

}  // namespace ochre
