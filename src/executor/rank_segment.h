// Ranks the matching rows of one segment.
#ifndef OCHRE_EXECUTOR_RANK_SEGMENT_H_
#define OCHRE_EXECUTOR_RANK_SEGMENT_H_

#include <cstdint>
#include <roaring/roaring.hh>
#include <span>
#include <vector>

#include "distance/kernels.h"
#include "distance/neighbor.h"
#include "ochre/status.h"
#include "plan/logical_plan.h"
#include "view/collection_view.h"

namespace ochre {

// For each of `queries` the `k` nearest of the rows in `ordinals`, all of them if there are fewer; sorted, with float32
// distances. Exact if ranking.exact or where a scan is the cheaper plan. Rows that are farther from a query than its
// bound may be left out, exact or not. DataLoss names a damaged file.
Result<std::vector<std::vector<Neighbor>>> RankSegment(const SegmentView& segment,
                                                       std::span<const PreparedQuery> queries,
                                                       std::span<const float> bounds, const Roaring& ordinals,
                                                       const VectorRanking& ranking, int64_t k);

}  // namespace ochre

#endif  // OCHRE_EXECUTOR_RANK_SEGMENT_H_
