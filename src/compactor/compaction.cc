#include "compactor/compaction.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "compactor/compaction_policy.h"
#include "hnsw/graph_format.h"
#include "segment/segment_writer.h"
#include "view/record_walk.h"

namespace ochre {
namespace {

// A cancelled compaction stops within this many rows, microseconds each.
constexpr size_t kRowsPerCancelCheck = 1'024;

// The records that go into the new segment: the tail's, and those of the merged segments.
MatchSet RecordsToWrite(const CollectionView& view, std::span<const size_t> merges) {
  MatchSet records = view.All();
  for (size_t s = 0; s < view.segments.size(); ++s) {
    if (std::find(merges.begin(), merges.end(), s) == merges.end()) records.segments[s] = Share(Roaring());
  }
  return records;
}

// The graph that the new segment's is built on: that of the largest of the merged segments, of which not too much is
// dead. Inserting the rows that it lacks costs a fraction of building anew.
Result<GraphHeritage> HeritageOf(const CollectionView& view, std::span<const size_t> merges,
                                 std::span<const RecordLocation> locations) {
  GraphHeritage heritage;
  const SegmentView* chosen = nullptr;
  size_t chosen_index = 0;
  for (const size_t s : merges) {
    const SegmentView& merged = view.segments[s];
    const SegmentSize size = {merged.segment->row_count(), merged.deletions->live_count()};
    const bool is_larger = chosen == nullptr || size.live_count > chosen->deletions->live_count();
    if (!merged.segment->has_graph() || !merged.segment->has_codes() || IsMostlyDead(size) || !is_larger) continue;
    chosen = &merged;
    chosen_index = s;
  }
  if (chosen == nullptr) return heritage;
  OCHRE_ASSIGN_OR_RETURN(const VectorIndex* index, chosen->segment->IndexOfVectors());
  heritage.graph = &*index->parts().graph;
  heritage.row_of_node.assign(static_cast<size_t>(chosen->segment->row_count()), kNoLink);
  for (size_t i = 0; i < locations.size(); ++i) {
    if (locations[i].segment != static_cast<int32_t>(chosen_index)) continue;
    heritage.row_of_node[locations[i].row] = static_cast<uint32_t>(i);
  }
  return heritage;
}

Result<SegmentRecord> WriteSegment(Storage& storage, const CollectionView& view,
                                   std::span<const RecordLocation> locations, GraphHeritage heritage,
                                   const SegmentIdentity& identity, const HnswConfiguration& hnsw, int32_t threads,
                                   const std::atomic<bool>& cancelled) {
  const SegmentShape shape = {.row_count = static_cast<int64_t>(locations.size()),
                              .dimension = view.dimension(),
                              .hnsw = hnsw,
                              .threads = threads};
  OCHRE_ASSIGN_OR_RETURN(const auto writer, SegmentWriter::Create(storage, identity, shape));
  std::optional<OffsetId> previous;
  for (size_t i = 0; i < locations.size(); ++i) {
    if (i % kRowsPerCancelCheck == 0 && cancelled.load(std::memory_order_relaxed)) {
      return Status::Cancelled("the compaction was cancelled");
    }
    OCHRE_ASSIGN_OR_RETURN(const ViewRecord record, view.Read(locations[i], {.contents = true, .row = true}));
    // Each segment's ascend, which opening it checks: files of one were put in another's place.
    if (previous.has_value() && record.offset_id <= *previous) {
      return Status::DataLoss("the segments of one collection share the offset id ",
                              static_cast<uint64_t>(record.offset_id), ", of the record \"", record.id, "\"");
    }
    previous = record.offset_id;
    OCHRE_RETURN_IF_ERROR(writer->Add({record.id, record.offset_id, record.position, record.row, record.contents}));
  }
  writer->Inherit(std::move(heritage));
  OCHRE_ASSIGN_OR_RETURN(const int64_t bytes, writer->Finish(cancelled));
  return SegmentRecord{.id = identity.segment, .row_count = shape.row_count, .bytes = bytes};
}

}  // namespace

Result<CollectionVersion> Compact(Storage& storage, const CollectionView& view, std::span<const size_t> merges,
                                  const SegmentIdentity& identity, const HnswConfiguration& hnsw, int32_t threads,
                                  const std::atomic<bool>& cancelled) {
  OCHRE_ASSIGN_OR_RETURN(const std::vector<RecordLocation> locations,
                         WalkRecords(view, RecordsToWrite(view, merges), 0, std::numeric_limits<int64_t>::max()));
  if (locations.size() > std::numeric_limits<uint32_t>::max()) {
    return Status::ResourceExhausted("a segment holds at most 2^32 - 1 records, and this one would have ",
                                     locations.size());
  }
  CollectionVersion version = {.version = view.version + 1,
                               .log_position = view.position,
                               .next_offset_id = view.next_offset_id,
                               .record_count = view.record_count,
                               .segments = {}};
  for (size_t s = 0; s < view.segments.size(); ++s) {
    const SegmentView& kept = view.segments[s];
    if (std::find(merges.begin(), merges.end(), s) != merges.end() || kept.deletions->live_count() == 0) continue;
    version.segments.push_back(
        {.segment = {.id = kept.segment->id(), .row_count = kept.segment->row_count(), .bytes = kept.segment->bytes()},
         .deletions = kept.deletions->Serialize()});
  }
  if (!locations.empty()) {
    OCHRE_ASSIGN_OR_RETURN(GraphHeritage heritage, HeritageOf(view, merges, locations));
    OCHRE_ASSIGN_OR_RETURN(SegmentRecord segment, WriteSegment(storage, view, locations, std::move(heritage), identity,
                                                               hnsw, threads, cancelled));
    version.segments.push_back({.segment = std::move(segment), .deletions = {}});
  }
  return version;
}

}  // namespace ochre
