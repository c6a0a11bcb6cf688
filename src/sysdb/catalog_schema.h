// kCatalogSchema: the tables of system.sqlite3.
#ifndef OCHRE_SYSDB_CATALOG_SCHEMA_H_
#define OCHRE_SYSDB_CATALOG_SCHEMA_H_

#include <array>

#include "sqlite/row_sets.h"
#include "sqlite/schema.h"

namespace ochre {

// Application id 0x4f636853, "OchS". Ids are 16 bytes; names are BLOBs, because SQLite leaves open what expressions do
// to TEXT that holds zeros. Log positions, offset ids and versions are below 2^63.
//
//   tenants           name, resource_name (null until it is set)
//   databases         id, tenant, name: unique within its tenant
//   collections       id, database_id, name: unique within its database; metadata and configuration (JSON), dimension
//                     (null until the first embedding), created_at (seconds since 1970), latest_version (0: none)
//   versions          (collection_id, version): log_position, next_offset_id, record_count; segment_count, and
//                     segments_digest: the exclusive or of the checksums of its rows of version_segments. None for a
//                     collection that was never compacted. Only the latest is kept, but nothing here depends on it.
//   segments          id, row_count, bytes, and reference_count: how many rows of version_segments name it, at least 1
//   version_segments  (collection_id, version, ordinal), ordinals ascending from the oldest: segment_id, deletions
//   row_sets          of each of these tables: its name, row_count, digest (sqlite/row_sets.h)
//
// Each row but those of row_sets has a checksum besides.
extern const SqliteSchema kCatalogSchema;

extern const std::array<CheckedTable, 6> kCatalogTables;

}  // namespace ochre

#endif  // OCHRE_SYSDB_CATALOG_SCHEMA_H_
