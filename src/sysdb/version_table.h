// VersionTable: the statements that read and write the versions of collections and the segments that they share.
#ifndef OCHRE_SYSDB_VERSION_TABLE_H_
#define OCHRE_SYSDB_VERSION_TABLE_H_

#include <cstdint>
#include <string_view>
#include <vector>

#include "ochre/status.h"
#include "sqlite/connection.h"
#include "sysdb/system_database.h"
#include "types/ids.h"

namespace ochre {

// What the tables keep true: the reference count of a segment is the number of (collection, version, ordinal) that name
// it, and a segment that nothing names has no row; a version knows how many segments it has, and their digest. Borrows
// a connection that watches its rows (sqlite/row_sets.h); every change needs an open transaction. Every call may return
// DataLoss, which names the file and what of it is not what was written.
class VersionTable {
 public:
  explicit VersionTable(SqliteConnection& connection) : connection_(connection) {}

  // Version `number` of a collection, with all its segments. Number 0 is that of a collection that was never compacted,
  // and has no row.
  Result<CollectionVersion> Read(CollectionId collection, uint64_t number) const;

  Status Insert(CollectionId collection, const CollectionVersion& version);

  // Deletes the collection's versions below `version`; adds the segments that nothing names any more to `released`.
  Status DeleteBelow(CollectionId collection, uint64_t version, std::vector<SegmentId>& released);

  Result<std::vector<SegmentId>> Segments() const;

  // Whether anything says that `segment` is in use: its own row, or a version's that names it.
  Result<bool> IsNamed(SegmentId segment) const;

  // DataLoss: a segment's reference count is not the number of rows that name it, or there are none.
  Status VerifyReferenceCounts() const;

  // Reads every version. DataLoss: one of them is damaged, or a collection's latest is not the one that it says.
  Status VerifyVersions() const;

  // Gives every version the count and the digest of its segments: for the migration of a file that had neither.
  Status DigestSegments();

 private:
  Status Damaged(CollectionId collection, uint64_t version, std::string_view what) const;
  Result<SegmentRecord> ReadSegment(const SegmentId& id) const;

  SqliteConnection& connection_;
};

}  // namespace ochre

#endif  // OCHRE_SYSDB_VERSION_TABLE_H_
