#include "sysdb/system_database.h"

#include <limits>
#include <unordered_set>
#include <utility>

#include "runtime/mutex.h"
#include "sqlite/integrity.h"
#include "sqlite/transaction.h"
#include "sysdb/catalog_schema.h"
#include "sysdb/collection_cache.h"
#include "sysdb/uuid_column.h"
#include "sysdb/version_table.h"

namespace ochre {
namespace {

using RecordPointer = std::shared_ptr<const CollectionRecord>;

Status CollectionMissing(std::string_view what) { return Status::NotFound("Collection [", what, "] does not exist"); }
Status CollectionMissing(CollectionId id) { return CollectionMissing(std::string_view(id.ToString())); }
Status CollectionTaken(std::string_view name) {
  return Status::AlreadyExists("Collection [", name, "] already exists");
}
Status TenantMissing(std::string_view name) { return Status::NotFound("Tenant [", name, "] not found"); }

Result<std::optional<TenantRecord>> FindTenant(SqliteConnection& connection, std::string_view name) {
  OCHRE_ASSIGN_OR_RETURN(SqliteStatement query, connection.Prepare("SELECT resource_name FROM tenants WHERE name=?1"));
  query.BindBlob(1, name);
  OCHRE_ASSIGN_OR_RETURN(const bool row, query.Step());
  if (!row) return std::optional<TenantRecord>();
  TenantRecord tenant{.name = std::string(name), .resource_name = std::nullopt};
  if (!query.IsNull(0)) tenant.resource_name = std::string(query.Blob(0));
  return std::optional<TenantRecord>(std::move(tenant));
}

Result<std::optional<Uuid>> FindDatabase(SqliteConnection& connection, std::string_view tenant, std::string_view name) {
  OCHRE_ASSIGN_OR_RETURN(SqliteStatement query,
                         connection.Prepare("SELECT id FROM databases WHERE tenant=?1 AND name=?2"));
  query.BindBlob(1, tenant);
  query.BindBlob(2, name);
  OCHRE_ASSIGN_OR_RETURN(const bool row, query.Step());
  return row ? std::optional<Uuid>(UuidFrom(query.Blob(0))) : std::nullopt;
}

Result<bool> DatabaseIdExists(SqliteConnection& connection, Uuid id) {
  OCHRE_ASSIGN_OR_RETURN(SqliteStatement query, connection.Prepare("SELECT 1 FROM databases WHERE id=?1"));
  query.BindBlob(1, BytesOf(id));
  return query.Step();
}

Result<bool> CollectionIdExists(SqliteConnection& connection, CollectionId id) {
  OCHRE_ASSIGN_OR_RETURN(SqliteStatement query, connection.Prepare("SELECT 1 FROM collections WHERE id=?1"));
  query.BindBlob(1, BytesOf(id));
  return query.Step();
}

Result<std::optional<CollectionId>> FindCollectionId(SqliteConnection& connection, Uuid database,
                                                     std::string_view name) {
  OCHRE_ASSIGN_OR_RETURN(SqliteStatement query,
                         connection.Prepare("SELECT id FROM collections WHERE database_id=?1 AND name=?2"));
  query.BindBlob(1, BytesOf(database));
  query.BindBlob(2, name);
  OCHRE_ASSIGN_OR_RETURN(const bool row, query.Step());
  return row ? std::optional<CollectionId>(UuidFrom(query.Blob(0))) : std::nullopt;
}

// From the current row of a query of collection_records.
Result<RecordPointer> ReadRecord(const SqliteStatement& row, const SqliteConnection& connection) {
  auto record = std::make_shared<CollectionRecord>();
  record->id = UuidFrom(row.Blob(0));
  record->name = row.Blob(1);
  record->tenant = row.Blob(2);
  record->database = row.Blob(3);
  auto metadata = MetadataFromJson(row.Text(4));
  auto configuration = ConfigurationFromJson(row.Text(5));
  if (!metadata.ok() || !configuration.ok()) {
    const Status& status = metadata.ok() ? configuration.status() : metadata.status();
    return Status::DataLoss(connection.name(), ": the record of collection ", record->id.ToString(),
                            " is damaged: ", status.message());
  }
  record->metadata = *std::move(metadata);
  record->configuration = *std::move(configuration);
  if (!row.IsNull(6)) record->dimension = static_cast<int32_t>(row.Int64(6));
  return RecordPointer(std::move(record));
}

// Null when there is none.
Result<RecordPointer> ReadFirstRecord(SqliteStatement& query, const SqliteConnection& connection) {
  OCHRE_ASSIGN_OR_RETURN(const bool row, query.Step());
  if (!row) return RecordPointer();
  return ReadRecord(query, connection);
}

Result<RecordPointer> ReadCollection(SqliteConnection& connection, CollectionId id) {
  OCHRE_ASSIGN_OR_RETURN(SqliteStatement query, connection.Prepare("SELECT * FROM collection_records WHERE id=?1"));
  query.BindBlob(1, BytesOf(id));
  return ReadFirstRecord(query, connection);
}

Result<RecordPointer> ReadCollection(SqliteConnection& connection, std::string_view tenant, std::string_view database,
                                     std::string_view name) {
  OCHRE_ASSIGN_OR_RETURN(
      SqliteStatement query,
      connection.Prepare("SELECT * FROM collection_records WHERE tenant=?1 AND database=?2 AND name=?3"));
  query.BindBlob(1, tenant);
  query.BindBlob(2, database);
  query.BindBlob(3, name);
  return ReadFirstRecord(query, connection);
}

// With its versions; needs an open transaction. Adds the segments that nothing names any more to `released`.
Status DeleteCollectionRow(SqliteConnection& connection, CollectionId id, std::vector<SegmentId>& released) {
  OCHRE_RETURN_IF_ERROR(VersionTable(connection).DeleteBelow(id, std::numeric_limits<int64_t>::max(), released));
  OCHRE_ASSIGN_OR_RETURN(SqliteStatement drop, connection.Prepare("DELETE FROM collections WHERE id=?1"));
  drop.BindBlob(1, BytesOf(id));
  return drop.Run();
}

Status VerifyCatalogue(SqliteConnection& connection) {
  OCHRE_RETURN_IF_ERROR(CheckSqliteIntegrity(connection));
  return VersionTable(connection).VerifyReferenceCounts();
}

}  // namespace

// Locks are taken in this order: database_mutex, then cache_mutex.
struct SystemDatabase::Impl {
  explicit Impl(std::unique_ptr<SqliteConnection> connection) : connection(std::move(connection)) {}

  // The connection, or that it is closed.
  Result<SqliteConnection*> Use() OCHRE_REQUIRES(database_mutex) {
    if (connection == nullptr) return Status::FailedPrecondition("the system database is closed");
    return connection.get();
  }

  // A record that the cache does not have, from the file into the cache. Whoever changes a record drops it from the
  // cache before letting go of database_mutex, so no older state can come back.
  void Remember(const RecordPointer& record) OCHRE_REQUIRES(database_mutex) {
    MutexLock lock(cache_mutex);
    cache.Put(record);
  }
  void Forget(CollectionId id) OCHRE_REQUIRES(database_mutex) {
    MutexLock lock(cache_mutex);
    cache.Remove(id);
  }

  // After the commit of a transaction.
  void NoteReleased(const std::vector<SegmentId>& segments) OCHRE_REQUIRES(database_mutex) {
    released.insert(segments.begin(), segments.end());
  }

  Mutex database_mutex;  // held by whoever uses the connection, also to wait for the disk
  std::unique_ptr<SqliteConnection> connection OCHRE_GUARDED_BY(database_mutex);  // null once closed
  // Segments that a committed transaction left without a name, until Unreferenced has said so.
  std::unordered_set<SegmentId> released OCHRE_GUARDED_BY(database_mutex);

  Mutex cache_mutex;  // never held during I/O
  CollectionCache cache OCHRE_GUARDED_BY(cache_mutex);
};

Result<std::unique_ptr<SystemDatabase>> SystemDatabase::Open(const std::filesystem::path& directory,
                                                             Durability durability) {
  // Exclusive: one connection does it all. Writes are rare and small, so SQLite's automatic checkpoints are fine.
  // With kNormal they are synced too: old segments and operations go once the version that replaces them is on disk.
  const Durability in_file = durability == Durability::kNormal ? Durability::kFull : durability;
  OCHRE_ASSIGN_OR_RETURN(auto connection, OpenSqliteDatabase(directory / "system.sqlite3", kCatalogSchema,
                                                             {.durability = in_file, .exclusive = true}));
  return std::unique_ptr<SystemDatabase>(new SystemDatabase(std::make_unique<Impl>(std::move(connection))));
}

SystemDatabase::SystemDatabase(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

SystemDatabase::~SystemDatabase() { (void)Close(); }

Status SystemDatabase::CreateTenant(std::string_view name) {
  MutexLock lock(impl_->database_mutex);
  OCHRE_ASSIGN_OR_RETURN(SqliteConnection* const connection, impl_->Use());
  OCHRE_ASSIGN_OR_RETURN(const auto existing, FindTenant(*connection, name));
  if (existing.has_value()) return Status::AlreadyExists("Tenant [", name, "] already exists");
  OCHRE_ASSIGN_OR_RETURN(SqliteStatement insert, connection->Prepare("INSERT INTO tenants(name) VALUES(?1)"));
  insert.BindBlob(1, name);
  return insert.Run();
}

Result<TenantRecord> SystemDatabase::GetTenant(std::string_view name) const {
  MutexLock lock(impl_->database_mutex);
  OCHRE_ASSIGN_OR_RETURN(SqliteConnection* const connection, impl_->Use());
  OCHRE_ASSIGN_OR_RETURN(auto tenant, FindTenant(*connection, name));
  if (!tenant.has_value()) return TenantMissing(name);
  return *std::move(tenant);
}

Status SystemDatabase::SetTenantResourceName(std::string_view name, std::string_view resource_name) {
  MutexLock lock(impl_->database_mutex);
  OCHRE_ASSIGN_OR_RETURN(SqliteConnection* const connection, impl_->Use());
  OCHRE_ASSIGN_OR_RETURN(const auto tenant, FindTenant(*connection, name));
  if (!tenant.has_value()) return TenantMissing(name);
  if (tenant->resource_name == resource_name) return Status::Ok();
  if (tenant->resource_name.has_value()) {
    return Status::AlreadyExists("Tenant [", name, "] already has the resource name [", *tenant->resource_name, "]");
  }
  OCHRE_ASSIGN_OR_RETURN(SqliteStatement update,
                         connection->Prepare("UPDATE tenants SET resource_name=?2 WHERE name=?1"));
  update.BindBlob(1, name);
  update.BindBlob(2, resource_name);
  return update.Run();
}

Status SystemDatabase::CreateDatabase(std::string_view tenant, std::string_view name, Uuid id) {
  MutexLock lock(impl_->database_mutex);
  OCHRE_ASSIGN_OR_RETURN(SqliteConnection* const connection, impl_->Use());
  OCHRE_ASSIGN_OR_RETURN(const auto owner, FindTenant(*connection, tenant));
  if (!owner.has_value()) return TenantMissing(tenant);
  OCHRE_ASSIGN_OR_RETURN(const auto existing, FindDatabase(*connection, tenant, name));
  if (existing.has_value()) return Status::AlreadyExists("Database [", name, "] already exists");
  OCHRE_ASSIGN_OR_RETURN(const bool id_exists, DatabaseIdExists(*connection, id));
  if (id_exists) return Status::AlreadyExists("Database id [", id.ToString(), "] already exists");
  OCHRE_ASSIGN_OR_RETURN(SqliteStatement insert,
                         connection->Prepare("INSERT INTO databases(id,tenant,name) VALUES(?1,?2,?3)"));
  insert.BindBlob(1, BytesOf(id));
  insert.BindBlob(2, tenant);
  insert.BindBlob(3, name);
  return insert.Run();
}

Result<DatabaseRecord> SystemDatabase::GetDatabase(std::string_view tenant, std::string_view name) const {
  MutexLock lock(impl_->database_mutex);
  OCHRE_ASSIGN_OR_RETURN(SqliteConnection* const connection, impl_->Use());
  OCHRE_ASSIGN_OR_RETURN(const auto id, FindDatabase(*connection, tenant, name));
  if (!id.has_value()) return Status::NotFound("Database [", name, "] not found. Are you sure it exists?");
  return DatabaseRecord{.id = *id, .name = std::string(name), .tenant = std::string(tenant)};
}

Result<std::vector<DatabaseRecord>> SystemDatabase::ListDatabases(std::string_view tenant, int64_t limit,
                                                                  int64_t offset) const {
  MutexLock lock(impl_->database_mutex);
  OCHRE_ASSIGN_OR_RETURN(SqliteConnection* const connection, impl_->Use());
  OCHRE_ASSIGN_OR_RETURN(
      SqliteStatement query,
      connection->Prepare("SELECT id,name FROM databases WHERE tenant=?1 ORDER BY name LIMIT ?2 OFFSET ?3"));
  query.BindBlob(1, tenant);
  query.BindInt64(2, limit);
  query.BindInt64(3, offset);
  std::vector<DatabaseRecord> databases;
  while (true) {
    OCHRE_ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return databases;
    databases.push_back(
        {.id = UuidFrom(query.Blob(0)), .name = std::string(query.Blob(1)), .tenant = std::string(tenant)});
  }
}

Result<std::vector<CollectionId>> SystemDatabase::Reset() {
  MutexLock lock(impl_->database_mutex);
  OCHRE_ASSIGN_OR_RETURN(SqliteConnection* const connection, impl_->Use());
  OCHRE_ASSIGN_OR_RETURN(SqliteTransaction transaction, SqliteTransaction::Begin(*connection));
  std::vector<CollectionId> collections;
  std::vector<SegmentId> released;
  {
    OCHRE_ASSIGN_OR_RETURN(SqliteStatement query, connection->Prepare("SELECT id FROM collections ORDER BY id"));
    while (true) {
      OCHRE_ASSIGN_OR_RETURN(const bool row, query.Step());
      if (!row) break;
      collections.push_back(UuidFrom(query.Blob(0)));
    }
  }
  for (const CollectionId& collection : collections) {
    OCHRE_RETURN_IF_ERROR(DeleteCollectionRow(*connection, collection, released));
  }
  OCHRE_RETURN_IF_ERROR(connection->Execute(R"sql(
    DELETE FROM databases;
    DELETE FROM tenants;
    INSERT INTO tenants VALUES(CAST('default_tenant' AS BLOB), NULL);
    INSERT INTO databases VALUES(
      zeroblob(16), CAST('default_tenant' AS BLOB), CAST('default_database' AS BLOB));
  )sql"));
  OCHRE_RETURN_IF_ERROR(transaction.Commit());
  impl_->NoteReleased(released);
  for (const CollectionId& collection : collections) impl_->Forget(collection);
  return collections;
}

Result<std::vector<CollectionId>> SystemDatabase::DeleteDatabase(std::string_view tenant, std::string_view name) {
  MutexLock lock(impl_->database_mutex);
  OCHRE_ASSIGN_OR_RETURN(SqliteConnection* const connection, impl_->Use());
  OCHRE_ASSIGN_OR_RETURN(SqliteTransaction transaction, SqliteTransaction::Begin(*connection));
  OCHRE_ASSIGN_OR_RETURN(const auto id, FindDatabase(*connection, tenant, name));
  if (!id.has_value()) return Status::NotFound("Database [", name, "] not found");
  std::vector<CollectionId> collections;
  std::vector<SegmentId> released;
  {
    OCHRE_ASSIGN_OR_RETURN(SqliteStatement query,
                           connection->Prepare("SELECT id FROM collections WHERE database_id=?1 ORDER BY id"));
    query.BindBlob(1, BytesOf(*id));
    while (true) {
      OCHRE_ASSIGN_OR_RETURN(const bool row, query.Step());
      if (!row) break;
      collections.push_back(UuidFrom(query.Blob(0)));
    }
  }
  for (const CollectionId& collection : collections) {
    OCHRE_RETURN_IF_ERROR(DeleteCollectionRow(*connection, collection, released));
  }
  {
    OCHRE_ASSIGN_OR_RETURN(SqliteStatement drop, connection->Prepare("DELETE FROM databases WHERE id=?1"));
    drop.BindBlob(1, BytesOf(*id));
    OCHRE_RETURN_IF_ERROR(drop.Run());
  }
  OCHRE_RETURN_IF_ERROR(transaction.Commit());
  impl_->NoteReleased(released);
  for (const CollectionId& collection : collections) impl_->Forget(collection);
  return collections;
}

Status SystemDatabase::CreateCollection(const CollectionRecord& record) {
  MutexLock lock(impl_->database_mutex);
  OCHRE_ASSIGN_OR_RETURN(SqliteConnection* const connection, impl_->Use());
  OCHRE_ASSIGN_OR_RETURN(const auto database, FindDatabase(*connection, record.tenant, record.database));
  if (!database.has_value()) return Status::InvalidArgument("Database [", record.database, "] does not exist");
  OCHRE_ASSIGN_OR_RETURN(const auto existing, FindCollectionId(*connection, *database, record.name));
  if (existing.has_value()) return CollectionTaken(record.name);
  OCHRE_ASSIGN_OR_RETURN(const bool id_exists, CollectionIdExists(*connection, record.id));
  if (id_exists) return Status::AlreadyExists("Collection id [", record.id.ToString(), "] already exists");

  const std::string metadata = MetadataToJson(record.metadata);
  const std::string configuration = ConfigurationToJson(record.configuration);
  OCHRE_ASSIGN_OR_RETURN(
      SqliteStatement insert,
      connection->Prepare("INSERT INTO collections(id,database_id,name,metadata,configuration,dimension) "
                          "VALUES(?1,?2,?3,?4,?5,?6)"));
  insert.BindBlob(1, BytesOf(record.id));
  insert.BindBlob(2, BytesOf(*database));
  insert.BindBlob(3, record.name);
  insert.BindText(4, metadata);
  insert.BindText(5, configuration);
  if (record.dimension.has_value()) insert.BindInt64(6, *record.dimension);
  return insert.Run();
}

Result<RecordPointer> SystemDatabase::GetCollection(std::string_view tenant, std::string_view database,
                                                    std::string_view name) const {
  {
    MutexLock lock(impl_->cache_mutex);
    if (auto record = impl_->cache.Find(tenant, database, name); record != nullptr) return record;
  }
  MutexLock lock(impl_->database_mutex);
  OCHRE_ASSIGN_OR_RETURN(SqliteConnection* const connection, impl_->Use());
  OCHRE_ASSIGN_OR_RETURN(auto record, ReadCollection(*connection, tenant, database, name));
  if (record == nullptr) return CollectionMissing(name);
  impl_->Remember(record);
  return record;
}

Result<RecordPointer> SystemDatabase::GetCollection(CollectionId id) const {
  {
    MutexLock lock(impl_->cache_mutex);
    if (auto record = impl_->cache.Find(id); record != nullptr) return record;
  }
  MutexLock lock(impl_->database_mutex);
  OCHRE_ASSIGN_OR_RETURN(SqliteConnection* const connection, impl_->Use());
  OCHRE_ASSIGN_OR_RETURN(auto record, ReadCollection(*connection, id));
  if (record == nullptr) return CollectionMissing(id);
  impl_->Remember(record);
  return record;
}

Result<std::vector<RecordPointer>> SystemDatabase::ListCollections(std::string_view tenant, std::string_view database,
                                                                   int64_t limit, int64_t offset) const {
  MutexLock lock(impl_->database_mutex);
  OCHRE_ASSIGN_OR_RETURN(SqliteConnection* const connection, impl_->Use());
  OCHRE_ASSIGN_OR_RETURN(SqliteStatement query,
                         connection->Prepare("SELECT * FROM collection_records WHERE tenant=?1 AND database=?2 "
                                             "ORDER BY id LIMIT ?3 OFFSET ?4"));
  query.BindBlob(1, tenant);
  query.BindBlob(2, database);
  query.BindInt64(3, limit);
  query.BindInt64(4, offset);
  std::vector<RecordPointer> records;
  while (true) {
    OCHRE_ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return records;
    OCHRE_ASSIGN_OR_RETURN(auto record, ReadRecord(query, *connection));
    records.push_back(std::move(record));
  }
}

Result<int64_t> SystemDatabase::CountCollections(std::string_view tenant, std::string_view database) const {
  MutexLock lock(impl_->database_mutex);
  OCHRE_ASSIGN_OR_RETURN(SqliteConnection* const connection, impl_->Use());
  OCHRE_ASSIGN_OR_RETURN(SqliteStatement query,
                         connection->Prepare("SELECT count(*) FROM collections WHERE database_id="
                                             "(SELECT id FROM databases WHERE tenant=?1 AND name=?2)"));
  query.BindBlob(1, tenant);
  query.BindBlob(2, database);
  OCHRE_ASSIGN_OR_RETURN(const bool row, query.Step());
  return row ? query.Int64(0) : int64_t{0};
}

Status SystemDatabase::UpdateCollection(CollectionId id, const std::optional<std::string>& name,
                                        const std::optional<Metadata>& metadata,
                                        const std::optional<CollectionConfiguration>& configuration) {
  MutexLock lock(impl_->database_mutex);
  OCHRE_ASSIGN_OR_RETURN(SqliteConnection* const connection, impl_->Use());
  OCHRE_ASSIGN_OR_RETURN(const auto record, ReadCollection(*connection, id));
  if (record == nullptr) return CollectionMissing(id);
  if (name.has_value()) {
    OCHRE_ASSIGN_OR_RETURN(const auto holder, ReadCollection(*connection, record->tenant, record->database, *name));
    if (holder != nullptr && holder->id != id) return CollectionTaken(*name);
  }

  const std::string new_metadata = MetadataToJson(metadata.value_or(record->metadata));
  const std::string new_configuration = ConfigurationToJson(configuration.value_or(record->configuration));
  const std::string& new_name = name.has_value() ? *name : record->name;
  OCHRE_ASSIGN_OR_RETURN(
      SqliteStatement update,
      connection->Prepare("UPDATE collections SET name=?2,metadata=?3,configuration=?4 WHERE id=?1"));
  update.BindBlob(1, BytesOf(id));
  update.BindBlob(2, new_name);
  update.BindText(3, new_metadata);
  update.BindText(4, new_configuration);
  OCHRE_RETURN_IF_ERROR(update.Run());
  impl_->Forget(id);
  return Status::Ok();
}

Result<int32_t> SystemDatabase::FixDimension(CollectionId id, int32_t dimension) {
  OCHRE_ASSIGN_OR_RETURN(auto record, GetCollection(id));
  if (record->dimension.has_value()) return *record->dimension;  // it never changes again

  MutexLock lock(impl_->database_mutex);
  OCHRE_ASSIGN_OR_RETURN(SqliteConnection* const connection, impl_->Use());
  {
    OCHRE_ASSIGN_OR_RETURN(
        SqliteStatement fix,
        connection->Prepare("UPDATE collections SET dimension=?2 WHERE id=?1 AND dimension IS NULL"));
    fix.BindBlob(1, BytesOf(id));
    fix.BindInt64(2, dimension);
    OCHRE_RETURN_IF_ERROR(fix.Run());
  }
  impl_->Forget(id);
  OCHRE_ASSIGN_OR_RETURN(record, ReadCollection(*connection, id));
  if (record == nullptr) return CollectionMissing(id);
  impl_->Remember(record);
  return *record->dimension;
}

Result<CollectionId> SystemDatabase::DeleteCollection(std::string_view tenant, std::string_view database,
                                                      std::string_view name) {
  MutexLock lock(impl_->database_mutex);
  OCHRE_ASSIGN_OR_RETURN(SqliteConnection* const connection, impl_->Use());
  OCHRE_ASSIGN_OR_RETURN(SqliteTransaction transaction, SqliteTransaction::Begin(*connection));
  OCHRE_ASSIGN_OR_RETURN(const auto record, ReadCollection(*connection, tenant, database, name));
  if (record == nullptr) return CollectionMissing(name);
  std::vector<SegmentId> released;
  OCHRE_RETURN_IF_ERROR(DeleteCollectionRow(*connection, record->id, released));
  OCHRE_RETURN_IF_ERROR(transaction.Commit());
  impl_->NoteReleased(released);
  impl_->Forget(record->id);
  return record->id;
}

Result<CollectionVersion> SystemDatabase::LatestVersion(CollectionId id) const {
  MutexLock lock(impl_->database_mutex);
  OCHRE_ASSIGN_OR_RETURN(SqliteConnection* const connection, impl_->Use());
  OCHRE_ASSIGN_OR_RETURN(const bool exists, CollectionIdExists(*connection, id));
  if (!exists) return CollectionMissing(id);
  return VersionTable(*connection).Latest(id);
}

Status SystemDatabase::RegisterVersion(CollectionId id, const CollectionVersion& version) {
  MutexLock lock(impl_->database_mutex);
  OCHRE_ASSIGN_OR_RETURN(SqliteConnection* const connection, impl_->Use());
  OCHRE_ASSIGN_OR_RETURN(SqliteTransaction transaction, SqliteTransaction::Begin(*connection));
  OCHRE_ASSIGN_OR_RETURN(const bool exists, CollectionIdExists(*connection, id));
  if (!exists) return CollectionMissing(id);
  VersionTable versions(*connection);
  OCHRE_ASSIGN_OR_RETURN(const uint64_t latest, versions.LatestNumber(id));
  if (version.version != latest + 1) {
    return Status(StatusCode::kAborted, "version " + std::to_string(version.version) + " of collection [" +
                                            id.ToString() + "] does not follow its latest version, which is " +
                                            std::to_string(latest));
  }
  // First the new references, so that a segment of both versions does not pass through none.
  OCHRE_RETURN_IF_ERROR(versions.Insert(id, version));
  std::vector<SegmentId> released;
  OCHRE_RETURN_IF_ERROR(versions.DeleteBelow(id, version.version, released));
  OCHRE_RETURN_IF_ERROR(transaction.Commit());
  impl_->NoteReleased(released);
  return Status::Ok();
}

Result<std::vector<SegmentId>> SystemDatabase::ReferencedSegments() const {
  MutexLock lock(impl_->database_mutex);
  OCHRE_ASSIGN_OR_RETURN(SqliteConnection* const connection, impl_->Use());
  return VersionTable(*connection).Segments();
}

Result<std::vector<SegmentId>> SystemDatabase::Unreferenced(const std::vector<SegmentId>& candidates) const {
  MutexLock lock(impl_->database_mutex);
  OCHRE_ASSIGN_OR_RETURN(SqliteConnection* const connection, impl_->Use());
  std::vector<SegmentId> unreferenced;
  bool verified = false;
  for (const SegmentId& candidate : candidates) {
    OCHRE_ASSIGN_OR_RETURN(const bool named, VersionTable(*connection).IsNamed(candidate));
    if (named) continue;
    if (!verified && !impl_->released.contains(candidate)) {
      OCHRE_RETURN_IF_ERROR(VerifyCatalogue(*connection));
      verified = true;
    }
    unreferenced.push_back(candidate);
  }
  for (const SegmentId& segment : unreferenced) impl_->released.erase(segment);
  return unreferenced;
}

Result<std::vector<CollectionId>> SystemDatabase::NotCatalogued(const std::vector<CollectionId>& candidates) const {
  MutexLock lock(impl_->database_mutex);
  OCHRE_ASSIGN_OR_RETURN(SqliteConnection* const connection, impl_->Use());
  std::vector<CollectionId> missing;
  for (const CollectionId& candidate : candidates) {
    OCHRE_ASSIGN_OR_RETURN(const bool exists, CollectionIdExists(*connection, candidate));
    if (!exists) missing.push_back(candidate);
  }
  if (!missing.empty()) OCHRE_RETURN_IF_ERROR(VerifyCatalogue(*connection));
  return missing;
}

Status SystemDatabase::Verify() const {
  MutexLock lock(impl_->database_mutex);
  OCHRE_ASSIGN_OR_RETURN(SqliteConnection* const connection, impl_->Use());
  return VerifyCatalogue(*connection);
}

Result<bool> SystemDatabase::CollectionExists(CollectionId id) const {
  {
    MutexLock lock(impl_->cache_mutex);
    if (impl_->cache.Find(id) != nullptr) return true;
  }
  MutexLock lock(impl_->database_mutex);
  OCHRE_ASSIGN_OR_RETURN(SqliteConnection* const connection, impl_->Use());
  return CollectionIdExists(*connection, id);
}

Status SystemDatabase::Close() {
  MutexLock lock(impl_->database_mutex);
  impl_->connection.reset();  // SQLite checkpoints and removes the write-ahead log
  MutexLock cache_lock(impl_->cache_mutex);
  impl_->cache = CollectionCache();  // so that every later call asks for the connection
  return Status::Ok();
}

}  // namespace ochre
