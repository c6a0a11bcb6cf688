#include "sqlite/schema.h"

#include <cassert>
#include <string>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "sqlite/integrity.h"
#include "sqlite/transaction.h"
#include "sqlite/wal_rewrite.h"

namespace ochre {
namespace {

// The file's version, after checking that it is ours to open.
Result<int64_t> CheckVersion(SqliteConnection& connection, const SqliteSchema& schema) {
  OCHRE_ASSIGN_OR_RETURN(const int64_t application_id, connection.QueryInt64("PRAGMA application_id"));
  OCHRE_ASSIGN_OR_RETURN(const int64_t version, connection.QueryInt64("PRAGMA user_version"));
  OCHRE_ASSIGN_OR_RETURN(const int64_t schema_changes, connection.QueryInt64("PRAGMA schema_version"));
  const bool is_new = application_id == 0 && version == 0 && schema_changes == 0;
  if (!is_new && application_id != schema.application_id) {
    return Status::DataLoss(connection.name(), ": a SQLite database, but not ", schema.what, " (its application id is ",
                            application_id, ", that of ", schema.what, " is ", schema.application_id, ")");
  }
  const auto newest = static_cast<int64_t>(schema.migrations.size());
  if (version < 0 || (version == 0 && !is_new)) {
    return Status::DataLoss(connection.name(), ": the format version is ", version);
  }
  if (version > newest) {
    return Status::FailedPrecondition(connection.name(), ": format version ", version,
                                      " was written by a newer Ochre; this one reads up to version ", newest);
  }
  return version;
}

Status MigrateFrom(int64_t version, SqliteConnection& connection, const SqliteSchema& schema) {
  const auto newest = static_cast<int64_t>(schema.migrations.size());
  if (version == newest) return Status::Ok();
  if (version > 0) {
    OCHRE_ASSIGN_OR_RETURN(const uint64_t fingerprint, SchemaFingerprint(connection));
    if (fingerprint == schema.fingerprint) {
      return Status::DataLoss(connection.name(), ": the format version is ", version, ", but the tables are those of ",
                              newest);
    }
    OCHRE_RETURN_IF_ERROR(CheckSqliteIntegrity(connection));
  }
  OCHRE_ASSIGN_OR_RETURN(SqliteTransaction transaction, SqliteTransaction::Begin(connection));
  for (; version < newest; ++version) {
    const SqliteMigration& migration = schema.migrations[static_cast<size_t>(version)];
    OCHRE_RETURN_IF_ERROR(connection.Execute(migration.sql));
    if (migration.convert != nullptr) OCHRE_RETURN_IF_ERROR(migration.convert(connection));
  }
  OCHRE_RETURN_IF_ERROR(connection.Execute("PRAGMA application_id=" + std::to_string(schema.application_id) +
                                           "; PRAGMA user_version=" + std::to_string(newest)));
  return transaction.Commit();
}

Status CheckFingerprint(SqliteConnection& connection, const SqliteSchema& schema) {
  if (schema.fingerprint == 0) return Status::Ok();
  OCHRE_ASSIGN_OR_RETURN(const uint64_t fingerprint, SchemaFingerprint(connection));
  if (fingerprint == schema.fingerprint) return Status::Ok();
  return Status::DataLoss(connection.name(), ": its tables, indexes, views and triggers are not those of ", schema.what,
                          " (their fingerprint is ", fingerprint, " instead of ", schema.fingerprint, ")");
}

}  // namespace

Result<uint64_t> SchemaFingerprint(SqliteConnection& connection) {
  OCHRE_ASSIGN_OR_RETURN(SqliteStatement query,
                         connection.Prepare("SELECT type,name,tbl_name,sql FROM sqlite_schema "
                                            "WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY type,name"));
  std::string definitions;
  while (true) {
    OCHRE_ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return XXH3_64bits(definitions.data(), definitions.size());
    for (int column = 0; column < 4; ++column) definitions.append(query.Text(column)).push_back('\0');
  }
}

Result<std::unique_ptr<SqliteConnection>> OpenSqliteDatabase(const std::filesystem::path& path,
                                                             const SqliteSchema& schema, const SqliteOptions& options) {
  assert(schema.application_id != 0);
  const bool syncs = options.durability == Durability::kFull || options.durability == Durability::kNormal;
  if (syncs) OCHRE_RETURN_IF_ERROR(RewriteWal(path));
  OCHRE_ASSIGN_OR_RETURN(auto connection, options.durability == Durability::kMemory ? SqliteConnection::OpenInMemory()
                                                                                    : SqliteConnection::Open(path));
  // Before Configure, which would turn somebody else's database into one with a write-ahead log.
  OCHRE_ASSIGN_OR_RETURN(const int64_t version, CheckVersion(*connection, schema));
  OCHRE_RETURN_IF_ERROR(connection->Configure(options));
  connection->FindWalEnd();
  OCHRE_RETURN_IF_ERROR(MigrateFrom(version, *connection, schema));
  OCHRE_RETURN_IF_ERROR(CheckFingerprint(*connection, schema));
  return connection;
}

}  // namespace ochre
