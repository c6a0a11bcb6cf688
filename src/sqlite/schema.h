// SqliteSchema: whose database a file is, in which version, and how an older one becomes the current one.
#ifndef OCHRE_SQLITE_SCHEMA_H_
#define OCHRE_SQLITE_SCHEMA_H_

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string_view>

#include "ochre/status.h"
#include "sqlite/connection.h"

namespace ochre {

struct SqliteMigration {
  const char* sql;
  // Runs after `sql`, in the same transaction: what SQL alone cannot do. Null: nothing.
  Status (*convert)(SqliteConnection& connection) = nullptr;
};

// SQLite keeps both numbers in the file's header: application_id at offset 68 says whose file it is, user_version at
// offset 60 how many of the migrations it has seen.
struct SqliteSchema {
  int32_t application_id;                       // not 0, which is SQLite's default
  std::string_view what;                        // for messages: "an Ochre log"
  std::span<const SqliteMigration> migrations;  // [i] leads from version i to i + 1; only ever appended to
  // SchemaFingerprint of the newest version; 0: not compared. Somebody who adds a trigger, or drops an index, would
  // change what our statements do.
  uint64_t fingerprint = 0;
};

// XXH3-64 of the definitions of all tables, indexes, views and triggers (as text, ordered by type and name).
Result<uint64_t> SchemaFingerprint(SqliteConnection& connection);

// Opens the database at `path`, or one in memory for Durability::kMemory, and brings it to the newest version in one
// transaction. A file without any table is a new one; any other one is checked as a whole (CheckSqliteIntegrity) before
// it is migrated, so that damage is not taken over.
// DataLoss: damaged, or not `schema.what`; nothing was changed. FailedPrecondition: a newer Ochre wrote it.
Result<std::unique_ptr<SqliteConnection>> OpenSqliteDatabase(const std::filesystem::path& path,
                                                             const SqliteSchema& schema, const SqliteOptions& options);

}  // namespace ochre

#endif  // OCHRE_SQLITE_SCHEMA_H_
