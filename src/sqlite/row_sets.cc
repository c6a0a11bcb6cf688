#include "sqlite/row_sets.h"

#include <cstdint>
#include <map>
#include <string>

namespace ochre {
namespace {

struct RowSet {
  int64_t row_count = 0;
  int64_t digest = 0;

  friend bool operator==(const RowSet&, const RowSet&) = default;
};

using RowSets = std::map<std::string, RowSet, std::less<>>;  // by the names of their tables

std::string ChecksumOf(const CheckedTable& table) {
  return "row_checksum('" + std::string(table.name) + "'," + std::string(table.columns) + ")";
}

// SQL for the exclusive or of two integers, which SQLite lacks. It never overflows: the bits of both are among those of
// either.
std::string Xor(const std::string& a, const std::string& b) { return "((" + a + "|" + b + ")-(" + a + "&" + b + "))"; }

// checked_<name> for each table, and row_checks: all of their rows, with the names of their tables.
Status CreateViews(SqliteConnection& connection, std::span<const CheckedTable> tables) {
  std::string views, row_checks;
  for (const CheckedTable& table : tables) {
    const std::string name(table.name);
    views += "CREATE TEMP VIEW IF NOT EXISTS checked_" + name + " AS SELECT " + std::string(table.columns) +
             ",checksum,checksum IS " + ChecksumOf(table) + " AS is_sound," + std::string(table.key) +
             " AS row_key FROM main." + name + ";";
    row_checks += (row_checks.empty() ? "SELECT '" : " UNION ALL SELECT '") + name +
                  "' AS name,checksum,is_sound,row_key FROM checked_" + name;
  }
  return connection.ExecuteTemporary(views + "CREATE TEMP VIEW IF NOT EXISTS row_checks AS " + row_checks);
}

// What the tables hold. DataLoss: a row's checksum does not match.
Result<RowSets> ReadTables(SqliteConnection& connection) {
  OCHRE_ASSIGN_OR_RETURN(SqliteStatement query,
                         connection.Prepare("SELECT name,checksum,is_sound,row_key FROM row_checks"));
  RowSets sets;
  while (true) {
    OCHRE_ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return sets;
    OCHRE_RETURN_IF_ERROR(CheckRow(connection, query, 2, query.Text(0)));
    RowSet& set = sets[std::string(query.Text(0))];
    ++set.row_count;
    set.digest ^= query.Int64(1);
  }
}

}  // namespace

Status ChecksumRows(SqliteConnection& connection, std::span<const CheckedTable> tables) {
  for (const CheckedTable& table : tables) {
    OCHRE_RETURN_IF_ERROR(
        connection.Execute("UPDATE " + std::string(table.name) + " SET checksum=" + ChecksumOf(table)));
  }
  OCHRE_RETURN_IF_ERROR(CreateViews(connection, tables));
  OCHRE_ASSIGN_OR_RETURN(RowSets sets, ReadTables(connection));
  for (const CheckedTable& table : tables) {
    const RowSet& set = sets[std::string(table.name)];
    OCHRE_ASSIGN_OR_RETURN(SqliteStatement insert, connection.Prepare("INSERT INTO row_sets VALUES(?1,?2,?3)"));
    insert.BindText(1, table.name);
    insert.BindInt64(2, set.row_count);
    insert.BindInt64(3, set.digest);
    OCHRE_RETURN_IF_ERROR(insert.Run());
  }
  return Status::Ok();
}

Status WatchRows(SqliteConnection& connection, std::span<const CheckedTable> tables) {
  OCHRE_RETURN_IF_ERROR(CreateViews(connection, tables));
  const std::string with_new = Xor("digest", "NEW.checksum");
  const std::string without_old = Xor("digest", "OLD.checksum");
  std::string triggers;
  for (const CheckedTable& table : tables) {
    const std::string name(table.name);
    const auto keep = [&](const std::string& event, const std::string& row_count, const std::string& digest) {
      triggers += "CREATE TEMP TRIGGER " + event + "_" + name + " AFTER " + event + " ON main." + name +
                  " BEGIN UPDATE row_sets SET row_count=row_count" + row_count + ",digest=" + digest + " WHERE name='" +
                  name + "'; END;";
    };
    keep("INSERT", "+1", with_new);
    keep("UPDATE", "", Xor(without_old, "NEW.checksum"));
    keep("DELETE", "-1", without_old);
  }
  return connection.ExecuteTemporary(triggers);
}

Status VerifyRowSets(SqliteConnection& connection, std::span<const CheckedTable> tables) {
  OCHRE_ASSIGN_OR_RETURN(RowSets found, ReadTables(connection));
  for (const CheckedTable& table : tables) {
    const RowSet& set = found[std::string(table.name)];
    OCHRE_ASSIGN_OR_RETURN(SqliteStatement query,
                           connection.Prepare("SELECT row_count,digest FROM main.row_sets WHERE name=?1"));
    query.BindText(1, table.name);
    OCHRE_ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) {
      return Status::DataLoss(connection.name(), ": the file is damaged: table row_sets says nothing of table ",
                              table.name);
    }
    if (set != RowSet{query.Int64(0), query.Int64(1)}) {
      return Status::DataLoss(connection.name(), ": the file is damaged: the ", set.row_count, " rows of table ",
                              table.name, " are not the ", query.Int64(0), " that were written");
    }
  }
  return Status::Ok();
}

Status CheckRow(const SqliteConnection& connection, const SqliteStatement& row, int column, std::string_view table) {
  if (row.Int64(column) == 1) return Status::Ok();
  return Status::DataLoss(connection.name(), ": the file is damaged: the checksum of row ", row.Text(column + 1),
                          " of table ", table, " does not match");
}

}  // namespace ochre
