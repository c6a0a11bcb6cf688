// NeighborSelector: which of many near nodes a node is linked to.
#ifndef OCHRE_HNSW_NEIGHBOR_SELECTOR_H_
#define OCHRE_HNSW_NEIGHBOR_SELECTOR_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "distance/codes.h"
#include "distance/neighbor.h"

namespace ochre {

// One thread at a time.
class NeighborSelector {
 public:
  // Both must outlive it.
  NeighborSelector(const Quantizer& quantizer, const CodesSpan& codes)
      : quantizer_(quantizer), codes_(codes), query_(quantizer.MakeRowQuery()) {}

  // Leaves of `candidates`, which are sorted, up to `max` that point in different directions: going from the nearest
  // to the farthest, one is kept unless it is nearer to one that was kept before than to the node itself (Malkov &
  // Yashunin 2016, algorithm 4, without extensions, as hnswlib has it: fewer than `max` stay as they are).
  void Select(std::vector<Neighbor>& candidates, size_t max);

 private:
  bool IsNearerToKept(const Neighbor& candidate);

  const Quantizer& quantizer_;
  const CodesSpan& codes_;
  CodeQuery query_;
  std::vector<uint32_t> kept_;
};

}  // namespace ochre

#endif  // OCHRE_HNSW_NEIGHBOR_SELECTOR_H_
