// VisitedSet: the rows that a search has met, in the order in which it met them.
#ifndef OCHRE_HNSW_VISITED_SET_H_
#define OCHRE_HNSW_VISITED_SET_H_

#include <algorithm>
#include <cassert>
#include <cstdint>
#include <span>
#include <vector>

namespace ochre {

// One bit a row, so that even a large segment's set stays in a near cache: 128 KB for a million rows.
class VisitedSet {
 public:
  // Empties the set; members are in [0, row_count) from here on. Costs O(members so far), or a pass over the bits
  // where that is less.
  void Reset(int64_t row_count) {
    // Clearing a word for each member touches scattered lines: the pass clears 8 words in that time.
    if (size_ < bits_.size() / 8) {
      for (const uint32_t row : Since(0)) bits_[row / 64] = 0;
    } else {
      std::fill(bits_.begin(), bits_.end(), 0);
    }
    size_ = 0;
    bits_.resize(static_cast<size_t>((row_count + 63) / 64));
  }

  // Makes room for `count` more Insert calls.
  void Reserve(size_t count) {
    if (members_.size() < size_ + count) members_.resize(2 * (size_ + count));
  }

  // False: `row` was a member. Precondition: Reserve.
  bool Insert(uint32_t row) {
    assert(row / 64 < bits_.size() && size_ < members_.size());
    const uint64_t bit = uint64_t{1} << (row % 64);
    if ((bits_[row / 64] & bit) != 0) return false;
    bits_[row / 64] |= bit;
    members_[size_++] = row;
    return true;
  }

  size_t size() const { return size_; }

  // The members from the `first`-th on; valid until the next Reserve.
  std::span<const uint32_t> Since(size_t first) const { return std::span(members_).subspan(first, size_ - first); }

 private:
  std::vector<uint64_t> bits_;
  std::vector<uint32_t> members_;  // the first size_ count
  size_t size_ = 0;
};

}  // namespace ochre

#endif  // OCHRE_HNSW_VISITED_SET_H_
