#include "inverted/posting_list.h"

#include <cassert>
#include <roaring/roaring.hh>
#include <string_view>
#include <vector>

#include "types/bytes.h"

namespace ochre {

void PostingList::Add(uint32_t ordinal) {
  if (ordinal == last_) return;
  assert(ordinal > last_);
  AppendVarint(differences_, static_cast<uint64_t>(ordinal - last_));
  last_ = ordinal;
}

std::string PostingList::ToRoaringBytes() const {
  std::vector<uint32_t> ordinals;
  std::string_view rest = differences_;
  int64_t ordinal = -1;
  uint64_t difference = 0;
  while (TakeVarint(rest, difference)) {
    ordinal += static_cast<int64_t>(difference);
    ordinals.push_back(static_cast<uint32_t>(ordinal));
  }
  Roaring rows(ordinals.size(), ordinals.data());
  rows.runOptimize();
  std::string bytes(rows.getSizeInBytes(), '\0');
  rows.write(bytes.data());
  return bytes;
}

}  // namespace ochre
