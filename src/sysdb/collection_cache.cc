#include "sysdb/collection_cache.h"

#include <cassert>
#include <utility>

namespace ochre {

CollectionCache::Record CollectionCache::Find(CollectionId id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : found->second;
}

CollectionCache::Record CollectionCache::Find(std::string_view tenant, std::string_view database,
                                              std::string_view name) const {
  const auto found = by_name_.find(Name(tenant, database, name));
  return found == by_name_.end() ? nullptr : found->second;
}

void CollectionCache::Put(Record record) {
  Remove(record->id);
  [[maybe_unused]] const bool name_was_free = by_name_.emplace(NameOf(*record), record).second;
  assert(name_was_free);
  const CollectionId id = record->id;
  by_id_.emplace(id, std::move(record));
}

void CollectionCache::Remove(CollectionId id) {
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) return;
  by_name_.erase(NameOf(*found->second));
  by_id_.erase(found);
}

}  // namespace ochre
