#include "server/base64.h"

#include <array>
#include <cstdint>

namespace ochre {
namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr uint32_t kInvalid = 0x80000000;  // a bit that no 24-bit group has

constexpr std::array<uint32_t, 256> MakeValues() {
  std::array<uint32_t, 256> values = {};
  for (uint32_t& value : values) value = kInvalid;
  for (size_t i = 0; i < kAlphabet.size(); ++i) values[static_cast<uint8_t>(kAlphabet[i])] = static_cast<uint32_t>(i);
  return values;
}
constexpr std::array<uint32_t, 256> kValues = MakeValues();

uint32_t ValueOf(char c) { return kValues[static_cast<uint8_t>(c)]; }

}  // namespace

bool AppendBase64Decoded(std::string_view text, std::string& bytes) {
  if (text.size() % 4 == 0) {  // padding fills the last group of four
    if (text.ends_with('=')) text.remove_suffix(1);
    if (text.ends_with('=')) text.remove_suffix(1);
  }
  const size_t groups = text.size() / 4;
  const size_t rest = text.size() % 4;
  if (rest == 1) return false;  // 6 bits are no byte

  const size_t begin = bytes.size();
  bytes.resize(begin + groups * 3 + (rest == 0 ? 0 : rest - 1));
  char* out = bytes.data() + begin;
  const char* in = text.data();
  uint32_t invalid = 0;  // no early exit, so that the loop runs at the speed of its loads
  for (size_t i = 0; i < groups; ++i, in += 4, out += 3) {
    const uint32_t group = ValueOf(in[0]) << 18 | ValueOf(in[1]) << 12 | ValueOf(in[2]) << 6 | ValueOf(in[3]);
    invalid |= ValueOf(in[0]) | ValueOf(in[1]) | ValueOf(in[2]) | ValueOf(in[3]);
    out[0] = static_cast<char>(group >> 16);
    out[1] = static_cast<char>(group >> 8);
    out[2] = static_cast<char>(group);
  }
  if (rest >= 2) {
    uint32_t group = ValueOf(in[0]) << 18 | ValueOf(in[1]) << 12;
    invalid |= ValueOf(in[0]) | ValueOf(in[1]);
    out[0] = static_cast<char>(group >> 16);
    if (rest == 3) {
      group |= ValueOf(in[2]) << 6;
      invalid |= ValueOf(in[2]);
      out[1] = static_cast<char>(group >> 8);
    }
  }
  return (invalid & kInvalid) == 0;
}

}  // namespace ochre
