// TopK: the k nearest of the rows that a scan meets.
#ifndef OCHRE_DISTANCE_TOP_K_H_
#define OCHRE_DISTANCE_TOP_K_H_

#include <cstdint>
#include <span>
#include <vector>

#include "distance/neighbor.h"

namespace ochre {

// Offer rows in ascending ordinal order; memory grows with what was offered, up to about 2 k neighbors.
class TopK {
 public:
  explicit TopK(int64_t k);

  // Row ordinals[i] is at distances[i].
  void Offer(std::span<const uint32_t> ordinals, std::span<const float> distances);
  // Row first + i is at distances[i].
  void OfferRange(uint32_t first, std::span<const float> distances);

  // The up to k nearest of all that was offered, sorted; leaves nothing behind.
  std::vector<Neighbor> Take();

 private:
  // A row enters if it is nearer than the k-th of those kept at the last selection: as ordinals ascend, an equally
  // near row comes after all of these.
  bool Enters(float distance) const { return !selected_ || distance < threshold_; }
  void Reserve(size_t offered);
  void Add(float distance, uint32_t ordinal);
  void KeepNearest();

  int64_t k_;
  int64_t kept_max_;  // when this many are kept, all but the k nearest go: a selection costs O(1) for each row added
  bool selected_ = false;
  float threshold_ = 0;  // the k-th distance at the last selection
  std::vector<Neighbor> kept_;
};

}  // namespace ochre

#endif  // OCHRE_DISTANCE_TOP_K_H_
