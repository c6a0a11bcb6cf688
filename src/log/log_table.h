// LogTable: the statements that read and write the tables of log.sqlite3.
#ifndef OCHRE_LOG_LOG_TABLE_H_
#define OCHRE_LOG_LOG_TABLE_H_

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "log/log.h"
#include "ochre/status.h"
#include "sqlite/schema.h"
#include "types/ids.h"

namespace ochre {

// The tables (application id 0x4f63684c, "OchL"). Every row carries a checksum (sqlite/row_checksum.h), and the batches
// of a collection are a chain: the checksum of each also covers that of the batch before it. So no batch can be
// changed, lost, repeated, swapped with another or moved to another collection without being noticed, the newest and
// the oldest included, whose checksums are in `bounds` too.
//
//   batches  one row a batch, in the order of arrival: collection (16 bytes), first and last position, checksum, and
//            bytes (types/operation_batch.h); unique by (collection, first).
//   bounds   one row a collection that was ever written to: its batches are those of the positions (purged, last];
//            purged_checksum and last_checksum are those of the batches that end there, 0 if there never was one.
//            Positions go on from `last` even when all of its batches are gone.
extern const SqliteSchema kLogSchema;

// What `bounds` has of one collection; all zero for one that was never written to.
struct LogBounds {
  LogPosition purged{};
  int64_t purged_checksum = 0;
  LogPosition last{};
  int64_t last_checksum = 0;

  friend bool operator==(const LogBounds&, const LogBounds&) = default;
};

// Borrows a connection, and is as thread-safe as that. Every call may return DataLoss, which names the file and the
// collection: what it read is not what was written.
class LogTable {
 public:
  explicit LogTable(SqliteConnection& connection) : connection_(connection) {}

  // Compared with the collection's oldest and newest batch.
  Result<LogBounds> Bounds(CollectionId collection) const;

  // Appends a batch of `operation_count` operations, and moves bounds.last and last_checksum to its end. The bounds
  // must be written in the same transaction, once for all batches of a collection.
  Status Append(CollectionId collection, int64_t operation_count, std::string_view bytes, LogBounds& bounds);
  Status WriteBounds(CollectionId collection, const LogBounds& bounds);

  // The batches in (after, up_to], oldest first, until `bytes_max` is reached (at least one). `after` and `up_to` end
  // batches. None when what follows `after` was purged.
  Result<std::vector<LogBatch>> Read(CollectionId collection, LogPosition after, LogPosition up_to,
                                     int64_t bytes_max) const;

  // The end of the oldest batches that together reach `bytes_max` (at least one), of those that end at or before
  // `position`, and the checksum of the last of them; nullopt when there is none.
  struct BatchEnd {
    LogPosition position{};
    int64_t checksum = 0;
  };
  Result<std::optional<BatchEnd>> EndOfOldest(CollectionId collection, LogPosition position, int64_t bytes_max) const;

  // Deletes the batches that begin at or before `position`.
  Status DeleteUpTo(CollectionId collection, LogPosition position);
  // Forgets that the collection was ever written to.
  Status DeleteBounds(CollectionId collection);

  // Those that have batches or bounds, ascending.
  Result<std::vector<CollectionId>> Collections() const;

  // Reads every batch of the collection and compares all that is said above.
  Status Verify(CollectionId collection) const;

 private:
  Status Damaged(CollectionId collection, std::string_view what) const;
  // Of the batch that ends at `position`, which is not below bounds.purged.
  Result<int64_t> ChecksumAt(CollectionId collection, LogPosition position, const LogBounds& bounds) const;

  SqliteConnection& connection_;
};

}  // namespace ochre

#endif  // OCHRE_LOG_LOG_TABLE_H_
