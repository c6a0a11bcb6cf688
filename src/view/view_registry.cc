#include "view/view_registry.h"

#include <utility>

namespace ochre {
namespace {

// How much of the log is read at a time while replaying: large enough to amortise a statement, small enough that a
// replay does not double the memory that the tail takes.
constexpr int64_t kReplayBytes = 16 << 20;

// A load races with a compaction only if one registers a version between two reads; losing this often in a row means
// that operations are missing from the log.
constexpr int kLoadAttemptsMax = 5;

}  // namespace

std::shared_ptr<ViewRegistry::State> ViewRegistry::StateOf(CollectionId collection) {
  MutexLock lock(mutex_);
  std::shared_ptr<State>& state = states_[collection];
  if (state == nullptr) state = std::make_shared<State>();
  return state;
}

void ViewRegistry::Forget(CollectionId collection) {
  MutexLock lock(mutex_);
  states_.erase(collection);
}

std::vector<CollectionId> ViewRegistry::Loaded() const {
  MutexLock lock(mutex_);
  std::vector<CollectionId> collections;
  collections.reserve(states_.size());
  for (const auto& [collection, state] : states_) collections.push_back(collection);
  return collections;
}

Result<std::unique_ptr<Materializer>> ViewRegistry::Load(CollectionId collection,
                                                         const std::vector<BaseSegment>& open) {
  OCHRE_ASSIGN_OR_RETURN(const CollectionVersion version, sysdb_.LatestVersion(collection));
  BaseVersion base = {.version = version.version,
                      .log_position = version.log_position,
                      .next_offset_id = version.next_offset_id,
                      .record_count = version.record_count,
                      .segments = {}};
  for (const VersionSegment& listed : version.segments) {
    std::shared_ptr<const Segment> segment;
    for (const BaseSegment& candidate : open) {
      if (candidate.segment->id() == listed.segment.id) segment = candidate.segment;
    }
    if (segment == nullptr) {
      OCHRE_ASSIGN_OR_RETURN(segment, Segment::Open(storage_, listed.segment.id));
    }
    OCHRE_ASSIGN_OR_RETURN(DeletionBitmap deletions,
                           DeletionBitmap::Deserialize(listed.deletions, segment->row_count()));
    base.segments.push_back({std::move(segment), std::move(deletions)});
  }
  // An outage may have taken the log's last transactions but not the version that covers them, unless both are written
  // with Durability::kFull. Positions up to the version's must never be given out again.
  OCHRE_ASSIGN_OR_RETURN(const LogPosition last, log_.LastPosition(collection));
  if (last < version.log_position) OCHRE_RETURN_IF_ERROR(log_.Purge(collection, version.log_position));
  return std::make_unique<Materializer>(std::move(base));
}

Status ViewRegistry::Replay(CollectionId collection, Materializer& materializer) {
  OCHRE_ASSIGN_OR_RETURN(const LogPosition last, log_.LastPosition(collection));
  while (materializer.position() < last) {
    OCHRE_ASSIGN_OR_RETURN(const std::vector<LogBatch> batches,
                           log_.Read(collection, materializer.position(), kReplayBytes));
    if (batches.empty()) return Status::FailedPrecondition("the log ends early");
    for (const LogBatch& batch : batches) {
      if (static_cast<uint64_t>(batch.first) != static_cast<uint64_t>(materializer.position()) + 1) {
        return Status::FailedPrecondition("the log begins late");
      }
      OCHRE_RETURN_IF_ERROR(materializer.Apply(batch));
    }
  }
  return Status::Ok();
}

Result<std::shared_ptr<const CollectionView>> ViewRegistry::Pin(CollectionId collection) {
  const std::shared_ptr<State> state = StateOf(collection);
  OCHRE_ASSIGN_OR_RETURN(const LogPosition last, log_.LastPosition(collection));
  {
    MutexLock lock(state->view_mutex);
    if (state->view != nullptr && state->view->position >= last) return state->view;
  }
  MutexLock lock(state->apply_mutex);
  for (int attempt = 0; attempt < kLoadAttemptsMax; ++attempt) {
    if (state->materializer == nullptr) {
      OCHRE_ASSIGN_OR_RETURN(state->materializer, Load(collection, {}));
    }
    const Status replayed = Replay(collection, *state->materializer);
    if (replayed.ok()) {
      std::shared_ptr<const CollectionView> view = state->materializer->View();
      MutexLock view_lock(state->view_mutex);
      state->view = view;
      return view;
    }
    state->materializer.reset();  // it may be in the middle of a batch
    if (replayed.code() != StatusCode::kFailedPrecondition) return replayed;
  }
  return Status::DataLoss("the log lacks operations of collection ", collection.ToString(),
                          " that no version of its index covers");
}

Status ViewRegistry::SwapVersion(CollectionId collection) {
  const std::shared_ptr<State> state = StateOf(collection);
  std::vector<BaseSegment> open;
  {
    MutexLock lock(state->apply_mutex);
    if (state->materializer != nullptr) open = state->materializer->segments();
  }
  OCHRE_ASSIGN_OR_RETURN(std::unique_ptr<Materializer> next, Load(collection, open));
  OCHRE_RETURN_IF_ERROR(Replay(collection, *next));  // most of it, beside running writers
  MutexLock lock(state->apply_mutex);
  OCHRE_RETURN_IF_ERROR(Replay(collection, *next));
  state->materializer = std::move(next);
  std::shared_ptr<const CollectionView> view = state->materializer->View();
  MutexLock view_lock(state->view_mutex);
  state->view = std::move(view);
  return Status::Ok();
}

}  // namespace ochre
