// Compaction: one step from a view of a collection to the next version of its index.
#ifndef OCHRE_COMPACTOR_COMPACTION_H_
#define OCHRE_COMPACTOR_COMPACTION_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

#include "ochre/options.h"
#include "ochre/status.h"
#include "storage/storage.h"
#include "sysdb/system_database.h"
#include "types/ids.h"
#include "view/collection_view.h"

namespace ochre {

// Writes one segment, under the new id `identity.segment`, from the tail's records and the live rows of the segments
// that `merges` names; the other segments stay, with what the tail deletes from them. No segment is written when no
// record is left for it. Returns the version to be registered, which covers the view's position. Nothing refers to the
// new segment until then; after an error nothing of it is left. Its graph is built with `threads` threads (the same
// with any number) on that of the largest of the merged segments, if most of that one's rows are still live. The view's
// tail was resolved by view/resolve.h as it came in, and is exactly what readers have been seeing: nothing is resolved
// here again. Cancelled: `cancelled` became true. ResourceExhausted: the disk is full. DataLoss: a damaged file, by
// name.
Result<CollectionVersion> Compact(Storage& storage, const CollectionView& view, std::span<const size_t> merges,
                                  const SegmentIdentity& identity, const HnswConfiguration& hnsw, int32_t threads,
                                  const std::atomic<bool>& cancelled);

}  // namespace ochre

#endif  // OCHRE_COMPACTOR_COMPACTION_H_
