#include "inverted/term.h"

#include <algorithm>

#include "types/bytes.h"

namespace ochre {

std::string HasDocumentTerm() { return std::string(1, static_cast<char>(TermKind::kHasDocument)); }

std::string TrigramTerm(uint32_t trigram) {
  return {static_cast<char>(TermKind::kTrigram), static_cast<char>(trigram >> 16), static_cast<char>(trigram >> 8),
          static_cast<char>(trigram)};
}

std::string MetadataTerm(TermKind kind, std::string_view key, std::string_view value) {
  std::string term(1, static_cast<char>(kind));
  AppendVarint(term, key.size());
  term.append(key);
  term.append(value);
  return term;
}

std::string BoolValue(bool value) { return std::string(1, value ? '\1' : '\0'); }

std::string Int64Value(int64_t value) {
  std::string bytes;
  AppendRaw(bytes, value);
  return bytes;
}

std::string DoubleValue(double value) {
  std::string bytes;
  AppendRaw(bytes, value == 0 ? 0.0 : value);
  return bytes;
}

std::vector<uint32_t> TrigramsOf(std::string_view text) {
  std::vector<uint32_t> trigrams;
  if (text.size() < 3) return trigrams;
  trigrams.reserve(text.size() - 2);
  uint32_t window = static_cast<uint32_t>(static_cast<uint8_t>(text[0])) << 8 | static_cast<uint8_t>(text[1]);
  for (size_t i = 2; i < text.size(); ++i) {
    window = (window << 8 | static_cast<uint8_t>(text[i])) & 0xffffff;
    trigrams.push_back(window);
  }
  std::sort(trigrams.begin(), trigrams.end());
  trigrams.erase(std::unique(trigrams.begin(), trigrams.end()), trigrams.end());
  return trigrams;
}

}  // namespace ochre
