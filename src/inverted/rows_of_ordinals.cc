#include "inverted/rows_of_ordinals.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstring>
#include <string>
#include <vector>

#include "types/bytes.h"

namespace ochre {
namespace {

constexpr uint64_t kBitsPerWord = 64;

// Of Roaring's portable format (github.com/RoaringBitmap/RoaringFormatSpec), in which a bitmap is made of containers of
// 2^16 values each. The library has no call that takes plain bits, but copies dense containers out of these bytes.
constexpr uint32_t kCookieWithoutRuns = 12346;
constexpr uint64_t kContainerWords = 1024;
constexpr uint32_t kArrayMax = 4096;  // a container of up to so many values is a sorted array of them

// A bit for each ordinal.
Roaring RowsOfBits(std::span<const uint64_t> words) {
  const auto words_of = [&](uint64_t key) {
    const uint64_t begin = key * kContainerWords;
    return words.subspan(begin, std::min(kContainerWords, words.size() - begin));
  };
  struct Container {
    uint16_t key;
    uint32_t cardinality;
  };
  std::vector<Container> containers;
  for (uint64_t key = 0; key * kContainerWords < words.size(); ++key) {
    uint32_t cardinality = 0;
    for (const uint64_t word : words_of(key)) cardinality += static_cast<uint32_t>(std::popcount(word));
    if (cardinality > 0) containers.push_back({static_cast<uint16_t>(key), cardinality});
  }

  const auto size_of = [](const Container& container) {
    return container.cardinality > kArrayMax ? kContainerWords * sizeof(uint64_t)
                                             : container.cardinality * sizeof(uint16_t);
  };
  // The cookie and the count; 4 bytes a container for its key and cardinality, 4 for where it begins.
  uint64_t size = 8 + containers.size() * 8;
  const uint64_t bodies_at = size;
  for (const Container& container : containers) size += size_of(container);
  std::string bytes;
  bytes.reserve(size);
  AppendRaw(bytes, kCookieWithoutRuns);
  AppendRaw(bytes, static_cast<uint32_t>(containers.size()));
  for (const Container& container : containers) {
    AppendRaw(bytes, container.key);
    AppendRaw(bytes, static_cast<uint16_t>(container.cardinality - 1));
  }
  uint64_t body_at = bodies_at;
  for (const Container& container : containers) {
    AppendRaw(bytes, static_cast<uint32_t>(body_at));
    body_at += size_of(container);
  }
  for (const Container& container : containers) {
    const std::span<const uint64_t> of_container = words_of(container.key);
    if (container.cardinality > kArrayMax) {
      bytes.append(reinterpret_cast<const char*>(of_container.data()), of_container.size_bytes());
      bytes.append(kContainerWords * sizeof(uint64_t) - of_container.size_bytes(), '\0');
      continue;
    }
    for (uint64_t i = 0; i < of_container.size(); ++i) {
      for (uint64_t rest = of_container[i]; rest != 0; rest &= rest - 1) {
        AppendRaw(bytes, static_cast<uint16_t>(i * kBitsPerWord + static_cast<uint64_t>(std::countr_zero(rest))));
      }
    }
  }
  assert(bytes.size() == size);
  return Roaring::readSafe(bytes.data(), bytes.size());
}

}  // namespace

Roaring RowsOfOrdinals(std::span<const uint32_t> ordinals) {
  if (ordinals.empty()) return Roaring();
  uint32_t bound = 0;  // at least the largest, less than twice it, and cheaper to find
  for (const uint32_t ordinal : ordinals) bound |= ordinal;
  // With fewer rows than words a step a word would cost more than sorting.
  if (bound / kBitsPerWord < ordinals.size()) {
    std::vector<uint64_t> words(bound / kBitsPerWord + 1);
    for (const uint32_t ordinal : ordinals) words[ordinal / kBitsPerWord] |= uint64_t{1} << (ordinal % kBitsPerWord);
    return RowsOfBits(words);
  }
  if (std::is_sorted(ordinals.begin(), ordinals.end())) return Roaring(ordinals.size(), ordinals.data());
  std::vector<uint32_t> sorted(ordinals.begin(), ordinals.end());
  std::sort(sorted.begin(), sorted.end());
  return Roaring(sorted.size(), sorted.data());
}

}  // namespace ochre
