#include "sysdb/catalog_schema.h"

namespace ochre {
namespace {

constexpr SqliteMigration kMigrations[] = {
    {R"sql(
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
    )sql"},
};

}  // namespace

const SqliteSchema kCatalogSchema = {
    .application_id = 0x4f636853, .what = "an Ochre system database", .migrations = kMigrations};

}  // namespace ochre
