// BeamSearch: the walk from node to node along one layer of an HNSW graph, for searching it and for building it.
#ifndef OCHRE_HNSW_BEAM_SEARCH_H_
#define OCHRE_HNSW_BEAM_SEARCH_H_

#include <algorithm>
#include <array>
#include <cassert>
#include <cstdint>
#include <functional>
#include <limits>
#include <span>
#include <vector>

#include "distance/neighbor.h"
#include "hnsw/candidate_pool.h"
#include "hnsw/graph_format.h"
#include "hnsw/visited_set.h"

namespace ochre {

// A Walk decides which node to expand next: Add offers a node that was met and returns whether it will be expanded
// soon, Next names the next to expand, LikelyNext(i) guesses what Next will name i calls later (it is right unless
// something nearer is added), farthest() is a distance beyond which Add does nothing, and results() holds the nearest
// that may be returned.

// Walks until the `ef` nearest nodes met are all expanded (Malkov & Yashunin 2016, algorithm 2).
class FixedWalk {
 public:
  void Reset(size_t ef) { pool_.Reset(ef); }
  bool Add(float distance, uint32_t node) { return pool_.Insert(CandidateKey(distance, node)) < kSoonPlaces; }
  bool Next(uint32_t* node) { return pool_.ExpandNext(node); }
  uint32_t LikelyNext(size_t i) const { return pool_.LikelyNext(i); }
  float farthest() const {
    return pool_.full() ? pool_.distance(pool_.size() - 1) : std::numeric_limits<float>::infinity();
  }
  const CandidatePool& results() const { return pool_; }

  // A new candidate is expanded soon when it is one of this many next: two steps of BeamSearch. 3 to 6 are as good.
  static constexpr size_t kSoonPlaces = 4;

 private:
  CandidatePool pool_;
};

// Walks until the next candidate is farther than `reach` times the k-th nearest met (Al-Jazzazi et al. 2025,
// "Distance adaptive beam search for provably accurate graph-based nearest neighbor search", section 3): easy queries
// stop early, and hard ones go on as long as there is something to find. Distances must not be negative.
class AdaptiveWalk {
 public:
  // At most `capacity` candidates are kept, which is at least k. What is farther than `bound` is of no use, because as
  // many nearer ones are known from elsewhere: beyond reach * bound only the k nearest are expanded, which lead nearer.
  void Reset(size_t k, float reach, size_t capacity, float bound) {
    assert(k >= 1 && capacity >= k && reach >= 1);
    k_ = k;
    reach_ = reach;
    farthest_ = std::numeric_limits<float>::infinity();
    limit_ = UINT64_MAX;
    bound_ = CandidateKey(bound * reach, kNodeMax);
    pool_.Reset(capacity);
  }
  bool Add(float distance, uint32_t node) {
    const uint64_t key = CandidateKey(distance, node);
    if (!Accepts(key)) return false;
    const bool soon = Insert(key);
    if (pool_.size() >= k_) LimitBy(pool_.distance(k_ - 1));
    return soon;
  }
  // The parts of Add, for whoever knows the k-th nearest better.
  bool Accepts(uint64_t key) const { return key <= limit_; }
  bool Insert(uint64_t key) { return pool_.Insert(key) < FixedWalk::kSoonPlaces; }
  void LimitBy(float kth_distance) {
    farthest_ = kth_distance * reach_;
    limit_ = CandidateKey(farthest_, kNodeMax);
  }
  bool Next(uint32_t* node) {
    const uint64_t next = pool_.NextKey();
    return next <= limit_ && (next <= bound_ || pool_.expanded() < k_) && pool_.ExpandNext(node);
  }
  uint32_t LikelyNext(size_t i) const { return pool_.LikelyNext(i); }
  float farthest() const { return farthest_; }
  const CandidatePool& results() const { return pool_; }

  bool ran_out() { return pool_.full() && pool_.NextKey() == UINT64_MAX; }

 private:
  static constexpr uint32_t kNodeMax = (uint32_t{1} << 31) - 1;

  CandidatePool pool_;
  size_t k_ = 1;
  float reach_ = 1;
  float farthest_ = std::numeric_limits<float>::infinity();  // `reach_` times as far as the k-th nearest
  uint64_t limit_ = UINT64_MAX;                              // key of what is there
  uint64_t bound_ = UINT64_MAX;
};

// AdaptiveWalk in which only some rows may be returned, and the k-th nearest is the k-th of these. For when most rows
// may: those that may not take places among the candidates.
class AdaptiveFilteredWalk {
 public:
  // At most `capacity` candidates and `results_max` results are kept; k is at most either.
  void Reset(size_t k, float reach, size_t capacity, float bound, size_t results_max,
             std::span<const uint64_t> allowed) {
    assert(results_max >= k);
    candidates_.Reset(k, reach, capacity, bound);
    results_.Reset(results_max);
    k_ = k;
    allowed_ = allowed;
  }
  // Whether the walk ended only because it kept no more candidates, most of which may not be returned.
  bool ran_out() { return candidates_.ran_out(); }

  bool Add(float distance, uint32_t node) {
    const uint64_t key = CandidateKey(distance, node);
    if (!candidates_.Accepts(key)) return false;
    if ((allowed_[node / 64] >> (node % 64) & 1) != 0) {
      results_.Insert(key);
      if (results_.size() >= k_) candidates_.LimitBy(results_.distance(k_ - 1));
    }
    return candidates_.Insert(key);
  }
  bool Next(uint32_t* node) { return candidates_.Next(node); }
  uint32_t LikelyNext(size_t i) const { return candidates_.LikelyNext(i); }
  float farthest() const { return candidates_.farthest(); }
  const CandidatePool& results() const { return results_; }

 private:
  AdaptiveWalk candidates_;
  CandidatePool results_;
  size_t k_ = 1;
  std::span<const uint64_t> allowed_;
};

// For searches in which only few rows may be returned: results are the ef nearest of these, while every node is a
// candidate for expansion as long as it is nearer than the worst result, or the results are not full. So the number of
// candidates has no bound but the rows: were it ef, the disallowed nodes around the query would push out the nodes
// behind which the allowed ones lie. A heap, because insertions in the middle of so many are too dear.
class FilteredWalk {
 public:
  // Bit i of word i / 64 of `allowed` set: node i may be returned.
  void Reset(size_t ef, std::span<const uint64_t> allowed) {
    allowed_ = allowed;
    results_.Reset(ef);
    candidates_.clear();
    met_ = allowed_met_ = 0;
  }
  bool Add(float distance, uint32_t node) {
    const uint64_t key = CandidateKey(distance, node);
    const bool is_allowed = (allowed_[node / 64] >> (node % 64) & 1) != 0;
    ++met_;
    allowed_met_ += is_allowed ? 1 : 0;
    if (!results_.Accepts(key)) return false;
    if (is_allowed) results_.Insert(key);
    candidates_.push_back(key);
    std::push_heap(candidates_.begin(), candidates_.end(), std::greater<>());
    return candidates_.front() == key;
  }
  bool Next(uint32_t* node) {
    // A result may be expanded although it is the worst (its key is equal), as in FixedWalk.
    if (candidates_.empty() || (results_.full() && candidates_.front() > results_.worst())) return false;
    std::pop_heap(candidates_.begin(), candidates_.end(), std::greater<>());
    *node = CandidateNode(candidates_.back());
    candidates_.pop_back();
    last_ = *node;
    return true;
  }
  // The last one when there are no others. What lies in place i of the heap is among the next few.
  uint32_t LikelyNext(size_t i) const { return i < candidates_.size() ? CandidateNode(candidates_[i]) : last_; }
  float farthest() const { return std::numeric_limits<float>::infinity(); }  // whatever is met is counted
  const CandidatePool& results() const { return results_; }

  // Nodes that were met, for each of them that may be returned.
  double met_per_allowed() const {
    return static_cast<double>(met_) / static_cast<double>(std::max(allowed_met_, int64_t{1}));
  }

 private:
  std::span<const uint64_t> allowed_;
  int64_t met_ = 0, allowed_met_ = 0;
  CandidatePool results_;
  std::vector<uint64_t> candidates_;  // a heap, the nearest first
  uint32_t last_ = 0;                 // that Next returned
};

// What a search keeps to be used again by the next one, so that it allocates nothing.
struct BeamScratch {
  VisitedSet visited;
  std::vector<float> distances;
  std::vector<uint32_t> near;
};

// One search along one layer. In two alternating steps, so that its cache misses overlap: Meet finds the neighbours of
// the next few nodes that are new and begins to load their vectors, Settle compares them with the query and chooses the
// next nodes, whose links it begins to load. Between the two a caller can take the steps of other searches.
//
// Links: `const uint32_t* Places(uint32_t node) const`: the places of the node's links on the layer, kNoLink behind the
// last one; `size_t place_count() const`.
// Vectors: `void Fetch(uint32_t row) const`; `void Measure(std::span<const uint32_t> rows, float* distances) const`.
template <typename Links, typename Vectors, typename Walk>
class BeamSearch {
 public:
  // All by reference: they must outlive the search. `walk` is reset, `scratch` is emptied here for `row_count` rows.
  BeamSearch(const Links& links, const Vectors& vectors, int64_t row_count, Walk& walk, BeamScratch& scratch)
      : links_(links), vectors_(vectors), walk_(walk), scratch_(scratch) {
    scratch_.visited.Reset(row_count);
    const size_t met_max = kTogether * links_.place_count();
    if (scratch_.distances.size() < met_max) {
      scratch_.distances.resize(met_max);
      scratch_.near.resize(met_max);
    }
  }

  // Adds a node to start from, whose distance is known.
  void AddStart(const Neighbor& start) {
    scratch_.visited.BeginRun(1);
    scratch_.visited.Insert(std::span(&start.ordinal, 1), [&](uint32_t) { walk_.Add(start.distance, start.ordinal); });
  }

  // Chooses the first node. False: there is none.
  bool Begin() { return Choose(); }

  void Meet() {
    scratch_.visited.BeginRun(chosen_count_ * links_.place_count());
    for (size_t i = 0; i < chosen_count_; ++i) {
      const uint32_t* places = links_.Places(chosen_[i]);
      const size_t place_count = links_.place_count();
      size_t count = 0;
      // Over all places, which takes fewer cycles than guessing wrong where the links end.
      for (size_t j = 0; j < place_count; ++j) count += places[j] != kNoLink ? 1 : 0;
      scratch_.visited.Insert({places, count}, [this](uint32_t row) { vectors_.Fetch(row); });
    }
    met_ = scratch_.visited.Run();
  }

  // False: the walk has ended.
  bool Settle() {
    vectors_.Measure(met_, scratch_.distances.data());
    distances_ += static_cast<int64_t>(met_.size());
    // First all that are near enough, then what becomes of them: most are not, and which is beyond any guessing.
    const float farthest = walk_.farthest();
    uint32_t* const near = scratch_.near.data();
    size_t near_count = 0;
    for (size_t i = 0; i < met_.size(); ++i) {
      near[near_count] = static_cast<uint32_t>(i);
      near_count += scratch_.distances[i] <= farthest ? 1 : 0;
    }
    for (size_t i = 0; i < near_count; ++i) {
      if (walk_.Add(scratch_.distances[near[i]], met_[near[i]])) FetchLinks(met_[near[i]]);
    }
    return Choose();
  }

  int64_t distances() const { return distances_; }  // that were computed

 private:
  static constexpr size_t kLinksPerLine = 16;  // of 64 bytes
  // Nodes expanded in one step. The second would have been next, if none of the first one's neighbours is nearer: that
  // is so most of the time once the search is near its goal, but not in its first steps. Saves 5% of the time at
  // equal recall; three save no more.
  static constexpr size_t kTogether = 2;
  static constexpr int kStepsAlone = 4;

  bool Choose() {
    const size_t wanted = steps_ < kStepsAlone ? 1 : kTogether;
    ++steps_;
    chosen_count_ = 0;
    while (chosen_count_ < wanted && walk_.Next(&chosen_[chosen_count_])) ++chosen_count_;
    if (chosen_count_ == 0) return false;
    // These have the time of one step to arrive.
    for (size_t i = 0; i < wanted; ++i) FetchLinks(walk_.LikelyNext(i));
    return true;
  }

  void FetchLinks(uint32_t node) const {
    const uint32_t* places = links_.Places(node);
    for (size_t i = 0; i < links_.place_count(); i += kLinksPerLine) __builtin_prefetch(places + i);
  }

  const Links& links_;
  const Vectors& vectors_;
  Walk& walk_;
  BeamScratch& scratch_;
  std::array<uint32_t, kTogether> chosen_ = {};  // to be expanded
  size_t chosen_count_ = 0;
  int steps_ = 0;
  std::span<const uint32_t> met_;
  int64_t distances_ = 0;
};

}  // namespace ochre

#endif  // OCHRE_HNSW_BEAM_SEARCH_H_
