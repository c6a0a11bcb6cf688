#include "sqlite/row_checksum_function.h"

#include <sqlite3.h>

#include <new>

#include "sqlite/row_checksum.h"

namespace ochre {
namespace {

std::string_view BytesOf(sqlite3_value* value) {
  const auto* bytes = static_cast<const char*>(sqlite3_value_blob(value));
  return {bytes, static_cast<size_t>(sqlite3_value_bytes(value))};
}

void RowChecksumFunction(sqlite3_context* context, int count, sqlite3_value** values) {
  if (count < 1) return sqlite3_result_error(context, "row_checksum() lacks the table's name", -1);
  try {
    RowChecksum checksum(BytesOf(values[0]));
    for (int i = 1; i < count; ++i) {
      switch (sqlite3_value_type(values[i])) {
        case SQLITE_NULL:
          checksum.AddNull();
          break;
        case SQLITE_INTEGER:
          checksum.AddInt64(sqlite3_value_int64(values[i]));
          break;
        case SQLITE_FLOAT:
          checksum.AddReal(sqlite3_value_double(values[i]));
          break;
        default:
          checksum.AddBytes(BytesOf(values[i]));
          break;
      }
    }
    sqlite3_result_int64(context, checksum.value());
  } catch (const std::bad_alloc&) {  // must not leave through SQLite's frames
    sqlite3_result_error_nomem(context);
  }
}

}  // namespace

int AddRowChecksumFunction(sqlite3* database) {
  return sqlite3_create_function_v2(database, "row_checksum", /*nArg=*/-1,
                                    SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS, nullptr,
                                    &RowChecksumFunction, nullptr, nullptr, nullptr);
}

}  // namespace ochre
