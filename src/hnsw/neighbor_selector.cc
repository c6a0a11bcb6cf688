#include "hnsw/neighbor_selector.h"

#include <algorithm>
#include <span>

namespace ochre {
namespace {

// Distances that are computed before they are looked at: as many as the kernel takes side by side. Most candidates that
// go are found wanting within the first few.
constexpr size_t kStep = 4;

}  // namespace

void NeighborSelector::Select(std::vector<Neighbor>& candidates, size_t max) {
  if (candidates.size() < max) return;
  kept_.clear();
  for (const Neighbor candidate : candidates) {
    if (kept_.size() == max) break;
    if (IsNearerToKept(candidate)) continue;
    candidates[kept_.size()] = candidate;
    kept_.push_back(candidate.ordinal);
  }
  candidates.resize(kept_.size());
}

bool NeighborSelector::IsNearerToKept(const Neighbor& candidate) {
  if (kept_.empty()) return false;
  quantizer_.PrepareFromCode(codes_.Row(candidate.ordinal), &query_);
  float distances[kStep];
  for (size_t begin = 0; begin < kept_.size(); begin += kStep) {
    const size_t count = std::min(kStep, kept_.size() - begin);
    CodeDistancesToOrdinals(query_, codes_, std::span(kept_).subspan(begin, count), distances);
    for (size_t i = 0; i < count; ++i) {
      if (distances[i] < candidate.distance) return true;
    }
  }
  return false;
}

}  // namespace ochre
