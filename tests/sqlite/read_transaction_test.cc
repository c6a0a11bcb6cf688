#include "sqlite/read_transaction.h"

#include <gtest/gtest.h>

#include <memory>

#include "tests/support/expect_ok.h"
#include "tests/support/temporary_directory.h"

namespace ochre {
namespace {

std::unique_ptr<SqliteConnection> Connect(const std::filesystem::path& file) {
  auto connection = SqliteConnection::Open(file);
  EXPECT_OK(connection);
  EXPECT_OK((*connection)->Configure({.durability = Durability::kNone, .exclusive = false}));
  return *std::move(connection);
}

TEST(ReadTransactionTest, SeesOneStateWhateverIsCommittedMeanwhile) {
  const TemporaryDirectory directory;
  const auto writer = Connect(directory.path() / "t.sqlite3");
  const auto reader = Connect(directory.path() / "t.sqlite3");
  ASSERT_OK(writer->Execute("CREATE TABLE t(a); INSERT INTO t VALUES(1)"));
  {
    const SqliteReadTransaction transaction(*reader);
    ASSERT_OK(transaction.status());
    EXPECT_EQ(*reader->QueryInt64("SELECT count(*) FROM t"), 1);
    ASSERT_OK(writer->Execute("INSERT INTO t VALUES(2)"));
    EXPECT_EQ(*reader->QueryInt64("SELECT count(*) FROM t"), 1);
  }
  EXPECT_FALSE(reader->in_transaction());
  EXPECT_EQ(*reader->QueryInt64("SELECT count(*) FROM t"), 2);
}

TEST(ReadTransactionTest, ReadsAConnectionThatRefusesWrites) {
  const TemporaryDirectory directory;
  const auto connection = Connect(directory.path() / "t.sqlite3");
  ASSERT_OK(connection->Execute("CREATE TABLE t(a); INSERT INTO t VALUES(1)"));
  connection->RefuseWrites();
  const SqliteReadTransaction transaction(*connection);
  ASSERT_OK(transaction.status());
  EXPECT_EQ(*connection->QueryInt64("SELECT count(*) FROM t"), 1);
}

}  // namespace
}  // namespace ochre
