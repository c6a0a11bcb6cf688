#include "inverted/rows_of_ordinals.h"

#include <algorithm>
#include <bit>
#include <vector>

namespace ochre {
namespace {

constexpr uint64_t kBitsPerWord = 64;

// By way of a plain bit set, which costs a step a row and a step a word.
std::vector<uint32_t> SortedByBits(std::span<const uint32_t> ordinals, uint64_t word_count) {
  std::vector<uint64_t> words(word_count);
  for (const uint32_t ordinal : ordinals) words[ordinal / kBitsPerWord] |= uint64_t{1} << (ordinal % kBitsPerWord);
  std::vector<uint32_t> sorted;
  sorted.reserve(ordinals.size());
  for (uint64_t i = 0; i < word_count; ++i) {
    for (uint64_t rest = words[i]; rest != 0; rest &= rest - 1) {
      sorted.push_back(static_cast<uint32_t>(i * kBitsPerWord + static_cast<uint64_t>(std::countr_zero(rest))));
    }
  }
  return sorted;
}

}  // namespace

Roaring RowsOfOrdinals(std::span<const uint32_t> ordinals) {
  if (ordinals.empty()) return Roaring();
  if (std::is_sorted(ordinals.begin(), ordinals.end())) return Roaring(ordinals.size(), ordinals.data());
  const uint64_t word_count = *std::max_element(ordinals.begin(), ordinals.end()) / kBitsPerWord + 1;
  std::vector<uint32_t> sorted;
  if (word_count <= ordinals.size()) {
    sorted = SortedByBits(ordinals, word_count);
  } else {  // so few rows that the words would cost more than sorting
    sorted.assign(ordinals.begin(), ordinals.end());
    std::sort(sorted.begin(), sorted.end());
  }
  return Roaring(sorted.size(), sorted.data());
}

}  // namespace ochre
