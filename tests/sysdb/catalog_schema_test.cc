// The migrations of system.sqlite3.
#include "sysdb/catalog_schema.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>

#include "sysdb/system_database.h"
#include "tests/support/expect_ok.h"
#include "tests/support/temporary_directory.h"

namespace ochre {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// Rows as Ochre 0.1 wrote them: two collections, of which the first was compacted and shares a segment with the second.
constexpr const char* kVersionOneRows = R"sql(
  INSERT INTO tenants VALUES(CAST('acme' AS BLOB),CAST('resource' AS BLOB));
  INSERT INTO databases VALUES(x'd0000000000000000000000000000000',CAST('acme' AS BLOB),CAST('papers' AS BLOB));
  INSERT INTO collections VALUES
    (x'0a000000000000000000000000000000',zeroblob(16),CAST('docs' AS BLOB),'{"topic":"birds"}','{}',384,1700000000),
    (x'0b000000000000000000000000000000',x'd0000000000000000000000000000000',CAST('docs' AS BLOB),'{}','{}',NULL,
     1700000001),
    (x'0c000000000000000000000000000000',zeroblob(16),CAST('new' AS BLOB),'{}','{}',NULL,1700000002);
  INSERT INTO versions VALUES
    (x'0a000000000000000000000000000000',4,70,31,25),(x'0b000000000000000000000000000000',1,5,6,5);
  INSERT INTO segments VALUES
    (x'51000000000000000000000000000000',20,2000,1),(x'52000000000000000000000000000000',10,1000,2);
  INSERT INTO version_segments VALUES
    (x'0a000000000000000000000000000000',4,0,x'52000000000000000000000000000000',x'0102'),
    (x'0a000000000000000000000000000000',4,1,x'51000000000000000000000000000000',x''),
    (x'0b000000000000000000000000000000',1,0,x'52000000000000000000000000000000',x'');
)sql";

class CatalogMigrationTest : public testing::Test {
 protected:
  // A file of version 1 with the rows above, changed by `change`, opened.
  Result<std::unique_ptr<SystemDatabase>> Migrate(const std::string& change) {
    std::filesystem::remove(path_);
    SqliteSchema version_one = kCatalogSchema;
    version_one.migrations = version_one.migrations.first(1);
    version_one.fingerprint = 0;
    {
      auto old = OpenSqliteDatabase(path_, version_one, {.durability = Durability::kNone});
      EXPECT_OK(old);
      EXPECT_OK((*old)->Execute(kVersionOneRows + ("PRAGMA foreign_keys=OFF;" + change)));
    }
    return SystemDatabase::Open(directory_.path(), Durability::kNone);
  }

  TemporaryDirectory directory_;
  const std::filesystem::path path_ = directory_.path() / "system.sqlite3";
};

TEST_F(CatalogMigrationTest, AVersionOneCatalogueKeepsAllThatItSays) {
  {
    ASSERT_OK_AND_ASSIGN(const auto migrated, Migrate(""));
    ASSERT_OK(migrated->Verify());
  }
  for (const bool changed_since : {false, true}) {
    SCOPED_TRACE(changed_since);
    ASSERT_OK_AND_ASSIGN(const auto catalog, SystemDatabase::Open(directory_.path(), Durability::kNone));
    EXPECT_OK(catalog->Verify());
    ASSERT_OK_AND_ASSIGN(const TenantRecord tenant, catalog->GetTenant("acme"));
    EXPECT_EQ(tenant.resource_name, "resource");
    const CollectionId docs = {.bytes = {0x0a}}, papers = {.bytes = {0x0b}}, new_one = {.bytes = {0x0c}};
    ASSERT_OK_AND_ASSIGN(const auto record, catalog->GetCollection(kDefaultTenant, kDefaultDatabase, "docs"));
    EXPECT_EQ(record->id, docs);
    EXPECT_EQ(record->dimension, 384);
    EXPECT_EQ(record->metadata, (Metadata{{"topic", "birds"}}));
    ASSERT_OK_AND_ASSIGN(const auto other, catalog->GetCollection("acme", "papers", "docs"));
    EXPECT_EQ(other->id, papers);
    EXPECT_EQ(other->dimension, std::nullopt);
    ASSERT_OK_AND_ASSIGN(const CollectionVersion version, catalog->LatestVersion(docs));
    EXPECT_EQ(version.version, 4u);
    EXPECT_EQ(version.log_position, LogPosition{70});
    EXPECT_EQ(version.next_offset_id, OffsetId{31});
    EXPECT_EQ(version.record_count, 25);
    ASSERT_EQ(version.segments.size(), 2u);
    EXPECT_EQ(version.segments[0].segment.id, (SegmentId{.bytes = {0x52}}));
    EXPECT_EQ(version.segments[0].segment.row_count, 10);
    EXPECT_EQ(version.segments[0].deletions, "\1\2");
    EXPECT_EQ(version.segments[1].segment.bytes, 2000);
    ASSERT_OK_AND_ASSIGN(const CollectionVersion none, catalog->LatestVersion(new_one));
    EXPECT_EQ(none.version, 0u);
    // The next round is after changes of what was migrated.
    ASSERT_OK(catalog->FixDimension(papers, 2));
    EXPECT_OK(catalog->UpdateCollection(papers, std::nullopt, Metadata{{"a", 1}}, std::nullopt));
    if (!changed_since) EXPECT_OK(catalog->DeleteCollection(kDefaultTenant, kDefaultDatabase, "new"));
    ASSERT_OK(catalog->Verify());
    if (!changed_since) {
      ASSERT_OK(catalog->CreateCollection({.id = new_one,
                                           .name = "new",
                                           .tenant = std::string(kDefaultTenant),
                                           .database = std::string(kDefaultDatabase),
                                           .metadata = {},
                                           .configuration = {},
                                           .dimension = std::nullopt}));
      ASSERT_OK(catalog->DeleteCollection("acme", "papers", "docs"));
      EXPECT_THAT(*catalog->ReferencedSegments(), ElementsAre(SegmentId{.bytes = {0x51}}, SegmentId{.bytes = {0x52}}));
      ASSERT_OK(catalog->CreateCollection({.id = papers,
                                           .name = "docs",
                                           .tenant = "acme",
                                           .database = "papers",
                                           .metadata = {},
                                           .configuration = {},
                                           .dimension = std::nullopt}));
    }
  }
}

TEST_F(CatalogMigrationTest, AMigratedFileHasTheTablesOfANewOne) {
  const auto fingerprint_of = [](const std::filesystem::path& path) {
    auto connection = OpenSqliteDatabase(path, kCatalogSchema, {.durability = Durability::kNone});
    EXPECT_OK(connection);
    return *SchemaFingerprint(**connection);
  };
  { ASSERT_OK(Migrate("")); }
  EXPECT_EQ(fingerprint_of(path_), kCatalogSchema.fingerprint);
  const TemporaryDirectory directory;
  EXPECT_EQ(fingerprint_of(directory.path() / "system.sqlite3"), kCatalogSchema.fingerprint);
}

TEST_F(CatalogMigrationTest, ADamagedVersionOneCatalogueIsRefused) {
  for (const std::string change :
       {"UPDATE segments SET reference_count=3", "DELETE FROM segments", "DELETE FROM versions WHERE version=4",
        "DELETE FROM version_segments WHERE ordinal=1", "DELETE FROM databases", "DELETE FROM tenants",
        "PRAGMA writable_schema=ON; DELETE FROM sqlite_schema WHERE name='collections_of_database'"}) {
    SCOPED_TRACE(change);
    const Status status = Migrate(change).status();
    EXPECT_EQ(status.code(), StatusCode::kDataLoss) << status.ToString();
    EXPECT_THAT(status.message(), HasSubstr(path_.string()));
  }
}

TEST_F(CatalogMigrationTest, AFileWhoseVersionNumberAloneIsOlderIsDataLoss) {
  { ASSERT_OK(Migrate("")); }
  for (const int version : {0, 1}) {
    {
      ASSERT_OK_AND_ASSIGN(const auto connection, SqliteConnection::Open(path_));
      ASSERT_OK(connection->Execute("PRAGMA user_version=" + std::to_string(version)));
    }
    const Status status = SystemDatabase::Open(directory_.path(), Durability::kNone).status();
    EXPECT_EQ(status.code(), StatusCode::kDataLoss) << status.ToString();
    EXPECT_THAT(status.message(), HasSubstr("the format version is " + std::to_string(version)));
  }
}

}  // namespace
}  // namespace ochre
