#include "sysdb/system_database.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace ochre {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Uuid Id(int number) {
  Uuid id;
  id.bytes[0] = static_cast<uint8_t>(number >> 8);
  id.bytes[1] = static_cast<uint8_t>(number);
  id.bytes[15] = 1;  // never the nil UUID
  return id;
}

CollectionRecord Record(int number, std::string name) {
  return {.id = Id(number),
          .name = std::move(name),
          .tenant = std::string(kDefaultTenant),
          .database = std::string(kDefaultDatabase),
          .metadata = {},
          .configuration = {},
          .dimension = std::nullopt};
}

std::string ReadFile(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void WriteFile(const fs::path& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc)
      .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

class SystemDatabaseTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "ochre_sysdb_XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
    Open();
  }
  void TearDown() override {
    catalog_.reset();
    if (fs::exists(File())) ExpectReferenceCountsToMatch();
    fs::remove_all(directory_);
  }

  void Open(Durability durability = Durability::kNone) {
    catalog_.reset();
    auto catalog = SystemDatabase::Open(directory_, durability);
    ASSERT_TRUE(catalog.ok()) << catalog.status().ToString();
    catalog_ = *std::move(catalog);
  }

  fs::path File() const { return directory_ / "system.sqlite3"; }

  // Runs `sql` on the closed file; returns the first row's first column.
  std::string Sql(const char* sql) {
    sqlite3* database = nullptr;
    EXPECT_EQ(sqlite3_open(File().c_str(), &database), SQLITE_OK);
    std::string value;
    const auto keep = [](void* out, int, char** columns, char**) {
      if (columns[0] != nullptr) static_cast<std::string*>(out)->assign(columns[0]);
      return 0;
    };
    EXPECT_EQ(sqlite3_exec(database, sql, keep, &value, nullptr), SQLITE_OK) << sqlite3_errmsg(database);
    sqlite3_close(database);
    return value;
  }

  // What holds after any sequence of calls, so every test ends with it.
  void ExpectReferenceCountsToMatch() {
    char magic[16] = {};
    std::ifstream(File(), std::ios::binary).read(magic, sizeof(magic));
    if (std::string_view(magic, 15) != "SQLite format 3") return;  // a test about damaged files
    if (Sql("SELECT count(*) FROM sqlite_schema WHERE name='segments'") == "0") return;
    EXPECT_EQ(Sql("SELECT count(*) FROM segments s WHERE reference_count<>"
                  "(SELECT count(*) FROM version_segments v WHERE v.segment_id=s.id)"),
              "0");
    EXPECT_EQ(Sql("SELECT count(*) FROM segments WHERE reference_count<1"), "0");
    EXPECT_EQ(Sql("PRAGMA foreign_key_check"), "");
    EXPECT_EQ(Sql("PRAGMA integrity_check"), "ok");
  }

  CollectionId Create(int number, const std::string& name) {
    const Status status = catalog_->CreateCollection(Record(number, name));
    EXPECT_TRUE(status.ok()) << status.ToString();
    return Id(number);
  }

  auto Get(std::string_view name) const { return catalog_->GetCollection(kDefaultTenant, kDefaultDatabase, name); }
  auto Delete(std::string_view name) { return catalog_->DeleteCollection(kDefaultTenant, kDefaultDatabase, name); }

  std::vector<std::string> ListNames(int64_t limit, int64_t offset) {
    std::vector<std::string> names;
    const auto records = catalog_->ListCollections(kDefaultTenant, kDefaultDatabase, limit, offset);
    EXPECT_TRUE(records.ok()) << records.status().ToString();
    for (const auto& record : *records) names.push_back(record->name);
    return names;
  }

  fs::path directory_;
  std::unique_ptr<SystemDatabase> catalog_;
};

TEST_F(SystemDatabaseTest, ANewOneHoldsTheDefaults) {
  const auto tenant = catalog_->GetTenant(kDefaultTenant);
  ASSERT_TRUE(tenant.ok());
  EXPECT_EQ(tenant->name, "default_tenant");
  EXPECT_EQ(tenant->resource_name, std::nullopt);
  const auto database = catalog_->GetDatabase(kDefaultTenant, kDefaultDatabase);
  ASSERT_TRUE(database.ok());
  EXPECT_EQ(database->id, Uuid{});
  EXPECT_EQ(database->name, "default_database");
  EXPECT_EQ(database->tenant, "default_tenant");
}

TEST_F(SystemDatabaseTest, TenantsAreUniqueAndNamedInMessages) {
  ASSERT_TRUE(catalog_->CreateTenant("acme").ok());
  EXPECT_EQ(catalog_->CreateTenant("acme"), Status::AlreadyExists("Tenant [acme] already exists"));
  EXPECT_EQ(catalog_->GetTenant("nobody").status(), Status::NotFound("Tenant [nobody] not found"));
  Open();
  EXPECT_TRUE(catalog_->GetTenant("acme").ok());
}

TEST_F(SystemDatabaseTest, AResourceNameIsSetOnce) {
  ASSERT_TRUE(catalog_->SetTenantResourceName(kDefaultTenant, "first").ok());
  EXPECT_TRUE(catalog_->SetTenantResourceName(kDefaultTenant, "first").ok()) << "the same again";
  EXPECT_EQ(catalog_->SetTenantResourceName(kDefaultTenant, "second").code(), StatusCode::kAlreadyExists);
  EXPECT_EQ(catalog_->GetTenant(kDefaultTenant)->resource_name, "first");
  EXPECT_EQ(catalog_->SetTenantResourceName("nobody", "x"), Status::NotFound("Tenant [nobody] not found"));
}

TEST_F(SystemDatabaseTest, DatabasesAreUniqueWithinTheirTenant) {
  ASSERT_TRUE(catalog_->CreateTenant("acme").ok());
  ASSERT_TRUE(catalog_->CreateDatabase("acme", "db", Id(1)).ok());
  ASSERT_TRUE(catalog_->CreateDatabase(kDefaultTenant, "db", Id(2)).ok()) << "another tenant's";
  EXPECT_EQ(catalog_->CreateDatabase("acme", "db", Id(3)), Status::AlreadyExists("Database [db] already exists"));
  EXPECT_EQ(catalog_->CreateDatabase("acme", "db2", Id(1)).code(), StatusCode::kAlreadyExists) << "an id twice";
  EXPECT_EQ(catalog_->CreateDatabase("nobody", "db", Id(4)), Status::NotFound("Tenant [nobody] not found"));
  EXPECT_EQ(catalog_->GetDatabase("acme", "db")->id, Id(1));
  EXPECT_EQ(catalog_->GetDatabase("acme", "none").status(),
            Status::NotFound("Database [none] not found. Are you sure it exists?"));
  EXPECT_EQ(catalog_->DeleteDatabase("acme", "none").status(), Status::NotFound("Database [none] not found"));
}

TEST_F(SystemDatabaseTest, DatabasesAreListedByNameInPages) {
  for (const int number : {3, 1, 2}) {
    ASSERT_TRUE(catalog_->CreateDatabase(kDefaultTenant, "db" + std::to_string(number), Id(10 - number)).ok());
  }
  const auto names = [&](int64_t limit, int64_t offset) {
    std::vector<std::string> result;
    const auto databases = catalog_->ListDatabases(kDefaultTenant, limit, offset);
    EXPECT_TRUE(databases.ok()) << databases.status().ToString();
    for (const DatabaseRecord& database : *databases) {
      EXPECT_EQ(catalog_->GetDatabase(kDefaultTenant, database.name)->id, database.id);
      result.push_back(database.name);
    }
    return result;
  };
  EXPECT_THAT(names(-1, 0), ElementsAre("db1", "db2", "db3", "default_database"));
  EXPECT_THAT(names(2, 1), ElementsAre("db2", "db3"));
  EXPECT_THAT(names(0, 0), IsEmpty());
  EXPECT_THAT(names(10, 4), IsEmpty());
}

TEST_F(SystemDatabaseTest, ACollectionComesBackAsItWasStored) {
  CollectionRecord record = Record(1, "docs");
  record.metadata = {{"topic", "birds"}, {"year", 2020}};
  record.configuration.hnsw.space = Space::kCosine;
  record.configuration.hnsw.ef_search = 50;
  record.dimension = 384;
  ASSERT_TRUE(catalog_->CreateCollection(record).ok());
  for (const bool reopened : {false, true}) {
    SCOPED_TRACE(reopened);
    if (reopened) Open();
    for (const auto& stored : {Get("docs"), catalog_->GetCollection(Id(1))}) {
      ASSERT_TRUE(stored.ok()) << stored.status().ToString();
      EXPECT_EQ((*stored)->id, record.id);
      EXPECT_EQ((*stored)->name, record.name);
      EXPECT_EQ((*stored)->tenant, record.tenant);
      EXPECT_EQ((*stored)->database, record.database);
      EXPECT_EQ((*stored)->metadata, record.metadata);
      EXPECT_EQ((*stored)->configuration, record.configuration);
      EXPECT_EQ((*stored)->dimension, record.dimension);
    }
  }
}

TEST_F(SystemDatabaseTest, CollectionNamesAreUniqueWithinTheirDatabase) {
  ASSERT_TRUE(catalog_->CreateDatabase(kDefaultTenant, "other", Id(100)).ok());
  Create(1, "docs");
  EXPECT_EQ(catalog_->CreateCollection(Record(2, "docs")), Status::AlreadyExists("Collection [docs] already exists"));
  EXPECT_EQ(catalog_->CreateCollection(Record(1, "more")).code(), StatusCode::kAlreadyExists) << "an id twice";
  CollectionRecord elsewhere = Record(3, "docs");
  elsewhere.database = "other";
  EXPECT_TRUE(catalog_->CreateCollection(elsewhere).ok());
  elsewhere.database = "none";
  EXPECT_EQ(catalog_->CreateCollection(elsewhere), Status::InvalidArgument("Database [none] does not exist"));
  EXPECT_EQ((*catalog_->GetCollection(kDefaultTenant, "other", "docs"))->id, Id(3));
  EXPECT_EQ((*Get("docs"))->id, Id(1));
}

TEST_F(SystemDatabaseTest, MissingCollectionsAreNamedInMessages) {
  EXPECT_EQ(Get("none").status(), Status::NotFound("Collection [none] does not exist"));
  const Status by_id = Status::NotFound("Collection [", std::string_view(Id(9).ToString()), "] does not exist");
  EXPECT_EQ(catalog_->GetCollection(Id(9)).status(), by_id);
  EXPECT_EQ(catalog_->UpdateCollection(Id(9), "x", std::nullopt, std::nullopt), by_id);
  EXPECT_EQ(catalog_->FixDimension(Id(9), 3).status(), by_id);
  EXPECT_EQ(catalog_->LatestVersion(Id(9)).status(), by_id);
  EXPECT_EQ(catalog_->RegisterVersion(Id(9), {.version = 1, .segments = {}}), by_id);
  EXPECT_EQ(Delete("none").status(), Status::NotFound("Collection [none] does not exist"));
  EXPECT_FALSE(*catalog_->CollectionExists(Id(9)));
}

TEST_F(SystemDatabaseTest, NamesMayHoldAnyBytes) {
  const std::string zeros("a\0b", 3);
  const std::string others("a\0c", 3);
  const std::string unicode = "na\xc3\xafve \xe2\x9c\x93";
  Create(1, zeros);
  Create(2, others);
  Create(3, unicode);
  Create(4, "a");
  EXPECT_EQ(catalog_->CreateCollection(Record(5, zeros)).code(), StatusCode::kAlreadyExists);
  ASSERT_TRUE(catalog_->CreateTenant(zeros).ok());
  ASSERT_TRUE(catalog_->CreateDatabase(zeros, unicode, Id(7)).ok());
  Open();
  EXPECT_EQ((*Get(zeros))->id, Id(1));
  EXPECT_EQ((*Get(others))->id, Id(2));
  EXPECT_EQ((*Get(unicode))->id, Id(3));
  EXPECT_EQ((*Get("a"))->id, Id(4));
  EXPECT_EQ((*Get(zeros))->name, zeros);
  EXPECT_EQ(catalog_->GetDatabase(zeros, unicode)->id, Id(7));
}

TEST_F(SystemDatabaseTest, CollectionsAreListedByIdInPages) {
  for (const int number : {3, 1, 4, 2}) Create(number, "c" + std::to_string(9 - number));
  EXPECT_THAT(ListNames(-1, 0), ElementsAre("c8", "c7", "c6", "c5"));
  EXPECT_THAT(ListNames(2, 1), ElementsAre("c7", "c6"));
  EXPECT_THAT(ListNames(0, 0), IsEmpty());
  EXPECT_THAT(ListNames(5, 4), IsEmpty());
  EXPECT_EQ(*catalog_->CountCollections(kDefaultTenant, kDefaultDatabase), 4);
  EXPECT_THAT(*catalog_->ListCollections(kDefaultTenant, "none", -1, 0), IsEmpty());
  EXPECT_EQ(*catalog_->CountCollections(kDefaultTenant, "none"), 0);
}

TEST_F(SystemDatabaseTest, ARenameMovesTheNameAndNothingElse) {
  const CollectionId id = Create(1, "old");
  Create(2, "taken");
  const auto before = *Get("old");  // cached, under both keys
  EXPECT_EQ(catalog_->UpdateCollection(id, "taken", std::nullopt, std::nullopt),
            Status::AlreadyExists("Collection [taken] already exists"));
  EXPECT_EQ((*Get("old"))->id, id);

  ASSERT_TRUE(catalog_->UpdateCollection(id, "new", std::nullopt, std::nullopt).ok());
  EXPECT_EQ(Get("old").status().code(), StatusCode::kNotFound);
  EXPECT_EQ((*Get("new"))->id, id);
  EXPECT_EQ((*catalog_->GetCollection(id))->name, "new");
  EXPECT_EQ(before->name, "old") << "a snapshot";

  EXPECT_TRUE(catalog_->UpdateCollection(id, "new", std::nullopt, std::nullopt).ok()) << "its own name";
  Create(3, "old");
  EXPECT_EQ((*Get("old"))->id, Id(3)) << "the name is free again";
}

TEST_F(SystemDatabaseTest, AnUpdateReplacesOnlyWhatIsGiven) {
  CollectionRecord record = Record(1, "docs");
  record.metadata = {{"a", 1}, {"b", 2}};
  ASSERT_TRUE(catalog_->CreateCollection(record).ok());
  ASSERT_TRUE(Get("docs").ok());
  ASSERT_TRUE(catalog_->UpdateCollection(Id(1), std::nullopt, Metadata{{"c", 3}}, std::nullopt).ok());
  EXPECT_EQ((*Get("docs"))->metadata, (Metadata{{"c", 3}}));

  CollectionConfiguration configuration;
  configuration.hnsw.ef_search = 77;
  ASSERT_TRUE(catalog_->UpdateCollection(Id(1), std::nullopt, std::nullopt, configuration).ok());
  EXPECT_EQ((*catalog_->GetCollection(Id(1)))->configuration, configuration);
  EXPECT_EQ((*Get("docs"))->metadata, (Metadata{{"c", 3}}));
  ASSERT_TRUE(catalog_->UpdateCollection(Id(1), std::nullopt, std::nullopt, std::nullopt).ok());
  Open();
  EXPECT_EQ((*Get("docs"))->configuration, configuration);
}

TEST_F(SystemDatabaseTest, TheDimensionIsFixedOnceWhoeverComesFirst) {
  const CollectionId id = Create(1, "docs");
  ASSERT_EQ((*Get("docs"))->dimension, std::nullopt);
  std::vector<int32_t> answers(8);
  std::vector<std::thread> threads;
  for (size_t i = 0; i < answers.size(); ++i) {
    threads.emplace_back([&, i] { answers[i] = *catalog_->FixDimension(id, static_cast<int32_t>(i + 1)); });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(answers, testing::Each(answers[0]));
  EXPECT_GE(answers[0], 1);
  EXPECT_EQ((*Get("docs"))->dimension, answers[0]);
  Open();
  EXPECT_EQ(*catalog_->FixDimension(id, 999), answers[0]);
}

TEST_F(SystemDatabaseTest, ADeletedCollectionIsGoneUnderItsNameAndId) {
  const CollectionId id = Create(1, "docs");
  ASSERT_TRUE(Get("docs").ok());
  const auto deleted = Delete("docs");
  ASSERT_TRUE(deleted.ok());
  EXPECT_EQ(*deleted, id);
  EXPECT_EQ(Get("docs").status().code(), StatusCode::kNotFound);
  EXPECT_EQ(catalog_->GetCollection(id).status().code(), StatusCode::kNotFound);
  EXPECT_FALSE(*catalog_->CollectionExists(id));
  Create(2, "docs");
  EXPECT_EQ((*Get("docs"))->id, Id(2));
}

TEST_F(SystemDatabaseTest, ADatabaseIsDeletedWithItsCollectionsAndCanComeBack) {
  Create(1, "a");
  Create(2, "b");
  ASSERT_TRUE(Get("a").ok());
  ASSERT_TRUE(catalog_
                  ->RegisterVersion(
                      Id(2), {.version = 1,
                              .segments = {{.segment = {.id = Id(50), .row_count = 1, .bytes = 1}, .deletions = ""}}})
                  .ok());
  const auto deleted = catalog_->DeleteDatabase(kDefaultTenant, kDefaultDatabase);
  ASSERT_TRUE(deleted.ok()) << deleted.status().ToString();
  EXPECT_THAT(*deleted, ElementsAre(Id(1), Id(2)));
  EXPECT_EQ(Get("a").status().code(), StatusCode::kNotFound) << "also not from memory";
  EXPECT_EQ(catalog_->GetCollection(Id(1)).status().code(), StatusCode::kNotFound);
  EXPECT_THAT(*catalog_->ReferencedSegments(), IsEmpty());
  EXPECT_EQ(catalog_->CreateCollection(Record(3, "c")).code(), StatusCode::kInvalidArgument);
  ASSERT_TRUE(catalog_->CreateDatabase(kDefaultTenant, kDefaultDatabase, Uuid{}).ok());
  EXPECT_EQ(Get("a").status().code(), StatusCode::kNotFound);
  Create(1, "a");
}

VersionSegment Segment(int number, std::string deletions = "") {
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

TEST_F(SystemDatabaseTest, AResetLeavesWhatANewOneHolds) {
  ASSERT_TRUE(catalog_->CreateTenant("acme").ok());
  ASSERT_TRUE(catalog_->CreateDatabase("acme", "papers", Id(9)).ok());
  ASSERT_TRUE(catalog_->CreateCollection(Record(2, "second")).ok());
  ASSERT_TRUE(catalog_->CreateCollection(Record(1, "first")).ok());
  const auto deleted = catalog_->Reset();
  ASSERT_TRUE(deleted.ok()) << deleted.status().ToString();
  EXPECT_THAT(*deleted, ElementsAre(Id(1), Id(2)));
  EXPECT_EQ(catalog_->GetTenant("acme").status().code(), StatusCode::kNotFound);
  EXPECT_EQ(catalog_->GetCollection(Id(1)).status().code(), StatusCode::kNotFound);
  const auto database = catalog_->GetDatabase(kDefaultTenant, kDefaultDatabase);
  ASSERT_TRUE(database.ok()) << database.status().ToString();
  EXPECT_EQ(database->id, Uuid());
  EXPECT_TRUE(catalog_->CreateCollection(Record(1, "first")).ok());
}

TEST_F(SystemDatabaseTest, ANewCollectionHasTheEmptyVersion) {
  const CollectionId id = Create(1, "docs");
  const auto version = catalog_->LatestVersion(id);
  ASSERT_TRUE(version.ok());
  EXPECT_EQ(version->version, 0u);
  EXPECT_EQ(version->log_position, LogPosition{0});
  EXPECT_EQ(version->next_offset_id, OffsetId{1});
  EXPECT_EQ(version->record_count, 0);
  EXPECT_THAT(version->segments, IsEmpty());
}

TEST_F(SystemDatabaseTest, ARegisteredVersionIsTheLatest) {
  const CollectionId id = Create(1, "docs");
  const std::string bitmap("\0\1\2", 3);
  // Out of the order of their ids: the order given counts.
  ASSERT_TRUE(catalog_->RegisterVersion(id, Version(1, {Segment(7, bitmap), Segment(3)})).ok());
  for (const bool reopened : {false, true}) {
    SCOPED_TRACE(reopened);
    if (reopened) Open();
    const auto version = catalog_->LatestVersion(id);
    ASSERT_TRUE(version.ok());
    EXPECT_EQ(version->version, 1u);
    EXPECT_EQ(version->log_position, LogPosition{100});
    EXPECT_EQ(version->next_offset_id, OffsetId{200});
    EXPECT_EQ(version->record_count, 50);
    ASSERT_EQ(version->segments.size(), 2u);
    EXPECT_EQ(version->segments[0].segment.id, Id(7));
    EXPECT_EQ(version->segments[0].segment.row_count, 70);
    EXPECT_EQ(version->segments[0].segment.bytes, 7000);
    EXPECT_EQ(version->segments[0].deletions, bitmap);
    EXPECT_EQ(version->segments[1].segment.id, Id(3));
    EXPECT_EQ(version->segments[1].deletions, "");
  }
}

TEST_F(SystemDatabaseTest, AVersionThatDoesNotFollowTheLatestIsAborted) {
  const CollectionId id = Create(1, "docs");
  EXPECT_EQ(catalog_->RegisterVersion(id, Version(2, {Segment(1)})).code(), StatusCode::kAborted);
  EXPECT_EQ(catalog_->RegisterVersion(id, Version(0, {Segment(1)})).code(), StatusCode::kAborted);
  ASSERT_TRUE(catalog_->RegisterVersion(id, Version(1, {Segment(1)})).ok());
  const Status stale = catalog_->RegisterVersion(id, Version(1, {Segment(2)}));
  EXPECT_EQ(stale.code(), StatusCode::kAborted);
  EXPECT_THAT(stale.message(), HasSubstr("latest version, which is 1"));
  EXPECT_THAT(*catalog_->ReferencedSegments(), ElementsAre(Id(1))) << "nothing of the stale one remains";
}

TEST_F(SystemDatabaseTest, ASegmentLivesAsLongAsAVersionNamesIt) {
  const CollectionId a = Create(1, "a");
  const CollectionId b = Create(2, "b");
  ASSERT_TRUE(catalog_->RegisterVersion(a, Version(1, {Segment(10), Segment(11)})).ok());
  ASSERT_TRUE(catalog_->RegisterVersion(b, Version(1, {Segment(11), Segment(12)})).ok()) << "as a fork shares one";
  EXPECT_THAT(*catalog_->ReferencedSegments(), ElementsAre(Id(10), Id(11), Id(12)));

  ASSERT_TRUE(catalog_->RegisterVersion(a, Version(2, {Segment(10, "x"), Segment(13)})).ok());
  EXPECT_THAT(*catalog_->ReferencedSegments(), ElementsAre(Id(10), Id(11), Id(12), Id(13))) << "b still has 11";
  EXPECT_EQ(catalog_->LatestVersion(a)->segments[0].deletions, "x");

  ASSERT_TRUE(catalog_->RegisterVersion(b, Version(2, {})).ok());
  EXPECT_THAT(*catalog_->ReferencedSegments(), ElementsAre(Id(10), Id(13)));
  ASSERT_TRUE(Delete("a").ok());
  EXPECT_THAT(*catalog_->ReferencedSegments(), IsEmpty());
  ASSERT_TRUE(catalog_->RegisterVersion(b, Version(3, {Segment(10)})).ok()) << "after it was forgotten";
}

TEST_F(SystemDatabaseTest, OneOfTwoConcurrentRegistrationsWins) {
  const CollectionId id = Create(1, "docs");
  for (uint64_t number = 1; number <= 20; ++number) {
    std::atomic<int> registered{0};
    std::vector<std::thread> threads;
    for (int thread = 0; thread < 2; ++thread) {
      threads.emplace_back([&, thread] {
        const Status status = catalog_->RegisterVersion(id, Version(number, {Segment(thread + 1)}));
        if (status.ok()) ++registered;
      });
    }
    for (std::thread& thread : threads) thread.join();
    ASSERT_EQ(registered, 1) << number;
    ASSERT_EQ(catalog_->ReferencedSegments()->size(), 1u);
  }
}

TEST_F(SystemDatabaseTest, LookUpsBesideChangesSeeNoStateOlderThanAFinishedChange) {
  const CollectionId id = Create(1, "name0");
  std::atomic<int> finished{0};
  std::atomic<bool> stop{false};
  std::vector<std::thread> readers;
  for (int reader = 0; reader < 3; ++reader) {
    readers.emplace_back([&] {
      while (!stop) {
        const int at_least = finished.load();
        const auto record = catalog_->GetCollection(id);
        ASSERT_TRUE(record.ok());
        ASSERT_GE(std::stoi((*record)->name.substr(4)), at_least);
      }
    });
  }
  for (int i = 1; i <= 300; ++i) {
    ASSERT_TRUE(catalog_->UpdateCollection(id, "name" + std::to_string(i), std::nullopt, std::nullopt).ok());
    finished = i;
  }
  stop = true;
  for (std::thread& reader : readers) reader.join();
}

TEST_F(SystemDatabaseTest, WhatATransactionReleasedIsUnreferencedAndWhatAVersionNamesIsNot) {
  const CollectionId id = Create(1, "docs");
  ASSERT_TRUE(catalog_->RegisterVersion(id, Version(1, {Segment(10), Segment(11)})).ok());
  ASSERT_TRUE(catalog_->RegisterVersion(id, Version(2, {Segment(11), Segment(12)})).ok());
  EXPECT_THAT(*catalog_->Unreferenced({Id(10), Id(11), Id(12), Id(13)}), ElementsAre(Id(10), Id(13)));
  EXPECT_THAT(*catalog_->NotCatalogued({Id(1), Id(2)}), ElementsAre(Id(2)));
  EXPECT_TRUE(catalog_->Verify().ok());
  ASSERT_TRUE(Delete("docs").ok());
  EXPECT_THAT(*catalog_->Unreferenced({Id(11), Id(12)}), ElementsAre(Id(11), Id(12)));
  EXPECT_THAT(*catalog_->NotCatalogued({Id(1)}), ElementsAre(Id(1)));
}

// Whoever deletes what is not in the catalogue must not be told so by a damaged one.
TEST_F(SystemDatabaseTest, ADamagedCatalogueSaysOfNothingThatItIsUnreferenced) {
  const CollectionId id = Create(1, "docs");
  ASSERT_TRUE(catalog_->RegisterVersion(id, Version(1, {Segment(10), Segment(11)})).ok());
  catalog_.reset();
  const std::string sound = ReadFile(File());
  for (const char* damage :
       {"UPDATE segments SET id=zeroblob(16) WHERE id=(SELECT min(id) FROM segments)",
        "UPDATE segments SET reference_count=2", "DELETE FROM segments",
        "UPDATE version_segments SET segment_id=(SELECT max(id) FROM segments)", "DELETE FROM versions",
        "DELETE FROM collections", "UPDATE collections SET id=zeroblob(16)"}) {
    SCOPED_TRACE(damage);
    Sql(damage);
    Open();
    const auto unreferenced = catalog_->Unreferenced({Id(10), Id(99)});
    EXPECT_EQ(unreferenced.status().code(), StatusCode::kDataLoss) << unreferenced.status().ToString();
    EXPECT_THAT(unreferenced.status().message(), HasSubstr(File().string()));
    EXPECT_EQ(catalog_->NotCatalogued({Id(99)}).status().code(), StatusCode::kDataLoss);
    EXPECT_EQ(catalog_->Verify().code(), StatusCode::kDataLoss);
    catalog_.reset();
    WriteFile(File(), sound);
  }
}

TEST_F(SystemDatabaseTest, AVersionWhoseSegmentHasNoRowIsDataLoss) {
  const CollectionId id = Create(1, "docs");
  ASSERT_TRUE(catalog_->RegisterVersion(id, Version(1, {Segment(10), Segment(11)})).ok());
  catalog_.reset();
  const std::string sound = ReadFile(File());
  Sql("UPDATE segments SET id=zeroblob(16) WHERE id=(SELECT min(id) FROM segments)");
  Open();
  const Status status = catalog_->LatestVersion(id).status();
  EXPECT_EQ(status.code(), StatusCode::kDataLoss) << status.ToString();
  EXPECT_THAT(status.message(), HasSubstr(File().string()));
  catalog_.reset();
  WriteFile(File(), sound);
}

TEST_F(SystemDatabaseTest, OpeningReadsNoCollection) {
  Create(1, "damaged");
  Create(2, "sound");
  catalog_.reset();
  Sql("UPDATE collections SET metadata='{' WHERE name=CAST('damaged' AS BLOB)");
  Open();
  EXPECT_TRUE(Get("sound").ok());
  const Status status = Get("damaged").status();
  EXPECT_EQ(status.code(), StatusCode::kDataLoss);
  EXPECT_THAT(status.message(), HasSubstr(File().string()));
}

TEST_F(SystemDatabaseTest, InMemoryItLeavesNothingOnDisk) {
  catalog_.reset();
  fs::remove(File());
  Open(Durability::kMemory);
  Create(1, "docs");
  EXPECT_TRUE(Get("docs").ok());
  EXPECT_TRUE(fs::is_empty(directory_));
}

TEST_F(SystemDatabaseTest, ClosesOnceAndRefusesCallsAfterwards) {
  Create(1, "docs");
  ASSERT_TRUE(Get("docs").ok());
  EXPECT_TRUE(catalog_->Close().ok());
  EXPECT_TRUE(catalog_->Close().ok());
  EXPECT_EQ(Get("docs").status().code(), StatusCode::kFailedPrecondition) << "although it was in memory";
  EXPECT_EQ(catalog_->GetTenant(kDefaultTenant).status().code(), StatusCode::kFailedPrecondition);
  EXPECT_EQ(catalog_->CreateCollection(Record(2, "more")).code(), StatusCode::kFailedPrecondition);
  EXPECT_EQ(catalog_->RegisterVersion(Id(1), Version(1, {})).code(), StatusCode::kFailedPrecondition);
  EXPECT_FALSE(fs::exists(File().string() + "-wal")) << "checkpointed";
}

TEST_F(SystemDatabaseTest, AFileThatIsNoDatabaseIsDataLoss) {
  catalog_.reset();
  std::ofstream(File()) << std::string(5000, 'g');
  const auto catalog = SystemDatabase::Open(directory_, Durability::kFull);
  EXPECT_EQ(catalog.status().code(), StatusCode::kDataLoss);
  EXPECT_THAT(catalog.status().message(), HasSubstr(File().string()));
}

TEST_F(SystemDatabaseTest, ALogIsNoSystemDatabase) {
  catalog_.reset();
  Sql("PRAGMA application_id=0x4f63684c");
  const auto catalog = SystemDatabase::Open(directory_, Durability::kFull);
  EXPECT_EQ(catalog.status().code(), StatusCode::kDataLoss);
  EXPECT_THAT(catalog.status().message(), HasSubstr("not an Ochre system database"));
}

TEST_F(SystemDatabaseTest, OneOfANewerOchreIsRefused) {
  catalog_.reset();
  Sql("PRAGMA user_version=99");
  const auto catalog = SystemDatabase::Open(directory_, Durability::kFull);
  EXPECT_EQ(catalog.status().code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(catalog.status().message(), HasSubstr("newer Ochre"));
}

}  // namespace
}  // namespace ochre
