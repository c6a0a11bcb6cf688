// CollectionCache: the collections that were looked up, by id and by name.
#ifndef OCHRE_SYSDB_COLLECTION_CACHE_H_
#define OCHRE_SYSDB_COLLECTION_CACHE_H_

#include <memory>
#include <string>
#include <string_view>
#include <tuple>

#include "absl/container/flat_hash_map.h"
#include "sysdb/system_database.h"
#include "types/ids.h"

namespace ochre {

// Both maps hold the same records: each is found under its current id and its current name, and nowhere else. Not
// thread-safe.
class CollectionCache {
 public:
  using Record = std::shared_ptr<const CollectionRecord>;

  // Null: not here, which says nothing about whether it exists.
  Record Find(CollectionId id) const;
  Record Find(std::string_view tenant, std::string_view database, std::string_view name) const;

  // Adds `record`, in place of an older one of the same id.
  void Put(Record record);
  void Remove(CollectionId id);

 private:
  using Name = std::tuple<std::string, std::string, std::string>;  // tenant, database, collection
  static Name NameOf(const CollectionRecord& record) { return {record.tenant, record.database, record.name}; }

  absl::flat_hash_map<CollectionId, Record> by_id_;
  absl::flat_hash_map<Name, Record> by_name_;
};

}  // namespace ochre

#endif  // OCHRE_SYSDB_COLLECTION_CACHE_H_
