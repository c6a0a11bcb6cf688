// Exact k-nearest search by brute force: the definition of the right answer.
#ifndef OCHRE_DISTANCE_SCAN_H_
#define OCHRE_DISTANCE_SCAN_H_

#include <cstdint>
#include <span>
#include <vector>

#include "distance/kernels.h"
#include "distance/neighbor.h"

namespace ochre {

// For each of `queries`, the up to `k` nearest of the rows that `candidates` names (ascending, no repeats), sorted by
// (distance, ordinal). All queries share each pass over a block of rows. Allocates O(min(k, candidates.size())).
std::vector<std::vector<Neighbor>> ScanCandidates(std::span<const PreparedQuery> queries, const RowsSpan& rows,
                                                  std::span<const uint32_t> candidates, int64_t k);

// The same over all rows.
std::vector<std::vector<Neighbor>> ScanAll(std::span<const PreparedQuery> queries, const RowsSpan& rows, int64_t k);

}  // namespace ochre

#endif  // OCHRE_DISTANCE_SCAN_H_
