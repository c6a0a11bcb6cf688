#include "log/log_table.h"

#include <algorithm>
#include <cassert>
#include <limits>
#include <memory>
#include <string>
#include <utility>

#include "sqlite/row_checksum.h"
#include "sqlite/uuid_column.h"

namespace ochre {
namespace {

int64_t Number(LogPosition position) { return static_cast<int64_t>(position); }

// SQLite's integers are signed; "everything" may be given as the largest LogPosition.
int64_t Bound(LogPosition position) {
  return static_cast<int64_t>(
      std::min(static_cast<uint64_t>(position), static_cast<uint64_t>(std::numeric_limits<int64_t>::max())));
}

LogPosition Position(int64_t number) { return static_cast<LogPosition>(number); }

// Far more than anybody writes, and so far below 2^63 that no batch that is appended reaches that.
constexpr int64_t kPositionMax = int64_t{1} << 62;

// `before` is the checksum of the batch before it in the collection: so that they are a chain.
int64_t BatchChecksum(std::string_view collection, int64_t first, int64_t last, std::string_view bytes,
                      int64_t before) {
  return RowChecksum("batches")
      .AddBytes(collection)
      .AddInt64(first)
      .AddInt64(last)
      .AddBytes(bytes)
      .AddInt64(before)
      .value();
}

int64_t BoundsChecksum(CollectionId collection, const LogBounds& bounds) {
  return RowChecksum("bounds")
      .AddBytes(BytesOf(collection))
      .AddInt64(Number(bounds.purged))
      .AddInt64(bounds.purged_checksum)
      .AddInt64(Number(bounds.last))
      .AddInt64(bounds.last_checksum)
      .value();
}

constexpr const char* kVersionOne =
    // In the order of arrival, with an index, rather than clustered by (collection, first): there, 16 batches of 3 KB
    // for as many collections fill a leaf each, and their commit took 1.5 to 2 times as long, that of one batch of
    // 300 KB 1.4 times.
    R"sql(
      CREATE TABLE batches(
        number INTEGER PRIMARY KEY,
        collection BLOB NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, bytes BLOB NOT NULL) STRICT;
      CREATE INDEX batches_of_collection ON batches(collection, first, last);
      CREATE TABLE purged(
        collection BLOB NOT NULL PRIMARY KEY, position INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    )sql";

// The checksum stands before the bytes: what follows a long BLOB is found by reading all of it.
constexpr const char* kVersionTwo = R"sql(
      DROP INDEX batches_of_collection;
      ALTER TABLE batches RENAME TO batches_1;
      ALTER TABLE purged RENAME TO purged_1;
      CREATE TABLE batches(
        number INTEGER PRIMARY KEY,
        collection BLOB NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, checksum INTEGER NOT NULL,
        bytes BLOB NOT NULL) STRICT;
      CREATE UNIQUE INDEX batches_of_collection ON batches(collection, first);
      CREATE TABLE bounds(
        collection BLOB NOT NULL PRIMARY KEY,
        purged INTEGER NOT NULL, purged_checksum INTEGER NOT NULL,
        last INTEGER NOT NULL, last_checksum INTEGER NOT NULL,
        checksum INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    )sql";

// Gives the rows of version 1 their checksums. They had none, so all that can be checked is that positions are dense.
Status ConvertToVersionTwo(SqliteConnection& connection) {
  LogTable table(connection);
  {
    OCHRE_ASSIGN_OR_RETURN(SqliteStatement query, connection.Prepare("SELECT collection,position FROM purged_1"));
    while (true) {
      OCHRE_ASSIGN_OR_RETURN(const bool row, query.Step());
      if (!row) break;
      OCHRE_ASSIGN_OR_RETURN(const CollectionId collection, UuidFrom(query.Blob(0), connection));
      const LogPosition position = Position(query.Int64(1));
      if (query.Int64(1) < 0) {
        return Status::DataLoss(connection.name(), ": the log of collection ", collection.ToString(),
                                " is damaged: it was purged up to position ", query.Int64(1));
      }
      OCHRE_RETURN_IF_ERROR(table.WriteBounds(collection, {.purged = position, .last = position}));
    }
  }
  {
    OCHRE_ASSIGN_OR_RETURN(SqliteStatement query,
                           connection.Prepare("SELECT b.collection,b.first,b.last,b.bytes,p.position,b.number "
                                              "FROM batches_1 b LEFT JOIN purged_1 p ON p.collection=b.collection "
                                              "ORDER BY b.collection,b.first"));
    CollectionId collection;
    LogBounds bounds;
    const auto write_bounds = [&] {
      return bounds == LogBounds() ? Status::Ok() : table.WriteBounds(collection, bounds);
    };
    while (true) {
      OCHRE_ASSIGN_OR_RETURN(const bool row, query.Step());
      if (!row) break;
      OCHRE_ASSIGN_OR_RETURN(const CollectionId next, UuidFrom(query.Blob(0), connection));
      if (bounds == LogBounds() || next != collection) {
        OCHRE_RETURN_IF_ERROR(write_bounds());
        collection = next;
        bounds = {.purged = Position(query.Int64(4)), .last = Position(query.Int64(4))};  // null reads as 0
      }
      if (query.Int64(1) != Number(bounds.last) + 1 || query.Int64(2) < query.Int64(1)) {
        return Status::DataLoss(connection.name(), ": the log of collection ", collection.ToString(),
                                " is damaged: positions ", query.Int64(1), " to ", query.Int64(2), " follow ",
                                Number(bounds.last));
      }
      const int64_t count = query.Int64(2) - query.Int64(1) + 1;
      OCHRE_RETURN_IF_ERROR(table.Append(collection, count, query.Blob(3), bounds));
    }
    OCHRE_RETURN_IF_ERROR(write_bounds());
  }
  return connection.Execute("DROP TABLE batches_1; DROP TABLE purged_1");
}

constexpr SqliteMigration kMigrations[] = {{kVersionOne}, {kVersionTwo, &ConvertToVersionTwo}};

}  // namespace

const SqliteSchema kLogSchema = {
    .application_id = 0x4f63684c, .what = "an Ochre log", .migrations = kMigrations, .fingerprint = 0xdd9978db45381997};

Status LogTable::Damaged(CollectionId collection, std::string_view what) const {
  return Status::DataLoss(connection_.name(), ": the log of collection ", collection.ToString(), " is damaged: ", what);
}

Result<LogBounds> LogTable::Bounds(CollectionId collection) const {
  LogBounds bounds;
  bool known = false;
  {
    OCHRE_ASSIGN_OR_RETURN(
        SqliteStatement query,
        connection_.Prepare("SELECT purged,purged_checksum,last,last_checksum,checksum=row_checksum('bounds',"
                            "collection,purged,purged_checksum,last,last_checksum) FROM bounds WHERE collection=?1"));
    query.BindBlob(1, BytesOf(collection));
    OCHRE_ASSIGN_OR_RETURN(known, query.Step());
    if (known) {
      if (query.Int64(4) != 1) return Damaged(collection, "the checksum of its row of table bounds does not match");
      bounds = {Position(query.Int64(0)), query.Int64(1), Position(query.Int64(2)), query.Int64(3)};
      if (Number(bounds.purged) < 0 || bounds.last < bounds.purged || Number(bounds.last) < 1 ||
          Number(bounds.last) > kPositionMax) {
        return Damaged(collection, "its bounds contradict themselves");
      }
    }
  }
  LogBounds found = bounds;  // what the batches say
  {
    OCHRE_ASSIGN_OR_RETURN(
        SqliteStatement newest,
        connection_.Prepare("SELECT last,checksum FROM batches WHERE collection=?1 ORDER BY first DESC LIMIT 1"));
    newest.BindBlob(1, BytesOf(collection));
    OCHRE_ASSIGN_OR_RETURN(const bool row, newest.Step());
    if (!row) {
      found.last = bounds.purged;
      found.last_checksum = bounds.purged_checksum;
    } else {
      if (!known) return Damaged(collection, "there are batches, but no bounds");
      found.last = Position(newest.Int64(0));
      found.last_checksum = newest.Int64(1);
      OCHRE_ASSIGN_OR_RETURN(
          SqliteStatement oldest,
          connection_.Prepare("SELECT first FROM batches WHERE collection=?1 ORDER BY first LIMIT 1"));
      oldest.BindBlob(1, BytesOf(collection));
      OCHRE_ASSIGN_OR_RETURN(const bool any, oldest.Step());
      if (!any || oldest.Int64(0) != Number(bounds.purged) + 1)
        return Damaged(collection, "its oldest batch is missing");
    }
  }
  if (found != bounds) return Damaged(collection, "its newest batch is missing");
  return bounds;
}

Status LogTable::Append(CollectionId collection, int64_t operation_count, std::string_view bytes, LogBounds& bounds) {
  assert(operation_count >= 1);
  const int64_t first = Number(bounds.last) + 1;
  const int64_t last = Number(bounds.last) + operation_count;
  const int64_t checksum = BatchChecksum(BytesOf(collection), first, last, bytes, bounds.last_checksum);
  OCHRE_ASSIGN_OR_RETURN(
      SqliteStatement insert,
      connection_.Prepare("INSERT INTO batches(collection,first,last,checksum,bytes) VALUES(?1,?2,?3,?4,?5)"));
  insert.BindBlob(1, BytesOf(collection));
  insert.BindInt64(2, first);
  insert.BindInt64(3, last);
  insert.BindInt64(4, checksum);
  insert.BindBlob(5, bytes);
  OCHRE_RETURN_IF_ERROR(insert.Run());
  bounds.last = Position(last);
  bounds.last_checksum = checksum;
  return Status::Ok();
}

Status LogTable::WriteBounds(CollectionId collection, const LogBounds& bounds) {
  OCHRE_ASSIGN_OR_RETURN(SqliteStatement write,
                         connection_.Prepare("INSERT OR REPLACE INTO bounds VALUES(?1,?2,?3,?4,?5,?6)"));
  write.BindBlob(1, BytesOf(collection));
  write.BindInt64(2, Number(bounds.purged));
  write.BindInt64(3, bounds.purged_checksum);
  write.BindInt64(4, Number(bounds.last));
  write.BindInt64(5, bounds.last_checksum);
  write.BindInt64(6, BoundsChecksum(collection, bounds));
  return write.Run();
}

Result<int64_t> LogTable::ChecksumAt(CollectionId collection, LogPosition position, const LogBounds& bounds) const {
  if (position == bounds.purged) return bounds.purged_checksum;
  OCHRE_ASSIGN_OR_RETURN(SqliteStatement query,
                         connection_.Prepare("SELECT last,checksum FROM batches WHERE collection=?1 AND first<=?2 "
                                             "ORDER BY first DESC LIMIT 1"));
  query.BindBlob(1, BytesOf(collection));
  query.BindInt64(2, Number(position));
  OCHRE_ASSIGN_OR_RETURN(const bool row, query.Step());
  if (!row || query.Int64(0) != Number(position)) {
    return Damaged(collection, "the batch that ends at position " + std::to_string(Number(position)) + " is missing");
  }
  return query.Int64(1);
}

Result<std::vector<LogBatch>> LogTable::Read(CollectionId collection, LogPosition after, LogPosition up_to,
                                             int64_t bytes_max) const {
  std::vector<LogBatch> batches;
  // Again with every call, as a purge may have come between.
  OCHRE_ASSIGN_OR_RETURN(const LogBounds bounds, Bounds(collection));
  if (after < bounds.purged) return batches;
  OCHRE_ASSIGN_OR_RETURN(int64_t before, ChecksumAt(collection, after, bounds));
  OCHRE_ASSIGN_OR_RETURN(SqliteStatement query,
                         connection_.Prepare("SELECT first,last,checksum,bytes,collection FROM batches "
                                             "WHERE collection=?1 AND first>?2 AND first<=?3 ORDER BY first"));
  query.BindBlob(1, BytesOf(collection));
  query.BindInt64(2, Bound(after));
  query.BindInt64(3, Bound(up_to));
  LogPosition end = after;
  for (int64_t bytes = 0; bytes == 0 || bytes < bytes_max;) {
    OCHRE_ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) {
      if (end < std::min(up_to, bounds.last)) {
        return Damaged(collection, "what follows position " + std::to_string(Number(end)) + " is missing");
      }
      break;
    }
    const int64_t first = query.Int64(0);
    const int64_t last = query.Int64(1);
    if (first != Number(end) + 1 || last < first) {
      return Damaged(collection, "positions " + std::to_string(first) + " to " + std::to_string(last) + " follow " +
                                     std::to_string(Number(end)));
    }
    const std::string_view content = query.Blob(3);
    const int64_t checksum = BatchChecksum(query.Blob(4), first, last, content, before);
    if (checksum != query.Int64(2)) {
      return Damaged(collection, "the checksum of the batch of positions " + std::to_string(first) + " to " +
                                     std::to_string(last) + " does not match");
    }
    before = checksum;
    end = Position(last);
    bytes += static_cast<int64_t>(content.size());
    batches.push_back({Position(first), end, std::make_shared<const std::string>(content)});
  }
  return batches;
}

Result<std::optional<LogTable::BatchEnd>> LogTable::EndOfOldest(CollectionId collection, LogPosition position,
                                                                int64_t bytes_max) const {
  OCHRE_ASSIGN_OR_RETURN(SqliteStatement query,
                         connection_.Prepare("SELECT last,checksum,length(bytes) FROM batches "
                                             "WHERE collection=?1 AND first<=?2 AND last<=?2 ORDER BY first"));
  query.BindBlob(1, BytesOf(collection));
  query.BindInt64(2, Bound(position));
  std::optional<BatchEnd> end;
  for (int64_t bytes = 0; bytes == 0 || bytes < bytes_max;) {
    OCHRE_ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) break;
    end = {Position(query.Int64(0)), query.Int64(1)};
    bytes += query.Int64(2);  // from the row's header: its pages are not read
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

Status LogTable::DeleteBounds(CollectionId collection) {
  OCHRE_ASSIGN_OR_RETURN(SqliteStatement forget, connection_.Prepare("DELETE FROM bounds WHERE collection=?1"));
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
                          "SELECT collection FROM bounds ORDER BY 1"));
  std::vector<CollectionId> collections;
  while (true) {
    OCHRE_ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return collections;
    OCHRE_ASSIGN_OR_RETURN(collections.emplace_back(), UuidFrom(query.Blob(0), connection_));
  }
}

Status LogTable::Verify(CollectionId collection) const {
  constexpr int64_t kBytesAtATime = int64_t{4} << 20;
  OCHRE_ASSIGN_OR_RETURN(const LogBounds bounds, Bounds(collection));
  for (LogPosition position = bounds.purged; position < bounds.last;) {
    OCHRE_ASSIGN_OR_RETURN(const std::vector<LogBatch> batches, Read(collection, position, bounds.last, kBytesAtATime));
    if (batches.empty()) return Status::Ok();  // purged meanwhile
    position = batches.back().last;
  }
  return Status::Ok();
}

}  // namespace ochre
