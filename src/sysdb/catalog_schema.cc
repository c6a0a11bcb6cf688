#include "sysdb/catalog_schema.h"

#include "sysdb/version_table.h"

namespace ochre {
namespace {

constexpr const char* kVersionOne = R"sql(
      CREATE TABLE tenants(
        name BLOB NOT NULL PRIMARY KEY, resource_name BLOB) STRICT, WITHOUT ROWID;
      CREATE TABLE databases(
        id BLOB NOT NULL PRIMARY KEY,
        tenant BLOB NOT NULL REFERENCES tenants(name),
        name BLOB NOT NULL,
        UNIQUE(tenant, name)) STRICT, WITHOUT ROWID;
      CREATE TABLE collections(
        id BLOB NOT NULL PRIMARY KEY,
        database_id BLOB NOT NULL REFERENCES databases(id),
        name BLOB NOT NULL,
        metadata TEXT NOT NULL,
        configuration TEXT NOT NULL,
        dimension INTEGER,
        created_at INTEGER NOT NULL DEFAULT (unixepoch()),
        UNIQUE(database_id, name)) STRICT, WITHOUT ROWID;
      CREATE INDEX collections_of_database ON collections(database_id, id);
      CREATE VIEW collection_records AS
        SELECT c.id, c.name, d.tenant, d.name AS database, c.metadata, c.configuration, c.dimension
        FROM collections c JOIN databases d ON d.id = c.database_id;
      CREATE TABLE versions(
        collection_id BLOB NOT NULL REFERENCES collections(id) ON DELETE CASCADE,
        version INTEGER NOT NULL,
        log_position INTEGER NOT NULL,
        next_offset_id INTEGER NOT NULL,
        record_count INTEGER NOT NULL,
        PRIMARY KEY(collection_id, version)) STRICT, WITHOUT ROWID;
      CREATE TABLE segments(
        id BLOB NOT NULL PRIMARY KEY,
        row_count INTEGER NOT NULL,
        bytes INTEGER NOT NULL,
        reference_count INTEGER NOT NULL CHECK(reference_count >= 0)) STRICT, WITHOUT ROWID;
      CREATE TABLE version_segments(
        collection_id BLOB NOT NULL,
        version INTEGER NOT NULL,
        ordinal INTEGER NOT NULL,
        segment_id BLOB NOT NULL REFERENCES segments(id),
        deletions BLOB NOT NULL,
        PRIMARY KEY(collection_id, version, ordinal),
        FOREIGN KEY(collection_id, version) REFERENCES versions ON DELETE CASCADE) STRICT, WITHOUT ROWID;
      CREATE INDEX version_segments_of_segment ON version_segments(segment_id);
      INSERT INTO tenants VALUES(CAST('default_tenant' AS BLOB), NULL);
      INSERT INTO databases VALUES(
        zeroblob(16), CAST('default_tenant' AS BLOB), CAST('default_database' AS BLOB));
    )sql";

// Columns are added, rather than tables made anew: a foreign key follows its table through a renaming, but not into a
// new table of the old name.
constexpr const char* kVersionTwo = R"sql(
      DROP VIEW collection_records;
      ALTER TABLE tenants ADD COLUMN checksum INTEGER NOT NULL DEFAULT 0;
      ALTER TABLE databases ADD COLUMN checksum INTEGER NOT NULL DEFAULT 0;
      ALTER TABLE collections ADD COLUMN latest_version INTEGER NOT NULL DEFAULT 0;
      ALTER TABLE collections ADD COLUMN checksum INTEGER NOT NULL DEFAULT 0;
      ALTER TABLE versions ADD COLUMN segment_count INTEGER NOT NULL DEFAULT 0;
      ALTER TABLE versions ADD COLUMN segments_digest INTEGER NOT NULL DEFAULT 0;
      ALTER TABLE versions ADD COLUMN checksum INTEGER NOT NULL DEFAULT 0;
      ALTER TABLE segments ADD COLUMN checksum INTEGER NOT NULL DEFAULT 0;
      ALTER TABLE version_segments ADD COLUMN checksum INTEGER NOT NULL DEFAULT 0;
      CREATE TABLE row_sets(
        name TEXT NOT NULL PRIMARY KEY, row_count INTEGER NOT NULL, digest INTEGER NOT NULL) STRICT, WITHOUT ROWID;
      UPDATE collections SET latest_version=coalesce((SELECT max(version) FROM versions WHERE collection_id=id),0);
    )sql";

// Gives the rows of version 1 their checksums. They had none, so all that can be checked is that they agree.
Status ConvertToVersionTwo(SqliteConnection& connection) {
  VersionTable versions(connection);
  OCHRE_RETURN_IF_ERROR(versions.VerifyReferenceCounts());
  OCHRE_RETURN_IF_ERROR(versions.DigestSegments());
  return ChecksumRows(connection, kCatalogTables);
}

constexpr SqliteMigration kMigrations[] = {{kVersionOne}, {kVersionTwo, &ConvertToVersionTwo}};

}  // namespace

const SqliteSchema kCatalogSchema = {.application_id = 0x4f636853,
                                     .what = "an Ochre system database",
                                     .migrations = kMigrations,
                                     .fingerprint = 0x3fde312c1db7a31d};

const std::array<CheckedTable, 6> kCatalogTables = {{
    {"tenants", "name,resource_name", "quote(name)"},
    {"databases", "id,tenant,name", "quote(id)"},
    {"collections", "id,database_id,name,metadata,configuration,dimension,created_at,latest_version", "quote(id)"},
    {"versions", "collection_id,version,log_position,next_offset_id,record_count,segment_count,segments_digest",
     "quote(collection_id)||' '||version"},
    {"segments", "id,row_count,bytes,reference_count", "quote(id)"},
    {"version_segments", "collection_id,version,ordinal,segment_id,deletions",
     "quote(collection_id)||' '||version||' '||ordinal"},
}};

}  // namespace ochre
