#include "bench/workload/ann_bench/recall.h"

#include <algorithm>
#include <cassert>
#include <vector>

namespace ochre {

double TieAwareRecall(std::span<const uint32_t> found, std::span<const double> found_distances, double kth_distance,
                      double tolerance, int64_t k) {
  assert(found.size() == found_distances.size() && k >= 1);
  std::vector<uint32_t> right;
  for (size_t i = 0; i < found.size(); ++i) {
    if (found_distances[i] <= kth_distance + tolerance) right.push_back(found[i]);
  }
  std::sort(right.begin(), right.end());
  const auto distinct = std::unique(right.begin(), right.end()) - right.begin();
  return static_cast<double>(std::min<int64_t>(distinct, k)) / static_cast<double>(k);
}

}  // namespace ochre
