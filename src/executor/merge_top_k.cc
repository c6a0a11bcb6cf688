#include "executor/merge_top_k.h"

#include <algorithm>

namespace ochre {

std::vector<Hit> MergeTopK(std::span<const std::vector<Hit>> sorted_lists, int64_t k) {
  std::vector<Hit> merged;
  for (const std::vector<Hit>& list : sorted_lists) {
    const auto middle = static_cast<std::ptrdiff_t>(merged.size());
    merged.insert(merged.end(), list.begin(), list.end());
    std::inplace_merge(merged.begin(), merged.begin() + middle, merged.end());
    if (static_cast<int64_t>(merged.size()) > k) merged.resize(static_cast<size_t>(k));
  }
  return merged;
}

}  // namespace ochre
