#include "view/collection_view.h"

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

Result<OffsetId> CollectionView::OffsetIdOf(RecordLocation location) const {
  if (location.segment == RecordLocation::kTail) return tail->record(location.row).offset_id;
  OCHRE_ASSIGN_OR_RETURN(const IdTable* ids, segments[static_cast<size_t>(location.segment)].segment->Ids());
  return ids->offset_id(Ordinal{location.row});
}

}  // namespace ochre
