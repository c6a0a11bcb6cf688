// A UUID as SQLite stores it: a BLOB of 16 bytes.
#ifndef OCHRE_SYSDB_UUID_COLUMN_H_
#define OCHRE_SYSDB_UUID_COLUMN_H_

#include <algorithm>
#include <cstring>
#include <string_view>

#include "types/uuid.h"

namespace ochre {

// Borrowed from `uuid`.
inline std::string_view BytesOf(const Uuid& uuid) {
  return {reinterpret_cast<const char*>(uuid.bytes.data()), uuid.bytes.size()};
}

// A damaged column of another size gives an id that nothing has.
inline Uuid UuidFrom(std::string_view bytes) {
  Uuid uuid;
  std::memcpy(uuid.bytes.data(), bytes.data(), std::min(bytes.size(), uuid.bytes.size()));
  return uuid;
}

}  // namespace ochre

#endif  // OCHRE_SYSDB_UUID_COLUMN_H_
