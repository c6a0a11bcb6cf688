#include "log/log_table.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <limits>
#include <memory>
#include <string>
#include <utility>

namespace ochre {
namespace {

constexpr const char* kMigrations[] = {
    // In the order of arrival, with an index, rather than clustered by (collection, first): there, 16 batches of 3 KB
    // for as many collections fill a leaf each, and their commit took 1.5 to 2 times as long, that of one batch of
    // 300 KB 1.4 times. With `last`, the index answers for the end of a log alone.
    R"sql(
      CREATE TABLE batches(
        number INTEGER PRIMARY KEY,
        collection BLOB NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, bytes BLOB NOT NULL) STRICT;
      CREATE INDEX batches_of_collection ON batches(collection, first, last);
      CREATE TABLE purged(
        collection BLOB NOT NULL PRIMARY KEY, position INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    )sql",
};

std::string_view BytesOf(const CollectionId& collection) {
  return {reinterpret_cast<const char*>(collection.bytes.data()), collection.bytes.size()};
}

int64_t Number(LogPosition position) { return static_cast<int64_t>(position); }

// SQLite's integers are signed; "everything" may be given as the largest LogPosition.
int64_t Bound(LogPosition position) {
  return static_cast<int64_t>(
      std::min(static_cast<uint64_t>(position), static_cast<uint64_t>(std::numeric_limits<int64_t>::max())));
}

LogPosition Position(int64_t number) { return static_cast<LogPosition>(number); }

}  // namespace

const SqliteSchema kLogSchema = {.application_id = 0x4f63684c, .what = "an Ochre log", .migrations = kMigrations};

Status LogTable::Insert(CollectionId collection, LogPosition first, LogPosition last, std::string_view bytes) {
  OCHRE_ASSIGN_OR_RETURN(SqliteStatement insert,
                         connection_.Prepare("INSERT INTO batches(collection,first,last,bytes) VALUES(?1,?2,?3,?4)"));
  insert.BindBlob(1, BytesOf(collection));
  insert.BindInt64(2, Number(first));
  insert.BindInt64(3, Number(last));
  insert.BindBlob(4, bytes);
  return insert.Run();
}

Result<LogPosition> LogTable::LastPosition(CollectionId collection) const {
  OCHRE_ASSIGN_OR_RETURN(
      SqliteStatement query,
      connection_.Prepare(
          "SELECT max(ifnull((SELECT last FROM batches WHERE collection=?1 ORDER BY first DESC LIMIT 1),"
          "0),ifnull((SELECT position FROM purged WHERE collection=?1),0))"));
  query.BindBlob(1, BytesOf(collection));
  OCHRE_ASSIGN_OR_RETURN(const bool row, query.Step());
  assert(row);
  return row ? Position(query.Int64(0)) : LogPosition{};
}

Result<std::vector<LogBatch>> LogTable::Read(CollectionId collection, LogPosition after, LogPosition up_to,
                                             int64_t bytes_max) const {
  OCHRE_ASSIGN_OR_RETURN(SqliteStatement query,
                         connection_.Prepare("SELECT first,last,bytes FROM batches "
                                             "WHERE collection=?1 AND first>?2 AND first<=?3 ORDER BY first"));
  query.BindBlob(1, BytesOf(collection));
  query.BindInt64(2, Bound(after));
  query.BindInt64(3, Bound(up_to));
  std::vector<LogBatch> batches;
  int64_t bytes = 0;
  while (bytes == 0 || bytes < bytes_max) {
    OCHRE_ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) break;
    LogBatch batch{Position(query.Int64(0)), Position(query.Int64(1)),
                   std::make_shared<const std::string>(query.Blob(2))};
    const bool follows = batches.empty() || Number(batch.first) == Number(batches.back().last) + 1;
    if (!follows || batch.last < batch.first) {
      return Status::DataLoss(connection_.name(), ": the log of collection ", collection.ToString(),
                              " is damaged: positions ", Number(batch.first), " to ", Number(batch.last), " follow ",
                              batches.empty() ? Number(after) : Number(batches.back().last));
    }
    bytes += static_cast<int64_t>(batch.bytes->size());
    batches.push_back(std::move(batch));
  }
  return batches;
}

Result<std::optional<LogPosition>> LogTable::EndOfOldest(CollectionId collection, LogPosition position,
                                                         int64_t bytes_max) const {
  OCHRE_ASSIGN_OR_RETURN(SqliteStatement query,
                         connection_.Prepare("SELECT last,length(bytes) FROM batches "
                                             "WHERE collection=?1 AND first<=?2 AND last<=?2 ORDER BY first"));
  query.BindBlob(1, BytesOf(collection));
  query.BindInt64(2, Bound(position));
  std::optional<LogPosition> end;
  for (int64_t bytes = 0; bytes == 0 || bytes < bytes_max;) {
    OCHRE_ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) break;
    end = Position(query.Int64(0));
    bytes += query.Int64(1);  // from the row's header: its pages are not read
  }
  return end;
}

Status LogTable::DeleteUpTo(CollectionId collection, LogPosition position) {
  OCHRE_ASSIGN_OR_RETURN(SqliteStatement purge,
                         connection_.Prepare("DELETE FROM batches WHERE collection=?1 AND first<=?2"));
  purge.BindBlob(1, BytesOf(collection));
  purge.BindInt64(2, Bound(position));
  return purge.Run();
}

Status LogTable::SetPurged(CollectionId collection, LogPosition position) {
  OCHRE_ASSIGN_OR_RETURN(SqliteStatement note, connection_.Prepare("INSERT OR REPLACE INTO purged VALUES(?1,?2)"));
  note.BindBlob(1, BytesOf(collection));
  note.BindInt64(2, Number(position));
  return note.Run();
}

Status LogTable::ForgetPurged(CollectionId collection) {
  OCHRE_ASSIGN_OR_RETURN(SqliteStatement forget, connection_.Prepare("DELETE FROM purged WHERE collection=?1"));
  forget.BindBlob(1, BytesOf(collection));
  return forget.Run();
}

Result<std::vector<CollectionId>> LogTable::Collections() const {
  // Seeks from one collection to the next: a scan would read a row for each batch.
  OCHRE_ASSIGN_OR_RETURN(
      SqliteStatement query,
      connection_.Prepare("WITH RECURSIVE known(collection) AS ("
                          "SELECT min(collection) FROM batches UNION ALL "
                          "SELECT (SELECT min(collection) FROM batches WHERE collection>known.collection) "
                          "FROM known WHERE collection IS NOT NULL) "
                          "SELECT collection FROM known WHERE collection IS NOT NULL UNION "
                          "SELECT collection FROM purged ORDER BY 1"));
  std::vector<CollectionId> collections;
  while (true) {
    OCHRE_ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return collections;
    const std::string_view bytes = query.Blob(0);
    CollectionId& collection = collections.emplace_back();
    if (bytes.size() != collection.bytes.size()) {
      return Status::DataLoss(connection_.name(), ": a collection's id has ", bytes.size(), " bytes instead of 16");
    }
    std::memcpy(collection.bytes.data(), bytes.data(), bytes.size());
  }
}

}  // namespace ochre
