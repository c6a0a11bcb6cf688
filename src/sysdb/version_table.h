// VersionTable: the statements that read and write the versions of collections and the segments that they share.
#ifndef OCHRE_SYSDB_VERSION_TABLE_H_
#define OCHRE_SYSDB_VERSION_TABLE_H_

#include <cstdint>
#include <vector>

#include "ochre/status.h"
#include "sqlite/connection.h"
#include "sysdb/system_database.h"
#include "types/ids.h"

namespace ochre {

// What the tables keep true: the reference count of a segment is the number of (collection, version, ordinal) that name
// it, and a segment that nothing names has no row. Borrows a connection; every change needs an open transaction.
class VersionTable {
 public:
  explicit VersionTable(SqliteConnection& connection) : connection_(connection) {}

  // Of a collection that exists. Version 0 when none was registered. DataLoss: it names a segment that has no row.
  Result<CollectionVersion> Latest(CollectionId collection) const;
  Result<uint64_t> LatestNumber(CollectionId collection) const;

  Status Insert(CollectionId collection, const CollectionVersion& version);

  // Deletes the collection's versions below `version`; adds the segments that nothing names any more to `released`.
  Status DeleteBelow(CollectionId collection, uint64_t version, std::vector<SegmentId>& released);

  Result<std::vector<SegmentId>> Segments() const;

  // Whether anything says that `segment` is in use: its own row, or a version's that names it.
  Result<bool> IsNamed(SegmentId segment) const;

  // DataLoss: a segment's reference count is not the number of rows that name it.
  Status VerifyReferenceCounts() const;

 private:
  SqliteConnection& connection_;
};

}  // namespace ochre

#endif  // OCHRE_SYSDB_VERSION_TABLE_H_
