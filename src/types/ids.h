// The numbers by which components name records, rows and log entries.
#ifndef OCHRE_TYPES_IDS_H_
#define OCHRE_TYPES_IDS_H_

#include <cstdint>

#include "types/uuid.h"

namespace ochre {

enum class OffsetId : uint64_t {};     // a record in its collection: given at insertion, kept by updates; from 1
enum class Ordinal : uint32_t {};      // a row of one segment, in [0, segment.row_count())
enum class LogPosition : uint64_t {};  // an operation in its collection's log: dense, from 1; 0 is before all of them

using CollectionId = Uuid;
using SegmentId = Uuid;

}  // namespace ochre

#endif  // OCHRE_TYPES_IDS_H_
