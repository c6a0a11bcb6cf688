#include "compactor/compactor.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "compactor/compaction.h"
#include "compactor/compaction_policy.h"
#include "runtime/call_limit.h"
#include "runtime/random.h"
#include "types/refusal.h"

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
  for (int i = 0; i < BackgroundThreads(options); ++i) {
    threads_.emplace_back([this, first = i == 0] { Work(first); });
  }
}

Compactor::~Compactor() { Stop(); }

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
  entry.queued = true;
  entry.due_at = entry.rest_at = Clock::time_point::max();
  queue_.push_back(collection);
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
  if (!MayWantCompaction(view)) return;
  MutexLock lock(mutex_);
  Entry& entry = entries_[collection];
  if (entry.failures > 0) return;  // its retries are scheduled, or it has had its last
  Schedule(collection, entry, view);
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

void Compactor::EnqueueDue(Clock::time_point now) {
  for (auto& [collection, entry] : entries_) {
    const bool retry = entry.failures > 0 && entry.failures < kFailuresMax && entry.retry_at <= now;
    if (entry.due_at <= now || entry.rest_at <= now || retry) Enqueue(collection, entry);
  }
}

bool Compactor::TakeNext(CollectionId& collection) {
  MutexLock lock(mutex_);
  while (!stopping_.load()) {
    const auto now = Clock::now();
    EnqueueDue(now);
    if (!queue_.empty()) {
      collection = queue_.front();
      queue_.pop_front();
      Entry& entry = entries_[collection];
      entry.queued = false;
      if (entry.running) continue;  // CompactFully has it; Release looks again
      entry.running = true;
      return true;
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
  return false;
}

void Compactor::Work(bool first) {
  if (first) RemoveLeftovers();
  CollectionId collection;
  while (TakeNext(collection)) {
    const Status outcome = RunOnce(collection, /*fully=*/false);
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

void Compactor::Release(CollectionId collection, const Status& outcome) {
  // Writers may have filled the tail again meanwhile.
  const auto view = outcome.ok() ? views_.Pin(collection) : Result<std::shared_ptr<const CollectionView>>(outcome);
  MutexLock lock(mutex_);
  Entry& entry = entries_[collection];
  entry.running = false;
  if (outcome.ok()) {
    entry.failures = 0;
    entry.last_error = Status::Ok();
    if (view.ok()) Schedule(collection, entry, **view);
  } else if (outcome.code() == StatusCode::kNotFound) {
    entries_.erase(collection);  // it was deleted
  } else if (outcome.code() != StatusCode::kCancelled) {
    entry.last_error = outcome;
    entry.retry_at = Clock::now() + kFirstRetryDelay * (1 << entry.failures);
    entry.failures = std::min(entry.failures + 1, kFailuresMax);
    work_changed_.NotifyOne();
  }
  compaction_ended_.NotifyAll();
}

Status Compactor::RunOnce(CollectionId collection, bool fully) {
  OCHRE_ASSIGN_OR_RETURN(const auto record, sysdb_.GetCollection(collection));
  OCHRE_ASSIGN_OR_RETURN(const auto view, views_.Pin(collection));
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
  {
    MutexLock lock(mutex_);
    being_written_.insert(id);
  }
  Status outcome;
  const auto version =
      Compact(storage_, *view, merges, id, record->configuration.hnsw, GraphThreads(options_, fully), stopping_);
  outcome = version.ok() ? Register(collection, *version) : version.status();
  {
    MutexLock lock(mutex_);
    // The version that names it may be there when the database is opened again: until then the segment is no garbage.
    if (outcome.code() != StatusCode::kUnknown) being_written_.erase(id);
  }
  OCHRE_RETURN_IF_ERROR(outcome);
  OCHRE_RETURN_IF_ERROR(views_.SwapVersion(collection));
  return log_.Purge(collection, version->log_position);
}

Status Compactor::Register(CollectionId collection, const CollectionVersion& version) {
  // Not before what was written to other collections earlier: an outage takes the end of what was written, nothing
  // else.
  OCHRE_RETURN_IF_ERROR(log_.Sync());
  return sysdb_.RegisterVersion(collection, version);
}

Status Compactor::CompactFully(CollectionId collection) {
  OCHRE_RETURN_IF_ERROR(AcquireExclusively(collection));
  // What has begun is completed: given up halfway for this caller, it would count as a failure for all others.
  const CallLimit::Scope unlimited(nullptr);
  const Status outcome = RunOnce(collection, /*fully=*/true);
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

void Compactor::Forget(CollectionId collection) {
  {
    MutexLock lock(mutex_);
    const auto found = entries_.find(collection);
    if (found != entries_.end() && !found->second.running) {
      if (found->second.queued) queue_.erase(std::find(queue_.begin(), queue_.end(), collection));
      entries_.erase(found);
    }
  }
  CollectGarbage();
}

void Compactor::RemoveLeftovers() {
  CollectGarbage();
  const auto logged = log_.Collections();
  if (!logged.ok()) return;  // the next open tries again
  // Collections are catalogued before their first write, so one that is not any more was deleted.
  const auto deleted = sysdb_.NotCatalogued(*logged);
  if (!deleted.ok()) return;  // a damaged catalogue is no reason to delete anything
  for (const CollectionId& collection : *deleted) {
    if (stopping_.load()) return;
    (void)log_.PurgeCollection(collection);
  }
}

void Compactor::CollectGarbage() {
  // What cannot be deleted now is found again by the next compaction or the next open: nothing refers to it.
  (void)views_.CollectGarbage([this](const SegmentId& id) {
    MutexLock lock(mutex_);
    return being_written_.contains(id);
  });
}

}  // namespace ochre
