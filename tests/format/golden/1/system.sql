PRAGMA page_size=4096;
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE tenants(
        name BLOB NOT NULL PRIMARY KEY, resource_name BLOB) STRICT, WITHOUT ROWID;
INSERT INTO tenants VALUES(X'61636d65',NULL);
INSERT INTO tenants VALUES(X'64656661756c745f74656e616e74',NULL);
CREATE TABLE databases(
        id BLOB NOT NULL PRIMARY KEY,
        tenant BLOB NOT NULL REFERENCES tenants(name),
        name BLOB NOT NULL,
        UNIQUE(tenant, name)) STRICT, WITHOUT ROWID;
INSERT INTO databases VALUES(X'00000000000000000000000000000000',X'64656661756c745f74656e616e74',X'64656661756c745f6461746162617365');
CREATE TABLE collections(
        id BLOB NOT NULL PRIMARY KEY,
        database_id BLOB NOT NULL REFERENCES databases(id),
        name BLOB NOT NULL,
        metadata TEXT NOT NULL,
        configuration TEXT NOT NULL,
        dimension INTEGER,
        created_at INTEGER NOT NULL DEFAULT (unixepoch()),
        UNIQUE(database_id, name)) STRICT, WITHOUT ROWID;
INSERT INTO collections VALUES(X'50748f0da58c4ff8ba69534001d4668d',X'00000000000000000000000000000000',X'656d707479','{}','{"embedding_function":null,"hnsw":{"batch_size":100,"ef_construction":100,"ef_search":100,"max_neighbors":16,"num_threads":0,"resize_factor":1.2,"space":"l2","sync_threshold":1000}}',NULL,1796034144);
INSERT INTO collections VALUES(X'8e2f843771a54ccd861abf817b9729e3',X'00000000000000000000000000000000',X'646f6373','{"topic":"birds"}','{"embedding_function":null,"hnsw":{"batch_size":100,"ef_construction":100,"ef_search":100,"max_neighbors":16,"num_threads":0,"resize_factor":1.2,"space":"cosine","sync_threshold":1000}}',2,1796034144);
CREATE TABLE versions(
        collection_id BLOB NOT NULL REFERENCES collections(id) ON DELETE CASCADE,
        version INTEGER NOT NULL,
        log_position INTEGER NOT NULL,
        next_offset_id INTEGER NOT NULL,
        record_count INTEGER NOT NULL,
        PRIMARY KEY(collection_id, version)) STRICT, WITHOUT ROWID;
INSERT INTO versions VALUES(X'8e2f843771a54ccd861abf817b9729e3',2,4,4,2);
CREATE TABLE segments(
        id BLOB NOT NULL PRIMARY KEY,
        row_count INTEGER NOT NULL,
        bytes INTEGER NOT NULL,
        reference_count INTEGER NOT NULL CHECK(reference_count >= 0)) STRICT, WITHOUT ROWID;
INSERT INTO segments VALUES(X'7608122c9e7e44dbb60fd4e89d3dfe90',2,2170,1);
CREATE TABLE version_segments(
        collection_id BLOB NOT NULL,
        version INTEGER NOT NULL,
        ordinal INTEGER NOT NULL,
        segment_id BLOB NOT NULL REFERENCES segments(id),
        deletions BLOB NOT NULL,
        PRIMARY KEY(collection_id, version, ordinal),
        FOREIGN KEY(collection_id, version) REFERENCES versions ON DELETE CASCADE) STRICT, WITHOUT ROWID;
INSERT INTO version_segments VALUES(X'8e2f843771a54ccd861abf817b9729e3',2,0,X'7608122c9e7e44dbb60fd4e89d3dfe90',X'');
CREATE INDEX collections_of_database ON collections(database_id, id);
CREATE VIEW collection_records AS
        SELECT c.id, c.name, d.tenant, d.name AS database, c.metadata, c.configuration, c.dimension
        FROM collections c JOIN databases d ON d.id = c.database_id;
CREATE INDEX version_segments_of_segment ON version_segments(segment_id);
COMMIT;
PRAGMA application_id=1331914835;
PRAGMA user_version=1;
