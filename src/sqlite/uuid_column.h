// A UUID as SQLite stores it: a BLOB of 16 bytes.
#ifndef OCHRE_SQLITE_UUID_COLUMN_H_
#define OCHRE_SQLITE_UUID_COLUMN_H_

#include <cstring>
#include <string_view>

#include "ochre/status.h"
#include "sqlite/connection.h"
#include "types/uuid.h"

namespace ochre {

// Borrowed from `uuid`.
inline std::string_view BytesOf(const Uuid& uuid) {
  return {reinterpret_cast<const char*>(uuid.bytes.data()), uuid.bytes.size()};
}

// DataLoss: the value has another size; names the file of `connection`, from which it comes.
inline Result<Uuid> UuidFrom(std::string_view bytes, const SqliteConnection& connection) {
  Uuid uuid;
  if (bytes.size() != uuid.bytes.size()) {
    return Status::DataLoss(connection.name(), ": the file is damaged: an id has ", bytes.size(),
                            " bytes instead of 16");
  }
  std::memcpy(uuid.bytes.data(), bytes.data(), bytes.size());
  return uuid;
}

}  // namespace ochre

#endif  // OCHRE_SQLITE_UUID_COLUMN_H_
