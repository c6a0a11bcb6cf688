#include "sqlite/row_checksum.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "types/bytes.h"

namespace ochre {
namespace {

// Of values as they are hashed: the first byte of each.
constexpr uint8_t kNull = 0, kInteger = 1, kBytes = 2, kReal = 3;

uint64_t HashOf(std::string_view bytes) { return XXH3_64bits(bytes.data(), bytes.size()); }

}  // namespace

RowChecksum& RowChecksum::AddNull() {
  AppendRaw(values_, kNull);
  return *this;
}

RowChecksum& RowChecksum::AddInt64(int64_t value) {
  AppendRaw(values_, kInteger);
  AppendRaw(values_, value);
  return *this;
}

RowChecksum& RowChecksum::AddBytes(std::string_view bytes) {
  AppendRaw(values_, kBytes);
  AppendRaw(values_, static_cast<uint64_t>(bytes.size()));
  AppendRaw(values_, HashOf(bytes));  // rather than the bytes, which may be many, and would be copied
  return *this;
}

RowChecksum& RowChecksum::AddReal(double value) {
  AppendRaw(values_, kReal);
  AppendRaw(values_, value);
  return *this;
}

int64_t RowChecksum::value() const { return static_cast<int64_t>(HashOf(values_)); }

}  // namespace ochre
