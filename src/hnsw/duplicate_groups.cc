#include "hnsw/duplicate_groups.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <string_view>

namespace ochre {

DuplicateGroups FindDuplicates(const CodesSpan& codes) {
  const auto row_count = static_cast<size_t>(codes.row_count);
  const auto stride = static_cast<size_t>(codes.stride());
  // (hash, row), sorted: rows with the same code end up beside each other, the first one first.
  std::vector<std::pair<uint64_t, uint32_t>> hashes(row_count);
  for (size_t row = 0; row < row_count; ++row) {
    const std::string_view bytes(reinterpret_cast<const char*>(codes.Row(static_cast<int64_t>(row))), stride);
    hashes[row] = {std::hash<std::string_view>()(bytes), static_cast<uint32_t>(row)};
  }
  std::sort(hashes.begin(), hashes.end());
  DuplicateGroups groups;
  groups.first_of.resize(row_count);
  for (size_t i = 0; i < row_count; ++i) {
    const uint32_t row = hashes[i].second;
    const uint32_t before =
        i == 0 || hashes[i - 1].first != hashes[i].first ? row : groups.first_of[hashes[i - 1].second];
    // Other codes with the same hash: they stay on their own, rare as they are.
    const bool same = std::memcmp(codes.Row(before), codes.Row(row), stride) == 0;
    groups.first_of[row] = same ? before : row;
    if (groups.first_of[row] != row) groups.others.push_back(row);
  }
  std::sort(groups.others.begin(), groups.others.end(), [&](uint32_t a, uint32_t b) {
    return groups.first_of[a] != groups.first_of[b] ? groups.first_of[a] < groups.first_of[b] : a < b;
  });
  return groups;
}

}  // namespace ochre
