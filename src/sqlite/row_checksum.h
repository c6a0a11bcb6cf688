// RowChecksum: the checksum that a row carries, of everything that it holds and of which row it is.
#ifndef OCHRE_SQLITE_ROW_CHECKSUM_H_
#define OCHRE_SQLITE_ROW_CHECKSUM_H_

#include <cstdint>
#include <string>
#include <string_view>

namespace ochre {

// XXH3-64 of the table's name and of the row's values in the order of their columns, each with its type, so that a row
// that was changed, moved to another table or another key, or given a value of another type does not match. What is
// hashed is in docs/format.md ("Row checksums"). Values are added in that order, then value() is asked for.
class RowChecksum {
 public:
  explicit RowChecksum(std::string_view table) { AddBytes(table); }

  RowChecksum& AddNull();
  RowChecksum& AddInt64(int64_t value);
  RowChecksum& AddReal(double value);             // no table of ours has any: a damaged value may
  RowChecksum& AddBytes(std::string_view bytes);  // of a BLOB or a TEXT
  int64_t value() const;

 private:
  std::string values_;
};

}  // namespace ochre

#endif  // OCHRE_SQLITE_ROW_CHECKSUM_H_
