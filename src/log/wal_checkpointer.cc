#include "log/wal_checkpointer.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "types/catch_exceptions.h"

namespace ochre {
namespace {

// After a failed checkpoint (a full disk, most likely). Nothing is lost meanwhile: the write-ahead log keeps it all,
// and appends say so themselves when that cannot grow.
constexpr std::chrono::seconds kRetryDelay{1};

int64_t PagesOf(int64_t bytes, const SqliteOptions& options) {
  return std::max<int64_t>(1, bytes / options.page_bytes);
}

}  // namespace

WalCheckpointer::WalCheckpointer(std::filesystem::path path, const SqliteOptions& options, const Limits& limits,
                                 Mutex& reader_mutex, Mutex& writer_mutex)
    : path_(std::move(path)),
      options_(options),
      soft_pages_(PagesOf(limits.wal_bytes_soft, options)),
      hard_pages_(PagesOf(limits.wal_bytes_hard, options)),
      reader_mutex_(reader_mutex),
      writer_mutex_(writer_mutex),
      thread_([this] { Run(); }) {}

WalCheckpointer::~WalCheckpointer() { Stop(); }

void WalCheckpointer::Stop() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    wake_.NotifyOne();
  }
  if (thread_.joinable()) thread_.join();
}

void WalCheckpointer::NoteWalPages(int64_t pages) {
  MutexLock lock(mutex_);
  if (pages < wal_pages_) checkpointed_pages_ = 0;  // begun anew
  wal_pages_ = pages;
  if (IsDue()) wake_.NotifyOne();
}

void WalCheckpointer::CheckpointSoon() {
  MutexLock lock(mutex_);
  asked_ = true;
  wake_.NotifyOne();
}

void WalCheckpointer::WaitForRoom() {
  MutexLock lock(mutex_);
  while (IsFull() && !last_failed_) room_.Wait(lock);
}

bool WalCheckpointer::sync_failed() const {
  MutexLock lock(mutex_);
  return sync_failed_;
}

bool WalCheckpointer::IsDue() const {
  return !sync_failed_ && (asked_ || wal_pages_ - checkpointed_pages_ >= soft_pages_ || IsFull());
}

// Not when all of it was checkpointed: the next commit begins it anew.
bool WalCheckpointer::IsFull() const { return wal_pages_ >= 2 * hard_pages_ && wal_pages_ > checkpointed_pages_; }

void WalCheckpointer::Run() {
  while (true) {
    {
      MutexLock lock(mutex_);
      while (!stopping_ && !IsDue()) wake_.Wait(lock);
      if (stopping_) return;
      asked_ = false;
    }
    const Result<CheckpointProgress> progress = CatchExceptions([this] { return CheckpointOnce(); });
    MutexLock lock(mutex_);
    last_failed_ = !progress.ok();
    sync_failed_ = connection_ != nullptr && connection_->refuses_writes();
    room_.NotifyAll();
    if (progress.ok()) {
      // If writers have begun the log anew meanwhile, its pages are fewer than were checkpointed.
      checkpointed_pages_ = std::min(progress->checkpointed_pages, wal_pages_);
    } else if (!stopping_) {
      wake_.WaitFor(lock, kRetryDelay);
    }
  }
}

Result<CheckpointProgress> WalCheckpointer::CheckpointOnce() {
  if (connection_ == nullptr) {
    OCHRE_ASSIGN_OR_RETURN(auto connection, SqliteConnection::Open(path_));
    OCHRE_RETURN_IF_ERROR(connection->Configure(options_));
    connection_ = std::move(connection);
  }
  OCHRE_ASSIGN_OR_RETURN(CheckpointProgress progress, CheckpointBesideWriters());
  int64_t wal_pages = 0;
  {
    MutexLock lock(mutex_);
    wal_pages = wal_pages_;
  }
  const bool reader_in_the_way = progress.checkpointed_pages < progress.wal_pages;
  if (wal_pages < hard_pages_ && !reader_in_the_way) {
    // SQLite syncs the file only after the log's last page. With this sync, that one will find little to do.
    if (progress.checkpointed_pages < wal_pages) OCHRE_RETURN_IF_ERROR(Sync());
    return progress;
  }

  // A reader keeps pages from being copied, and the log from beginning anew. Whoever reads now must not make writers
  // wait, so they come last.
  MutexLock readers_wait(reader_mutex_);
  OCHRE_ASSIGN_OR_RETURN(progress, CheckpointBesideWriters());
  OCHRE_RETURN_IF_ERROR(Sync());
  if (wal_pages < hard_pages_) return progress;
  MutexLock writers_wait(writer_mutex_);
  if (const auto complete = IfComplete()) return *complete;
  return Checkpoint();
}

// Where all of the write-ahead log has been copied, the next writer begins it anew. SQLite before 3.51.3 (but
// for 3.44.6 and 3.50.7) must not begin a checkpoint beside that: one that has read the old header and then finds the
// new count of copied pages, 0, takes all of the new log up to the old one's length for copied, and what is committed
// there is lost (https://sqlite.org/wal.html, "The WAL-Reset Bug"). As long as something remains to be copied, no
// writer begins anew, and nobody else writes or makes checkpoints. So what commits note, which is exact while they
// wait, decides.
Result<CheckpointProgress> WalCheckpointer::CheckpointBesideWriters() {
  {
    MutexLock writers_wait(writer_mutex_);
    if (const auto complete = IfComplete()) return *complete;
  }
  return Checkpoint();
}

std::optional<CheckpointProgress> WalCheckpointer::IfComplete() {
  MutexLock lock(mutex_);
  if (wal_pages_ != complete_pages_) return std::nullopt;
  return CheckpointProgress{wal_pages_, wal_pages_};
}

Result<CheckpointProgress> WalCheckpointer::Checkpoint() {
  OCHRE_ASSIGN_OR_RETURN(const CheckpointProgress progress, connection_->Checkpoint());
  MutexLock lock(mutex_);
  complete_pages_ = progress.checkpointed_pages == progress.wal_pages ? progress.wal_pages : 0;
  return progress;
}

Status WalCheckpointer::Sync() {
  return options_.durability == Durability::kNone ? Status::Ok() : connection_->SyncDatabaseFile();
}

}  // namespace ochre
