// IdTable: ids.bin: from a row to its id and numbers, and from an id to its row.
#ifndef OCHRE_SEGMENT_ID_TABLE_H_
#define OCHRE_SEGMENT_ID_TABLE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ochre/status.h"
#include "storage/storage.h"
#include "storage/verified_blob.h"
#include "types/ids.h"

namespace ochre {

// ids.bin; little-endian, every section at a multiple of 8, in this order.
//   offset    size   field
//        0       8   magic "OCHREIDS"
//        8       4   format version, 1
//       12       4   zero
//       16       8   row count n
//       24       8   slot count s, a power of two, at least 2n
//       32      32   zero
//       64     8*n   offset ids, ascending
//            8*n   position of the last operation on each row
//       8*(n+1)   where each id begins in the bytes below, and where the last one ends
//           4*s   hash slots: ordinal + 1, or 0 if free. An id's search begins at XXH3-64(id) mod s and goes on slot by
//                 slot until it is found or a slot is free
//           ...   the ids' bytes
class IdTableWriter {
 public:
  explicit IdTableWriter(int64_t row_count_hint);

  // Rows in ordinal order, their offset ids ascending, their ids unique.
  void Add(std::string_view id, OffsetId offset_id, LogPosition position);
  Result<BlobInfo> Finish(Storage& storage, std::string_view name);

 private:
  std::vector<uint64_t> offset_ids_;
  std::vector<uint64_t> positions_;
  std::vector<uint64_t> ends_ = {0};
  std::string bytes_;
};

// Immutable; any number of threads.
class IdTable {
 public:
  // Verifies the whole file: every look-up may touch any of it. `blob` must outlive the table. DataLoss: damaged,
  // offset ids that do not ascend, or slots that do not name every row once.
  static Result<std::unique_ptr<const IdTable>> Open(const VerifiedBlob& blob, int64_t row_count);

  std::string_view Id(Ordinal ordinal) const {
    const auto row = static_cast<size_t>(ordinal);
    return bytes_.substr(begins_[row], begins_[row + 1] - begins_[row]);
  }
  OffsetId offset_id(Ordinal ordinal) const { return OffsetId{offset_ids_[static_cast<size_t>(ordinal)]}; }
  LogPosition position(Ordinal ordinal) const { return LogPosition{positions_[static_cast<size_t>(ordinal)]}; }

  std::optional<Ordinal> Find(std::string_view id) const;

  // Looks up every id, which opening cannot afford, until the CallLimit ends it. DataLoss, in which `name` is the
  // file's: one leads elsewhere.
  Status Verify(std::string_view name) const;

  // Hints for whoever reads several rows: begin to load the row's numbers, and, once these are there, its id.
  void PrefetchNumbers(Ordinal ordinal) const {
    const auto row = static_cast<size_t>(ordinal);
    __builtin_prefetch(&offset_ids_[row]);
    __builtin_prefetch(&positions_[row]);
    __builtin_prefetch(&begins_[row]);
  }
  void PrefetchId(Ordinal ordinal) const { __builtin_prefetch(bytes_.data() + begins_[static_cast<size_t>(ordinal)]); }

 private:
  IdTable() = default;

  std::span<const uint64_t> offset_ids_;
  std::span<const uint64_t> positions_;
  std::span<const uint64_t> begins_;  // one more than rows
  std::span<const uint32_t> slots_;
  std::string_view bytes_;
};

}  // namespace ochre

#endif  // OCHRE_SEGMENT_ID_TABLE_H_
