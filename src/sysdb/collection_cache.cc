#include "sysdb/collection_cache.h"

#include <cassert>
#include <new>
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
  const CollectionId id = record->id;
  [[maybe_unused]] const bool name_was_free = by_name_.emplace(NameOf(*record), record).second;
  assert(name_was_free);
  try {
    by_id_.emplace(id, std::move(record));
  } catch (const std::bad_alloc&) {
    EraseName(id);
    throw;
  }
}

void CollectionCache::Remove(CollectionId id) noexcept {
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) return;
  EraseName(id);
  by_id_.erase(found);
}

void CollectionCache::EraseName(CollectionId id) noexcept {
  std::erase_if(by_name_, [id](const auto& entry) { return entry.second->id == id; });
}

}  // namespace ochre
