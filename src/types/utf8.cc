#include "types/utf8.h"

#include <utf8proc.h>

#include <array>
#include <cstdint>
#include <cstring>

namespace ochre {
namespace {

// How many bytes at the front of `text` are ASCII, rounded down to whole blocks. Most text is nothing else.
size_t AsciiBlocksSize(std::string_view text) {
  using Block = std::array<uint64_t, 4>;  // one vector load or two
  size_t size = 0;
  for (; text.size() - size >= sizeof(Block); size += sizeof(Block)) {
    Block block;
    std::memcpy(&block, text.data() + size, sizeof(block));
    if (((block[0] | block[1] | block[2] | block[3]) & 0x8080808080808080) != 0) break;
  }
  return size;
}

}  // namespace

bool IsValidUtf8(std::string_view text) {
  while (!text.empty()) {
    if (static_cast<unsigned char>(text.front()) < 0x80) {
      size_t size = AsciiBlocksSize(text);
      while (size < text.size() && static_cast<unsigned char>(text[size]) < 0x80) ++size;
      text.remove_prefix(size);
      continue;
    }
    utf8proc_int32_t rune;
    const auto size = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                       static_cast<utf8proc_ssize_t>(text.size()), &rune);
    if (size <= 0) return false;
    text.remove_prefix(static_cast<size_t>(size));
  }
  return true;
}

}  // namespace ochre
