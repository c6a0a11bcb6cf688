// What the catalogue holds, as Chroma's JSON.
#ifndef OCHRE_SERVER_COLLECTION_JSON_H_
#define OCHRE_SERVER_COLLECTION_JSON_H_

#include <nlohmann/json_fwd.hpp>

#include "sysdb/system_database.h"

namespace ochre {

nlohmann::json ToJson(const DatabaseRecord& database);
nlohmann::json ToJson(const CollectionRecord& collection);

}  // namespace ochre

#endif  // OCHRE_SERVER_COLLECTION_JSON_H_
