#include "executor/query_executor.h"

#include <limits>
#include <optional>
#include <utility>

#include "executor/filter.h"
#include "executor/project.h"
#include "executor/rank.h"
#include "view/record_walk.h"

namespace ochre {
Result<const MatchSet*> QueryExecutor::Select(const CollectionView& view, const Selection& selection,
                                              MatchSet& filtered, std::optional<int64_t> first) {
  if (selection.everything()) return &view.All();
  OCHRE_ASSIGN_OR_RETURN(filtered, FilterView(view, selection, &filters_, first));
  return &filtered;
}

Result<int64_t> QueryExecutor::Count(CollectionId collection, const Selection& selection) {
  OCHRE_ASSIGN_OR_RETURN(const auto view, views_.Pin(collection));
  if (selection.everything()) return view->record_count;
  OCHRE_ASSIGN_OR_RETURN(const MatchSet matches, FilterView(*view, selection, &filters_));
  return matches.count();
}

Result<GetResult> QueryExecutor::Get(const LogicalPlan& plan) {
  OCHRE_ASSIGN_OR_RETURN(const auto view, views_.Pin(plan.collection));
  // Who asks for a later page goes through all of them: then it is cheaper to find all matches once, and keep them.
  const std::optional<int64_t> first =
      plan.offset == 0 && plan.limit < std::numeric_limits<int64_t>::max() ? std::optional(plan.limit) : std::nullopt;
  MatchSet filtered;
  OCHRE_ASSIGN_OR_RETURN(const MatchSet* const matches, Select(*view, plan.selection, filtered, first));
  OCHRE_ASSIGN_OR_RETURN(const std::vector<RecordLocation> found,
                         WalkRecords(*view, *matches, plan.offset, plan.limit));
  return Project(*view, found, plan.projection);
}

Result<QueryResult> QueryExecutor::Query(const LogicalPlan& plan) {
  OCHRE_ASSIGN_OR_RETURN(const auto view, views_.Pin(plan.collection));
  MatchSet filtered;
  OCHRE_ASSIGN_OR_RETURN(const MatchSet* const matches, Select(*view, plan.selection, filtered));
  OCHRE_ASSIGN_OR_RETURN(const auto winners, RankMatches(*view, *matches, *plan.ranking, plan.limit));
  QueryResult result;
  std::vector<RecordLocation> locations;
  size_t hit_count = 0;
  for (const std::vector<Hit>& of_query : winners) hit_count += of_query.size();
  locations.reserve(hit_count);
  result.offsets.reserve(winners.size() + 1);
  if (plan.projection.distances) result.distances.emplace().reserve(hit_count);
  for (const std::vector<Hit>& of_query : winners) {
    for (const Hit& hit : of_query) {
      locations.push_back(hit.location);
      if (plan.projection.distances) result.distances->push_back(hit.distance);
    }
    result.offsets.push_back(static_cast<int64_t>(locations.size()));
  }
  OCHRE_ASSIGN_OR_RETURN(static_cast<RecordColumns&>(result), Project(*view, locations, plan.projection));
  return result;
}

Result<std::vector<std::string>> QueryExecutor::Ids(const LogicalPlan& plan) {
  OCHRE_ASSIGN_OR_RETURN(const GetResult found, Get(plan));
  std::vector<std::string> ids;
  for (size_t i = 0; i < found.ids.size(); ++i) ids.emplace_back(found.ids[i]);
  return ids;
}

}  // namespace ochre
