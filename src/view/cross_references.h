// Cross references: whether the catalogue, the log and the segments' folders are of one time.
#ifndef OCHRE_VIEW_CROSS_REFERENCES_H_
#define OCHRE_VIEW_CROSS_REFERENCES_H_

#include "log/log.h"
#include "ochre/status.h"
#include "storage/storage.h"
#include "sysdb/system_database.h"

namespace ochre {

// Each of them proves what it holds, but not that it is the newest: a file may have been put back to an older state.
// Reads go on and compactions run meanwhile.

// DataLoss: the log was purged further than the catalogue's version of a collection covers, so the catalogue is the
// older of the two, and what it does not know is no garbage. (A log that is older goes on after the version that covers
// it: Log::SkipTo. A collection of the log that the catalogue does not know was deleted, and is purged at open.)
Status CheckLogAgainstCatalogue(const Log& log, const SystemDatabase& sysdb);

// DataLoss: a segment that a version names has no folder, or something among the folders is no segment.
Status CheckFoldersAgainstCatalogue(const Storage& storage, const SystemDatabase& sysdb);

}  // namespace ochre

#endif  // OCHRE_VIEW_CROSS_REFERENCES_H_
