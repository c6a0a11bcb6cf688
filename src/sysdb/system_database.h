// SystemDatabase: the catalogue of tenants, databases, collections, and the versions and segments of their indexes.
#ifndef OCHRE_SYSDB_SYSTEM_DATABASE_H_
#define OCHRE_SYSDB_SYSTEM_DATABASE_H_

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ochre/metadata.h"
#include "ochre/options.h"
#include "ochre/status.h"
#include "types/collection_configuration.h"
#include "types/ids.h"

namespace ochre {

inline constexpr std::string_view kDefaultTenant = "default_tenant";
inline constexpr std::string_view kDefaultDatabase = "default_database";

struct TenantRecord {
  std::string name;
  std::optional<std::string> resource_name;
};

struct DatabaseRecord {
  Uuid id;
  std::string name;
  std::string tenant;
};

struct CollectionRecord {
  CollectionId id;
  std::string name;
  std::string tenant;
  std::string database;
  Metadata metadata;  // empty: none
  CollectionConfiguration configuration;
  std::optional<int32_t> dimension;  // null until the first embedding
};

struct SegmentRecord {
  SegmentId id;
  int64_t row_count = 0;
  int64_t bytes = 0;  // all its files together
};

// One segment as one version sees it.
struct VersionSegment {
  SegmentRecord segment;
  std::string deletions;  // serialised DeletionBitmap (segment/deletion_bitmap.h); empty: no row is deleted
};

// The index of one collection up to one log position. Version 0, without segments, is that of a new collection.
struct CollectionVersion {
  uint64_t version = 0;
  LogPosition log_position{};            // every operation up to here is in the segments or deleted from them
  OffsetId next_offset_id{1};            // of the next record to be inserted
  int64_t record_count = 0;              // live records in the segments
  std::vector<VersionSegment> segments;  // oldest first
};

// Thread-safe. Writes are durable when they return, unless opened with less than kNormal. Collections that were looked
// up are kept in memory; nothing is read for those that were not.
//
// Every call may return DataLoss, which names the file and the row: each row that is read is compared with its
// checksum, and a version with the count and the digest of its segments. Before the first change since opening, and
// before the first answer that depends on what is not there (NotFound, a list, a count), all rows are read, at some
// hundred MB/s, and compared with what the file says of them (sqlite/row_sets.h). So a damaged catalogue is not
// changed, and what of it is sound can be read.
class SystemDatabase {
 public:
  // Opens or creates system.sqlite3 in `directory` (in memory for Durability::kMemory), migrating an older schema.
  // A new one holds the default tenant and, in it, the default database under the nil UUID.
  // DataLoss: damaged, or no SQLite database. FailedPrecondition: a newer Ochre wrote it.
  static Result<std::unique_ptr<SystemDatabase>> Open(const std::filesystem::path& directory, Durability durability);
  ~SystemDatabase();

  // AlreadyExists: "Tenant [x] already exists". NotFound: "Tenant [x] not found".
  Status CreateTenant(std::string_view name);
  Result<TenantRecord> GetTenant(std::string_view name) const;
  // May be set once; a second, different value is AlreadyExists.
  Status SetTenantResourceName(std::string_view name, std::string_view resource_name);

  // NotFound: no such tenant. AlreadyExists: "Database [x] already exists".
  Status CreateDatabase(std::string_view tenant, std::string_view name, Uuid id);
  // NotFound: "Database [x] not found. Are you sure it exists?"
  Result<DatabaseRecord> GetDatabase(std::string_view tenant, std::string_view name) const;
  // Ordered by name. A negative limit means all.
  Result<std::vector<DatabaseRecord>> ListDatabases(std::string_view tenant, int64_t limit, int64_t offset) const;
  // Back to what a new one holds; returns the ids of the collections that were deleted.
  Result<std::vector<CollectionId>> Reset();
  // Deletes it with all its collections, and returns their ids. NotFound: "Database [x] not found".
  Result<std::vector<CollectionId>> DeleteDatabase(std::string_view tenant, std::string_view name);

  // `record.tenant` and `record.database` say where. InvalidArgument: "Database [x] does not exist". AlreadyExists:
  // "Collection [x] already exists".
  Status CreateCollection(const CollectionRecord& record);
  // NotFound: "Collection [x] does not exist". The record is a snapshot.
  Result<std::shared_ptr<const CollectionRecord>> GetCollection(std::string_view tenant, std::string_view database,
                                                                std::string_view name) const;
  Result<std::shared_ptr<const CollectionRecord>> GetCollection(CollectionId id) const;
  // Ordered by collection id; none when there is no such database. A negative limit means all.
  Result<std::vector<std::shared_ptr<const CollectionRecord>>> ListCollections(std::string_view tenant,
                                                                               std::string_view database, int64_t limit,
                                                                               int64_t offset) const;
  Result<int64_t> CountCollections(std::string_view tenant, std::string_view database) const;
  // Replaces what is given. AlreadyExists: the new name is taken by another collection. NotFound.
  Status UpdateCollection(CollectionId id, const std::optional<std::string>& name,
                          const std::optional<Metadata>& metadata,
                          const std::optional<CollectionConfiguration>& configuration);
  // Fixes the dimension if it is null; returns the one in force. NotFound.
  Result<int32_t> FixDimension(CollectionId id, int32_t dimension);
  // Deletes it with its versions, and returns its id. NotFound.
  Result<CollectionId> DeleteCollection(std::string_view tenant, std::string_view database, std::string_view name);

  // NotFound: no such collection.
  Result<CollectionVersion> LatestVersion(CollectionId id) const;

  // Makes `version` the latest one, in one transaction, and drops the one before. version.version must be the latest's
  // plus one. Reference counts of segments follow; those that reach 0 are forgotten, and their files are garbage.
  // Aborted: another version was registered meanwhile. NotFound: the collection was deleted.
  Status RegisterVersion(CollectionId id, const CollectionVersion& version);

  // Every segment that a version names.
  Result<std::vector<SegmentId>> ReferencedSegments() const;

  // Those of `candidates` that no version names, in their order. What it returns may be deleted, so it never takes the
  // catalogue's word unchecked: a segment that a transaction of this object released is known to be garbage, once; for
  // the absence of any other one the whole catalogue is verified first. DataLoss: it is damaged.
  Result<std::vector<SegmentId>> Unreferenced(const std::vector<SegmentId>& candidates) const;

  // Those of `candidates` that are no collections, in their order; as careful as Unreferenced.
  Result<std::vector<CollectionId>> NotCatalogued(const std::vector<CollectionId>& candidates) const;

  // Whether a collection of this id exists.
  Result<bool> CollectionExists(CollectionId id) const;

  // Reads the whole file. DataLoss: it is not what was written, or contradicts itself.
  Status Verify() const;

  // Checkpoints and closes. Idempotent; later calls fail with FailedPrecondition.
  Status Close();

 private:
  struct Impl;
  explicit SystemDatabase(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace ochre

#endif  // OCHRE_SYSDB_SYSTEM_DATABASE_H_
