#include "sqlite/row_sets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string>

#include "sqlite/transaction.h"
#include "tests/support/expect_ok.h"

namespace ochre {
namespace {

using testing::HasSubstr;

constexpr std::array<CheckedTable, 2> kTables = {
    {{"parents", "id,name", "quote(id)"}, {"children", "id,parent,age", "id||' of '||parent"}}};

// Two parents, of whom the first has two children.
class RowSetsTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(connection_, SqliteConnection::OpenInMemory());
    ASSERT_OK(connection_->Configure({}));
    ASSERT_OK(connection_->Execute(R"sql(
      CREATE TABLE parents(id INTEGER PRIMARY KEY, name TEXT, checksum INTEGER NOT NULL DEFAULT 0) STRICT;
      CREATE TABLE children(
        id INTEGER PRIMARY KEY, parent INTEGER NOT NULL REFERENCES parents(id) ON DELETE CASCADE, age INTEGER,
        checksum INTEGER NOT NULL DEFAULT 0) STRICT;
      CREATE TABLE row_sets(name TEXT PRIMARY KEY, row_count INTEGER NOT NULL, digest INTEGER NOT NULL) STRICT;
      INSERT INTO parents(id,name) VALUES(1,'a'),(2,NULL);
      INSERT INTO children(id,parent,age) VALUES(10,1,5),(11,1,NULL);
    )sql"));
    ASSERT_OK(ChecksumRows(*connection_, kTables));
    ASSERT_OK(WatchRows(*connection_, kTables));
  }

  Status Verify() { return VerifyRowSets(*connection_, kTables); }

  // What VerifyRowSets says after `sql`, which is taken back then.
  Status After(const std::string& sql) {
    auto transaction = SqliteTransaction::Begin(*connection_);
    EXPECT_OK(connection_->Execute(sql));
    return Verify();
  }

  std::unique_ptr<SqliteConnection> connection_;
};

TEST_F(RowSetsTest, WhatWasWrittenIsFoundAgain) {
  EXPECT_OK(Verify());
  ASSERT_OK_AND_ASSIGN(const int64_t children,
                       connection_->QueryInt64("SELECT row_count FROM row_sets WHERE name='children'"));
  EXPECT_EQ(children, 2);
}

TEST_F(RowSetsTest, ChangesWithRightChecksumsKeepTheSetsInStep) {
  ASSERT_OK(connection_->Execute("INSERT INTO parents VALUES(3,'c',row_checksum('parents',3,'c'))"));
  EXPECT_OK(Verify());
  ASSERT_OK(connection_->Execute("UPDATE parents SET name='d',checksum=row_checksum('parents',id,'d') WHERE id>=2"));
  EXPECT_OK(Verify());
  ASSERT_OK(connection_->Execute("DELETE FROM parents WHERE id=1"));  // with its children
  EXPECT_OK(Verify());
  ASSERT_OK_AND_ASSIGN(const int64_t children,
                       connection_->QueryInt64("SELECT row_count FROM row_sets WHERE name='children'"));
  EXPECT_EQ(children, 0);
}

TEST_F(RowSetsTest, ARowThatDoesNotMatchItsChecksumIsNamed) {
  const Status status = After("UPDATE children SET age=6 WHERE id=10");
  EXPECT_EQ(status.code(), StatusCode::kDataLoss);
  EXPECT_THAT(status.message(), HasSubstr("row 10 of 1 of table children"));
  ASSERT_OK_AND_ASSIGN(SqliteStatement query,
                       connection_->Prepare("SELECT name,is_sound,row_key FROM checked_parents WHERE id=1"));
  ASSERT_TRUE(*query.Step());
  EXPECT_OK(CheckRow(*connection_, query, 1, "parents"));
}

// Somebody else's statements: nobody keeps the sets in step.
TEST_F(RowSetsTest, RowsThatWereLostAddedOrExchangedDoNotMatchTheSet) {
  for (const char* trigger : {"INSERT_parents", "UPDATE_parents", "DELETE_parents", "DELETE_children"}) {
    ASSERT_OK(connection_->ExecuteTemporary(std::string("DROP TRIGGER ") + trigger));
  }
  for (const char* sql :
       {"DELETE FROM parents WHERE id=2", "DELETE FROM children WHERE id=11", "DELETE FROM parents",
        "INSERT INTO parents VALUES(3,'c',row_checksum('parents',3,'c'))",
        "UPDATE parents SET name='b',checksum=row_checksum('parents',id,'b') WHERE id=2",
        "DELETE FROM parents WHERE id=2; INSERT INTO parents VALUES(3,'c',row_checksum('parents',3,'c'))",
        "DELETE FROM row_sets", "DELETE FROM row_sets WHERE name='children'", "UPDATE row_sets SET digest=digest+1",
        "UPDATE row_sets SET row_count=0"}) {
    SCOPED_TRACE(sql);
    const Status status = After(sql);
    EXPECT_EQ(status.code(), StatusCode::kDataLoss) << status.ToString();
    EXPECT_THAT(status.message(), HasSubstr(connection_->name()));
  }
  EXPECT_OK(Verify());
}

}  // namespace
}  // namespace ochre
