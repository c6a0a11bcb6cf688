// SqliteObserver: sees what SQLite does to its files, in order, as long as it lives.
#ifndef OCHRE_TESTS_SUPPORT_SQLITE_OBSERVER_H_
#define OCHRE_TESTS_SUPPORT_SQLITE_OBSERVER_H_

#include <sqlite3.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <string>

namespace ochre {

// Files that are opened while it lives go through it; they must be closed before it goes. One at a time. The On...
// functions are called by whatever thread uses the file, one at a time, before what they tell of happens. What they
// return is what SQLite gets instead, unless it is SQLITE_OK.
class SqliteObserver {
 public:
  SqliteObserver() {
    current_ = this;
    real_ = sqlite3_vfs_find(nullptr);
    vfs_ = *real_;
    vfs_.zName = "ochre-observer";
    vfs_.xOpen = Open;
    if (sqlite3_vfs_register(&vfs_, /*makeDflt=*/1) != SQLITE_OK) std::abort();
  }
  virtual ~SqliteObserver() {
    sqlite3_vfs_unregister(&vfs_);
    sqlite3_vfs_register(real_, /*makeDflt=*/1);
    current_ = nullptr;
  }
  SqliteObserver(const SqliteObserver&) = delete;
  SqliteObserver& operator=(const SqliteObserver&) = delete;

 protected:
  // Pages of a write-ahead log: committed, and of them those that are in the database file.
  struct WalState {
    uint32_t pages;
    uint32_t copied_pages;
  };

  virtual int OnWrite([[maybe_unused]] const std::string& file) { return SQLITE_OK; }
  virtual int OnSync([[maybe_unused]] const std::string& file) { return SQLITE_OK; }
  // `file` is the database's; its checkpoint lock has just been taken.
  virtual void OnCheckpoint([[maybe_unused]] const std::string& file, [[maybe_unused]] WalState wal) {}

 private:
  // The table of functions of one kind of file, with ours in the places of three.
  struct Methods {
    sqlite3_io_methods ours;
    const sqlite3_io_methods* real;
  };

  static const sqlite3_io_methods& RealOf(sqlite3_file* file) {
    return *reinterpret_cast<const Methods*>(file->pMethods)->real;
  }
  const std::string& NameOf(sqlite3_file* file) { return names_[file]; }

  static int Open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out_flags) {
    const int code = current_->real_->xOpen(current_->real_, name, file, flags, out_flags);
    if (file->pMethods == nullptr) return code;
    const std::lock_guard<std::mutex> lock(current_->mutex_);
    current_->names_[file] = name == nullptr ? "" : name;
    Methods& methods = current_->methods_[file->pMethods];
    if (methods.real == nullptr) {
      methods = {*file->pMethods, file->pMethods};
      methods.ours.xClose = Close;
      methods.ours.xWrite = Write;
      methods.ours.xSync = Sync;
      if (methods.ours.iVersion >= 2) methods.ours.xShmLock = ShmLock;
    }
    file->pMethods = &methods.ours;
    return code;
  }

  static int Close(sqlite3_file* file) {
    const sqlite3_io_methods& real = RealOf(file);
    {
      const std::lock_guard<std::mutex> lock(current_->mutex_);
      current_->names_.erase(file);
    }
    return real.xClose(file);
  }

  static int Write(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 offset) {
    {
      const std::lock_guard<std::mutex> lock(current_->mutex_);
      if (const int code = current_->OnWrite(current_->NameOf(file)); code != SQLITE_OK) return code;
    }
    return RealOf(file).xWrite(file, bytes, size, offset);
  }

  static int Sync(sqlite3_file* file, int flags) {
    {
      const std::lock_guard<std::mutex> lock(current_->mutex_);
      if (const int code = current_->OnSync(current_->NameOf(file)); code != SQLITE_OK) return code;
    }
    return RealOf(file).xSync(file, flags);
  }

  static int ShmLock(sqlite3_file* file, int first, int count, int flags) {
    constexpr int kCheckpointLock = 1;  // https://sqlite.org/walformat.html, "WAL Locks"
    const int code = RealOf(file).xShmLock(file, first, count, flags);
    const bool is_checkpoint = first == kCheckpointLock && count == 1 && (flags & SQLITE_SHM_LOCK) != 0;
    if (code != SQLITE_OK || !is_checkpoint) return code;
    volatile void* index = nullptr;
    if (RealOf(file).xShmMap(file, 0, 32 << 10, /*extend=*/0, &index) != SQLITE_OK || index == nullptr) return code;
    // The index's header is at its beginning: mxFrame at offset 16, nBackfill at 96.
    const auto* header = static_cast<const volatile uint32_t*>(index);
    const WalState wal = {__atomic_load_n(header + 4, __ATOMIC_RELAXED),
                          __atomic_load_n(header + 24, __ATOMIC_RELAXED)};
    const std::lock_guard<std::mutex> lock(current_->mutex_);
    current_->OnCheckpoint(current_->NameOf(file), wal);
    return code;
  }

  static inline SqliteObserver* current_ = nullptr;
  sqlite3_vfs* real_ = nullptr;
  sqlite3_vfs vfs_ = {};
  std::mutex mutex_;  // guards what follows; held while an On... function runs
  std::map<sqlite3_file*, std::string> names_;
  std::map<const sqlite3_io_methods*, Methods> methods_;
};

}  // namespace ochre

#endif  // OCHRE_TESTS_SUPPORT_SQLITE_OBSERVER_H_
