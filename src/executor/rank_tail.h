// Ranks the matching records of the log's tail.
#ifndef OCHRE_EXECUTOR_RANK_TAIL_H_
#define OCHRE_EXECUTOR_RANK_TAIL_H_

#include <cstdint>
#include <span>
#include <vector>

#include "distance/kernels.h"
#include "distance/neighbor.h"
#include "view/log_tail.h"

namespace ochre {

// For each of `queries` the `k` nearest of the records `indexes`, exactly; sorted. A neighbor's ordinal is a place in
// `indexes`, so that ties fall in the order of these.
std::vector<std::vector<Neighbor>> RankTail(const LogTail& tail, std::span<const uint32_t> indexes,
                                            std::span<const PreparedQuery> queries, int64_t k);

}  // namespace ochre

#endif  // OCHRE_EXECUTOR_RANK_TAIL_H_
