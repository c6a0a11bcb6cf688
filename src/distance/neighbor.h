// Neighbor: a row and its distance, as the searches return it.
#ifndef OCHRE_DISTANCE_NEIGHBOR_H_
#define OCHRE_DISTANCE_NEIGHBOR_H_

#include <cstdint>

namespace ochre {

struct Neighbor {
  float distance = 0;    // never NaN
  uint32_t ordinal = 0;  // row of the span that was searched

  // Nearest first; equal distances in row order, which is offset id order within a segment.
  friend bool operator<(const Neighbor& a, const Neighbor& b) {
    return a.distance != b.distance ? a.distance < b.distance : a.ordinal < b.ordinal;
  }
  friend bool operator==(const Neighbor&, const Neighbor&) = default;
};

}  // namespace ochre

#endif  // OCHRE_DISTANCE_NEIGHBOR_H_
