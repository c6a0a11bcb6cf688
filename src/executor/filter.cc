#include "executor/filter.h"

#include <algorithm>

#include "executor/record_filter.h"
#include "executor/segment_filter.h"
#include "runtime/call_limit.h"

namespace ochre {
namespace {

// Up to this many records named by id are read and tested; beyond, evaluating the filter on the whole segment is
// cheaper than so many random reads.
constexpr uint64_t kDirectTestsMax = 1'000;

bool TailRecordMatches(const CollectionView& view, const CompiledFilter& filter, size_t index) {
  const TailRecord& record = view.tail->record(index);
  return FilterHolds(filter, {record.id, record.document, record.metadata});
}

Result<std::vector<uint32_t>> FilterTail(const CollectionView& view, const CompiledFilter& filter) {
  std::vector<uint32_t> indexes;
  CallPoll poll;
  for (size_t i = 0; i < view.tail_size; ++i) {
    OCHRE_RETURN_IF_ERROR(poll.Poll());
    if (view.IsVisible(i) && TailRecordMatches(view, filter, i)) indexes.push_back(static_cast<uint32_t>(i));
  }
  return indexes;
}

Result<bool> SegmentRecordMatches(const SegmentView& segment, const CompiledFilter& filter, Ordinal ordinal) {
  OCHRE_ASSIGN_OR_RETURN(const IdTable* ids, segment.segment->Ids());
  OCHRE_ASSIGN_OR_RETURN(const RecordStore* records, segment.segment->Records());
  OCHRE_ASSIGN_OR_RETURN(const StoredRecord record, records->Read(ordinal));
  return FilterHolds(filter, {ids->Id(ordinal), record.document, record.metadata});
}

// The rows of `ordinals`, all live, that satisfy the filter.
Result<Roaring> FilterOrdinals(const SegmentView& segment, const CompiledFilter& filter, FilterCache* cache,
                               Roaring ordinals) {
  if (filter.matches_all()) return ordinals;
  if (ordinals.cardinality() > kDirectTestsMax) {
    OCHRE_ASSIGN_OR_RETURN(const Roaring matching, FilterSegment(segment, filter, cache));
    return ordinals & matching;
  }
  Roaring matching;
  for (const uint32_t ordinal : ordinals) {
    OCHRE_ASSIGN_OR_RETURN(const bool matches, SegmentRecordMatches(segment, filter, Ordinal{ordinal}));
    if (matches) matching.add(ordinal);
  }
  return matching;
}

Result<MatchSet> FilterByIds(const CollectionView& view, const Selection& selection, FilterCache* cache) {
  MatchSet matches;
  std::vector<Roaring> found(view.segments.size());
  CallPoll poll;
  for (const std::string& id : *selection.ids) {
    OCHRE_RETURN_IF_ERROR(poll.Poll());
    OCHRE_ASSIGN_OR_RETURN(const std::optional<RecordLocation> location, view.Find(id));
    if (!location.has_value()) continue;
    if (location->segment != RecordLocation::kTail) {
      found[static_cast<size_t>(location->segment)].add(location->row);
    } else if (TailRecordMatches(view, selection.filter, location->row)) {
      matches.tail.push_back(location->row);
    }
  }
  for (size_t s = 0; s < view.segments.size(); ++s) {
    OCHRE_ASSIGN_OR_RETURN(Roaring matching,
                           FilterOrdinals(view.segments[s], selection.filter, cache, std::move(found[s])));
    matches.segments.push_back(Share(std::move(matching)));
  }
  std::sort(matches.tail.begin(), matches.tail.end());  // an id may be asked for twice
  matches.tail.erase(std::unique(matches.tail.begin(), matches.tail.end()), matches.tail.end());
  view.SortTail(matches.tail);
  return matches;
}

}  // namespace

Result<MatchSet> FilterView(const CollectionView& view, const Selection& selection, FilterCache* cache,
                            std::optional<int64_t> first) {
  if (selection.ids.has_value()) return FilterByIds(view, selection, cache);
  MatchSet matches;
  for (const SegmentView& segment : view.segments) {
    OCHRE_RETURN_IF_ERROR(CallLimit::CheckCurrent());
    OCHRE_ASSIGN_OR_RETURN(Roaring ordinals, first.has_value()
                                                 ? FilterSegmentFirst(segment, selection.filter, *first, cache)
                                                 : FilterSegment(segment, selection.filter, cache));
    matches.segments.push_back(Share(std::move(ordinals)));
  }
  OCHRE_ASSIGN_OR_RETURN(matches.tail, FilterTail(view, selection.filter));
  view.SortTail(matches.tail);
  return matches;
}

}  // namespace ochre
