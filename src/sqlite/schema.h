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

// SQLite keeps both numbers in the file's header: application_id at offset 68 says whose file it is, user_version at
// offset 60 how many of the migrations it has seen.
struct SqliteSchema {
  int32_t application_id;                   // not 0, which is SQLite's default
  std::string_view what;                    // for messages: "an Ochre log"
  std::span<const char* const> migrations;  // [i] leads from version i to i + 1; only ever appended to
};

// Opens the database at `path`, or one in memory for Durability::kMemory, and brings it to the newest version, each
// migration in a transaction of its own. A file without any table is a new one.
// DataLoss: damaged, or not `schema.what`; nothing was changed. FailedPrecondition: a newer Ochre wrote it.
Result<std::unique_ptr<SqliteConnection>> OpenSqliteDatabase(const std::filesystem::path& path,
                                                             const SqliteSchema& schema, const SqliteOptions& options);

}  // namespace ochre

#endif  // OCHRE_SQLITE_SCHEMA_H_
