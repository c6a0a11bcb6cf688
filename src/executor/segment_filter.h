// Evaluates a filter on one segment with its indexes.
#ifndef OCHRE_EXECUTOR_SEGMENT_FILTER_H_
#define OCHRE_EXECUTOR_SEGMENT_FILTER_H_

#include <cstdint>
#include <roaring/roaring.hh>

#include "executor/filter_cache.h"
#include "ochre/status.h"
#include "plan/compiled_filter.h"
#include "view/collection_view.h"

namespace ochre {

// The live rows that satisfy the filter. Conditions that `cache` has are not evaluated again; null: nothing is kept.
// DataLoss names a damaged file.
Result<Roaring> FilterSegment(const SegmentView& segment, const CompiledFilter& filter, FilterCache* cache = nullptr);

// The first `count_max` of them, or all if they are fewer. Stops reading documents when it has them, and then keeps
// nothing of what it found out about documents.
Result<Roaring> FilterSegmentFirst(const SegmentView& segment, const CompiledFilter& filter, int64_t count_max,
                                   FilterCache* cache = nullptr);

}  // namespace ochre

#endif  // OCHRE_EXECUTOR_SEGMENT_FILTER_H_
