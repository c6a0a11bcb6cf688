// Log: records writes durably before they are acknowledged.
#ifndef OCHRE_LOG_LOG_H_
#define OCHRE_LOG_LOG_H_

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "ochre/options.h"
#include "ochre/status.h"
#include "types/ids.h"

namespace ochre {

// The operations [first, last] of one write.
struct LogBatch {
  LogPosition first{};
  LogPosition last{};
  std::shared_ptr<const std::string> bytes;  // types/operation_batch.h
};

// Log records operations durably, in one total order per collection. It never resolves them: whether an add meets an
// existing id is decided by view/materializer.h. Thread-safe; concurrent appends share one transaction and one fsync
// (group commit). Checkpoints of SQLite's write-ahead log run on a thread of the Log's own, off the write path.
class Log {
 public:
  // Opens or creates log.sqlite3 in `directory`; with Durability::kMemory in memory, and `directory` is ignored.
  // DataLoss: it is damaged, or no SQLite database. FailedPrecondition: a newer Ochre wrote it.
  static Result<std::unique_ptr<Log>> Open(const std::filesystem::path& directory, Durability durability);

  // Close()s.
  ~Log();

  // Appends all `operation_count` operations that `bytes` encodes, or nothing; returns the position of the last one
  // once it has reached the log's durability. Preconditions: operation_count >= 1, the bytes are a valid encoded batch.
  // InvalidArgument: over kEncodedBatchBytesMax. ResourceExhausted: the disk is full; the log still works once there is
  // room. Unavailable: an I/O error; nothing of the batch is there, now or after opening again. Unknown: an I/O error
  // that left it open whether it will be there then. FailedPrecondition: closed, as for every other call; or a sync has
  // failed, after which nothing is appended or purged until the log is opened again (see sqlite/connection.h).
  Result<LogPosition> Append(CollectionId collection, std::shared_ptr<const std::string> bytes,
                             int64_t operation_count);

  // The batches after `after` (which ends a batch), oldest first, until `bytes_max` is reached (at least one batch);
  // none only at the end of the log. Batches appended lately come from memory. Aborted: what follows `after` was purged
  // meanwhile, as a newer version of the collection covers it.
  Result<std::vector<LogBatch>> Read(CollectionId collection, LogPosition after, int64_t bytes_max) const;

  // The position of the collection's last acknowledged operation, purged or not; 0 before the first. From memory
  // except on first use of a collection.
  Result<LogPosition> LastPosition(CollectionId collection) const;

  // Up to where the collection's batches were purged; 0 if none ever was.
  Result<LogPosition> PurgedPosition(CollectionId collection) const;

  // Forgets the batches that end at or before `position`; their positions are never used again. DataLoss: the log is
  // not what it says of itself; then it keeps everything.
  Status Purge(CollectionId collection, LogPosition position);

  // Forgets a deleted collection altogether.
  Status PurgeCollection(CollectionId collection);

  // Never gives out positions up to `position` again, if the log ends before it, and forgets the batches that it has:
  // an outage took its end, but not the version of the collection that covers it all. Not beside appends to it.
  Status SkipTo(CollectionId collection, LogPosition position);

  // Returns when everything that was acknowledged or purged before the call is on disk; at once with Durability::kFull,
  // where it is already, and with less than kNormal, which promises nothing about disks. FailedPrecondition: the file
  // was moved, deleted or replaced, and what it holds with it.
  Status Sync();

  // The collections that the log knows, in no particular order.
  Result<std::vector<CollectionId>> Collections() const;

  // Reads all of it. DataLoss: a batch was lost, changed or moved, or the file is damaged. Writers go on meanwhile.
  Status Verify() const;

  // Bytes of log.sqlite3 and its write-ahead log on disk (or in memory).
  Result<int64_t> SizeBytes() const;

  // What an acknowledged append has reached.
  Durability durability() const;

  // Waits for running appends, checkpoints and closes. Idempotent.
  Status Close();

 private:
  struct Impl;
  explicit Log(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace ochre

#endif  // OCHRE_LOG_LOG_H_
