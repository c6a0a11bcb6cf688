// DeletionBitmap: which rows of one segment are deleted or replaced.
#ifndef OCHRE_SEGMENT_DELETION_BITMAP_H_
#define OCHRE_SEGMENT_DELETION_BITMAP_H_

#include <cstdint>
#include <roaring/roaring.hh>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ochre/status.h"
#include "runtime/lazy.h"
#include "types/ids.h"

namespace ochre {

// The rows below a number that are not deleted, in two forms, each worked out when it is first asked for. Copies work
// them out anew. Thread-safe; `deleted` and `row_count` are the same in every call.
class LiveRows {
 public:
  LiveRows() = default;
  LiveRows(const LiveRows&) {}
  LiveRows& operator=(const LiveRows&) = delete;

  const Roaring& Ordinals(const Roaring& deleted, int64_t row_count) const;
  // Bit i of word i / 64 is set unless row i is in `deleted`.
  std::span<const uint64_t> Bits(const Roaring& deleted, int64_t row_count) const;

 private:
  Lazy<Roaring> ordinals_;
  Lazy<std::vector<uint64_t>> bits_;
};

// Invariant: every deleted ordinal is below row_count(). A value; not synchronised, but for calls of const functions.
class DeletionBitmap {
 public:
  explicit DeletionBitmap(int64_t row_count) : row_count_(row_count) {}

  // What Serialize returned, for a segment of `row_count` rows; empty text: no row is deleted. DataLoss: neither.
  static Result<DeletionBitmap> Deserialize(std::string_view bytes, int64_t row_count);
  // CRoaring's portable format; empty when no row is deleted.
  std::string Serialize() const;

  int64_t row_count() const { return row_count_; }
  int64_t deleted_count() const { return deleted_count_; }
  int64_t live_count() const { return row_count_ - deleted_count_; }
  bool IsDeleted(Ordinal ordinal) const { return deleted_.contains(static_cast<uint32_t>(ordinal)); }
  const Roaring& deleted() const { return deleted_; }

  // All rows that are not deleted, and the same as one bit a row; valid as long as this bitmap. Nothing may be deleted
  // from it afterwards.
  const Roaring& Live() const { return live_.Ordinals(deleted_, row_count_); }
  std::span<const uint64_t> Bits() const { return live_.Bits(deleted_, row_count_); }

  // False if it was deleted already.
  bool Delete(Ordinal ordinal);

  Status Verify() const;

 private:
  int64_t row_count_;
  int64_t deleted_count_ = 0;
  Roaring deleted_;
  LiveRows live_;
};

}  // namespace ochre

#endif  // OCHRE_SEGMENT_DELETION_BITMAP_H_
