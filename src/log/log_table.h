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

// The tables (application id 0x4f63684c, "OchL"):
//
//   batches  one row a batch, in the order of arrival: collection (16 bytes), first and last position, and bytes
//            (types/operation_batch.h); with an index on (collection, first, last).
//   purged   how far a collection was purged; none for one that never was. Positions go on from there even when all of
//            its batches are gone.
extern const SqliteSchema kLogSchema;

// Borrows a connection, and is as thread-safe as that.
class LogTable {
 public:
  explicit LogTable(SqliteConnection& connection) : connection_(connection) {}

  Status Insert(CollectionId collection, LogPosition first, LogPosition last, std::string_view bytes);

  // Of the last operation ever appended, purged or not; 0 if there was none.
  Result<LogPosition> LastPosition(CollectionId collection) const;

  // The batches in (after, up_to], oldest first, until `bytes_max` is reached (at least one).
  Result<std::vector<LogBatch>> Read(CollectionId collection, LogPosition after, LogPosition up_to,
                                     int64_t bytes_max) const;

  // The end of the oldest batches that together reach `bytes_max` (at least one), of those that end at or before
  // `position`; nullopt when there is none.
  Result<std::optional<LogPosition>> EndOfOldest(CollectionId collection, LogPosition position,
                                                 int64_t bytes_max) const;

  // Deletes the batches that begin at or before `position`.
  Status DeleteUpTo(CollectionId collection, LogPosition position);

  // Notes that the collection was purged up to `position`, or forgets that it ever was.
  Status SetPurged(CollectionId collection, LogPosition position);
  Status ForgetPurged(CollectionId collection);

  // Those that have batches or were purged, ascending.
  Result<std::vector<CollectionId>> Collections() const;

 private:
  SqliteConnection& connection_;
};

}  // namespace ochre

#endif  // OCHRE_LOG_LOG_TABLE_H_
