// Reading and writing little-endian numbers and varints in byte strings; reads never go past the end.
#ifndef OCHRE_TYPES_BYTES_H_
#define OCHRE_TYPES_BYTES_H_

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>

namespace ochre {

static_assert(std::endian::native == std::endian::little, "the formats are little-endian and mapped as they are");

template <typename T>
requires std::is_trivially_copyable_v<T>
void AppendRaw(std::string& bytes, const T& value) { bytes.append(reinterpret_cast<const char*>(&value), sizeof(T)); }

// The T at `offset`. Precondition: it lies inside `bytes`.
template <typename T>
requires std::is_trivially_copyable_v<T> T LoadRaw(std::string_view bytes, size_t offset) {
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof(T));
  return value;
}

// LEB128: seven bits a byte, the low ones first.
inline void AppendVarint(std::string& bytes, uint64_t value) {
  while (value >= 0x80) {
    bytes.push_back(static_cast<char>(value | 0x80));
    value >>= 7;
  }
  bytes.push_back(static_cast<char>(value));
}

// Takes a varint, or `size` bytes, off the front of `rest`; false if it is too short.
inline bool TakeVarint(std::string_view& rest, uint64_t& value) {
  value = 0;
  for (int shift = 0; shift < 64 && !rest.empty(); shift += 7) {
    const auto byte = static_cast<uint8_t>(rest.front());
    rest.remove_prefix(1);
    value |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return true;
  }
  return false;
}

inline bool TakeBytes(std::string_view& rest, uint64_t size, std::string_view& bytes) {
  if (size > rest.size()) return false;
  bytes = rest.substr(0, size);
  rest.remove_prefix(size);
  return true;
}

inline bool TakeSizedBytes(std::string_view& rest, std::string_view& bytes) {
  uint64_t size = 0;
  return TakeVarint(rest, size) && TakeBytes(rest, size, bytes);
}

}  // namespace ochre

#endif  // OCHRE_TYPES_BYTES_H_
