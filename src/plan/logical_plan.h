// LogicalPlan: a read as data: which records, in which order, which columns of them.
#ifndef OCHRE_PLAN_LOGICAL_PLAN_H_
#define OCHRE_PLAN_LOGICAL_PLAN_H_

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "ochre/options.h"
#include "ochre/records.h"
#include "ochre/search.h"
#include "plan/compiled_filter.h"
#include "types/ids.h"

namespace ochre {

// The records that satisfy both.
struct Selection {
  std::optional<std::vector<std::string>> ids;  // absent: any
  CompiledFilter filter;

  bool everything() const { return !ids.has_value() && filter.matches_all(); }
};

// Order by distance to each of several query vectors.
struct VectorRanking {
  MatrixSpan queries;  // borrowed from the caller of the Gateway
  Space space = Space::kL2;
  int64_t ef_search = 100;
  std::optional<double> target_recall = std::nullopt;  // instead of ef_search
  bool exact = false;
  int32_t num_threads = 1;  // 0: all cores
};

struct LogicalPlan {
  CollectionId collection;
  Selection selection;
  std::optional<VectorRanking> ranking;  // absent: order of insertion
  int64_t offset = 0;
  int64_t limit = std::numeric_limits<int64_t>::max();
  Include projection;
};

}  // namespace ochre

#endif  // OCHRE_PLAN_LOGICAL_PLAN_H_
