#include "server/base64.h"

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

namespace ochre {
namespace {

static_assert(std::endian::native == std::endian::little, "the tables below are for little-endian stores");

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr uint32_t kInvalid = 0xFF000000;  // bits that no group of 24 has

// What each character adds to a group of three bytes, the first of them lowest, by its place among four.
using Table = std::array<uint32_t, 256>;
constexpr std::array<Table, 4> MakeTables() {
  std::array<Table, 4> tables = {};
  for (Table& table : tables) table.fill(kInvalid);
  for (uint32_t value = 0; value < kAlphabet.size(); ++value) {
    const auto character = static_cast<uint8_t>(kAlphabet[value]);
    for (uint32_t place = 0; place < 4; ++place) {
      const uint32_t group = value << (18 - 6 * place);  // big-endian, as RFC 4648 has it
      tables[place][character] = group >> 16 | (group & 0xFF00) | (group & 0xFF) << 16;
    }
  }
  return tables;
}
constexpr std::array<Table, 4> kTables = MakeTables();

uint32_t Lookup(size_t place, char character) { return kTables[place][static_cast<uint8_t>(character)]; }

// Padding fills the last group of four.
std::string_view WithoutPadding(std::string_view text) {
  if (text.size() % 4 != 0) return text;
  if (text.ends_with('=')) text.remove_suffix(1);
  if (text.ends_with('=')) text.remove_suffix(1);
  return text;
}

}  // namespace

std::optional<size_t> Base64DecodedSize(std::string_view text) {
  const size_t size = WithoutPadding(text).size();
  if (size % 4 == 1) return std::nullopt;  // 6 bits are no byte
  return size / 4 * 3 + (size % 4 == 0 ? 0 : size % 4 - 1);
}

bool DecodeBase64(std::string_view text, std::byte* bytes) {
  text = WithoutPadding(text);
  const char* in = text.data();
  const size_t rest = text.size() % 4;
  uint32_t all = 0;  // no early exit, so that the loop runs at the speed of its loads
  const auto next_group = [&] {
    const uint32_t group = Lookup(0, in[0]) | Lookup(1, in[1]) | Lookup(2, in[2]) | Lookup(3, in[3]);
    all |= group;
    in += 4;
    return group;
  };
  size_t groups = text.size() / 4;
  for (; groups > 1; --groups, bytes += 3) {
    const uint32_t group = next_group();
    std::memcpy(bytes, &group, sizeof(group));  // the fourth byte is the next group's, which overwrites it
  }
  if (groups == 1) {
    const uint32_t group = next_group();
    std::memcpy(bytes, &group, 3);
    bytes += 3;
  }
  if (rest >= 2) {
    const uint32_t group = Lookup(0, in[0]) | Lookup(1, in[1]) | (rest == 3 ? Lookup(2, in[2]) : 0);
    all |= group;
    std::memcpy(bytes, &group, rest - 1);
  }
  return rest != 1 && (all & kInvalid) == 0;
}

}  // namespace ochre
