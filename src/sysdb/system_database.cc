#include "sysdb/system_database.h"

#include <chrono>
#include <limits>
#include <unordered_set>
#include <utility>

#include "runtime/mutex.h"
#include "sqlite/integrity.h"
#include "sqlite/row_sets.h"
#include "sqlite/transaction.h"
#include "sqlite/uuid_column.h"
#include "sysdb/catalog_schema.h"
#include "sysdb/collection_cache.h"
#include "sysdb/version_table.h"
#include "types/dimension.h"

namespace ochre {
namespace {

using RecordPointer = std::shared_ptr<const CollectionRecord>;

Status CollectionMissing(std::string_view what) { return Status::NotFound("Collection [", what, "] does not exist"); }
Status CollectionMissing(CollectionId id) { return CollectionMissing(std::string_view(id.ToString())); }
Status CollectionTaken(std::string_view name) {
  return Status::AlreadyExists("Collection [", name, "] already exists");
}
Status TenantMissing(std::string_view name) { return Status::NotFound("Tenant [", name, "] not found"); }

// The collections with their databases, and whether both rows are sound.
constexpr const char* kCollectionRecords = R"sql(
  CREATE TEMP VIEW collection_records AS
    SELECT c.id,c.name,d.tenant,d.name AS database,c.metadata,c.configuration,c.dimension,
      c.database_id,d.id AS joined_id,c.is_sound,c.row_key,d.is_sound AS database_is_sound,d.row_key AS database_key
    FROM checked_collections c JOIN checked_databases d ON d.id=c.database_id
)sql";

// A row that an index led to is not one of what was asked for.
Status Misled(const SqliteConnection& connection, std::string_view table, std::string_view key) {
  return Status::DataLoss(connection.name(), ": the file is damaged: an index of table ", table, " leads to row ", key,
                          ", which is another one");
}

Result<std::optional<TenantRecord>> FindTenant(SqliteConnection& connection, std::string_view name) {
  OCHRE_ASSIGN_OR_RETURN(
      SqliteStatement query,
      connection.Prepare("SELECT resource_name,is_sound,row_key FROM checked_tenants WHERE name=?1"));
  query.BindBlob(1, name);
  OCHRE_ASSIGN_OR_RETURN(const bool row, query.Step());
  if (!row) return std::optional<TenantRecord>();
  OCHRE_RETURN_IF_ERROR(CheckRow(connection, query, 1, "tenants"));
  TenantRecord tenant{.name = std::string(name), .resource_name = std::nullopt};
  if (!query.IsNull(0)) tenant.resource_name = std::string(query.Blob(0));
  return std::optional<TenantRecord>(std::move(tenant));
}

Status InsertTenant(SqliteConnection& connection, std::string_view name) {
  OCHRE_ASSIGN_OR_RETURN(SqliteStatement insert, connection.Prepare("INSERT INTO tenants(name,resource_name,checksum) "
                                                                    "VALUES(?1,NULL,row_checksum('tenants',?1,NULL))"));
  insert.BindBlob(1, name);
  return insert.Run();
}

Result<std::optional<Uuid>> FindDatabase(SqliteConnection& connection, std::string_view tenant, std::string_view name) {
  OCHRE_ASSIGN_OR_RETURN(SqliteStatement query,
                         connection.Prepare("SELECT id,tenant,name,is_sound,row_key FROM checked_databases "
                                            "WHERE tenant=?1 AND name=?2"));
  query.BindBlob(1, tenant);
  query.BindBlob(2, name);
  OCHRE_ASSIGN_OR_RETURN(const bool row, query.Step());
  if (!row) return std::optional<Uuid>();
  OCHRE_RETURN_IF_ERROR(CheckRow(connection, query, 3, "databases"));
  if (query.Blob(1) != tenant || query.Blob(2) != name) return Misled(connection, "databases", query.Text(4));
  OCHRE_ASSIGN_OR_RETURN(const Uuid id, UuidFrom(query.Blob(0), connection));
  return std::optional<Uuid>(id);
}

Status InsertDatabase(SqliteConnection& connection, Uuid id, std::string_view tenant, std::string_view name) {
  OCHRE_ASSIGN_OR_RETURN(SqliteStatement insert,
                         connection.Prepare("INSERT INTO databases(id,tenant,name,checksum) "
                                            "VALUES(?1,?2,?3,row_checksum('databases',?1,?2,?3))"));
  insert.BindBlob(1, BytesOf(id));
  insert.BindBlob(2, tenant);
  insert.BindBlob(3, name);
  return insert.Run();
}

Result<bool> DatabaseIdExists(SqliteConnection& connection, Uuid id) {
  OCHRE_ASSIGN_OR_RETURN(SqliteStatement query, connection.Prepare("SELECT 1 FROM databases WHERE id=?1"));
  query.BindBlob(1, BytesOf(id));
  return query.Step();
}

// Null when there is no such collection.
Result<std::optional<uint64_t>> FindLatestVersion(SqliteConnection& connection, CollectionId id) {
  OCHRE_ASSIGN_OR_RETURN(
      SqliteStatement query,
      connection.Prepare("SELECT latest_version,is_sound,row_key FROM checked_collections WHERE id=?1"));
  query.BindBlob(1, BytesOf(id));
  OCHRE_ASSIGN_OR_RETURN(const bool row, query.Step());
  if (!row) return std::optional<uint64_t>();
  OCHRE_RETURN_IF_ERROR(CheckRow(connection, query, 1, "collections"));
  return std::optional<uint64_t>(static_cast<uint64_t>(query.Int64(0)));
}

// From the current row of a query of collection_records.
Result<RecordPointer> ReadRecord(const SqliteStatement& row, const SqliteConnection& connection) {
  OCHRE_RETURN_IF_ERROR(CheckRow(connection, row, 9, "collections"));
  OCHRE_RETURN_IF_ERROR(CheckRow(connection, row, 11, "databases"));
  if (row.Blob(7) != row.Blob(8)) return Misled(connection, "collections", row.Text(10));
  auto record = std::make_shared<CollectionRecord>();
  OCHRE_ASSIGN_OR_RETURN(record->id, UuidFrom(row.Blob(0), connection));
  record->name = row.Blob(1);
  record->tenant = row.Blob(2);
  record->database = row.Blob(3);
  const auto damaged = [&](std::string_view what) {
    return Status::DataLoss(connection.name(), ": the record of collection ", record->id.ToString(),
                            " is damaged: ", what);
  };
  auto metadata = MetadataFromJson(row.Text(4));
  if (!metadata.ok()) return damaged(metadata.status().message());
  auto configuration = ConfigurationFromJson(row.Text(5));
  if (!configuration.ok()) return damaged(configuration.status().message());
  record->metadata = *std::move(metadata);
  record->configuration = *std::move(configuration);
  if (!row.IsNull(6)) {
    if (row.Int64(6) < 1 || row.Int64(6) > kDimensionMax) {
      return damaged("its dimension is " + std::to_string(row.Int64(6)) + ", and must be in [1, " +
                     std::to_string(kDimensionMax) + "]");
    }
    record->dimension = static_cast<int32_t>(row.Int64(6));
  }
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
  OCHRE_ASSIGN_OR_RETURN(RecordPointer record, ReadFirstRecord(query, connection));
  if (record != nullptr && (record->tenant != tenant || record->database != database || record->name != name)) {
    return Misled(connection, "collections", query.Text(10));
  }
  return record;
}

// What changes of a collection's row; the rest stays.
struct CollectionChange {
  std::optional<std::string> name, metadata, configuration;
  std::optional<int64_t> dimension, latest_version;
};

// Of a collection that exists. A row is changed only while it is sound: no damage gets a checksum that matches.
Status ChangeCollection(SqliteConnection& connection, CollectionId id, const CollectionChange& change) {
  {
    OCHRE_ASSIGN_OR_RETURN(
        SqliteStatement update,
        connection.Prepare("UPDATE collections SET name=coalesce(?2,name),metadata=coalesce(?3,metadata),"
                           "configuration=coalesce(?4,configuration),dimension=coalesce(?5,dimension),"
                           "latest_version=coalesce(?6,latest_version),"
                           "checksum=row_checksum('collections',id,database_id,coalesce(?2,name),coalesce(?3,metadata),"
                           "coalesce(?4,configuration),coalesce(?5,dimension),created_at,coalesce(?6,latest_version)) "
                           "WHERE id=?1 AND (SELECT is_sound FROM checked_collections WHERE id=?1)"));
    update.BindBlob(1, BytesOf(id));
    if (change.name.has_value()) update.BindBlob(2, *change.name);
    if (change.metadata.has_value()) update.BindText(3, *change.metadata);
    if (change.configuration.has_value()) update.BindText(4, *change.configuration);
    if (change.dimension.has_value()) update.BindInt64(5, *change.dimension);
    if (change.latest_version.has_value()) update.BindInt64(6, *change.latest_version);
    OCHRE_RETURN_IF_ERROR(update.Run());
  }
  if (connection.changed_rows() == 1) return Status::Ok();
  return Status::DataLoss(connection.name(), ": the file is damaged: the row of collection ", id.ToString(),
                          " in table collections was changed by somebody else");
}

// With its versions; needs an open transaction. Adds the segments that nothing names any more to `released`.
Status DeleteCollectionRow(SqliteConnection& connection, CollectionId id, std::vector<SegmentId>& released) {
  OCHRE_RETURN_IF_ERROR(VersionTable(connection).DeleteBelow(id, std::numeric_limits<int64_t>::max(), released));
  OCHRE_ASSIGN_OR_RETURN(SqliteStatement drop, connection.Prepare("DELETE FROM collections WHERE id=?1"));
  drop.BindBlob(1, BytesOf(id));
  return drop.Run();
}

// Whether the file holds the rows that were written, and they agree; but not whether what they say makes sense.
Status VerifyRows(SqliteConnection& connection) {
  OCHRE_RETURN_IF_ERROR(CheckSqliteIntegrity(connection));
  OCHRE_RETURN_IF_ERROR(VerifyRowSets(connection, kCatalogTables));
  return VersionTable(connection).VerifyReferenceCounts();
}

// That too.
Status VerifyCatalogue(SqliteConnection& connection) {
  OCHRE_RETURN_IF_ERROR(VerifyRows(connection));
  OCHRE_RETURN_IF_ERROR(VersionTable(connection).VerifyVersions());
  OCHRE_ASSIGN_OR_RETURN(SqliteStatement query, connection.Prepare("SELECT * FROM collection_records"));
  while (true) {
    OCHRE_ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return Status::Ok();
    OCHRE_RETURN_IF_ERROR(ReadRecord(query, connection).status());
  }
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

  // The same after all rows were read and compared with what the file says of them, once: for changes, and for answers
  // that depend on what is not there. What is changed afterwards, this connection changes.
  Result<SqliteConnection*> UseProven() OCHRE_REQUIRES(database_mutex) {
    OCHRE_ASSIGN_OR_RETURN(SqliteConnection* const used, Use());
    if (!proven) OCHRE_RETURN_IF_ERROR(VerifyRows(*used));
    proven = true;
    return used;
  }
  // `missing`, if the catalogue can be believed.
  Status Absent(Status missing) OCHRE_REQUIRES(database_mutex) {
    OCHRE_RETURN_IF_ERROR(UseProven().status());
    return missing;
  }

  // After the commit of a transaction.
  void NoteReleased(const std::vector<SegmentId>& segments) OCHRE_REQUIRES(database_mutex) {
    released.insert(segments.begin(), segments.end());
  }

  Mutex database_mutex;  // held by whoever uses the connection, also to wait for the disk
  std::unique_ptr<SqliteConnection> connection OCHRE_GUARDED_BY(database_mutex);  // null once closed
  // Segments that a committed transaction left without a name, until Unreferenced has said so.
  std::unordered_set<SegmentId> released OCHRE_GUARDED_BY(database_mutex);
  bool proven OCHRE_GUARDED_BY(database_mutex) = false;

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
  OCHRE_RETURN_IF_ERROR(WatchRows(*connection, kCatalogTables));
  OCHRE_RETURN_IF_ERROR(connection->ExecuteTemporary(kCollectionRecords));
  return std::unique_ptr<SystemDatabase>(new SystemDatabase(std::make_unique<Impl>(std::move(connection))));
}

SystemDatabase::SystemDatabase(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

SystemDatabase::~SystemDatabase() { (void)Close(); }

Status SystemDatabase::CreateTenant(std::string_view name) {
  MutexLock lock(impl_->database_mutex);
  OCHRE_ASSIGN_OR_RETURN(SqliteConnection* const connection, impl_->UseProven());
  OCHRE_ASSIGN_OR_RETURN(const auto existing, FindTenant(*connection, name));
  if (existing.has_value()) return Status::AlreadyExists("Tenant [", name, "] already exists");
  return InsertTenant(*connection, name);
}

Result<TenantRecord> SystemDatabase::GetTenant(std::string_view name) const {
  MutexLock lock(impl_->database_mutex);
  OCHRE_ASSIGN_OR_RETURN(SqliteConnection* const connection, impl_->Use());
  OCHRE_ASSIGN_OR_RETURN(auto tenant, FindTenant(*connection, name));
  if (!tenant.has_value()) return impl_->Absent(TenantMissing(name));
  return *std::move(tenant);
}

Status SystemDatabase::SetTenantResourceName(std::string_view name, std::string_view resource_name) {
  MutexLock lock(impl_->database_mutex);
  OCHRE_ASSIGN_OR_RETURN(SqliteConnection* const connection, impl_->UseProven());
  OCHRE_ASSIGN_OR_RETURN(const auto tenant, FindTenant(*connection, name));
  if (!tenant.has_value()) return TenantMissing(name);
  if (tenant->resource_name == resource_name) return Status::Ok();
  if (tenant->resource_name.has_value()) {
    return Status::AlreadyExists("Tenant [", name, "] already has the resource name [", *tenant->resource_name, "]");
  }
  OCHRE_ASSIGN_OR_RETURN(
      SqliteStatement update,
      connection->Prepare("UPDATE tenants SET resource_name=?2,checksum=row_checksum('tenants',name,?2) "
                          "WHERE name=?1"));
  update.BindBlob(1, name);
  update.BindBlob(2, resource_name);
  return update.Run();
}

Status SystemDatabase::CreateDatabase(std::string_view tenant, std::string_view name, Uuid id) {
  MutexLock lock(impl_->database_mutex);
  OCHRE_ASSIGN_OR_RETURN(SqliteConnection* const connection, impl_->UseProven());
  OCHRE_ASSIGN_OR_RETURN(const auto owner, FindTenant(*connection, tenant));
  if (!owner.has_value()) return TenantMissing(tenant);
  OCHRE_ASSIGN_OR_RETURN(const auto existing, FindDatabase(*connection, tenant, name));
  if (existing.has_value()) return Status::AlreadyExists("Database [", name, "] already exists");
  OCHRE_ASSIGN_OR_RETURN(const bool id_exists, DatabaseIdExists(*connection, id));
  if (id_exists) return Status::AlreadyExists("Database id [", id.ToString(), "] already exists");
  return InsertDatabase(*connection, id, tenant, name);
}

Result<DatabaseRecord> SystemDatabase::GetDatabase(std::string_view tenant, std::string_view name) const {
  MutexLock lock(impl_->database_mutex);
  OCHRE_ASSIGN_OR_RETURN(SqliteConnection* const connection, impl_->Use());
  OCHRE_ASSIGN_OR_RETURN(const auto id, FindDatabase(*connection, tenant, name));
  if (!id.has_value()) {
    return impl_->Absent(Status::NotFound("Database [", name, "] not found. Are you sure it exists?"));
  }
  return DatabaseRecord{.id = *id, .name = std::string(name), .tenant = std::string(tenant)};
}

Result<std::vector<DatabaseRecord>> SystemDatabase::ListDatabases(std::string_view tenant, int64_t limit,
                                                                  int64_t offset) const {
  MutexLock lock(impl_->database_mutex);
  OCHRE_ASSIGN_OR_RETURN(SqliteConnection* const connection, impl_->UseProven());
  OCHRE_ASSIGN_OR_RETURN(SqliteStatement query,
                         connection->Prepare("SELECT id,name,is_sound,row_key FROM checked_databases WHERE tenant=?1 "
                                             "ORDER BY name LIMIT ?2 OFFSET ?3"));
  query.BindBlob(1, tenant);
  query.BindInt64(2, limit);
  query.BindInt64(3, offset);
  std::vector<DatabaseRecord> databases;
  while (true) {
    OCHRE_ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return databases;
    OCHRE_RETURN_IF_ERROR(CheckRow(*connection, query, 2, "databases"));
    OCHRE_ASSIGN_OR_RETURN(const Uuid id, UuidFrom(query.Blob(0), *connection));
    databases.push_back({.id = id, .name = std::string(query.Blob(1)), .tenant = std::string(tenant)});
  }
}

Result<std::vector<CollectionId>> SystemDatabase::Reset() {
  MutexLock lock(impl_->database_mutex);
  OCHRE_ASSIGN_OR_RETURN(SqliteConnection* const connection, impl_->UseProven());
  OCHRE_ASSIGN_OR_RETURN(SqliteTransaction transaction, SqliteTransaction::Begin(*connection));
  std::vector<CollectionId> collections;
  std::vector<SegmentId> released;
  {
    OCHRE_ASSIGN_OR_RETURN(SqliteStatement query, connection->Prepare("SELECT id FROM collections ORDER BY id"));
    while (true) {
      OCHRE_ASSIGN_OR_RETURN(const bool row, query.Step());
      if (!row) break;
      OCHRE_ASSIGN_OR_RETURN(collections.emplace_back(), UuidFrom(query.Blob(0), *connection));
    }
  }
  for (const CollectionId& collection : collections) {
    OCHRE_RETURN_IF_ERROR(DeleteCollectionRow(*connection, collection, released));
  }
  OCHRE_RETURN_IF_ERROR(connection->Execute("DELETE FROM databases; DELETE FROM tenants"));
  OCHRE_RETURN_IF_ERROR(InsertTenant(*connection, kDefaultTenant));
  OCHRE_RETURN_IF_ERROR(InsertDatabase(*connection, Uuid(), kDefaultTenant, kDefaultDatabase));
  OCHRE_RETURN_IF_ERROR(transaction.Commit());
  impl_->NoteReleased(released);
  for (const CollectionId& collection : collections) impl_->Forget(collection);
  return collections;
}

Result<std::vector<CollectionId>> SystemDatabase::DeleteDatabase(std::string_view tenant, std::string_view name) {
  MutexLock lock(impl_->database_mutex);
  OCHRE_ASSIGN_OR_RETURN(SqliteConnection* const connection, impl_->UseProven());
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
      OCHRE_ASSIGN_OR_RETURN(collections.emplace_back(), UuidFrom(query.Blob(0), *connection));
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
  OCHRE_ASSIGN_OR_RETURN(SqliteConnection* const connection, impl_->UseProven());
  OCHRE_ASSIGN_OR_RETURN(const auto database, FindDatabase(*connection, record.tenant, record.database));
  if (!database.has_value()) {
    return Status::InvalidArgument("Database [", record.database, "] does not exist");
  }
  OCHRE_ASSIGN_OR_RETURN(const auto existing, ReadCollection(*connection, record.tenant, record.database, record.name));
  if (existing != nullptr) return CollectionTaken(record.name);
  OCHRE_ASSIGN_OR_RETURN(const auto latest, FindLatestVersion(*connection, record.id));
  if (latest.has_value()) return Status::AlreadyExists("Collection id [", record.id.ToString(), "] already exists");

  const std::string metadata = MetadataToJson(record.metadata);
  const std::string configuration = ConfigurationToJson(record.configuration);
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  OCHRE_ASSIGN_OR_RETURN(
      SqliteStatement insert,
      connection->Prepare("INSERT INTO collections(id,database_id,name,metadata,configuration,dimension,created_at,"
                          "latest_version,checksum) "
                          "VALUES(?1,?2,?3,?4,?5,?6,?7,0,row_checksum('collections',?1,?2,?3,?4,?5,?6,?7,0))"));
  insert.BindBlob(1, BytesOf(record.id));
  insert.BindBlob(2, BytesOf(*database));
  insert.BindBlob(3, record.name);
  insert.BindText(4, metadata);
  insert.BindText(5, configuration);
  if (record.dimension.has_value()) insert.BindInt64(6, *record.dimension);
  insert.BindInt64(7, now.time_since_epoch().count());
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
  if (record == nullptr) return impl_->Absent(CollectionMissing(name));
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
  if (record == nullptr) return impl_->Absent(CollectionMissing(id));
  impl_->Remember(record);
  return record;
}

Result<std::vector<RecordPointer>> SystemDatabase::ListCollections(std::string_view tenant, std::string_view database,
                                                                   int64_t limit, int64_t offset) const {
  MutexLock lock(impl_->database_mutex);
  OCHRE_ASSIGN_OR_RETURN(SqliteConnection* const connection, impl_->UseProven());
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
  OCHRE_ASSIGN_OR_RETURN(SqliteConnection* const connection, impl_->UseProven());
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
  OCHRE_ASSIGN_OR_RETURN(SqliteConnection* const connection, impl_->UseProven());
  OCHRE_ASSIGN_OR_RETURN(const auto record, ReadCollection(*connection, id));
  if (record == nullptr) return CollectionMissing(id);
  if (name.has_value()) {
    OCHRE_ASSIGN_OR_RETURN(const auto holder, ReadCollection(*connection, record->tenant, record->database, *name));
    if (holder != nullptr && holder->id != id) return CollectionTaken(*name);
  }
  CollectionChange change;
  change.name = name;
  if (metadata.has_value()) change.metadata = MetadataToJson(*metadata);
  if (configuration.has_value()) change.configuration = ConfigurationToJson(*configuration);
  OCHRE_RETURN_IF_ERROR(ChangeCollection(*connection, id, change));
  impl_->Forget(id);
  return Status::Ok();
}

Result<int32_t> SystemDatabase::FixDimension(CollectionId id, int32_t dimension) {
  OCHRE_ASSIGN_OR_RETURN(auto record, GetCollection(id));
  if (record->dimension.has_value()) return *record->dimension;  // it never changes again

  MutexLock lock(impl_->database_mutex);
  OCHRE_ASSIGN_OR_RETURN(SqliteConnection* const connection, impl_->UseProven());
  OCHRE_ASSIGN_OR_RETURN(record, ReadCollection(*connection, id));
  if (record == nullptr) return CollectionMissing(id);
  if (record->dimension.has_value()) return *record->dimension;  // somebody else was faster
  CollectionChange change;
  change.dimension = dimension;
  OCHRE_RETURN_IF_ERROR(ChangeCollection(*connection, id, change));
  impl_->Forget(id);
  return dimension;
}

Result<CollectionId> SystemDatabase::DeleteCollection(std::string_view tenant, std::string_view database,
                                                      std::string_view name) {
  MutexLock lock(impl_->database_mutex);
  OCHRE_ASSIGN_OR_RETURN(SqliteConnection* const connection, impl_->UseProven());
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
  OCHRE_ASSIGN_OR_RETURN(const auto latest, FindLatestVersion(*connection, id));
  if (!latest.has_value()) return impl_->Absent(CollectionMissing(id));
  return VersionTable(*connection).Read(id, *latest);
}

Status SystemDatabase::RegisterVersion(CollectionId id, const CollectionVersion& version) {
  MutexLock lock(impl_->database_mutex);
  OCHRE_ASSIGN_OR_RETURN(SqliteConnection* const connection, impl_->UseProven());
  OCHRE_ASSIGN_OR_RETURN(SqliteTransaction transaction, SqliteTransaction::Begin(*connection));
  OCHRE_ASSIGN_OR_RETURN(const auto latest, FindLatestVersion(*connection, id));
  if (!latest.has_value()) return CollectionMissing(id);
  if (version.version != *latest + 1) {
    return Status(StatusCode::kAborted, "version " + std::to_string(version.version) + " of collection [" +
                                            id.ToString() + "] does not follow its latest version, which is " +
                                            std::to_string(*latest));
  }
  VersionTable versions(*connection);
  // First the new references, so that a segment of both versions does not pass through none.
  OCHRE_RETURN_IF_ERROR(versions.Insert(id, version));
  std::vector<SegmentId> released;
  OCHRE_RETURN_IF_ERROR(versions.DeleteBelow(id, version.version, released));
  CollectionChange change;
  change.latest_version = static_cast<int64_t>(version.version);
  OCHRE_RETURN_IF_ERROR(ChangeCollection(*connection, id, change));
  OCHRE_RETURN_IF_ERROR(transaction.Commit());
  impl_->NoteReleased(released);
  return Status::Ok();
}

Result<std::vector<SegmentId>> SystemDatabase::ReferencedSegments() const {
  MutexLock lock(impl_->database_mutex);
  OCHRE_ASSIGN_OR_RETURN(SqliteConnection* const connection, impl_->UseProven());
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
      OCHRE_RETURN_IF_ERROR(VerifyRows(*connection));
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
    OCHRE_ASSIGN_OR_RETURN(const auto latest, FindLatestVersion(*connection, candidate));
    if (!latest.has_value()) missing.push_back(candidate);
  }
  if (!missing.empty()) OCHRE_RETURN_IF_ERROR(VerifyRows(*connection));
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
  OCHRE_ASSIGN_OR_RETURN(const auto latest, FindLatestVersion(*connection, id));
  if (!latest.has_value()) OCHRE_RETURN_IF_ERROR(impl_->UseProven().status());
  return latest.has_value();
}

Status SystemDatabase::Close() {
  MutexLock lock(impl_->database_mutex);
  impl_->connection.reset();  // SQLite checkpoints and removes the write-ahead log
  MutexLock cache_lock(impl_->cache_mutex);
  impl_->cache = CollectionCache();  // so that every later call asks for the connection
  return Status::Ok();
}

}  // namespace ochre
