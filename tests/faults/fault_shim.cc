// The fault shim: file calls that count themselves, fail, are cut short, end the process or are recorded, as its
// FaultPlan says. A shared library of its own, to be preloaded; until it is armed every call does what it always does.
#include "tests/faults/fault_shim.h"

#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstdarg>
#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>

#define OCHRE_SHIM_EXPORT extern "C" __attribute__((visibility("default")))

namespace ochre {
namespace {

// A file or directory below the root that is open.
struct OpenFile {
  std::string path;
  uint64_t inode = 0;
};

// More descriptors than the process under test has.
constexpr int kDescriptorsMax = 4'096;

// One thread at a time: the order of the trace is the order of what happened, and nothing happens after a kill.
class Lock {
 public:
  Lock() { pthread_mutex_lock(&mutex_); }
  ~Lock() { pthread_mutex_unlock(&mutex_); }
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;

 private:
  static pthread_mutex_t mutex_;
};
pthread_mutex_t Lock::mutex_ = PTHREAD_MUTEX_INITIALIZER;

std::atomic<bool> armed = false;
bool paused = false;
FaultPlan plan;
std::array<std::atomic<OpenFile*>, kDescriptorsMax> open_files;  // by descriptor; null: not watched

// Keeps errno over what the shim itself calls.
class KeepErrno {
 public:
  ~KeepErrno() { errno = errno_; }

 private:
  const int errno_ = errno;
};

[[noreturn]] void Die() {
  syscall(SYS_kill, syscall(SYS_getpid), SIGKILL);
  while (true) pause();
}

bool BelowRoot(std::string_view path) {
  const std::string_view root = plan.root;
  return path.starts_with(root) && (path.size() == root.size() || path[root.size()] == '/');
}

// The absolute path of `path`, which openat and its like take relative to `directory`; empty: not below the root.
std::string Resolve(int directory, const char* path) {
  if (!armed) return {};
  std::string full;
  if (path[0] == '/') {
    full = path;
  } else {
    char base[PATH_MAX];
    const std::string link =
        directory == AT_FDCWD ? std::string("/proc/self/cwd") : "/proc/self/fd/" + std::to_string(directory);
    const ssize_t length = syscall(SYS_readlinkat, AT_FDCWD, link.c_str(), base, sizeof(base));
    if (length <= 0) return {};
    full.assign(base, static_cast<size_t>(length));
    if (std::string_view(path) != ".") full.append("/").append(path);
  }
  while (full.size() > 1 && full.back() == '/') full.pop_back();
  return BelowRoot(full) ? full : std::string();
}

OpenFile* Watched(int descriptor) {
  if (!armed || descriptor < 0 || descriptor >= kDescriptorsMax) return nullptr;
  return open_files[static_cast<size_t>(descriptor)];
}

void Watch(int descriptor, std::string path) {
  const KeepErrno keep;
  struct stat stats;
  if (descriptor < 0 || descriptor >= kDescriptorsMax || fstat(descriptor, &stats) != 0) return;
  delete open_files[static_cast<size_t>(descriptor)].exchange(new OpenFile{std::move(path), stats.st_ino});
}

void Forget(int descriptor) {
  if (descriptor < 0 || descriptor >= kDescriptorsMax) return;
  delete open_files[static_cast<size_t>(descriptor)].exchange(nullptr);
}

void Put(const void* bytes, size_t length) {
  const char* next = static_cast<const char*>(bytes);
  while (length > 0) {
    const ssize_t written = syscall(SYS_write, plan.trace, next, length);
    if (written <= 0) abort();  // a trace with holes would show what did not happen
    next += written;
    length -= static_cast<size_t>(written);
  }
}

// With the lock held.
void Record(TraceRecord::Kind kind, uint64_t inode, int64_t offset, const void* bytes = nullptr, size_t length = 0) {
  if (plan.trace < 0) return;
  const KeepErrno keep;
  const TraceRecord record = {.kind = kind, .inode = inode, .offset = offset, .length = static_cast<int64_t>(length)};
  Put(&record, sizeof(record));
  if (length > 0) Put(bytes, length);
}
void Record(TraceRecord::Kind kind, const std::string& path, uint64_t inode = 0) {
  Record(kind, inode, 0, path.data(), path.size());
}

enum class Fate { kPass, kFail, kHalf, kHalfThenDie };

// Counts a call and says what is to become of it. With the lock held.
Fate Decide(CallClass call) {
  if (paused || (plan.classes & call) == 0) return Fate::kPass;
  const int64_t number = ++plan.counts->calls;
  const bool now = number == plan.nth;
  const bool from_now = now || (plan.for_good && plan.nth > 0 && number > plan.nth);
  switch (plan.action) {
    case FaultPlan::Action::kCount:
      return Fate::kPass;
    case FaultPlan::Action::kKill:
      if (now) Die();
      return Fate::kPass;
    case FaultPlan::Action::kTear:
      if (now && call != kCallWrite) Die();
      return now ? Fate::kHalfThenDie : Fate::kPass;
    case FaultPlan::Action::kFail:
      if (from_now) ++plan.counts->fired;
      return from_now ? Fate::kFail : Fate::kPass;
    case FaultPlan::Action::kShorten:
      if (from_now) ++plan.counts->fired;
      return from_now ? Fate::kHalf : Fate::kPass;
  }
  return Fate::kPass;
}

int Fail() {
  errno = plan.error;
  return -1;
}

int Open(int directory, const char* path, int flags, mode_t mode) {
  const auto call = [&] { return static_cast<int>(syscall(SYS_openat, directory, path, flags, mode)); };
  std::string full = Resolve(directory, path);
  if (full.empty()) return call();
  const Lock lock;
  struct stat stats;
  const bool existed = stat(full.c_str(), &stats) == 0;
  const bool creates = (flags & O_CREAT) != 0 && !existed;
  const bool empties = existed && (flags & O_TRUNC) != 0 && stats.st_size > 0;
  if (Decide(creates ? kCallCreate : empties ? kCallTruncate : kCallOpen) == Fate::kFail) return Fail();
  const int descriptor = call();
  if (descriptor < 0) return descriptor;
  Watch(descriptor, full);
  if (const OpenFile* file = Watched(descriptor)) {
    if (creates) Record(TraceRecord::Kind::kCreate, full, file->inode);
    if (empties) Record(TraceRecord::Kind::kTruncate, file->inode, 0);
  }
  return descriptor;
}

mode_t ModeOf(int flags, va_list arguments) {
  return (flags & (O_CREAT | __O_TMPFILE)) != 0 ? va_arg(arguments, mode_t) : 0;
}

// `offset` under 0: at the descriptor's own position.
ssize_t Write(int descriptor, const void* bytes, size_t length, off_t offset) {
  const auto call = [&](size_t count) {
    return offset < 0 ? syscall(SYS_write, descriptor, bytes, count)
                      : syscall(SYS_pwrite64, descriptor, bytes, count, offset);
  };
  const OpenFile* file = Watched(descriptor);
  if (file == nullptr) return call(length);
  const Lock lock;
  const Fate fate = Decide(kCallWrite);
  if (fate == Fate::kFail) return Fail();
  const off_t at = offset < 0 ? lseek(descriptor, 0, SEEK_CUR) : offset;
  const ssize_t written = call(fate == Fate::kPass || length < 2 ? length : length / 2);
  if (written > 0) Record(TraceRecord::Kind::kWrite, file->inode, at, bytes, static_cast<size_t>(written));
  if (fate == Fate::kHalfThenDie) Die();
  return written;
}

ssize_t Read(int descriptor, void* bytes, size_t length, off_t offset) {
  if (Watched(descriptor) != nullptr) {
    const Lock lock;
    const Fate fate = Decide(kCallRead);
    if (fate == Fate::kFail) return Fail();
    if (fate == Fate::kHalf && length > 1) length /= 2;
  }
  return offset < 0 ? syscall(SYS_read, descriptor, bytes, length)
                    : syscall(SYS_pread64, descriptor, bytes, length, offset);
}

// Nothing is really synced: neither a kill nor a replayed outage needs it, and a disk would take milliseconds.
int Sync(int descriptor, long number) {
  const OpenFile* file = Watched(descriptor);
  if (file == nullptr) return static_cast<int>(syscall(number, descriptor));
  const Lock lock;
  struct stat stats;
  const bool directory = fstat(descriptor, &stats) == 0 && S_ISDIR(stats.st_mode);
  if (Decide(kCallSync) == Fate::kFail) {
    if (directory) {
      Record(TraceRecord::Kind::kFailedSyncDirectory, file->path);
    } else {
      Record(TraceRecord::Kind::kFailedSync, file->inode, 0);
    }
    return Fail();
  }
  if (directory) {
    Record(TraceRecord::Kind::kSyncDirectory, file->path);
  } else {
    Record(TraceRecord::Kind::kSync, file->inode, 0);
  }
  return 0;
}

int Truncate(int descriptor, off_t length) {
  const auto call = [&] { return static_cast<int>(syscall(SYS_ftruncate, descriptor, length)); };
  const OpenFile* file = Watched(descriptor);
  if (file == nullptr) return call();
  const Lock lock;
  if (Decide(kCallTruncate) == Fate::kFail) return Fail();
  const int outcome = call();
  if (outcome == 0) Record(TraceRecord::Kind::kTruncate, file->inode, length);
  return outcome;
}

// An errno or 0.
int Allocate(int descriptor, int mode, off_t offset, off_t length) {
  const OpenFile* file = Watched(descriptor);
  const Lock lock;
  if (file != nullptr && Decide(kCallTruncate) == Fate::kFail) return plan.error;
  if (syscall(SYS_fallocate, descriptor, mode, offset, length) != 0) return errno;
  struct stat stats;
  // All that it changes is the length; what lies beyond it reads as zeros either way.
  if (file != nullptr && fstat(descriptor, &stats) == 0) {
    Record(TraceRecord::Kind::kTruncate, file->inode, stats.st_size);
  }
  return 0;
}

int Rename(int from_directory, const char* from, int to_directory, const char* to, unsigned flags) {
  const auto call = [&] {
    return static_cast<int>(syscall(SYS_renameat2, from_directory, from, to_directory, to, flags));
  };
  const std::string from_path = Resolve(from_directory, from);
  const std::string to_path = Resolve(to_directory, to);
  if (from_path.empty() && to_path.empty()) return call();
  const Lock lock;
  if (Decide(kCallRename) == Fate::kFail) return Fail();
  const int outcome = call();
  if (outcome == 0) Record(TraceRecord::Kind::kRename, from_path + '\0' + to_path);
  return outcome;
}

int Unlink(int directory, const char* path, int flags) {
  const auto call = [&] { return static_cast<int>(syscall(SYS_unlinkat, directory, path, flags)); };
  const std::string full = Resolve(directory, path);
  if (full.empty()) return call();
  const Lock lock;
  if (Decide(kCallUnlink) == Fate::kFail) return Fail();
  const int outcome = call();
  if (outcome == 0) {
    Record((flags & AT_REMOVEDIR) != 0 ? TraceRecord::Kind::kRmdir : TraceRecord::Kind::kUnlink, full);
  }
  return outcome;
}

int Mkdir(int directory, const char* path, mode_t mode) {
  const auto call = [&] { return static_cast<int>(syscall(SYS_mkdirat, directory, path, mode)); };
  const std::string full = Resolve(directory, path);
  if (full.empty()) return call();
  const Lock lock;
  if (Decide(kCallMkdir) == Fate::kFail) return Fail();
  const int outcome = call();
  if (outcome == 0) Record(TraceRecord::Kind::kMkdir, full);
  return outcome;
}

void* Map(void* address, size_t length, int protection, int flags, int descriptor, off_t offset) {
  if ((flags & MAP_ANONYMOUS) == 0 && Watched(descriptor) != nullptr) {
    const Lock lock;
    if (Decide(kCallMap) == Fate::kFail) {
      errno = plan.error;
      return MAP_FAILED;
    }
  }
  return reinterpret_cast<void*>(syscall(SYS_mmap, address, length, protection, flags, descriptor, offset));
}

// The C library's own function of that name.
template <typename Function>
Function* Next(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

template <typename Entry>
Entry* ReadDirectory(DIR* directory, Entry* (*next)(DIR*)) {
  if (Watched(dirfd(directory)) != nullptr) {
    const Lock lock;
    if (Decide(kCallList) == Fate::kFail) {
      errno = plan.error;
      return nullptr;
    }
  }
  return next(directory);
}

}  // namespace
}  // namespace ochre

using namespace ochre;  // NOLINT(google-build-using-namespace): the functions below have the C library's names

OCHRE_SHIM_EXPORT void OchreFaultArm(const FaultPlan* given) {
  plan = *given;
  armed = plan.root != nullptr;
}
OCHRE_SHIM_EXPORT void OchreFaultPause(int now) {
  const Lock lock;
  paused = now != 0;
}
OCHRE_SHIM_EXPORT void OchreFaultMark(const char* bytes, int64_t length) {
  const Lock lock;
  Record(TraceRecord::Kind::kMark, 0, 0, bytes, static_cast<size_t>(length));
}

// NOLINTBEGIN(readability-identifier-naming, cert-dcl50-cpp): the C library's names and variadic arguments
#define OCHRE_SHIM_OPEN(name)                                    \
  OCHRE_SHIM_EXPORT int name(const char* path, int flags, ...) { \
    va_list arguments;                                           \
    va_start(arguments, flags);                                  \
    const mode_t mode = ModeOf(flags, arguments);                \
    va_end(arguments);                                           \
    return Open(AT_FDCWD, path, flags, mode);                    \
  }
#define OCHRE_SHIM_OPENAT(name)                                                 \
  OCHRE_SHIM_EXPORT int name(int directory, const char* path, int flags, ...) { \
    va_list arguments;                                                          \
    va_start(arguments, flags);                                                 \
    const mode_t mode = ModeOf(flags, arguments);                               \
    va_end(arguments);                                                          \
    return Open(directory, path, flags, mode);                                  \
  }
OCHRE_SHIM_OPEN(open)
OCHRE_SHIM_OPEN(open64)
OCHRE_SHIM_OPENAT(openat)
OCHRE_SHIM_OPENAT(openat64)
OCHRE_SHIM_EXPORT int creat(const char* path, mode_t mode) {
  return Open(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}

OCHRE_SHIM_EXPORT ssize_t write(int descriptor, const void* bytes, size_t length) {
  return Write(descriptor, bytes, length, -1);
}
OCHRE_SHIM_EXPORT ssize_t pwrite(int descriptor, const void* bytes, size_t length, off_t offset) {
  return Write(descriptor, bytes, length, offset);
}
OCHRE_SHIM_EXPORT ssize_t pwrite64(int descriptor, const void* bytes, size_t length, off_t offset) {
  return Write(descriptor, bytes, length, offset);
}
// A call a piece: a kill may come between two.
OCHRE_SHIM_EXPORT ssize_t writev(int descriptor, const iovec* pieces, int count) {
  if (Watched(descriptor) == nullptr) return syscall(SYS_writev, descriptor, pieces, count);
  ssize_t total = 0;
  for (int i = 0; i < count; ++i) {
    const ssize_t written = Write(descriptor, pieces[i].iov_base, pieces[i].iov_len, -1);
    if (written < 0) return total > 0 ? total : written;
    total += written;
    if (static_cast<size_t>(written) < pieces[i].iov_len) break;
  }
  return total;
}

OCHRE_SHIM_EXPORT ssize_t read(int descriptor, void* bytes, size_t length) {
  return Read(descriptor, bytes, length, -1);
}
OCHRE_SHIM_EXPORT ssize_t pread(int descriptor, void* bytes, size_t length, off_t offset) {
  return Read(descriptor, bytes, length, offset);
}
OCHRE_SHIM_EXPORT ssize_t pread64(int descriptor, void* bytes, size_t length, off_t offset) {
  return Read(descriptor, bytes, length, offset);
}

OCHRE_SHIM_EXPORT int fsync(int descriptor) { return Sync(descriptor, SYS_fsync); }
OCHRE_SHIM_EXPORT int fdatasync(int descriptor) { return Sync(descriptor, SYS_fdatasync); }

OCHRE_SHIM_EXPORT int ftruncate(int descriptor, off_t length) noexcept { return Truncate(descriptor, length); }
OCHRE_SHIM_EXPORT int ftruncate64(int descriptor, off_t length) noexcept { return Truncate(descriptor, length); }
OCHRE_SHIM_EXPORT int posix_fallocate(int descriptor, off_t offset, off_t length) {
  return Allocate(descriptor, 0, offset, length);
}
OCHRE_SHIM_EXPORT int fallocate(int descriptor, int mode, off_t offset, off_t length) {
  errno = Allocate(descriptor, mode, offset, length);
  return errno == 0 ? 0 : -1;
}

OCHRE_SHIM_EXPORT int rename(const char* from, const char* to) noexcept {
  return Rename(AT_FDCWD, from, AT_FDCWD, to, 0);
}
OCHRE_SHIM_EXPORT int renameat(int from_directory, const char* from, int to_directory, const char* to) noexcept {
  return Rename(from_directory, from, to_directory, to, 0);
}
OCHRE_SHIM_EXPORT int renameat2(int from_directory, const char* from, int to_directory, const char* to,
                                unsigned flags) noexcept {
  return Rename(from_directory, from, to_directory, to, flags);
}
OCHRE_SHIM_EXPORT int unlink(const char* path) noexcept { return Unlink(AT_FDCWD, path, 0); }
OCHRE_SHIM_EXPORT int rmdir(const char* path) noexcept { return Unlink(AT_FDCWD, path, AT_REMOVEDIR); }
OCHRE_SHIM_EXPORT int unlinkat(int directory, const char* path, int flags) noexcept {
  return Unlink(directory, path, flags);
}
OCHRE_SHIM_EXPORT int remove(const char* path) noexcept {
  struct stat stats;
  if (lstat(path, &stats) != 0) return -1;
  return Unlink(AT_FDCWD, path, S_ISDIR(stats.st_mode) ? AT_REMOVEDIR : 0);
}
OCHRE_SHIM_EXPORT int mkdir(const char* path, mode_t mode) noexcept { return Mkdir(AT_FDCWD, path, mode); }
OCHRE_SHIM_EXPORT int mkdirat(int directory, const char* path, mode_t mode) noexcept {
  return Mkdir(directory, path, mode);
}

OCHRE_SHIM_EXPORT void* mmap(void* address, size_t length, int protection, int flags, int descriptor,
                             off_t offset) noexcept {
  return Map(address, length, protection, flags, descriptor, offset);
}
OCHRE_SHIM_EXPORT void* mmap64(void* address, size_t length, int protection, int flags, int descriptor,
                               off_t offset) noexcept {
  return Map(address, length, protection, flags, descriptor, offset);
}

OCHRE_SHIM_EXPORT DIR* opendir(const char* path) {
  static auto* const next = Next<DIR*(const char*)>("opendir");
  std::string full = Resolve(AT_FDCWD, path);
  if (full.empty()) return next(path);
  const Lock lock;
  if (Decide(kCallList) == Fate::kFail) {
    errno = plan.error;
    return nullptr;
  }
  DIR* directory = next(path);
  if (directory != nullptr) Watch(dirfd(directory), std::move(full));
  return directory;
}
OCHRE_SHIM_EXPORT DIR* fdopendir(int descriptor) {
  static auto* const next = Next<DIR*(int)>("fdopendir");
  if (Watched(descriptor) != nullptr) {
    const Lock lock;
    if (Decide(kCallList) == Fate::kFail) {
      errno = plan.error;
      return nullptr;
    }
  }
  return next(descriptor);
}
OCHRE_SHIM_EXPORT dirent* readdir(DIR* directory) {
  static auto* const next = Next<dirent*(DIR*)>("readdir");
  return ReadDirectory(directory, next);
}
OCHRE_SHIM_EXPORT dirent64* readdir64(DIR* directory) {
  static auto* const next = Next<dirent64*(DIR*)>("readdir64");
  return ReadDirectory(directory, next);
}
OCHRE_SHIM_EXPORT int closedir(DIR* directory) {
  static auto* const next = Next<int(DIR*)>("closedir");
  Forget(dirfd(directory));
  return next(directory);
}

OCHRE_SHIM_EXPORT int close(int descriptor) {
  bool fails = false;
  if (Watched(descriptor) != nullptr) {
    const Lock lock;
    fails = Decide(kCallClose) == Fate::kFail;
    Forget(descriptor);
  }
  // As in Linux, it is closed even if that fails.
  const auto outcome = static_cast<int>(syscall(SYS_close, descriptor));
  return fails ? Fail() : outcome;
}
// NOLINTEND(readability-identifier-naming, cert-dcl50-cpp)
