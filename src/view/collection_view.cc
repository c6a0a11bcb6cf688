#include "view/collection_view.h"

#include <algorithm>

namespace ochre {

Result<std::optional<RecordLocation>> CollectionView::Find(std::string_view id) const {
  if (const int64_t index = tail->Find(id, position); index >= 0) {
    return std::optional(RecordLocation{.row = static_cast<uint32_t>(index)});
  }
  for (size_t s = 0; s < segments.size(); ++s) {
    OCHRE_ASSIGN_OR_RETURN(const IdTable* ids, segments[s].segment->Ids());
    const std::optional<Ordinal> ordinal = ids->Find(id);
    if (ordinal.has_value() && !segments[s].deletions->IsDeleted(*ordinal)) {
      return std::optional(RecordLocation{static_cast<int32_t>(s), static_cast<uint32_t>(*ordinal)});
    }
  }
  return std::optional<RecordLocation>();
}

Result<ViewRecord> CollectionView::Read(RecordLocation location, RecordParts parts) const {
  if (location.segment == RecordLocation::kTail) {
    const TailRecord& record = tail->record(location.row);
    return ViewRecord{record.id,
                      record.offset_id,
                      record.begin,
                      {record.document, record.uri, record.metadata},
                      tail->row(location.row)};
  }
  const Segment& segment = *segments[static_cast<size_t>(location.segment)].segment;
  const Ordinal ordinal{location.row};
  OCHRE_ASSIGN_OR_RETURN(const IdTable* ids, segment.Ids());
  ViewRecord record = {ids->Id(ordinal), ids->offset_id(ordinal), ids->position(ordinal), {}, nullptr};
  if (parts.contents) {
    OCHRE_ASSIGN_OR_RETURN(const RecordStore* records, segment.Records());
    OCHRE_ASSIGN_OR_RETURN(record.contents, records->Read(ordinal));
  }
  if (parts.row) {
    OCHRE_ASSIGN_OR_RETURN(const VectorFile* vectors, segment.Vectors());
    OCHRE_ASSIGN_OR_RETURN(record.row, vectors->Row(ordinal));
  }
  return record;
}

void CollectionView::PrefetchPlace(RecordLocation location) const {
  if (location.segment == RecordLocation::kTail) return;
  const auto records = segments[static_cast<size_t>(location.segment)].segment->Records();
  if (records.ok()) (*records)->PrefetchPlace(Ordinal{location.row});
}

void CollectionView::PrefetchContents(RecordLocation location) const {
  if (location.segment == RecordLocation::kTail) return;
  const auto records = segments[static_cast<size_t>(location.segment)].segment->Records();
  if (records.ok()) (*records)->PrefetchRow(Ordinal{location.row});
}

void CollectionView::SortTail(std::vector<uint32_t>& indexes) const {
  const auto before = [&](uint32_t a, uint32_t b) { return tail->record(a).offset_id < tail->record(b).offset_id; };
  if (!std::is_sorted(indexes.begin(), indexes.end(), before)) std::sort(indexes.begin(), indexes.end(), before);
}

const MatchSet& CollectionView::All() const {
  const auto made = all_.Get([&]() -> Result<std::unique_ptr<const MatchSet>> {
    auto all = std::make_unique<MatchSet>();
    for (const SegmentView& segment : segments) {
      all->segments.emplace_back(segment.deletions, &segment.deletions->Live());  // as long as the deletions live
    }
    for (size_t i = 0; i < tail_size; ++i) {
      if (IsVisible(i)) all->tail.push_back(static_cast<uint32_t>(i));
    }
    SortTail(all->tail);
    return all;
  });
  return **made;
}

}  // namespace ochre
