#include "embedding/tokenizer.h"

#include <utf8proc.h>

#include <cstdint>

namespace ochre {
namespace {

bool IsWordRune(utf8proc_int32_t rune) {
  const utf8proc_category_t category = utf8proc_category(rune);
  // In utf8proc's numbering the letters, marks and numbers lie between these two.
  return category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_NO;
}

void AppendRune(std::string& word, utf8proc_int32_t rune) {
  utf8proc_uint8_t bytes[4];
  const auto size = utf8proc_encode_char(rune, bytes);
  word.append(reinterpret_cast<const char*>(bytes), static_cast<size_t>(size));
}

}  // namespace

std::vector<std::string> WordsOf(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  const auto end_word = [&] {
    if (!word.empty()) words.push_back(std::move(word));
    word.clear();
  };
  while (!text.empty()) {
    utf8proc_int32_t rune;
    const auto size = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                       static_cast<utf8proc_ssize_t>(text.size()), &rune);
    if (size > 0 && IsWordRune(rune)) {
      AppendRune(word, utf8proc_tolower(rune));
    } else {
      end_word();
    }
    text.remove_prefix(size > 0 ? static_cast<size_t>(size) : 1);
  }
  end_word();
  return words;
}

}  // namespace ochre
