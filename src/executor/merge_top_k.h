// Merges sorted hit lists into the k nearest overall.
#ifndef OCHRE_EXECUTOR_MERGE_TOP_K_H_
#define OCHRE_EXECUTOR_MERGE_TOP_K_H_

#include <cstdint>
#include <span>
#include <vector>

#include "executor/hit.h"

namespace ochre {

std::vector<Hit> MergeTopK(std::span<const std::vector<Hit>> sorted_lists, int64_t k);

}  // namespace ochre

#endif  // OCHRE_EXECUTOR_MERGE_TOP_K_H_
