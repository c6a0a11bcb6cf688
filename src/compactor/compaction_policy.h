// CompactionPolicy: when a collection is compacted, and which of its segments are merged on that occasion.
#ifndef OCHRE_COMPACTOR_COMPACTION_POLICY_H_
#define OCHRE_COMPACTOR_COMPACTION_POLICY_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "ochre/options.h"

namespace ochre {

struct TailSize {
  int64_t operations = 0;
  int64_t bytes = 0;
};

// Whether a tail of that size is to be compacted now.
bool IsTailFull(const ClientOptions& options, const TailSize& tail);

// Whether it is to be compacted once it is options.aged_tail_seconds old.
bool MayAge(const ClientOptions& options, const TailSize& tail);

struct SegmentSize {
  int64_t row_count = 0;
  int64_t live_count = 0;  // rows that are not deleted
};

// A segment is merged if what is merged already has at least 1 / kMergeRatio of its live rows. So each segment that
// stays has more than kMergeRatio times as many as the next smaller one, and a row that is rewritten lies in a segment
// of at least 1.5 times the size afterwards: n records lie in O(log n) segments and each is rewritten O(log n) times
// (size tiers, as in log-structured merge trees; O'Neil et al. 1996). Few segments matter more than few rewrites:
// searching four costs twice as much as searching one.
inline constexpr int64_t kMergeRatio = 2;

// A segment of which more than this part is deleted is rewritten in any case: searches walk through dead rows.
inline constexpr double kDeadPartMax = 0.25;

// Whether more than that part of a segment is dead.
bool IsMostlyDead(const SegmentSize& segment);

// Indexes of the segments to merge with `new_rows` rows from the tail into one new segment, ascending.
std::vector<size_t> ChooseMerges(std::span<const SegmentSize> segments, int64_t new_rows);

// A collection that is not written to any more is merged into one segment if at least this part of its rows is dead or
// outside its largest segment. Searches are then as fast as on a freshly built collection; less would not show. A row
// is so rewritten at most 1 / kUntidyPartMin times more often.
inline constexpr double kUntidyPartMin = 0.05;
bool IsUntidy(std::span<const SegmentSize> segments);

// Whether a collection with an empty tail should be compacted all the same, because of its dead rows.
bool HasDeadSegment(std::span<const SegmentSize> segments);

}  // namespace ochre

#endif  // OCHRE_COMPACTOR_COMPACTION_POLICY_H_
