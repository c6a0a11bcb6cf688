#include "executor/project.h"

#include <algorithm>
#include <optional>

#include "runtime/call_limit.h"

namespace ochre {
namespace {

constexpr size_t kIdBytesLikely = 36;  // a UUID as text
constexpr size_t kIdBytesReservedMax = 64 << 10;

void AppendOptional(StringArray& column, std::optional<std::string_view> text) {
  if (text.has_value()) {
    column.Append(*text);
  } else {
    column.AppendNull();
  }
}

}  // namespace

Result<RecordColumns> Project(const CollectionView& view, std::span<const RecordLocation> locations,
                              const Include& include) {
  const RecordParts parts = {.contents = include.documents || include.uris || include.metadatas,
                             .row = include.embeddings};
  RecordColumns columns;
  columns.ids.Reserve(locations.size(), std::min(locations.size() * kIdBytesLikely, kIdBytesReservedMax));
  if (include.documents) columns.documents.emplace();
  if (include.uris) columns.uris.emplace();
  if (include.metadatas) columns.metadatas.emplace();
  if (include.embeddings) {
    columns.embeddings.emplace().columns = view.dimension();
    columns.embeddings->values.reserve(locations.size() * static_cast<size_t>(view.dimension()));
  }
  constexpr size_t kAhead = RecordStore::kPrefetchDistance;
  CallPoll poll;
  for (size_t i = 0; i < locations.size(); ++i) {
    OCHRE_RETURN_IF_ERROR(poll.Poll());
    if (parts.contents && i + 2 * kAhead < locations.size()) view.PrefetchPlace(locations[i + 2 * kAhead]);
    if (parts.contents && i + kAhead < locations.size()) view.PrefetchContents(locations[i + kAhead]);
    OCHRE_ASSIGN_OR_RETURN(const ViewRecord record, view.Read(locations[i], parts));
    columns.ids.Append(record.id);
    if (include.documents) AppendOptional(*columns.documents, record.contents.document);
    if (include.uris) AppendOptional(*columns.uris, record.contents.uri);
    if (include.metadatas) columns.metadatas->AppendEncoded(record.contents.metadata.bytes());
    if (include.embeddings) {
      columns.embeddings->values.insert(columns.embeddings->values.end(), record.row, record.row + view.dimension());
    }
  }
  return columns;
}

}  // namespace ochre
