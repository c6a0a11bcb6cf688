#include "view/record_walk.h"

#include <algorithm>
#include <optional>
#include <queue>
#include <utility>

#include "runtime/call_limit.h"

namespace ochre {
namespace {

// A record and its place in the order.
struct Step {
  OffsetId offset_id{};
  RecordLocation location;
};

// The matches of one segment, front first.
class SegmentCursor {
 public:
  SegmentCursor(int32_t segment, const IdTable& ids, const Roaring& ordinals)
      : segment_(segment), ids_(ids), next_(ordinals.begin()), end_(ordinals.end()) {}

  std::optional<Step> Next() {
    if (next_ == end_) return std::nullopt;
    const uint32_t ordinal = *next_;
    ++next_;
    return Step{ids_.offset_id(Ordinal{ordinal}), {segment_, ordinal}};
  }

 private:
  int32_t segment_;
  const IdTable& ids_;
  Roaring::const_iterator next_, end_;
};

}  // namespace

Result<std::vector<RecordLocation>> WalkRecords(const CollectionView& view, const MatchSet& matches, int64_t offset,
                                                int64_t limit) {
  std::vector<SegmentCursor> cursors;
  for (size_t s = 0; s < view.segments.size(); ++s) {
    if (matches.segments[s]->isEmpty()) continue;
    OCHRE_ASSIGN_OR_RETURN(const IdTable* ids, view.segments[s].segment->Ids());
    cursors.emplace_back(static_cast<int32_t>(s), *ids, *matches.segments[s]);
  }
  size_t tail_next = 0;
  const auto next_of = [&](size_t source) -> std::optional<Step> {
    if (source < cursors.size()) return cursors[source].Next();
    if (tail_next == matches.tail.size()) return std::nullopt;
    const uint32_t index = matches.tail[tail_next++];
    return Step{view.tail->record(index).offset_id, {RecordLocation::kTail, index}};
  };

  using Entry = std::pair<Step, size_t>;  // a source's front, and which source
  const auto later = [](const Entry& a, const Entry& b) { return b.first.offset_id < a.first.offset_id; };
  std::priority_queue<Entry, std::vector<Entry>, decltype(later)> fronts(later);
  for (size_t source = 0; source <= cursors.size(); ++source) {
    if (auto step = next_of(source); step.has_value()) fronts.emplace(*step, source);
  }
  std::vector<RecordLocation> walked;
  CallPoll poll;
  for (int64_t skipped = 0; !fronts.empty() && static_cast<int64_t>(walked.size()) < limit;) {
    OCHRE_RETURN_IF_ERROR(poll.Poll());
    const auto [step, source] = fronts.top();
    fronts.pop();
    if (auto next = next_of(source); next.has_value()) fronts.emplace(*next, source);
    if (skipped < offset) {
      ++skipped;
    } else {
      walked.push_back(step.location);
    }
  }
  return walked;
}

}  // namespace ochre
