#include "compactor/compaction_policy.h"

#include <algorithm>
#include <numeric>

namespace ochre {
bool IsMostlyDead(const SegmentSize& segment) {
  const int64_t dead = segment.row_count - segment.live_count;
  return static_cast<double>(dead) > kDeadPartMax * static_cast<double>(segment.row_count);
}

bool IsTailFull(const ClientOptions& options, const TailSize& tail) {
  return tail.operations > 0 && (tail.operations >= options.tail_records_max || tail.bytes >= options.tail_bytes_max);
}

bool MayAge(const ClientOptions& options, const TailSize& tail) {
  return tail.operations > 0 && tail.operations >= options.aged_tail_records_min;
}

std::vector<size_t> ChooseMerges(std::span<const SegmentSize> segments, int64_t new_rows) {
  std::vector<size_t> by_size(segments.size());
  std::iota(by_size.begin(), by_size.end(), size_t{0});
  std::sort(by_size.begin(), by_size.end(),
            [&](size_t a, size_t b) { return segments[a].live_count < segments[b].live_count; });
  std::vector<size_t> merges;
  int64_t merged_rows = new_rows;
  for (const size_t i : by_size) {
    if (!IsMostlyDead(segments[i])) continue;
    merges.push_back(i);
    merged_rows += segments[i].live_count;
  }
  for (const size_t i : by_size) {
    if (IsMostlyDead(segments[i]) || merged_rows == 0) continue;
    if (segments[i].live_count / kMergeRatio > merged_rows) break;
    merges.push_back(i);
    merged_rows += segments[i].live_count;
  }
  std::sort(merges.begin(), merges.end());
  return merges;
}

bool IsUntidy(std::span<const SegmentSize> segments) {
  int64_t rows = 0, largest_live = 0;
  for (const SegmentSize& segment : segments) {
    rows += segment.row_count;
    largest_live = std::max(largest_live, segment.live_count);
  }
  return rows > 0 && static_cast<double>(rows - largest_live) >= kUntidyPartMin * static_cast<double>(rows);
}

bool HasDeadSegment(std::span<const SegmentSize> segments) {
  return std::any_of(segments.begin(), segments.end(), IsMostlyDead);
}

}  // namespace ochre
