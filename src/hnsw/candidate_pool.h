// CandidatePool: the nearest nodes that a search has met, sorted.
#ifndef OCHRE_HNSW_CANDIDATE_POOL_H_
#define OCHRE_HNSW_CANDIDATE_POOL_H_

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstdint>
#include <cstring>
#include <vector>

#include "distance/neighbor.h"

namespace ochre {

// A distance and a node in one number that sorts as Neighbor does: the distance's bits, made monotone, above the node.
// The lowest bit is a flag. Preconditions: no NaN, no negative zero (which kernels.h never returns), node < 2^31.
inline uint64_t CandidateKey(float distance, uint32_t node) {
  const auto bits = std::bit_cast<uint32_t>(distance);
  const uint32_t monotone = (bits >> 31) != 0 ? ~bits : bits | 0x80000000u;
  return uint64_t{monotone} << 32 | uint64_t{node} << 1;
}

inline uint32_t CandidateNode(uint64_t key) { return static_cast<uint32_t>(key) >> 1; }

inline float CandidateDistance(uint64_t key) {
  const auto monotone = static_cast<uint32_t>(key >> 32);
  return std::bit_cast<float>((monotone >> 31) != 0 ? monotone & 0x7FFFFFFFu : ~monotone);
}

// At most `capacity` keys in ascending order, each expanded or not. An insertion moves what lies behind it: for the
// hundreds of candidates of a usual search that is cheaper than a heap, and the next node to expand is at a cursor.
class CandidatePool {
 public:
  static constexpr size_t kNotInserted = SIZE_MAX;

  void Reset(size_t capacity) {
    assert(capacity >= 1);
    capacity_ = capacity;
    keys_.clear();
    cursor_ = 0;
  }

  size_t size() const { return keys_.size(); }
  float distance(size_t i) const { return CandidateDistance(keys_[i]); }  // of the nearest but i
  bool full() const { return keys_.size() == capacity_; }
  uint64_t worst() const { return keys_.back(); }
  // Whether `key` is among the nearest so far.
  bool Accepts(uint64_t key) const { return !full() || key < keys_.back(); }

  // Returns how many places `key` is behind the cursor (0: it is the next to be expanded), or kNotInserted.
  size_t Insert(uint64_t key) {
    if (!Accepts(key)) return kNotInserted;
    const size_t place = Place(key);
    if (full()) keys_.pop_back();
    keys_.insert(keys_.begin() + static_cast<std::ptrdiff_t>(place), key);
    if (place < cursor_) {
      cursor_ = place;
      return 0;
    }
    return place - cursor_;
  }

  // The nearest node that was not expanded yet, marked as expanded; false when there is none.
  bool ExpandNext(uint32_t* node) {
    if (NextKey() == UINT64_MAX) return false;
    *node = CandidateNode(keys_[cursor_]);
    keys_[cursor_++] |= 1;
    return true;
  }

  // Key of what ExpandNext would expand; the largest number when there is nothing.
  uint64_t NextKey() {
    while (cursor_ < keys_.size() && (keys_[cursor_] & 1) != 0) ++cursor_;
    return cursor_ == keys_.size() ? UINT64_MAX : keys_[cursor_];
  }

  // How many in front of that are expanded.
  size_t expanded() const { return cursor_; }

  // The node that comes i after that, as long as none nearer is inserted; for prefetching. The pool is not empty.
  uint32_t LikelyNext(size_t i) const { return CandidateNode(keys_[std::min(cursor_ + i, keys_.size() - 1)]); }

  // All of them, sorted.
  void CopyTo(std::vector<Neighbor>& neighbors) const {
    neighbors.clear();
    for (const uint64_t key : keys_) {
      neighbors.push_back({.distance = CandidateDistance(key), .ordinal = CandidateNode(key)});
    }
  }

  // The up to `count` nearest.
  std::vector<Neighbor> Nearest(int64_t count) const {
    std::vector<Neighbor> neighbors;
    neighbors.reserve(std::min(static_cast<size_t>(count), keys_.size()));
    for (const uint64_t key : keys_) {
      if (static_cast<int64_t>(neighbors.size()) == count) break;
      neighbors.push_back({.distance = CandidateDistance(key), .ordinal = CandidateNode(key)});
    }
    return neighbors;
  }

 private:
  // The first place whose key is larger. Without branches on the keys, which no predictor could guess.
  size_t Place(uint64_t key) const {
    const uint64_t* base = keys_.data();
    size_t count = keys_.size();
    if (count == 0) return 0;
    while (count > 1) {
      const size_t half = count / 2;
      base += half & (size_t{0} - static_cast<size_t>(base[half - 1] < key));  // compilers make a branch of `?:` here
      count -= half;
    }
    return static_cast<size_t>(base - keys_.data()) + (*base < key ? 1 : 0);
  }

  size_t capacity_ = 0;
  std::vector<uint64_t> keys_;
  size_t cursor_ = 0;  // every key before it is expanded
};

}  // namespace ochre

#endif  // OCHRE_HNSW_CANDIDATE_POOL_H_
