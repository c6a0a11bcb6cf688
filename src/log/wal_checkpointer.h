// WalCheckpointer: moves what SQLite's write-ahead log holds into the database file, on a thread of its own.
#ifndef OCHRE_LOG_WAL_CHECKPOINTER_H_
#define OCHRE_LOG_WAL_CHECKPOINTER_H_

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <thread>

#include "runtime/mutex.h"
#include "sqlite/connection.h"

namespace ochre {

// Checkpoints inside commits would make those the slowest. Here a checkpoint runs beside the writers, and when it has
// caught up with them and nobody reads, the next writer begins the write-ahead log anew. Under a load without a pause
// that never happens: then, once the log has `wal_bytes_hard`, the last few pages are copied while nobody reads or
// writes. That is short, as the pages copied before are on disk by then: bench/workload/log_bench.cc shows it.
class WalCheckpointer {
 public:
  struct Limits {
    // A checkpoint begins with each so many bytes, as SQLite's automatic ones do. Its fsync holds up those of commits,
    // the longer the more there is to write: the p99 of commits of 300 KB was 9.5 ms with 16 MiB, 5.8 with 4, 5.0 with
    // 2, and at 1 MiB the commits themselves were slower (log_bench).
    int64_t wal_bytes_soft = int64_t{4} << 20;
    // The file grows to this size once, and a commit that makes it grow costs twice one that overwrites it (332 us
    // against 190 us at 3 KB a commit, local_bench: the file system journals the new size). So it is small; but with 8
    // MiB one batch of 300 KB in 26 meets the stall, which made the p99 of such batches 10 times their median (6 with
    // 16). Writers wait when it has twice as much: then the disk cannot keep up with them.
    int64_t wal_bytes_hard = int64_t{16} << 20;
  };

  // The mutexes are held by whoever uses a connection that reads or writes the database at `path`, and are taken in
  // this order; they must outlive this.
  WalCheckpointer(std::filesystem::path path, const SqliteOptions& options, const Limits& limits, Mutex& reader_mutex,
                  Mutex& writer_mutex);

  // Stop()s.
  ~WalCheckpointer();

  // Waits for a running checkpoint, after which there is none any more. Not under either mutex. Idempotent.
  void Stop();

  // To be told after each commit how many pages the write-ahead log has.
  void NoteWalPages(int64_t pages);

  // Asks for a checkpoint although little may be left to copy: a file gets shorter only by one.
  void CheckpointSoon();

  // To be called before a commit, without the mutexes: returns when the write-ahead log is not too large. Not after
  // failed checkpoints, since waiting would not help.
  void WaitForRoom();

  // A sync of the database or of its write-ahead log failed, and nothing may be written any more: the log must not
  // begin anew, since it has what the database may lack.
  bool sync_failed() const;

 private:
  void Run();
  bool IsDue() const OCHRE_REQUIRES(mutex_);
  bool IsFull() const OCHRE_REQUIRES(mutex_);
  Result<CheckpointProgress> CheckpointOnce();
  // One checkpoint, or none if the last one has copied all that there is.
  Result<CheckpointProgress> CheckpointBesideWriters() OCHRE_EXCLUDES(writer_mutex_);
  // What the last checkpoint did, if it has copied all that there is.
  std::optional<CheckpointProgress> IfComplete() OCHRE_REQUIRES(writer_mutex_);
  Result<CheckpointProgress> Checkpoint();
  Status Sync();

  const std::filesystem::path path_;
  const SqliteOptions options_;
  const int64_t soft_pages_;
  const int64_t hard_pages_;
  Mutex& reader_mutex_;
  Mutex& writer_mutex_;
  std::unique_ptr<SqliteConnection> connection_;  // the thread's own; opened by the first checkpoint

  mutable Mutex mutex_;  // guards what follows; never held during I/O
  CondVar wake_;
  CondVar room_;
  bool stopping_ OCHRE_GUARDED_BY(mutex_) = false;
  bool asked_ OCHRE_GUARDED_BY(mutex_) = false;  // for a checkpoint
  int64_t wal_pages_ OCHRE_GUARDED_BY(mutex_) = 0;
  int64_t checkpointed_pages_ OCHRE_GUARDED_BY(mutex_) = 0;  // of them
  int64_t complete_pages_ OCHRE_GUARDED_BY(mutex_) = 0;      // that the last checkpoint found, if it copied all; else 0
  bool last_failed_ OCHRE_GUARDED_BY(mutex_) = false;
  bool sync_failed_ OCHRE_GUARDED_BY(mutex_) = false;

  std::thread thread_;  // last: it uses all of the above
};

}  // namespace ochre

#endif  // OCHRE_LOG_WAL_CHECKPOINTER_H_
