// A vector of characters at a time, compiled once for each instruction set, and the rest four at a time.
#include "server/base64.h"

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "server/base64.cc"
#include "hwy/foreach_target.h"  // must come before highway.h
#include "hwy/highway.h"

#ifndef OCHRE_SERVER_BASE64_ONCE_
#define OCHRE_SERVER_BASE64_ONCE_
namespace ochre {

constexpr std::string_view kBase64Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// A character's four high bits, its column in the code table, and its four low ones, its row, tell whether it is one of
// the alphabet, and its value: the idea of W. Mula and D. Lemire, "Faster Base64 Encoding and Decoding Using AVX2
// Instructions", ACM Transactions on the Web 12(3), 2018, section 3.
struct Base64Nibbles {
  // A character is none of the alphabet when these have a bit in common.
  std::array<uint8_t, 16> column_bit, columns_without_row;
  // What is added to a character of a column; for '/', which shares its column with '+', at the column before.
  std::array<uint8_t, 16> to_value;
};
constexpr Base64Nibbles MakeBase64Nibbles() {
  constexpr uint8_t kNone = 0x80;  // columns of none of the alphabet, which has the six from 2 on
  Base64Nibbles nibbles = {};
  nibbles.column_bit.fill(kNone);
  for (size_t column = 2; column < 8; ++column) nibbles.column_bit[column] = static_cast<uint8_t>(1 << (column - 2));
  nibbles.columns_without_row.fill(0xFF);
  for (size_t value = 0; value < kBase64Alphabet.size(); ++value) {
    const auto character = static_cast<uint8_t>(kBase64Alphabet[value]);
    const size_t column = character >> 4;
    nibbles.columns_without_row[character & 15] &= static_cast<uint8_t>(~nibbles.column_bit[column]);
    nibbles.to_value[character == '/' ? column - 1 : column] = static_cast<uint8_t>(value - character);
  }
  return nibbles;
}
constexpr Base64Nibbles kBase64Nibbles = MakeBase64Nibbles();

}  // namespace ochre
#endif  // OCHRE_SERVER_BASE64_ONCE_

HWY_BEFORE_NAMESPACE();
namespace ochre {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

// Decodes whole vectors of characters as long as they are of the alphabet and their bytes' vector fits into the `size`
// bytes that `text` encodes; returns how many characters that were. The bytes may overwrite characters already read.
size_t DecodeVectors(const char* text, size_t size, std::byte* bytes) {
  size_t done = 0;
#if HWY_TARGET != HWY_SCALAR
  const hn::ScalableTag<uint8_t> d8;
  const hn::Repartition<uint32_t, decltype(d8)> d32;
  const auto column_bit = hn::LoadDup128(d8, kBase64Nibbles.column_bit.data());
  const auto columns_without_row = hn::LoadDup128(d8, kBase64Nibbles.columns_without_row.data());
  const auto to_value = hn::LoadDup128(d8, kBase64Nibbles.to_value.data());
  const auto low_bits = hn::Set(d8, 15);
  // The lowest three of each four bytes, the highest of them first, and then these threes of words side by side. What
  // is behind them is overwritten by the next ones.
  constexpr uint8_t kOrder[16] = {2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, 0, 0, 0, 0};
  const auto order = hn::LoadDup128(d8, kOrder);
  int32_t words[hn::MaxLanes(d32)] = {};
  for (size_t i = 0; i < hn::Lanes(d32) / 4 * 3; ++i) words[i] = static_cast<int32_t>(i / 3 * 4 + i % 3);
  const auto word_order = hn::SetTableIndices(d32, words);
  for (; size - done / 4 * 3 >= hn::Lanes(d8); done += hn::Lanes(d8)) {
    const auto characters = hn::LoadU(d8, reinterpret_cast<const uint8_t*>(text + done));
    const auto columns = hn::And(hn::BitCast(d8, hn::ShiftRight<4>(hn::BitCast(d32, characters))), low_bits);
    const auto wrong = hn::And(hn::TableLookupBytes(column_bit, columns),
                               hn::TableLookupBytes(columns_without_row, hn::And(characters, low_bits)));
    if (!hn::AllTrue(d8, hn::Eq(wrong, hn::Zero(d8)))) break;
    const auto is_slash = hn::VecFromMask(d8, hn::Eq(characters, hn::Set(d8, '/')));
    const auto six_bits = hn::Add(characters, hn::TableLookupBytes(to_value, hn::Add(columns, is_slash)));
    // Four bytes of six bits each, the first character's lowest, to 24 bits with it on top.
    const auto quads = hn::BitCast(d32, six_bits);
    const auto first = hn::ShiftLeft<18>(hn::And(quads, hn::Set(d32, 0x3F)));
    const auto second = hn::ShiftLeft<4>(hn::And(quads, hn::Set(d32, 0x3F00)));
    const auto third = hn::ShiftRight<10>(hn::And(quads, hn::Set(d32, 0x3F'0000)));
    const auto groups = hn::Or(hn::Or(first, second), hn::Or(third, hn::ShiftRight<24>(quads)));
    const auto blocks = hn::TableLookupBytes(hn::BitCast(d8, groups), order);
    hn::StoreU(hn::BitCast(d8, hn::TableLookupLanes(hn::BitCast(d32, blocks), word_order)), d8,
               reinterpret_cast<uint8_t*>(bytes + done / 4 * 3));
  }
#else
  (void)text, (void)size, (void)bytes;
#endif
  return done;
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace ochre
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ochre {
namespace {

HWY_EXPORT(DecodeVectors);

static_assert(std::endian::native == std::endian::little, "the tables below are for little-endian stores");

constexpr uint32_t kInvalid = 0xFF000000;  // bits that no group of 24 has

// What each character adds to a group of three bytes, the first of them lowest, by its place among four.
using Table = std::array<uint32_t, 256>;
constexpr std::array<Table, 4> MakeTables() {
  std::array<Table, 4> tables = {};
  for (Table& table : tables) table.fill(kInvalid);
  for (uint32_t value = 0; value < kBase64Alphabet.size(); ++value) {
    const auto character = static_cast<uint8_t>(kBase64Alphabet[value]);
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
  const size_t done = HWY_DYNAMIC_DISPATCH(DecodeVectors)(text.data(), text.size() / 4 * 3, bytes);
  text.remove_prefix(done);
  bytes += done / 4 * 3;
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
#endif  // HWY_ONCE
