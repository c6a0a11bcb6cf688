#include "inverted/fold_case.h"

#include <array>
#include <utility>

namespace ochre {
namespace {

constexpr std::array<std::pair<std::string_view, char>, 3> kRunesToAscii = {{
    {"\xC4\xB0", 'i'},
    {"\xC5\xBF", 's'},
    {"\xE2\x84\xAA", 'k'},
}};
constexpr auto kSmallestFoldedLeadByte = static_cast<unsigned char>('\xC4');

}  // namespace

std::string FoldCase(std::string_view text) {
  std::string folded(text.size(), '\0');
  size_t size = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    char to = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    if (static_cast<unsigned char>(c) >= kSmallestFoldedLeadByte) {
      for (const auto& [rune, ascii] : kRunesToAscii) {
        if (text.substr(i, rune.size()) != rune) continue;
        i += rune.size() - 1;
        to = ascii;
        break;
      }
    }
    folded[size++] = to;
  }
  folded.resize(size);
  return folded;
}

}  // namespace ochre
