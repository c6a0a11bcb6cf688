#include "server/json_text.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace ochre {
namespace {

bool NeedsEscape(char c) { return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\'; }

void AppendEscaped(std::string& json, char c) {
  constexpr std::string_view kHex = "0123456789abcdef";
  switch (c) {
    case '"':
      json += "\\\"";
      return;
    case '\\':
      json += "\\\\";
      return;
    case '\n':
      json += "\\n";
      return;
    case '\r':
      json += "\\r";
      return;
    case '\t':
      json += "\\t";
      return;
    default:
      json += "\\u00";
      json += kHex[static_cast<unsigned char>(c) >> 4];
      json += kHex[static_cast<unsigned char>(c) & 15];
  }
}

}  // namespace

void AppendJsonString(std::string& json, std::string_view text) {
  json += '"';
  while (!text.empty()) {
    const auto plain = std::find_if(text.begin(), text.end(), NeedsEscape);
    const auto plain_length = static_cast<size_t>(plain - text.begin());
    json.append(text.substr(0, plain_length));
    if (plain == text.end()) break;
    AppendEscaped(json, *plain);
    text.remove_prefix(plain_length + 1);
  }
  json += '"';
}

void AppendJsonInteger(std::string& json, int64_t number) {
  char digits[24];  // the longest, -9223372036854775808, has 20
  json.append(digits, std::to_chars(digits, digits + sizeof(digits), number).ptr);
}

void AppendJsonFloat(std::string& json, float number) {
  if (!std::isfinite(number)) {
    json += "null";
    return;
  }
  char digits[24];  // the longest shortest-form float32, -1.1754944e-38, has 14
  const std::string_view text(digits, std::to_chars(digits, digits + sizeof(digits), number).ptr - digits);
  json += text;
  if (text.find_first_of(".e") == std::string_view::npos) json += ".0";
}

void AppendJsonFloats(std::string& json, std::span<const float> numbers) {
  json += '[';
  for (size_t i = 0; i < numbers.size(); ++i) {
    if (i > 0) json += ',';
    AppendJsonFloat(json, numbers[i]);
  }
  json += ']';
}

}  // namespace ochre
