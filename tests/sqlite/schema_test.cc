#include "sqlite/schema.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

namespace ochre {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr SqliteMigration kMigrations[] = {
    {"CREATE TABLE t(x INTEGER); INSERT INTO t VALUES(1)"},
    {"ALTER TABLE t ADD COLUMN y INTEGER; UPDATE t SET y=x+1"},
    {"CREATE TABLE u(z); INSERT INTO u SELECT y FROM t"},
};

SqliteSchema SchemaOfVersion(size_t version) {
  return {.application_id = 77, .what = "a test's file", .migrations = std::span(kMigrations).first(version)};
}

class SchemaTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "ochre_sqlite_XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
    path_ = directory_ / "test.sqlite3";
  }
  void TearDown() override { fs::remove_all(directory_); }

  auto Open(const SqliteSchema& schema, bool exclusive = false) {
    return OpenSqliteDatabase(path_, schema, {.durability = Durability::kNone, .exclusive = exclusive});
  }

  fs::path directory_;
  fs::path path_;
};

TEST_F(SchemaTest, ANewFileGetsTheNewestVersion) {
  auto connection = Open(SchemaOfVersion(3));
  ASSERT_TRUE(connection.ok()) << connection.status().ToString();
  EXPECT_EQ(*(*connection)->QueryInt64("PRAGMA application_id"), 77);
  EXPECT_EQ(*(*connection)->QueryInt64("PRAGMA user_version"), 3);
  EXPECT_EQ(*(*connection)->QueryInt64("SELECT z FROM u"), 2);
}

TEST_F(SchemaTest, AnOlderFileIsMigratedAndKeepsItsRows) {
  {
    auto old = Open(SchemaOfVersion(1));
    ASSERT_TRUE(old.ok());
    ASSERT_TRUE((*old)->Execute("UPDATE t SET x=41").ok());
  }
  auto connection = Open(SchemaOfVersion(3));
  ASSERT_TRUE(connection.ok()) << connection.status().ToString();
  EXPECT_EQ(*(*connection)->QueryInt64("PRAGMA user_version"), 3);
  EXPECT_EQ(*(*connection)->QueryInt64("SELECT z FROM u"), 42);
}

TEST_F(SchemaTest, AFailedMigrationLeavesTheVersionBeforeIt) {
  { ASSERT_TRUE(Open(SchemaOfVersion(1)).ok()); }
  constexpr SqliteMigration kBroken[] = {
      kMigrations[0], kMigrations[1], {"CREATE TABLE u(z); INSERT INTO missing VALUES(1)"}};
  const auto broken = Open({.application_id = 77, .what = "a test's file", .migrations = kBroken});
  EXPECT_EQ(broken.status().code(), StatusCode::kInternal);
  auto connection = Open(SchemaOfVersion(1));
  ASSERT_TRUE(connection.ok()) << connection.status().ToString();
  EXPECT_EQ(*(*connection)->QueryInt64("PRAGMA user_version"), 1);
  EXPECT_EQ(*(*connection)->QueryInt64("SELECT count(*) FROM sqlite_schema WHERE name='u'"), 0);
}

TEST_F(SchemaTest, AMigrationMayConvertWhatSqlCannot) {
  constexpr SqliteMigration kConverting[] = {kMigrations[0],
                                             {"ALTER TABLE t ADD COLUMN y INTEGER", [](SqliteConnection& connection) {
                                                return connection.Execute("UPDATE t SET y=x+100");
                                              }}};
  constexpr SqliteMigration kFailing[] = {
      kMigrations[0], {"ALTER TABLE t ADD COLUMN y INTEGER", [](SqliteConnection&) { return Status::DataLoss("no"); }}};
  { ASSERT_TRUE(Open(SchemaOfVersion(1)).ok()); }
  EXPECT_EQ(Open({.application_id = 77, .what = "a test's file", .migrations = kFailing}).status().message(), "no");
  auto connection = Open({.application_id = 77, .what = "a test's file", .migrations = kConverting});
  ASSERT_TRUE(connection.ok()) << connection.status().ToString();
  EXPECT_EQ(*(*connection)->QueryInt64("SELECT y FROM t"), 101);
}

TEST_F(SchemaTest, ADamagedFileIsNotMigrated) {
  {
    auto old = Open(SchemaOfVersion(1));
    ASSERT_TRUE(old.ok());
    ASSERT_TRUE((*old)->Execute("CREATE INDEX i ON t(x)").ok());
    // An index that lacks its row: a change of the schema that SQLite does not carry out.
    ASSERT_TRUE((*old)
                    ->Execute("PRAGMA writable_schema=ON; UPDATE sqlite_schema SET sql='CREATE INDEX i ON t(x) "
                              "WHERE x>5' WHERE name='i'")
                    .ok());
  }
  const auto connection = Open(SchemaOfVersion(3));
  EXPECT_EQ(connection.status().code(), StatusCode::kDataLoss) << connection.status().ToString();
  EXPECT_THAT(connection.status().message(), HasSubstr(path_.string()));
}

TEST_F(SchemaTest, AForeignTriggerOrALostIndexIsDataLoss) {
  SqliteSchema schema = SchemaOfVersion(3);
  {
    auto connection = Open(schema);
    ASSERT_TRUE(connection.ok());
    schema.fingerprint = *SchemaFingerprint(**connection);
  }
  EXPECT_TRUE(Open(schema).ok());
  {
    auto connection = Open(schema);
    ASSERT_TRUE((*connection)->Execute("CREATE TRIGGER r AFTER INSERT ON t BEGIN DELETE FROM u; END").ok());
  }
  const auto tampered = Open(schema);
  EXPECT_EQ(tampered.status().code(), StatusCode::kDataLoss);
  EXPECT_THAT(tampered.status().message(), HasSubstr("triggers"));
  schema.fingerprint = 0;
  { ASSERT_TRUE((*Open(schema))->Execute("DROP TRIGGER r").ok()); }
}

TEST_F(SchemaTest, ANewerFileIsRefusedAndNotTouched) {
  { ASSERT_TRUE(Open(SchemaOfVersion(3)).ok()); }
  const auto connection = Open(SchemaOfVersion(2));
  EXPECT_EQ(connection.status().code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(connection.status().message(), HasSubstr("format version 3 was written by a newer Ochre"));
  EXPECT_TRUE(Open(SchemaOfVersion(3)).ok());
}

TEST_F(SchemaTest, AFileOfAnotherApplicationIsDataLoss) {
  { ASSERT_TRUE(Open(SchemaOfVersion(1)).ok()); }
  const auto connection = Open({.application_id = 78, .what = "something else", .migrations = kMigrations});
  EXPECT_EQ(connection.status().code(), StatusCode::kDataLoss);
  EXPECT_THAT(connection.status().message(), HasSubstr("not something else"));
}

TEST_F(SchemaTest, AnEmptyFileIsANewDatabase) {
  std::ofstream(path_).flush();
  EXPECT_TRUE(Open(SchemaOfVersion(1)).ok());
}

TEST_F(SchemaTest, ExclusiveUseNeedsNoSharedMemoryFile) {
  auto exclusive = Open(SchemaOfVersion(1), /*exclusive=*/true);
  ASSERT_TRUE(exclusive.ok());
  EXPECT_FALSE(fs::exists(path_.string() + "-shm"));
  exclusive->reset();
  auto shared = Open(SchemaOfVersion(1));
  ASSERT_TRUE(shared.ok());
  EXPECT_TRUE(fs::exists(path_.string() + "-shm"));
}

}  // namespace
}  // namespace ochre
