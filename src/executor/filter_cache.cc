#include "executor/filter_cache.h"

#include <type_traits>
#include <utility>
#include <variant>

#include "plan/filter_operators.h"
#include "types/bytes.h"

namespace ochre {
namespace {

// What an entry takes beside its key and rows: two nodes, a bucket, the bitmap's own fields.
constexpr int64_t kEntryOverhead = 256;

}  // namespace

std::string FilterCacheKey(const SegmentId& segment, const FilterNode& condition) {
  std::string key(reinterpret_cast<const char*>(segment.bytes.data()), segment.bytes.size());
  key.push_back(static_cast<char>(condition.target));
  key.push_back(static_cast<char>(PositiveOf(condition.op)));
  AppendVarint(key, condition.key.size());
  key.append(condition.key);
  for (const FilterScalar& scalar : condition.scalars) {
    key.push_back(static_cast<char>(scalar.variant().index()));
    std::visit(
        [&](const auto& value) {
          if constexpr (std::is_same_v<std::decay_t<decltype(value)>, std::string>) {
            AppendVarint(key, value.size());
            key.append(value);
          } else {
            AppendRaw(key, value);
          }
        },
        scalar.variant());
  }
  return key;
}

SharedOrdinals FilterCache::Find(std::string_view key) {
  const MutexLock lock(mutex_);
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return nullptr;
  entries_.splice(entries_.begin(), entries_, found->second);
  return found->second->rows;
}

void FilterCache::Insert(std::string key, SharedOrdinals rows) {
  const int64_t bytes = static_cast<int64_t>(key.size() + rows->getSizeInBytes()) + kEntryOverhead;
  if (bytes > bytes_max_ / 8) return;
  Entries added;
  added.push_back({std::move(key), std::move(rows), bytes});
  Entries evicted;  // freed when the mutex is no longer held
  const MutexLock lock(mutex_);
  if (!by_key_.try_emplace(added.front().key, added.begin()).second) return;
  entries_.splice(entries_.begin(), added);  // the node, and so its key, stays where it is
  bytes_ += bytes;
  while (bytes_ > bytes_max_) {
    bytes_ -= entries_.back().bytes;
    by_key_.erase(entries_.back().key);
    evicted.splice(evicted.begin(), entries_, std::prev(entries_.end()));
  }
}

int64_t FilterCache::bytes() const {
  const MutexLock lock(mutex_);
  return bytes_;
}

bool FilterCache::IsConsistent() const {
  const MutexLock lock(mutex_);
  int64_t bytes = 0;
  for (auto entry = entries_.begin(); entry != entries_.end(); ++entry) {
    bytes += entry->bytes;
    const auto found = by_key_.find(entry->key);
    if (found == by_key_.end() || Entries::const_iterator(found->second) != entry) return false;
  }
  return bytes == bytes_ && bytes_ <= bytes_max_ && by_key_.size() == entries_.size();
}

}  // namespace ochre
