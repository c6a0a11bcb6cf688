// FilterCache: the rows of segments that satisfied conditions lately, for filters that are asked again.
#ifndef OCHRE_EXECUTOR_FILTER_CACHE_H_
#define OCHRE_EXECUTOR_FILTER_CACHE_H_

#include <cstdint>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

#include "ochre/filter.h"
#include "runtime/mutex.h"
#include "types/ids.h"
#include "view/match_set.h"

namespace ochre {

// The key of a condition on a segment: equal for equal positive forms alone, so that $ne shares the rows of $eq.
std::string FilterCacheKey(const SegmentId& segment, const FilterNode& condition);

// Segments never change, and a segment's id is never given again: what is kept stays right for as long as it is kept,
// as long as deletions are no part of it. Thread-safe. At most `bytes_max` bytes; what was used least recently goes.
class FilterCache {
 public:
  // A condition on a million rows takes at most 125 KB: a few hundred of them.
  static constexpr int64_t kBytesMax = 32 << 20;

  explicit FilterCache(int64_t bytes_max = kBytesMax) : bytes_max_(bytes_max) {}

  // Null: it is not here.
  SharedOrdinals Find(std::string_view key) OCHRE_EXCLUDES(mutex_);

  // Nothing happens if the key is here already, or if it would take more than an eighth of the cache, which many others
  // would have to leave. Throws std::bad_alloc with the cache as it was.
  void Insert(std::string key, SharedOrdinals rows) OCHRE_EXCLUDES(mutex_);

  int64_t bytes() const OCHRE_EXCLUDES(mutex_);

  // Whether what is kept adds up, within the bound.
  bool IsConsistent() const OCHRE_EXCLUDES(mutex_);

 private:
  struct Entry {
    std::string key;
    SharedOrdinals rows;
    int64_t bytes;
  };
  using Entries = std::list<Entry>;

  const int64_t bytes_max_;
  mutable Mutex mutex_;                       // held for a look-up; never while a condition is evaluated
  Entries entries_ OCHRE_GUARDED_BY(mutex_);  // the most recently used first
  std::unordered_map<std::string_view, Entries::iterator> by_key_ OCHRE_GUARDED_BY(mutex_);  // borrows its keys
  int64_t bytes_ OCHRE_GUARDED_BY(mutex_) = 0;
};

}  // namespace ochre

#endif  // OCHRE_EXECUTOR_FILTER_CACHE_H_
