// DuplicateGroups: rows with the same code, which a graph keeps together.
#ifndef OCHRE_HNSW_DUPLICATE_GROUPS_H_
#define OCHRE_HNSW_DUPLICATE_GROUPS_H_

#include <cstdint>
#include <vector>

#include "distance/codes.h"

namespace ochre {

struct DuplicateGroups {
  // Of each row the first one with its code, itself perhaps.
  std::vector<uint32_t> first_of;
  // The rows that have others before them, sorted by (first row, row).
  std::vector<uint32_t> others;
};

DuplicateGroups FindDuplicates(const CodesSpan& codes);

}  // namespace ochre

#endif  // OCHRE_HNSW_DUPLICATE_GROUPS_H_
