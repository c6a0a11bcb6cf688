// Project: fetches the columns of a read's winners, and of nothing else.
#ifndef OCHRE_EXECUTOR_PROJECT_H_
#define OCHRE_EXECUTOR_PROJECT_H_

#include <span>

#include "ochre/records.h"
#include "ochre/search.h"
#include "ochre/status.h"
#include "view/collection_view.h"

namespace ochre {

// The columns that `include` names (not distances), row i of the record at locations[i]. DataLoss names a damaged file.
Result<RecordColumns> Project(const CollectionView& view, std::span<const RecordLocation> locations,
                              const Include& include);

}  // namespace ochre

#endif  // OCHRE_EXECUTOR_PROJECT_H_
