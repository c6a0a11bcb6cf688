#include "log/recent_batches.h"

#include <algorithm>
#include <cassert>
#include <iterator>
#include <new>
#include <utility>

namespace ochre {

void RecentBatches::Add(CollectionId collection, LogBatch batch) {
  const auto bytes = static_cast<int64_t>(batch.bytes->size());
  try {
    entries_.push_back({collection, std::move(batch)});
    try {
      std::deque<EntryIterator>& own = by_collection_[collection];
      assert(own.empty() ||
             static_cast<uint64_t>(own.back()->batch.last) + 1 == static_cast<uint64_t>(entries_.back().batch.first));
      own.push_back(std::prev(entries_.end()));
    } catch (const std::bad_alloc&) {
      entries_.pop_back();
      throw;
    }
  } catch (const std::bad_alloc&) {
    DropAll(collection);  // without this one there would be a hole
    return;
  }
  bytes_ += bytes;
  while (bytes_ > bytes_max_ && entries_.size() > 1) {
    // The oldest of all is also the oldest of its collection.
    const CollectionId oldest = entries_.front().collection;
    assert(by_collection_.at(oldest).front() == entries_.begin());
    DropFirstOf(oldest);
  }
}

bool RecentBatches::Read(CollectionId collection, LogPosition after, int64_t bytes_max,
                         std::vector<LogBatch>& batches) const {
  const auto found = by_collection_.find(collection);
  if (found == by_collection_.end()) return false;
  const std::deque<EntryIterator>& own = found->second;
  const auto next = std::partition_point(own.begin(), own.end(),
                                         [after](const EntryIterator& entry) { return entry->batch.first <= after; });
  const bool has_what_precedes = next != own.begin();
  if (!has_what_precedes && static_cast<uint64_t>(own.front()->batch.first) != static_cast<uint64_t>(after) + 1) {
    return false;
  }
  int64_t bytes = 0;
  for (auto entry = next; entry != own.end() && (bytes == 0 || bytes < bytes_max); ++entry) {
    bytes += static_cast<int64_t>((*entry)->batch.bytes->size());
    batches.push_back((*entry)->batch);
  }
  return true;
}

void RecentBatches::DropUpTo(CollectionId collection, LogPosition position) {
  for (auto found = by_collection_.find(collection);
       found != by_collection_.end() && found->second.front()->batch.last <= position;
       found = by_collection_.find(collection)) {
    DropFirstOf(collection);
  }
}

void RecentBatches::DropAll(CollectionId collection) {
  const auto found = by_collection_.find(collection);
  if (found == by_collection_.end()) return;
  for (const EntryIterator& entry : found->second) {
    bytes_ -= static_cast<int64_t>(entry->batch.bytes->size());
    entries_.erase(entry);
  }
  by_collection_.erase(found);
}

void RecentBatches::DropFirstOf(CollectionId collection) {
  const auto found = by_collection_.find(collection);
  const EntryIterator first = found->second.front();
  found->second.pop_front();
  if (found->second.empty()) by_collection_.erase(found);
  bytes_ -= static_cast<int64_t>(first->batch.bytes->size());
  entries_.erase(first);
}

}  // namespace ochre
