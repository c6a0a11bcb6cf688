// Rank: the nearest matching records of a view to each of several queries.
#ifndef OCHRE_EXECUTOR_RANK_H_
#define OCHRE_EXECUTOR_RANK_H_

#include <cstdint>
#include <vector>

#include "executor/hit.h"
#include "ochre/status.h"
#include "plan/logical_plan.h"
#include "view/collection_view.h"
#include "view/match_set.h"

namespace ochre {

// For each query of `ranking` the k nearest of `matches`, all of them if there are fewer, sorted. Exact if
// ranking.exact, and in any case over the tail and wherever a scan is the cheaper plan. DataLoss names a damaged file.
Result<std::vector<std::vector<Hit>>> RankMatches(const CollectionView& view, const MatchSet& matches,
                                                  const VectorRanking& ranking, int64_t k);

}  // namespace ochre

#endif  // OCHRE_EXECUTOR_RANK_H_
