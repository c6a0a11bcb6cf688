#include "distance/top_k.h"

#include <algorithm>
#include <cassert>
#include <limits>

namespace ochre {

namespace {

// Rows between two selections at least, so that small k do not select at every other row.
constexpr int64_t kSelectionRowsMin = 32;

}  // namespace

TopK::TopK(int64_t k) : k_(k) {
  assert(k >= 0);
  const int64_t slack = std::max(k, kSelectionRowsMin);
  kept_max_ = k > std::numeric_limits<int64_t>::max() - slack ? std::numeric_limits<int64_t>::max() : k + slack;
  if (k == 0) {  // nothing enters: no distance is below minus infinity
    selected_ = true;
    threshold_ = -std::numeric_limits<float>::infinity();
  }
}

void TopK::Offer(std::span<const uint32_t> ordinals, std::span<const float> distances) {
  assert(ordinals.size() == distances.size());
  Reserve(distances.size());
  for (size_t i = 0; i < distances.size(); ++i) {
    if (Enters(distances[i])) Add(distances[i], ordinals[i]);
  }
}

void TopK::OfferRange(uint32_t first, std::span<const float> distances) {
  Reserve(distances.size());
  for (size_t i = 0; i < distances.size(); ++i) {
    if (Enters(distances[i])) Add(distances[i], first + static_cast<uint32_t>(i));
  }
}

std::vector<Neighbor> TopK::Take() {
  KeepNearest();
  std::sort(kept_.begin(), kept_.end());
  return std::move(kept_);
}

void TopK::Reserve(size_t offered) {
  if (kept_.capacity() == 0) kept_.reserve(std::min(offered, static_cast<size_t>(kept_max_)));
}

void TopK::Add(float distance, uint32_t ordinal) {
  kept_.push_back({.distance = distance, .ordinal = ordinal});
  if (static_cast<int64_t>(kept_.size()) == kept_max_) KeepNearest();
}

void TopK::KeepNearest() {
  if (static_cast<int64_t>(kept_.size()) <= k_) return;
  std::nth_element(kept_.begin(), kept_.begin() + (k_ - 1), kept_.end());
  kept_.resize(static_cast<size_t>(k_));
  threshold_ = kept_.back().distance;
  selected_ = true;
}

}  // namespace ochre
