// Filter: from a selection to the matching records of a view.
#ifndef OCHRE_EXECUTOR_FILTER_H_
#define OCHRE_EXECUTOR_FILTER_H_

#include <cstdint>
#include <optional>

#include "executor/filter_cache.h"
#include "ochre/status.h"
#include "plan/logical_plan.h"
#include "view/collection_view.h"
#include "view/match_set.h"

namespace ochre {

// Segments are filtered with their indexes, the tail and records named by id one by one. For a selection of everything
// CollectionView::All is cheaper. Of each segment and of the tail the first `first` matches are enough: where documents
// would have to be read, no others are looked for. `cache` as in segment_filter.h. DataLoss names a damaged file.
Result<MatchSet> FilterView(const CollectionView& view, const Selection& selection, FilterCache* cache = nullptr,
                            std::optional<int64_t> first = std::nullopt);

}  // namespace ochre

#endif  // OCHRE_EXECUTOR_FILTER_H_
