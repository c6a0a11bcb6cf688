#include "inverted/trigram_postings.h"

#include <algorithm>
#include <bit>

namespace ochre {
namespace {

// English text has some 10,000 distinct trigrams: most tables grow a few times at most.
constexpr size_t kInitialSlots = 4096;

uint32_t HashShift(size_t slot_count) { return 32 - static_cast<uint32_t>(std::countr_zero(slot_count)); }

}  // namespace

TrigramPostings::TrigramPostings() : slots_(kInitialSlots), hash_shift_(HashShift(kInitialSlots)) {}

// The slot of the trigram, or the empty one where it belongs.
TrigramPostings::Slot& TrigramPostings::Find(uint32_t trigram) {
  constexpr uint32_t kGoldenRatio = 0x9E3779B1;  // 2^32 / phi: Fibonacci hashing (Knuth, TAOCP 3, section 6.4)
  size_t slot = (trigram * kGoldenRatio) >> hash_shift_;
  while (slots_[slot].trigram != trigram && slots_[slot].trigram != kNone) slot = (slot + 1) & (slots_.size() - 1);
  return slots_[slot];
}

void TrigramPostings::Grow() {
  std::vector<Slot> old(slots_.size() * 2);
  old.swap(slots_);
  hash_shift_ = HashShift(slots_.size());
  for (const Slot& slot : old) {
    if (slot.trigram != kNone) Find(slot.trigram) = slot;
  }
}

void TrigramPostings::Add(std::string_view folded, uint32_t ordinal) {
  if (folded.size() < 3) return;
  const auto byte_at = [&](size_t i) { return static_cast<uint32_t>(static_cast<uint8_t>(folded[i])); };
  uint32_t trigram = byte_at(0) << 8 | byte_at(1);
  for (size_t i = 2; i < folded.size(); ++i) {
    trigram = (trigram << 8 | byte_at(i)) & 0xffffff;
    Slot& slot = Find(trigram);
    if (slot.trigram == kNone) {
      slot = {trigram, static_cast<uint32_t>(lists_.size()), ordinal};
      lists_.emplace_back().Add(ordinal);
      if (lists_.size() * 2 > slots_.size()) Grow();
    } else if (slot.last_ordinal != ordinal) {
      slot.last_ordinal = ordinal;
      lists_[slot.list].Add(ordinal);
    }
  }
}

std::vector<std::pair<uint32_t, const PostingList*>> TrigramPostings::Sorted() const {
  std::vector<std::pair<uint32_t, const PostingList*>> sorted;
  sorted.reserve(lists_.size());
  for (const Slot& slot : slots_) {
    if (slot.trigram != kNone) sorted.emplace_back(slot.trigram, &lists_[slot.list]);
  }
  std::sort(sorted.begin(), sorted.end());
  return sorted;
}

}  // namespace ochre
