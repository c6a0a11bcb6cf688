// CollectionCache: the collections that were looked up, by id and by name.
#ifndef OCHRE_SYSDB_COLLECTION_CACHE_H_
#define OCHRE_SYSDB_COLLECTION_CACHE_H_

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>

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

  // Adds `record`, in place of an older one of the same id. Leaves neither if there is no memory, and throws.
  void Put(Record record);
  // Needs no memory: it comes after changes that stand.
  void Remove(CollectionId id) noexcept;

 private:
  using Name = std::tuple<std::string, std::string, std::string>;  // tenant, database, collection
  static Name NameOf(const CollectionRecord& record) { return {record.tenant, record.database, record.name}; }

  // By a walk through all names: to look its name up one would have to copy it.
  void EraseName(CollectionId id) noexcept;

  std::unordered_map<CollectionId, Record> by_id_;
  std::map<Name, Record> by_name_;
};

}  // namespace ochre

#endif  // OCHRE_SYSDB_COLLECTION_CACHE_H_
