// DeletionBitmap: which rows of one segment are deleted or replaced.
#ifndef OCHRE_SEGMENT_DELETION_BITMAP_H_
#define OCHRE_SEGMENT_DELETION_BITMAP_H_

#include <cstdint>
#include <roaring/roaring.hh>
#include <string>
#include <string_view>

#include "ochre/status.h"
#include "types/ids.h"

namespace ochre {

// Invariant: every deleted ordinal is below row_count(). A value; not synchronised.
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

  // All rows that are not deleted.
  Roaring Live() const;

  // False if it was deleted already.
  bool Delete(Ordinal ordinal);

  Status Verify() const;

 private:
  int64_t row_count_;
  int64_t deleted_count_ = 0;
  Roaring deleted_;
};

}  // namespace ochre

#endif  // OCHRE_SEGMENT_DELETION_BITMAP_H_
