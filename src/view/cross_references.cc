#include "view/cross_references.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "segment/manifest.h"

namespace ochre {

Status CheckLogAgainstCatalogue(const Log& log, const SystemDatabase& sysdb) {
  OCHRE_ASSIGN_OR_RETURN(const std::vector<CollectionId> logged, log.Collections());
  for (const CollectionId& collection : logged) {
    // In this order: a version is registered before the log is purged for it.
    OCHRE_ASSIGN_OR_RETURN(const LogPosition purged, log.PurgedPosition(collection));
    const auto version = sysdb.LatestVersion(collection);
    if (version.status().code() == StatusCode::kNotFound) continue;
    OCHRE_RETURN_IF_ERROR(version.status());
    if (version->log_position >= purged) continue;
    return Status::DataLoss("log.sqlite3: the log of collection ", collection.ToString(), " begins after position ",
                            static_cast<uint64_t>(purged), ", but version ", version->version,
                            " in system.sqlite3 covers only what is up to ",
                            static_cast<uint64_t>(version->log_position), ": system.sqlite3 is the older of the two");
  }
  return Status::Ok();
}

Status CheckFoldersAgainstCatalogue(const Storage& storage, const SystemDatabase& sysdb) {
  OCHRE_ASSIGN_OR_RETURN(std::vector<SegmentId> named, sysdb.ReferencedSegments());
  OCHRE_ASSIGN_OR_RETURN(const std::vector<std::string> folders, storage.List(kSegmentsFolder));
  std::vector<SegmentId> present;
  for (const std::string& folder : folders) {
    const std::optional<Uuid> id = Uuid::Parse(folder);
    if (!id.has_value() || id->ToString() != folder) {
      return Status::DataLoss(kSegmentsFolder, "/", folder, " is no segment");
    }
    present.push_back(*id);
  }
  std::sort(present.begin(), present.end());
  const auto is_present = [&](const SegmentId& id) { return std::binary_search(present.begin(), present.end(), id); };
  std::erase_if(named, is_present);
  if (named.empty()) return Status::Ok();
  // A compaction may have replaced it between the two lists.
  OCHRE_ASSIGN_OR_RETURN(const std::vector<SegmentId> still_named, sysdb.ReferencedSegments());
  for (const SegmentId& id : named) {
    if (std::find(still_named.begin(), still_named.end(), id) == still_named.end()) continue;
    return Status::DataLoss(SegmentFolder(id), " is missing, and a version in system.sqlite3 names it");
  }
  return Status::Ok();
}

}  // namespace ochre
