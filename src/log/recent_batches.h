// RecentBatches: the batches appended lately, in memory.
#ifndef OCHRE_LOG_RECENT_BATCHES_H_
#define OCHRE_LOG_RECENT_BATCHES_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <unordered_map>
#include <vector>

#include "log/log.h"
#include "types/ids.h"

namespace ochre {

// A bounded cache. What it holds of a collection is always the end of that collection's log, without a gap, because
// the batch that goes first is the oldest of all. Not thread-safe.
class RecentBatches {
 public:
  // Keeps at most `bytes_max`, but always the batch added last, however large: its writer is about to read it, and
  // shares its memory anyway.
  explicit RecentBatches(int64_t bytes_max) : bytes_max_(bytes_max) {}

  // `batch` follows what was added last for `collection`. Without memory for it, none of the collection's are kept.
  void Add(CollectionId collection, LogBatch batch);

  // Appends to `batches` what Log::Read promises; false when some of it is no longer here.
  bool Read(CollectionId collection, LogPosition after, int64_t bytes_max, std::vector<LogBatch>& batches) const;

  // Drops the collection's batches that end at or before `position`.
  void DropUpTo(CollectionId collection, LogPosition position);

  int64_t bytes() const { return bytes_; }

 private:
  struct Entry {
    CollectionId collection;
    LogBatch batch;
  };
  using EntryIterator = std::list<Entry>::iterator;

  void DropAll(CollectionId collection);
  void DropFirstOf(CollectionId collection);

  int64_t bytes_max_;
  int64_t bytes_ = 0;
  std::list<Entry> entries_;                                                   // in the order of Add
  std::unordered_map<CollectionId, std::deque<EntryIterator>> by_collection_;  // of those that have any
};

}  // namespace ochre

#endif  // OCHRE_LOG_RECENT_BATCHES_H_
