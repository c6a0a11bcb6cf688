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
      for (size_t i = 0; i < size_; ++i) bits_[members_[i] / 64] = 0;
    } else {
      std::fill(bits_.begin(), bits_.end(), 0);
    }
    size_ = run_ = 0;
    bits_.resize(static_cast<size_t>((row_count + 63) / 64));
  }

  // Begins a run of insertions: of at most `count` rows, by any number of calls.
  void BeginRun(size_t count) {
    run_ = size_;
    if (members_.size() < size_ + count) members_.resize(2 * (size_ + count));
  }
  // The rows that were new since then, valid until the next run.
  std::span<const uint32_t> Run() const { return {members_.data() + run_, size_ - run_}; }

  // Inserts those of `rows` that are no members, and calls on_new with each.
  template <typename OnNew>
  void Insert(std::span<const uint32_t> rows, const OnNew& on_new) {
    assert(size_ + rows.size() <= members_.size());
    // In locals: the compiler has to assume that a store through `bits` changes the members of this object.
    uint64_t* const bits = bits_.data();
    uint32_t* const first = members_.data() + size_;
    uint32_t* end = first;
    // Without a branch on what no predictor could guess: each row is written, and stays if it is new.
    for (const uint32_t row : rows) {
      assert(row / 64 < bits_.size());
      const uint64_t word = bits[row / 64];
      const uint64_t is_new = ~(word >> (row % 64)) & 1;
      bits[row / 64] = word | uint64_t{1} << (row % 64);
      *end = row;
      end += is_new;
    }
    for (const uint32_t* row = first; row < end; ++row) on_new(*row);
    size_ += static_cast<size_t>(end - first);
  }

 private:
  std::vector<uint64_t> bits_;
  std::vector<uint32_t> members_;  // the first size_ count
  size_t size_ = 0;
  size_t run_ = 0;  // of size_ when the run began
};

}  // namespace ochre

#endif  // OCHRE_HNSW_VISITED_SET_H_
