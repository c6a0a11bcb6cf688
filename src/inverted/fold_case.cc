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

}  // namespace

std::string FoldCase(std::string_view text) {
  std::string folded;
  folded.reserve(text.size());
  while (!text.empty()) {
    const char c = text.front();
    size_t size = 1;
    char to = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    if (static_cast<unsigned char>(c) >= 0xC4) {
      for (const auto& [rune, ascii] : kRunesToAscii) {
        if (!text.starts_with(rune)) continue;
        size = rune.size();
        to = ascii;
      }
    }
    folded.push_back(to);
    text.remove_prefix(size);
  }
  return folded;
}

}  // namespace ochre
