// QueryExecutor: runs logical plans against the current view of a collection.
#ifndef OCHRE_EXECUTOR_QUERY_EXECUTOR_H_
#define OCHRE_EXECUTOR_QUERY_EXECUTOR_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "executor/filter_cache.h"
#include "ochre/records.h"
#include "ochre/status.h"
#include "plan/logical_plan.h"
#include "view/view_registry.h"

namespace ochre {

// Thread-safe: every call works on a view of its own. `views` must outlive the executor. Every call may return NotFound
// (the collection was deleted) or DataLoss (a damaged file, by name).
class QueryExecutor {
 public:
  explicit QueryExecutor(ViewRegistry& views) : views_(views) {}

  // How many records Get would return without offset and limit.
  Result<int64_t> Count(CollectionId collection, const Selection& selection = {});

  // A plan without a ranking: the selected records in order of insertion.
  Result<GetResult> Get(const LogicalPlan& plan);

  // A plan with a ranking: for each query the plan.limit nearest of the selected records.
  Result<QueryResult> Query(const LogicalPlan& plan);

  // The ids of the records that Get would return.
  Result<std::vector<std::string>> Ids(const LogicalPlan& plan);

 private:
  // What is selected: the view's own set if that is everything, else `filtered`. `first` as in filter.h.
  Result<const MatchSet*> Select(const CollectionView& view, const Selection& selection, MatchSet& filtered,
                                 std::optional<int64_t> first = std::nullopt);

  ViewRegistry& views_;
  FilterCache filters_;
};

}  // namespace ochre

#endif  // OCHRE_EXECUTOR_QUERY_EXECUTOR_H_
