#include "view/view_registry.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "segment/manifest.h"
#include "types/catch_exceptions.h"
#include "view/cross_references.h"

namespace ochre {
namespace {

// How much of the log is read at a time while replaying: large enough to amortise a statement, small enough that a
// replay does not double the memory that the tail takes.
constexpr int64_t kReplayBytes = 16 << 20;

// A load races with a compaction only if one registers a version between two reads; losing this often in a row means
// that operations are missing from the log.
constexpr int kLoadAttemptsMax = 5;

// What Log::Read says too when a compaction has purged what was to be read.
Status LostRace(const char* what) { return Status(StatusCode::kAborted, what); }

}  // namespace

std::shared_ptr<ViewRegistry::State> ViewRegistry::StateOf(CollectionId collection) {
  MutexLock lock(mutex_);
  if (const auto found = states_.find(collection); found != states_.end()) return found->second;
  return states_.emplace(collection, std::make_shared<State>()).first->second;
}

std::vector<std::shared_ptr<const CollectionView>> ViewRegistry::CurrentViews() const {
  std::vector<std::shared_ptr<State>> states;
  {
    MutexLock lock(mutex_);
    for (const auto& [collection, state] : states_) states.push_back(state);
  }
  std::vector<std::shared_ptr<const CollectionView>> views;
  for (const auto& state : states) {
    MutexLock lock(state->view_mutex);
    if (state->view != nullptr) views.push_back(state->view);
  }
  return views;
}

void ViewRegistry::Forget(CollectionId collection) {
  MutexLock lock(mutex_);
  states_.erase(collection);
}

Result<std::shared_ptr<const Segment>> ViewRegistry::OpenSegment(const SegmentId& id) {
  std::weak_ptr<const Segment>& open = open_segments_[id];
  std::shared_ptr<const Segment> segment = open.lock();
  if (segment == nullptr) {
    OCHRE_ASSIGN_OR_RETURN(std::shared_ptr<const Segment> opened, Segment::Open(storage_, id));
    // Owned by one pointer to it that all views share, so that its end can be told.
    const Segment* const address = opened.get();
    segment = std::shared_ptr<const Segment>(address,
                                             [owner = std::move(opened), releases = releases_](const Segment*) mutable {
                                               owner.reset();
                                               releases->Send();
                                             });
    open = segment;
  }
  return segment;
}

Status ViewRegistry::CollectGarbage(const std::function<bool(const SegmentId&)>& is_being_written) {
  MutexLock lock(segments_mutex_);
  OCHRE_ASSIGN_OR_RETURN(const std::vector<std::string> folders, storage_.List(kSegmentsFolder));
  std::vector<SegmentId> candidates;
  for (const std::string& folder : folders) {
    const std::optional<Uuid> id = Uuid::Parse(folder);
    if (!id.has_value() || is_being_written(*id)) continue;
    const auto open = open_segments_.find(*id);
    if (open != open_segments_.end() && !open->second.expired()) continue;
    candidates.push_back(*id);
  }
  if (candidates.empty()) return Status::Ok();
  // Only now: a segment that was being written when it was listed is either still so, or registered by this time.
  OCHRE_ASSIGN_OR_RETURN(const std::vector<SegmentId> garbage, sysdb_.Unreferenced(candidates));
  if (!garbage.empty() && !log_agrees_) {
    OCHRE_RETURN_IF_ERROR(CheckLogAgainstCatalogue(log_, sysdb_));
    log_agrees_ = true;
  }
  for (const SegmentId& id : garbage) {
    OCHRE_RETURN_IF_ERROR(storage_.DeleteFolder(SegmentFolder(id)));
    open_segments_.erase(id);
  }
  return Status::Ok();
}

Status ViewRegistry::VerifyReferences() const {
  OCHRE_RETURN_IF_ERROR(CheckLogAgainstCatalogue(log_, sysdb_));
  return CheckFoldersAgainstCatalogue(storage_, sysdb_);
}

Result<std::unique_ptr<Materializer>> ViewRegistry::Load(CollectionId collection) {
  MutexLock lock(segments_mutex_);
  OCHRE_ASSIGN_OR_RETURN(const CollectionVersion version, sysdb_.LatestVersion(collection));
  OCHRE_ASSIGN_OR_RETURN(const auto described, sysdb_.GetCollection(collection));
  BaseVersion base = {.version = version.version,
                      .log_position = version.log_position,
                      .next_offset_id = version.next_offset_id,
                      .record_count = version.record_count,
                      .space = described->configuration.hnsw.space,
                      .quantization = described->configuration.hnsw.quantization,
                      .segments = {}};
  int64_t live_count = 0;
  for (const VersionSegment& listed : version.segments) {
    OCHRE_ASSIGN_OR_RETURN(std::shared_ptr<const Segment> segment, OpenSegment(listed.segment.id));
    OCHRE_RETURN_IF_ERROR(segment->CheckAgainst({.collection = collection,
                                                 .row_count = listed.segment.row_count,
                                                 .bytes = listed.segment.bytes,
                                                 .dimension = described->dimension,
                                                 .space = base.space}));
    OCHRE_ASSIGN_OR_RETURN(DeletionBitmap deletions,
                           DeletionBitmap::Deserialize(listed.deletions, segment->row_count()));
    live_count += deletions.live_count();
    base.segments.push_back({std::move(segment), std::move(deletions)});
  }
  if (live_count != version.record_count) {
    return Status::DataLoss("system.sqlite3: version ", version.version, " of collection ", collection.ToString(),
                            " has ", version.record_count, " records, but its segments hold ", live_count);
  }
  // An outage may have taken the log's last transactions but not the version that covers them, if the log was written
  // with Durability::kNone.
  OCHRE_RETURN_IF_ERROR(log_.SkipTo(collection, version.log_position));
  return std::make_unique<Materializer>(std::move(base));
}

Status ViewRegistry::Replay(CollectionId collection, Materializer& materializer) {
  OCHRE_ASSIGN_OR_RETURN(const LogPosition last, log_.LastPosition(collection));
  while (materializer.position() < last) {
    OCHRE_ASSIGN_OR_RETURN(const std::vector<LogBatch> batches,
                           log_.Read(collection, materializer.position(), kReplayBytes));
    if (batches.empty()) return LostRace("the log ends early");
    for (const LogBatch& batch : batches) {
      if (static_cast<uint64_t>(batch.first) != static_cast<uint64_t>(materializer.position()) + 1) {
        return LostRace("the log begins late");
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
      OCHRE_ASSIGN_OR_RETURN(state->materializer, Load(collection));
    }
    // Nor does an exception leave a half-applied batch to whoever comes next.
    const Status replayed = CatchExceptions([&] { return Replay(collection, *state->materializer); });
    if (replayed.ok()) {
      std::shared_ptr<const CollectionView> view = state->materializer->View();
      MutexLock view_lock(state->view_mutex);
      state->view = view;
      return view;
    }
    state->materializer.reset();  // it may be in the middle of a batch
    if (replayed.code() != StatusCode::kAborted) return replayed;
  }
  return Status::DataLoss("log.sqlite3: the log lacks operations of collection ", collection.ToString(),
                          " that no version of its index in system.sqlite3 covers");
}

Status ViewRegistry::SwapVersion(CollectionId collection) {
  const std::shared_ptr<State> state = StateOf(collection);
  OCHRE_ASSIGN_OR_RETURN(std::unique_ptr<Materializer> next, Load(collection));
  OCHRE_RETURN_IF_ERROR(Replay(collection, *next));  // most of it, beside running writers
  MutexLock lock(state->apply_mutex);
  OCHRE_RETURN_IF_ERROR(Replay(collection, *next));
  std::shared_ptr<const CollectionView> view = next->View();
  state->materializer = std::move(next);
  MutexLock view_lock(state->view_mutex);
  state->view = std::move(view);
  return Status::Ok();
}

}  // namespace ochre
