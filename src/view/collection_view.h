// CollectionView: what one reader sees: the segments of one version, what is deleted from them, and the tail.
#ifndef OCHRE_VIEW_COLLECTION_VIEW_H_
#define OCHRE_VIEW_COLLECTION_VIEW_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "ochre/status.h"
#include "runtime/lazy.h"
#include "segment/deletion_bitmap.h"
#include "segment/segment.h"
#include "types/ids.h"
#include "view/log_tail.h"
#include "view/match_set.h"

namespace ochre {

struct SegmentView {
  std::shared_ptr<const Segment> segment;
  std::shared_ptr<const DeletionBitmap> deletions;  // at the view's position: what the tail deletes is in it
};

// Where a view keeps a record.
struct RecordLocation {
  static constexpr int32_t kTail = -1;
  int32_t segment = kTail;  // index into CollectionView::segments
  uint32_t row = 0;         // ordinal in the segment, or index in the tail

  friend bool operator==(const RecordLocation&, const RecordLocation&) = default;
};

// A record in one place, borrowed from the view.
struct ViewRecord {
  std::string_view id;
  OffsetId offset_id{};
  LogPosition position{};      // of the last operation on it
  StoredRecord contents;       // if asked for
  const float* row = nullptr;  // if asked for: RowStride(dimension) floats
};

// What to fetch of a record besides its numbers and its id.
struct RecordParts {
  bool contents = false;
  bool row = false;
};

// Immutable: holding one keeps everything that it names readable, whatever is written or compacted meanwhile.
// Every record is in exactly one place: live in one segment, or visible in the tail.
struct CollectionView {
  uint64_t version = 0;
  LogPosition compacted_position{};  // of the version: what the segments cover
  LogPosition position{};            // of the view: it shows every operation up to here, and none after
  OffsetId next_offset_id{1};
  int64_t record_count = 0;
  std::vector<SegmentView> segments;
  std::shared_ptr<const LogTail> tail;
  size_t tail_size = 0;  // versions in the tail that the view may look at
  int64_t tail_bytes = 0;

  // Operations that no segment covers.
  int64_t tail_operations() const {
    return static_cast<int64_t>(static_cast<uint64_t>(position) - static_cast<uint64_t>(compacted_position));
  }
  bool IsVisible(size_t tail_index) const { return tail->record(tail_index).IsVisible(position); }

  // Where the record of that id is; nullopt when there is none. DataLoss names a damaged file.
  Result<std::optional<RecordLocation>> Find(std::string_view id) const;

  // Valid while the view is. DataLoss names a damaged file.
  Result<ViewRecord> Read(RecordLocation location, RecordParts parts) const;

  // Hints for whoever reads the contents of many records, as those of segment/record_store.h; nothing for the tail.
  void PrefetchPlace(RecordLocation location) const;
  void PrefetchContents(RecordLocation location) const;

  // Floats per embedding; 0 while no record was ever inserted.
  int32_t dimension() const { return segments.empty() ? tail->dimension() : segments.front().segment->dimension(); }

  // Puts indexes in the tail into ascending order of offset id: updates append new versions of old records, so the
  // tail's own order is that one only up to the first update.
  void SortTail(std::vector<uint32_t>& indexes) const;

  // Every record; worked out when it is first asked for, and valid while the view is.
  const MatchSet& All() const;

 private:
  Lazy<MatchSet> all_;
};

}  // namespace ochre

#endif  // OCHRE_VIEW_COLLECTION_VIEW_H_
