// Materializer: turns a collection's log, from one version on, into the records that readers see.
#ifndef OCHRE_VIEW_MATERIALIZER_H_
#define OCHRE_VIEW_MATERIALIZER_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "log/log.h"
#include "ochre/options.h"
#include "ochre/status.h"
#include "segment/deletion_bitmap.h"
#include "segment/segment.h"
#include "types/ids.h"
#include "types/operation_batch.h"
#include "view/collection_view.h"
#include "view/log_tail.h"
#include "view/resolve.h"

namespace ochre {

// A segment at one version.
struct BaseSegment {
  std::shared_ptr<const Segment> segment;
  DeletionBitmap deletions;
};

// Where materialising begins: a version of the index.
struct BaseVersion {
  uint64_t version = 0;
  LogPosition log_position{};
  OffsetId next_offset_id{1};
  int64_t record_count = 0;
  Space space = Space::kL2;  // these two are the collection's
  Quantization quantization = Quantization::kInt8;
  std::vector<BaseSegment> segments;
};

// Deterministic: the same version and the same log give the same records with the same offset ids, so that a tail that
// is replayed after a compaction or a restart agrees with what readers saw before. One thread at a time.
class Materializer {
 public:
  explicit Materializer(BaseVersion base);

  LogPosition position() const { return position_; }

  // Applies the operations of the batch that follows position(). DataLoss: the batch or a segment that it touches is
  // damaged; the materializer is then in the middle of the batch and must be discarded.
  Status Apply(const LogBatch& batch);

  // What a reader sees now. Cheap when little was deleted from the segments since the last call.
  std::shared_ptr<const CollectionView> View();

 private:
  // A record that operations may meet, and where it is.
  struct Existing {
    RecordLocation location;
    OffsetId offset_id{};
    RecordContents contents;  // filled only for operations that merge
  };

  std::shared_ptr<LogTail> NewTail(int32_t dimension) const;
  Result<std::optional<Existing>> Find(std::string_view id, bool with_contents) const;
  Status ApplyOne(OperationKind kind, const Operation& operation, LogPosition position);
  void Remove(const Existing& existing, LogPosition position);

  BaseVersion base_;
  std::vector<std::shared_ptr<const DeletionBitmap>> published_deletions_;  // null: base_'s has changed since
  std::shared_ptr<LogTail> tail_;
  LogPosition position_;
  OffsetId next_offset_id_;
  int64_t record_count_;
};

}  // namespace ochre

#endif  // OCHRE_VIEW_MATERIALIZER_H_
