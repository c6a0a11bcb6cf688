// ViewRegistry: keeps the current view of every collection in use, and gives it to readers.
#ifndef OCHRE_VIEW_VIEW_REGISTRY_H_
#define OCHRE_VIEW_VIEW_REGISTRY_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

#include "log/log.h"
#include "ochre/status.h"
#include "runtime/mutex.h"
#include "storage/storage.h"
#include "sysdb/system_database.h"
#include "types/ids.h"
#include "view/collection_view.h"
#include "view/materializer.h"
#include "view/release_signal.h"

namespace ochre {

// Collections are loaded on first use. Thread-safe. `storage`, `log` and `sysdb` must outlive the registry.
class ViewRegistry {
 public:
  ViewRegistry(Storage& storage, Log& log, SystemDatabase& sysdb) : storage_(storage), log_(log), sysdb_(sysdb) {}

  // A view of every operation acknowledged before the call. Never waits for a compaction. NotFound: no such collection.
  // DataLoss: a damaged file, by name.
  Result<std::shared_ptr<const CollectionView>> Pin(CollectionId collection);

  // Pulls the log into the tail, so that the writer pays for it rather than the next reader.
  Status CatchUp(CollectionId collection) { return Pin(collection).status(); }

  // Goes over to the latest version in the system database: segments that stay are kept open, the tail is replayed from
  // the version's position. Readers and writers go on meanwhile; only the last stretch of the replay holds them up.
  Status SwapVersion(CollectionId collection);

  // The views of the collections in use, as they are: nothing is loaded or caught up.
  std::vector<std::shared_ptr<const CollectionView>> CurrentViews() const;

  // Forgets a deleted collection. Views that are pinned stay valid.
  void Forget(CollectionId collection);

  // Deletes the segments in storage that no version names and no view holds, except those for which `is_being_written`
  // says so. What a crash left behind goes this way too. DataLoss: the catalogue, on whose word segments would be
  // deleted, is damaged or older than the log; then everything stays.
  Status CollectGarbage(const std::function<bool(const SegmentId&)>& is_being_written);

  // As ReleaseSignal::Listen: `listener` is called when a segment was let go of by the last view that held it, after
  // which CollectGarbage may have something to delete.
  void ListenForReleases(std::function<void()> listener) { releases_->Listen(std::move(listener)); }

  // DataLoss: the catalogue, the log and the segments' folders do not agree (view/cross_references.h).
  Status VerifyReferences() const;

 private:
  struct State {
    Mutex apply_mutex;  // held while the log is read and applied; never by a reader that finds its view current
    std::unique_ptr<Materializer> materializer OCHRE_GUARDED_BY(apply_mutex);  // null: to be loaded
    Mutex view_mutex;                                                          // held to copy or swap the pointer
    std::shared_ptr<const CollectionView> view OCHRE_GUARDED_BY(view_mutex);
  };

  std::shared_ptr<State> StateOf(CollectionId collection);
  // A materializer at the latest version's position.
  Result<std::unique_ptr<Materializer>> Load(CollectionId collection);
  Result<std::shared_ptr<const Segment>> OpenSegment(const SegmentId& id) OCHRE_REQUIRES(segments_mutex_);
  // Applies all of the log that follows. FailedPrecondition: what follows was purged, so a newer version covers it.
  Status Replay(CollectionId collection, Materializer& materializer);

  Storage& storage_;
  Log& log_;
  SystemDatabase& sysdb_;

  const std::shared_ptr<ReleaseSignal> releases_ = std::make_shared<ReleaseSignal>();

  // Held from reading a version to opening its segments, and while garbage is deleted, so that neither sees the other
  // half done.
  Mutex segments_mutex_;
  std::unordered_map<SegmentId, std::weak_ptr<const Segment>> open_segments_ OCHRE_GUARDED_BY(segments_mutex_);

  // The log and the catalogue were compared: while both are open they stay together.
  bool log_agrees_ OCHRE_GUARDED_BY(segments_mutex_) = false;

  mutable Mutex mutex_;  // held to look up or insert a pointer; never during I/O or a search
  std::unordered_map<CollectionId, std::shared_ptr<State>> states_ OCHRE_GUARDED_BY(mutex_);
};

}  // namespace ochre

#endif  // OCHRE_VIEW_VIEW_REGISTRY_H_
