// Rows of system.sqlite3 that somebody changed, lost, added or exchanged: every answer is right or says that the file
// is damaged, and no write makes the damage look sound. Damaged pages: tests/faults/damage_test.cc.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "sqlite/row_sets.h"
#include "sysdb/catalog_schema.h"
#include "sysdb/system_database.h"
#include "sysdb/version_table.h"
#include "tests/support/expect_ok.h"
#include "tests/support/must.h"
#include "tests/support/temporary_directory.h"

namespace ochre {
namespace {

using testing::HasSubstr;

constexpr uint32_t kSeed = 12;

Uuid Id(uint8_t number) {
  Uuid id;
  id.bytes[0] = number;
  id.bytes[15] = 1;  // never the nil UUID
  return id;
}

CollectionRecord Record(uint8_t number, const std::string& name, const std::string& database) {
  return {.id = Id(number),
          .name = name,
          .tenant = std::string(kDefaultTenant),
          .database = database,
          .metadata = {{"number", int64_t{number}}},
          .configuration = {},
          .dimension = number == 3 ? std::nullopt : std::optional<int32_t>(number * 100)};
}

VersionSegment Segment(uint8_t number, std::string deletions) {
  return {.segment = {.id = Id(number), .row_count = number * 10, .bytes = number * 1000},
          .deletions = std::move(deletions)};
}

CollectionVersion Version(uint64_t number, std::vector<VersionSegment> segments) {
  return {.version = number,
          .log_position = LogPosition{number * 100},
          .next_offset_id = OffsetId{number * 200},
          .record_count = static_cast<int64_t>(number * 50),
          .segments = std::move(segments)};
}

void AppendText(const TenantRecord& tenant, std::string& text) { text += tenant.resource_name.value_or("-"); }
void AppendText(const DatabaseRecord& database, std::string& text) {
  text += database.id.ToString() + database.name + database.tenant;
}
void AppendText(const CollectionRecord& record, std::string& text) {
  text += record.id.ToString() + record.name + record.tenant + record.database + MetadataToJson(record.metadata) +
          ConfigurationToJson(record.configuration) + std::to_string(record.dimension.value_or(0));
}
void AppendText(const std::shared_ptr<const CollectionRecord>& record, std::string& text) { AppendText(*record, text); }
void AppendText(const CollectionVersion& version, std::string& text) {
  text += std::to_string(version.version) + "," + std::to_string(static_cast<uint64_t>(version.log_position)) + "," +
          std::to_string(static_cast<uint64_t>(version.next_offset_id)) + "," + std::to_string(version.record_count);
  for (const VersionSegment& part : version.segments) {
    text += ";" + part.segment.id.ToString() + std::to_string(part.segment.row_count) + "," +
            std::to_string(part.segment.bytes) + part.deletions;
  }
}
void AppendText(const Uuid& id, std::string& text) { text += id.ToString(); }
void AppendText(int64_t number, std::string& text) { text += std::to_string(number); }
template <typename T>
void AppendText(const std::vector<T>& values, std::string& text) {
  for (const T& value : values) AppendText(value, text += "|");
}

// One call: what it is, and its outcome: what it returned as text, or the error.
struct Answer {
  std::string call;
  Result<std::string> text;
};

template <typename T>
Answer AnswerOf(std::string call, const Result<T>& result) {
  if (!result.ok()) {
    // "Not there" is an answer too.
    if (result.status().code() == StatusCode::kNotFound) return {std::move(call), std::string("not found")};
    return {std::move(call), result.status()};
  }
  std::string text;
  AppendText(*result, text);
  return {std::move(call), std::move(text)};
}

std::string ReadFile(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void WriteFile(const std::filesystem::path& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc)
      .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

// Two tenants and databases; three collections, of which one was compacted twice and shares a segment with another, and
// the third is empty.
class CatalogDamageTest : public testing::Test {
 protected:
  void SetUp() override {
    {
      const auto catalog = Open();
      ASSERT_OK(catalog->CreateTenant("acme"));
      ASSERT_OK(catalog->SetTenantResourceName("acme", "resource"));
      ASSERT_OK(catalog->CreateDatabase(kDefaultTenant, "other", Id(200)));
      ASSERT_OK(catalog->CreateCollection(Record(1, "one", "default_database")));
      ASSERT_OK(catalog->CreateCollection(Record(2, "two", "other")));
      ASSERT_OK(catalog->CreateCollection(Record(3, "three", "default_database")));
      ASSERT_OK(catalog->RegisterVersion(Id(1), Version(1, {Segment(10, "")})));
      ASSERT_OK(catalog->RegisterVersion(Id(1), Version(2, {Segment(10, "abc"), Segment(11, "")})));
      ASSERT_OK(catalog->RegisterVersion(Id(2), Version(1, {Segment(11, "d"), Segment(12, "")})));
      ASSERT_OK(catalog->Verify());
      right_ = ReadEverything(*catalog);
    }
    sound_ = ReadFile(File());
    for (const Answer& answer : right_) ASSERT_OK(answer.text);
  }

  std::filesystem::path File() const { return directory_.path() / "system.sqlite3"; }
  std::unique_ptr<SystemDatabase> Open() { return Must(SystemDatabase::Open(directory_.path(), Durability::kNone)); }

  // Runs `sql` on the sound file as a program that is not Ochre would, and returns whether it changed any row.
  bool Damage(const std::string& sql) {
    WriteFile(File(), sound_);
    sqlite3* database = nullptr;
    EXPECT_EQ(sqlite3_open(File().c_str(), &database), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(database);
    const bool changed = sqlite3_total_changes(database) > 0;
    sqlite3_close(database);
    return changed;
  }

  // The rows of `sql`, each as its columns as text.
  std::vector<std::vector<std::string>> Rows(const std::string& sql) {
    WriteFile(File(), sound_);
    sqlite3* database = nullptr;
    EXPECT_EQ(sqlite3_open(File().c_str(), &database), SQLITE_OK);
    std::vector<std::vector<std::string>> rows;
    const auto keep = [](void* out, int count, char** columns, char**) {
      auto& row = static_cast<std::vector<std::vector<std::string>>*>(out)->emplace_back();
      for (int i = 0; i < count; ++i) row.emplace_back(columns[i] == nullptr ? "" : columns[i]);
      return 0;
    };
    EXPECT_EQ(sqlite3_exec(database, sql.c_str(), keep, &rows, nullptr), SQLITE_OK) << sqlite3_errmsg(database);
    sqlite3_close(database);
    return rows;
  }

  static std::vector<Answer> ReadEverything(const SystemDatabase& catalog) {
    std::vector<Answer> answers;
    for (const char* tenant : {"default_tenant", "acme", "nobody"}) {
      answers.push_back(AnswerOf(std::string("tenant ") + tenant, catalog.GetTenant(tenant)));
      answers.push_back(AnswerOf(std::string("databases of ") + tenant, catalog.ListDatabases(tenant, -1, 0)));
    }
    for (const char* database : {"default_database", "other", "none"}) {
      const std::string of = std::string(" of ") + database;
      answers.push_back(AnswerOf("database" + of, catalog.GetDatabase(kDefaultTenant, database)));
      answers.push_back(AnswerOf("collections" + of, catalog.ListCollections(kDefaultTenant, database, -1, 0)));
      answers.push_back(AnswerOf("count" + of, catalog.CountCollections(kDefaultTenant, database)));
      for (const char* name : {"one", "two", "three", "four"}) {
        answers.push_back(AnswerOf(name + of, catalog.GetCollection(kDefaultTenant, database, name)));
      }
    }
    for (const uint8_t number : {1, 2, 3, 4}) {
      answers.push_back(AnswerOf("collection " + std::to_string(number), catalog.GetCollection(Id(number))));
      answers.push_back(AnswerOf("version of " + std::to_string(number), catalog.LatestVersion(Id(number))));
      answers.push_back(AnswerOf("exists " + std::to_string(number), catalog.CollectionExists(Id(number))));
    }
    answers.push_back(AnswerOf("segments", catalog.ReferencedSegments()));
    answers.push_back(AnswerOf("unreferenced", catalog.Unreferenced({Id(10), Id(11), Id(12), Id(13)})));
    answers.push_back(AnswerOf("not catalogued", catalog.NotCatalogued({Id(1), Id(2), Id(3), Id(4)})));
    return answers;
  }

  void ExpectDataLoss(const Status& status) const {
    EXPECT_EQ(status.code(), StatusCode::kDataLoss) << status.ToString();
    EXPECT_THAT(status.message(), HasSubstr(File().string()));
  }

  // The damaged file: refused, or whatever is read is what was written or DataLoss, before and after writes; and Verify
  // finds the damage, before and after.
  void ExpectDetected() {
    auto opened = SystemDatabase::Open(directory_.path(), Durability::kNone);
    if (!opened.ok()) return ExpectDataLoss(opened.status());
    const std::unique_ptr<SystemDatabase> catalog = *std::move(opened);
    ExpectDataLoss(catalog->Verify());
    ExpectRight(*catalog);
    // None of which succeeds but where it has nothing to do with the damage.
    for (const Status& written :
         {catalog->UpdateCollection(Id(1), std::nullopt, Metadata{{"number", 1}}, std::nullopt),
          catalog->FixDimension(Id(3), 7).status(), catalog->SetTenantResourceName(kDefaultTenant, "new"),
          catalog->CreateTenant("new"), catalog->CreateDatabase("acme", "new", Id(201)),
          catalog->CreateCollection(Record(4, "four", "other")),
          catalog->RegisterVersion(Id(1), Version(3, {Segment(11, ""), Segment(13, "")})),
          catalog->DeleteCollection(kDefaultTenant, "other", "two").status(),
          catalog->DeleteDatabase(kDefaultTenant, "other").status(), catalog->Reset().status()}) {
      if (!written.ok()) ExpectDataLoss(written);
    }
    ExpectDataLoss(catalog->Verify());
  }

  void ExpectRight(const SystemDatabase& catalog) const {
    const std::vector<Answer> answers = ReadEverything(catalog);
    for (size_t i = 0; i < answers.size(); ++i) {
      SCOPED_TRACE(answers[i].call);
      if (answers[i].text.ok()) {
        EXPECT_EQ(*answers[i].text, *right_[i].text);
      } else {
        ExpectDataLoss(answers[i].text.status());
      }
    }
  }

  TemporaryDirectory directory_;
  std::string sound_;  // the file's bytes
  std::vector<Answer> right_;
};

TEST_F(CatalogDamageTest, ChangesOfRowsAreNoticed) {
  for (const char* sql : {
           "DELETE FROM tenants WHERE name=CAST('acme' AS BLOB)",
           "DELETE FROM databases WHERE name=CAST('other' AS BLOB)",
           "DELETE FROM collections WHERE name=CAST('three' AS BLOB)",
           "DELETE FROM collections",
           "DELETE FROM versions WHERE version=2",
           "DELETE FROM versions",
           "DELETE FROM segments WHERE row_count=100",
           "DELETE FROM version_segments WHERE ordinal=1",
           "DELETE FROM version_segments",
           "DELETE FROM versions; DELETE FROM version_segments; DELETE FROM segments",
           "DELETE FROM collections; DELETE FROM versions; DELETE FROM version_segments; DELETE FROM segments",
           "DELETE FROM row_sets",
           "DELETE FROM row_sets WHERE name='versions'",
           "INSERT INTO tenants(name) VALUES(CAST('nobody' AS BLOB))",
           "INSERT INTO collections(id,database_id,name,metadata,configuration) SELECT zeroblob(16),database_id,"
           "CAST('four' AS BLOB),metadata,configuration FROM collections LIMIT 1",
           // A second row with the first one's checksum.
           "INSERT INTO collections SELECT x'04000000000000000000000000000001',database_id,CAST('four' AS "
           "BLOB),metadata,"
           "configuration,dimension,created_at,latest_version,checksum FROM collections WHERE dimension=100",
           "INSERT INTO version_segments SELECT collection_id,version,7,segment_id,deletions,checksum FROM "
           "version_segments LIMIT 1",
           "INSERT INTO versions SELECT collection_id,3,log_position,next_offset_id,record_count,segment_count,"
           "segments_digest,checksum FROM versions WHERE version=2",
           // Rows that change places, with and without their checksums.
           "UPDATE collections SET name=CASE name WHEN CAST('one' AS BLOB) THEN x'00' ELSE name END;"
           "UPDATE collections SET name=CAST('one' AS BLOB) WHERE dimension IS NULL;"
           "UPDATE collections SET name=CAST('three' AS BLOB) WHERE name=x'00'",
           "UPDATE version_segments SET ordinal=ordinal+10; UPDATE version_segments SET ordinal=11-ordinal",
           "UPDATE version_segments SET segment_id=(SELECT max(id) FROM segments) WHERE ordinal=0 AND version=2",
           "UPDATE versions SET collection_id=x'03000000000000000000000000000001' WHERE version=2;"
           "UPDATE version_segments SET collection_id=x'03000000000000000000000000000001' WHERE version=2",
           "UPDATE collections SET dimension=300-dimension",
           "UPDATE collections SET metadata=(SELECT metadata FROM collections WHERE dimension=100) WHERE dimension=200",
           "UPDATE collections SET checksum=(SELECT checksum FROM collections WHERE dimension=100) WHERE dimension=200",
           // Rows that cannot be.
           "UPDATE collections SET dimension=-1 WHERE dimension=100",
           "UPDATE collections SET dimension=1000000000000 WHERE dimension=100",
           "UPDATE collections SET configuration='{\"hnsw\":{\"space\":\"sphere\"}}' WHERE dimension=100",
           "UPDATE collections SET metadata='{' WHERE dimension=100",
           "UPDATE collections SET id=x'01' WHERE dimension=100",
           "UPDATE collections SET latest_version=1 WHERE dimension=100",
           "UPDATE collections SET latest_version=0",
           "UPDATE versions SET log_position=-1",
           "UPDATE versions SET record_count=-1",
           "UPDATE versions SET next_offset_id=0",
           "UPDATE segments SET row_count=-1",
           "UPDATE segments SET bytes=-1",
           "UPDATE segments SET reference_count=0",
           "UPDATE segments SET reference_count=2 WHERE reference_count=1",
           "UPDATE row_sets SET row_count=row_count+1 WHERE name='tenants'",
           "UPDATE row_sets SET digest=0 WHERE name='segments'",
           "PRAGMA writable_schema=ON; UPDATE sqlite_schema SET sql=replace(sql,'STRICT, ','') WHERE name='segments';"
           "PRAGMA writable_schema=RESET; UPDATE segments SET row_count='many'",
       }) {
    SCOPED_TRACE(sql);
    ASSERT_TRUE(Damage(sql));
    ExpectDetected();
  }
}

// One bit of every cell of every row, the checksums' included.
TEST_F(CatalogDamageTest, AFlippedBitInAnyCellIsNoticed) {
  std::mt19937 random(kSeed);
  int cells = 0;
  for (const char* table :
       {"tenants", "databases", "collections", "versions", "segments", "version_segments", "row_sets"}) {
    const auto columns = Rows(std::string("SELECT name FROM pragma_table_info('") + table + "')");
    const auto key_columns = Rows(std::string("SELECT name FROM pragma_table_info('") + table + "') WHERE pk>0");
    std::string key_sql;  // gives "id=x'...' AND ..." of each row
    for (const auto& column : key_columns) {
      key_sql += (key_sql.empty() ? "'" : "||' AND ") + column[0] + "='||quote(" + column[0] + ")";
    }
    for (const auto& row : Rows("SELECT " + key_sql + " FROM " + table)) {
      for (const auto& column : columns) {
        const auto cell = Rows("SELECT typeof(" + column[0] + "),hex(" + column[0] + "),length(CAST(" + column[0] +
                               " AS BLOB)) FROM " + table + " WHERE " + row[0]);
        ASSERT_EQ(cell.size(), 1u);
        const std::string type = cell[0][0];
        std::string value = "x'00'";  // where there was nothing
        if (type == "integer") {
          const std::string bit = std::to_string(int64_t{1} << random() % 62);
          value = "((" + column[0] + "|" + bit + ")-(" + column[0] + "&" + bit + "))";
        } else if (type != "null" && cell[0][1].empty()) {
          value = type == "text" ? "'x'" : "x'00'";
        } else if (type != "null") {
          std::string hex = cell[0][1];
          const size_t digit = random() % hex.size();
          constexpr std::string_view kDigits = "0123456789ABCDEF";
          hex[digit] = kDigits[kDigits.find(hex[digit]) ^ (1u << random() % 4)];
          value = "CAST(x'" + hex + "' AS " + (type == "text" ? "TEXT" : "BLOB") + ")";
        } else if (column[0] == "dimension") {
          value = "1";
        }
        const std::string sql =
            std::string("UPDATE OR IGNORE ") + table + " SET " + column[0] + "=" + value + " WHERE " + row[0];
        SCOPED_TRACE("seed " + std::to_string(kSeed) + ": " + sql);
        if (!Damage(sql)) continue;  // another row has that key
        ++cells;
        ExpectDetected();
      }
    }
  }
  EXPECT_GT(cells, 100);
}

// As a defect of ours would write them: nothing in the file contradicts them, so they must be refused for what they
// are.
TEST_F(CatalogDamageTest, RowsThatCannotBeAreRefusedUnderRightChecksumsToo) {
  for (const char* sql : {
           "UPDATE collections SET dimension=-1 WHERE dimension=100",
           "UPDATE collections SET dimension=0 WHERE dimension=100",
           "UPDATE collections SET dimension=65537 WHERE dimension=100",
           "UPDATE collections SET dimension=4294967297 WHERE dimension=100",
           "UPDATE collections SET configuration='{\"hnsw\":{\"space\":\"sphere\"}}' WHERE dimension=100",
           "UPDATE collections SET configuration='' WHERE dimension=100",
           "UPDATE collections SET metadata='{' WHERE dimension=100",
           "UPDATE collections SET id=x'01' WHERE dimension IS NULL",
           "UPDATE collections SET latest_version=1 WHERE dimension=100",
           "UPDATE collections SET latest_version=0",
           "UPDATE collections SET latest_version=-2 WHERE dimension=100",
           "UPDATE collections SET database_id=x'01' WHERE dimension IS NULL",
           "UPDATE versions SET log_position=-1 WHERE version=2",
           "UPDATE versions SET record_count=-1 WHERE version=2",
           "UPDATE versions SET next_offset_id=0 WHERE version=2",
           "UPDATE versions SET next_offset_id=-9223372036854775807-1 WHERE version=2",
           "DELETE FROM versions",
           "UPDATE versions SET version=-3 WHERE version=2; UPDATE version_segments SET version=-3 WHERE version=2;"
           "UPDATE collections SET latest_version=-3 WHERE latest_version=2",
           "UPDATE segments SET row_count=-1 WHERE row_count=100",
           "UPDATE segments SET row_count=0 WHERE row_count=100",
           "UPDATE segments SET row_count=4294967296 WHERE row_count=100",
           "UPDATE segments SET bytes=-1 WHERE row_count=100",
           "UPDATE segments SET reference_count=5 WHERE row_count=100",
           "UPDATE segments SET reference_count=0 WHERE row_count=100",
           "UPDATE segments SET id=x'02' WHERE row_count=100;"
           "UPDATE version_segments SET segment_id=x'02' WHERE ordinal=0 AND version=2",
           "INSERT INTO segments VALUES(x'99000000000000000000000000000000',1,1,0,0)",
           "DELETE FROM version_segments WHERE version=2",
       }) {
    SCOPED_TRACE(sql);
    ASSERT_TRUE(Damage(sql));
    {
      ASSERT_OK_AND_ASSIGN(const auto connection, SqliteConnection::Open(File()));
      ASSERT_OK(connection->Execute("DELETE FROM row_sets"));
      ASSERT_OK(VersionTable(*connection).DigestSegments());
      ASSERT_OK(ChecksumRows(*connection, kCatalogTables));
    }
    const auto catalog = Open();
    ExpectDataLoss(catalog->Verify());
    for (const Answer& answer : ReadEverything(*catalog)) {
      if (!answer.text.ok()) ExpectDataLoss(answer.text.status());
    }
  }
}

}  // namespace
}  // namespace ochre
