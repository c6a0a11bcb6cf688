// Tests conditions on single records: how the tail is filtered, and what index candidates are checked against.
#ifndef OCHRE_EXECUTOR_RECORD_FILTER_H_
#define OCHRE_EXECUTOR_RECORD_FILTER_H_

#include <optional>
#include <string_view>

#include "plan/compiled_filter.h"
#include "types/encoded_metadata.h"

namespace ochre {

// What a filter can see of a record, borrowed.
struct FilterableRecord {
  std::string_view id;
  std::optional<std::string_view> document;
  EncodedMetadata metadata;
};

bool FilterHolds(const CompiledFilter& filter, const FilterableRecord& record);

// Whether `document` satisfies the positive form (kContains or kRegex) of a document condition.
bool DocumentMatches(const CompiledNode& condition, std::string_view document);

}  // namespace ochre

#endif  // OCHRE_EXECUTOR_RECORD_FILTER_H_
