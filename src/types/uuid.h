// Uuid: a 128-bit random name (RFC 4122, version 4) of a collection, database or segment.
#ifndef OCHRE_TYPES_UUID_H_
#define OCHRE_TYPES_UUID_H_

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace ochre {

struct Uuid {
  std::array<uint8_t, 16> bytes = {};  // big-endian, as printed

  // "f81d4fae-7dec-11d0-a765-00a0c91e6bf6": lower case, 36 characters.
  std::string ToString() const;

  // Takes what ToString prints, in either case; nullopt for anything else.
  static std::optional<Uuid> Parse(std::string_view text);

  friend auto operator<=>(const Uuid&, const Uuid&) = default;
};

}  // namespace ochre

// The bits are random, so some of them serve as a hash.
template <>
struct std::hash<ochre::Uuid> {
  size_t operator()(const ochre::Uuid& uuid) const noexcept {
    uint64_t low;
    std::memcpy(&low, uuid.bytes.data() + 8, sizeof(low));
    return low;
  }
};

#endif  // OCHRE_TYPES_UUID_H_
