// WalkRecords: some of a view's records in order of insertion.
#ifndef OCHRE_VIEW_RECORD_WALK_H_
#define OCHRE_VIEW_RECORD_WALK_H_

#include <cstdint>
#include <vector>

#include "ochre/status.h"
#include "view/collection_view.h"
#include "view/match_set.h"

namespace ochre {

// Where the records of `matches` are, after the first `offset` of them and at most `limit`, in ascending order of
// offset id: a merge of the segments, each of which is in that order, and the tail. Costs offset + limit steps, not
// matches.
Result<std::vector<RecordLocation>> WalkRecords(const CollectionView& view, const MatchSet& matches, int64_t offset,
                                                int64_t limit);

}  // namespace ochre

#endif  // OCHRE_VIEW_RECORD_WALK_H_
