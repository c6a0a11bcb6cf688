#include "log/log_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "sqlite/transaction.h"
#include "tests/support/expect_ok.h"
#include "tests/support/temporary_directory.h"

namespace ochre {
namespace {

using testing::HasSubstr;

constexpr CollectionId kA = {.bytes = {0xa}};
constexpr CollectionId kB = {.bytes = {0xb}};
constexpr int64_t kNoBound = INT64_MAX;
constexpr uint32_t kSeed = 5;

// A log of two collections, with five batches each, of which the first of kA is purged.
class LogTableTest : public testing::Test {
 protected:
  void SetUp() override {
    auto connection = OpenSqliteDatabase({}, kLogSchema, {.durability = Durability::kMemory});
    ASSERT_OK(connection);
    connection_ = *std::move(connection);
    for (int64_t i = 1; i <= 5; ++i) {
      Append(kA, i, std::string(static_cast<size_t>(i) * 100, static_cast<char>('a' + i)));
      Append(kB, 1, "batch " + std::to_string(i));
    }
    bounds_a_.purged = LogPosition{1};
    bounds_a_.purged_checksum = first_checksum_;
    ASSERT_OK(table().DeleteUpTo(kA, LogPosition{1}));
    ASSERT_OK(table().WriteBounds(kA, bounds_a_));
  }

  LogTable table() { return LogTable(*connection_); }

  void Append(CollectionId collection, int64_t count, const std::string& bytes) {
    LogBounds& bounds = collection == kA ? bounds_a_ : bounds_b_;
    ASSERT_OK(table().Append(collection, count, bytes, bounds));
    if (collection == kA && first_checksum_ == 0) first_checksum_ = bounds.last_checksum;
    ASSERT_OK(table().WriteBounds(collection, bounds));
  }

  // All that can be read of a collection, as text; or the error.
  Result<std::string> Everything(CollectionId collection) {
    OCHRE_ASSIGN_OR_RETURN(const LogBounds bounds, table().Bounds(collection));
    OCHRE_ASSIGN_OR_RETURN(const auto batches, table().Read(collection, bounds.purged, bounds.last, kNoBound));
    std::string text = std::to_string(static_cast<uint64_t>(bounds.purged));
    for (const LogBatch& batch : batches) {
      text += " " + std::to_string(static_cast<uint64_t>(batch.first)) + "-" +
              std::to_string(static_cast<uint64_t>(batch.last)) + ":" + *batch.bytes;
    }
    return text;
  }

  // After `sql` whatever is read is what was written, or DataLoss that names the file; returns whether it is DataLoss.
  bool IsDetected(const std::string& sql) {
    SCOPED_TRACE(sql);
    const std::string a = *Everything(kA);
    const std::string b = *Everything(kB);
    auto transaction = SqliteTransaction::Begin(*connection_);  // never committed
    EXPECT_OK(connection_->Execute(sql));
    bool detected = false;
    for (const auto& [collection, expected] : {std::pair(kA, a), std::pair(kB, b)}) {
      const auto read = Everything(collection);
      const Status verified = table().Verify(collection);
      if (read.ok()) {
        EXPECT_EQ(*read, expected);
        EXPECT_OK(verified);
        continue;
      }
      detected = true;
      EXPECT_EQ(read.status().code(), StatusCode::kDataLoss) << read.status().ToString();
      EXPECT_THAT(read.status().message(), HasSubstr(connection_->name()));
      EXPECT_EQ(verified.code(), StatusCode::kDataLoss);
    }
    return detected;
  }

  std::unique_ptr<SqliteConnection> connection_;
  LogBounds bounds_a_, bounds_b_;
  int64_t first_checksum_ = 0;
};

TEST_F(LogTableTest, BoundsAndBatchesComeBack) {
  ASSERT_OK_AND_ASSIGN(const LogBounds bounds, table().Bounds(kA));
  EXPECT_EQ(bounds, bounds_a_);
  EXPECT_EQ(bounds.last, LogPosition{15});
  ASSERT_OK_AND_ASSIGN(const auto batches, table().Read(kA, LogPosition{3}, LogPosition{10}, kNoBound));
  ASSERT_EQ(batches.size(), 2u);
  EXPECT_EQ(batches[0].first, LogPosition{4});
  EXPECT_EQ(*batches[1].bytes, std::string(400, 'e'));
  ASSERT_OK_AND_ASSIGN(const auto purged, table().Read(kA, LogPosition{0}, LogPosition{15}, kNoBound));
  EXPECT_TRUE(purged.empty()) << "not from the middle on";
  ASSERT_OK_AND_ASSIGN(const LogBounds never_written, table().Bounds({.bytes = {0xc}}));
  EXPECT_EQ(never_written, LogBounds());
}

TEST_F(LogTableTest, EveryDamageIsDataLoss) {
  for (const std::string sql : {
           "DELETE FROM batches WHERE collection=(SELECT min(collection) FROM batches) AND first=2",
           "DELETE FROM batches WHERE number=(SELECT max(number) FROM batches)",
           "DELETE FROM batches WHERE first=4",
           "DELETE FROM batches",
           "DELETE FROM bounds",
           "DELETE FROM bounds WHERE collection=(SELECT max(collection) FROM bounds)",
           "UPDATE bounds SET purged=0",
           "UPDATE bounds SET purged=3",
           "UPDATE bounds SET last=last-1",
           "UPDATE bounds SET last=last+1",
           "UPDATE bounds SET last=-1",
           "UPDATE bounds SET purged_checksum=0 WHERE purged>0",
           "UPDATE bounds SET collection=zeroblob(16) WHERE collection=(SELECT max(collection) FROM bounds)",
           "UPDATE bounds SET collection=x'00' WHERE collection=(SELECT max(collection) FROM bounds)",
           "UPDATE batches SET bytes=x''",
           "UPDATE batches SET bytes=CAST('batch 3' AS BLOB) WHERE bytes=CAST('batch 2' AS BLOB)",
           "UPDATE batches SET first=first+1000 WHERE first=2",
           "UPDATE batches SET first=first-1 WHERE first=2 AND last=3",
           "UPDATE batches SET last=last+1 WHERE first=4",
           "UPDATE batches SET last=-5 WHERE first=4",
           "UPDATE batches SET checksum=checksum+1 WHERE first=4",
           "UPDATE batches SET collection=zeroblob(16) WHERE first=5",
           "UPDATE batches SET first=first+100, last=last+100",
           // Two batches of the same positions change places.
           "UPDATE batches SET bytes=CASE number WHEN 4 THEN (SELECT bytes FROM batches WHERE number=6) ELSE (SELECT "
           "bytes FROM batches WHERE number=4) END WHERE number IN (4,6)",
           // With their checksums, from one collection to the other.
           "UPDATE batches SET collection=(SELECT max(collection) FROM batches), first=6, last=10, "
           "checksum=(SELECT checksum FROM batches WHERE number=9) WHERE number=9",
       }) {
    EXPECT_TRUE(IsDetected(sql)) << sql;
  }
}

// Right in itself and of the same positions, as an older copy of a page would bring it: what is wrong is what it
// follows.
TEST_F(LogTableTest, ABatchOfAnotherHistoryIsDataLoss) {
  ASSERT_OK_AND_ASSIGN(const auto connection, OpenSqliteDatabase({}, kLogSchema, {.durability = Durability::kMemory}));
  LogBounds bounds;
  ASSERT_OK(LogTable(*connection).Append(kB, 1, "other 1", bounds));
  ASSERT_OK(LogTable(*connection).Append(kB, 1, "other 2", bounds));
  EXPECT_TRUE(IsDetected("UPDATE batches SET bytes=CAST('other 2' AS BLOB), checksum=" +
                         std::to_string(bounds.last_checksum) + " WHERE bytes=CAST('batch 2' AS BLOB)"));
}

// The newest batch and the row that vouches for it, both as they were one batch ago: a state that once was. It is the
// only thing that this file alone cannot tell; docs/format.md says so.
TEST_F(LogTableTest, AnOlderStateOfACollectionIsAState) {
  const LogBounds older = bounds_b_;
  Append(kB, 1, "newer");
  ASSERT_OK(connection_->Execute("DELETE FROM batches WHERE bytes=CAST('newer' AS BLOB)"));
  EXPECT_EQ(table().Bounds(kB).status().code(), StatusCode::kDataLoss);
  ASSERT_OK(table().WriteBounds(kB, older));
  EXPECT_OK(table().Bounds(kB));
}

TEST_F(LogTableTest, RandomChangesOfValuesAreDataLossOrNoChange) {
  std::mt19937 engine(kSeed);
  const std::vector<std::string> columns = {"collection", "first", "last", "checksum", "bytes"};
  const std::vector<std::string> bounds = {"collection", "purged",        "purged_checksum",
                                           "last",       "last_checksum", "checksum"};
  const std::vector<std::string> values = {"-1",        "0", "1", "2", "9223372036854775807", "-9223372036854775807-1",
                                           "4294967296"};
  int detected = 0;
  for (int i = 0; i < 300; ++i) {
    SCOPED_TRACE("seed " + std::to_string(kSeed) + ", round " + std::to_string(i));
    const bool of_batches = engine() % 2 == 0;
    const auto& names = of_batches ? columns : bounds;
    const std::string& name = names[engine() % names.size()];
    const bool is_blob = name == "collection" || name == "bytes";
    const std::string table = of_batches ? "batches" : "bounds";
    const std::string value =
        is_blob ? "randomblob(" + std::to_string(engine() % 20) + ")" : values[engine() % values.size()];
    const std::string key = of_batches ? "number" : "collection";
    detected += IsDetected("UPDATE OR IGNORE " + table + " SET " + name + "=" + value + " WHERE " + key + "=(SELECT " +
                           key + " FROM " + table + " ORDER BY " + key + " LIMIT 1 OFFSET " +
                           std::to_string(engine() % (of_batches ? 9 : 2)) + ")");
  }
  EXPECT_GT(detected, 250);
}

// The log of version 1, as 0.1 wrote it.
constexpr const char* kVersionOneLog = R"sql(
  CREATE TABLE batches(
    number INTEGER PRIMARY KEY,
    collection BLOB NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, bytes BLOB NOT NULL) STRICT;
  CREATE INDEX batches_of_collection ON batches(collection, first, last);
  CREATE TABLE purged(
    collection BLOB NOT NULL PRIMARY KEY, position INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  INSERT INTO batches(collection,first,last,bytes) VALUES
    (x'0a000000000000000000000000000000',4,6,CAST('a46' AS BLOB)),
    (x'0b000000000000000000000000000000',1,1,CAST('b11' AS BLOB)),
    (x'0a000000000000000000000000000000',7,7,CAST('a77' AS BLOB)),
    (x'0b000000000000000000000000000000',2,9,CAST('b29' AS BLOB));
  INSERT INTO purged VALUES(x'0a000000000000000000000000000000',3),(x'0c000000000000000000000000000000',8);
  PRAGMA application_id=0x4f63684c;
  PRAGMA user_version=1;
)sql";

class LogMigrationTest : public testing::Test {
 protected:
  Result<std::unique_ptr<SqliteConnection>> Migrate(const std::string& change) {
    std::filesystem::remove(path_);
    {
      auto old = SqliteConnection::Open(path_);
      EXPECT_OK(old);
      EXPECT_OK((*old)->Execute(kVersionOneLog + change));
    }
    return OpenSqliteDatabase(path_, kLogSchema, {.durability = Durability::kNone});
  }

  TemporaryDirectory directory_;
  const std::filesystem::path path_ = directory_.path() / "log.sqlite3";
};

TEST_F(LogMigrationTest, AVersionOneLogKeepsItsBatchesAndItsPositions) {
  ASSERT_OK_AND_ASSIGN(const auto connection, Migrate(""));
  const LogTable table(*connection);
  ASSERT_OK_AND_ASSIGN(const LogBounds a, table.Bounds(kA));
  EXPECT_EQ(a.purged, LogPosition{3});
  EXPECT_EQ(a.last, LogPosition{7});
  ASSERT_OK_AND_ASSIGN(const auto batches, table.Read(kA, LogPosition{3}, LogPosition{7}, kNoBound));
  ASSERT_EQ(batches.size(), 2u);
  EXPECT_EQ(*batches[0].bytes, "a46");
  EXPECT_EQ(*batches[1].bytes, "a77");
  ASSERT_OK_AND_ASSIGN(const LogBounds b, table.Bounds(kB));
  EXPECT_EQ(b.purged, LogPosition{0});
  EXPECT_EQ(b.last, LogPosition{9});
  ASSERT_OK_AND_ASSIGN(const LogBounds emptied, table.Bounds({.bytes = {0xc}}));
  EXPECT_EQ(emptied.last, LogPosition{8}) << "its positions are not used again";
  for (const CollectionId& collection : {kA, kB}) EXPECT_OK(table.Verify(collection));
  ASSERT_OK_AND_ASSIGN(const uint64_t fingerprint, SchemaFingerprint(*connection));
  EXPECT_EQ(fingerprint, kLogSchema.fingerprint) << "as in a new one";
}

TEST_F(LogMigrationTest, ADamagedVersionOneLogIsRefused) {
  for (const std::string change :
       {"DELETE FROM batches WHERE first=7", "UPDATE batches SET last=5 WHERE first=4", "UPDATE purged SET position=5",
        "UPDATE purged SET position=-1", "DELETE FROM purged", "UPDATE batches SET collection=x'0a'"}) {
    SCOPED_TRACE(change);
    const bool is_unnoticeable = change == "DELETE FROM batches WHERE first=7";  // the newest: version 1 cannot tell
    const Status status = Migrate(change).status();
    if (is_unnoticeable) {
      EXPECT_OK(status);
      continue;
    }
    EXPECT_EQ(status.code(), StatusCode::kDataLoss) << status.ToString();
    EXPECT_THAT(status.message(), HasSubstr(path_.string()));
  }
}

}  // namespace
}  // namespace ochre
