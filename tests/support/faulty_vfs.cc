#include "tests/support/faulty_vfs.h"

#include <sqlite3.h>

#include <algorithm>
#include <atomic>
#include <cassert>
#include <fstream>
#include <map>
#include <mutex>
#include <new>
#include <random>
#include <set>
#include <sstream>
#include <string_view>
#include <utility>

namespace ochre {
namespace {

namespace fs = std::filesystem;

// What the disk has of a file, in blocks; a block is a clean page that the disk lacks between a failed sync and the
// next write to it.
constexpr sqlite3_int64 kBlockBytes = 512;

struct DiskFile {
  std::string synced;             // as after a power cut
  std::set<sqlite3_int64> dirty;  // blocks that the next sync writes
};

struct Fault {
  int64_t nth = 0;  // 0: none
  bool for_good = false;
  std::string suffix;
};

struct State {
  std::mutex mutex;
  Fault faults[4];
  int64_t counts[4] = {};
  bool failed = false;
  std::map<std::string, DiskFile> files;
  sqlite3_vfs vfs{};
  sqlite3_vfs* real = nullptr;
};
State* state = nullptr;

struct File {
  sqlite3_file base;
  const std::string* name;  // a key of State::files; null: not one of ours
  sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};

File* Ours(sqlite3_file* file) { return reinterpret_cast<File*>(file); }

std::string Content(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream content;
  content << file.rdbuf();
  return content.str();
}

// What is beyond the end of `to` becomes zeros, up to the block.
void CopyBlock(const std::string& from, sqlite3_int64 block, std::string& to) {
  const auto begin = static_cast<size_t>(block * kBlockBytes);
  if (begin >= from.size()) return;
  const size_t length = std::min<size_t>(kBlockBytes, from.size() - begin);
  if (to.size() < begin + length) to.resize(begin + length);
  to.replace(begin, length, from, begin, length);
}

bool Fails(const File& file, FaultyVfs::Call call) {
  if (file.name == nullptr) return false;
  const std::lock_guard lock(state->mutex);
  const Fault& fault = state->faults[static_cast<int>(call)];
  if (fault.nth == 0 || !file.name->ends_with(fault.suffix)) return false;
  const int64_t number = ++state->counts[static_cast<int>(call)];
  if (number < fault.nth || (number > fault.nth && !fault.for_good)) return false;
  state->failed = true;
  return true;
}

int Write(sqlite3_file* file, const void* bytes, int count, sqlite3_int64 offset) {
  if (Fails(*Ours(file), FaultyVfs::Call::kWrite)) return SQLITE_IOERR_WRITE;
  const int code = Ours(file)->real()->pMethods->xWrite(Ours(file)->real(), bytes, count, offset);
  if (Ours(file)->name == nullptr) return code;
  const std::lock_guard lock(state->mutex);
  DiskFile& disk = state->files.at(*Ours(file)->name);
  for (sqlite3_int64 block = offset / kBlockBytes; block * kBlockBytes < offset + count; ++block) {
    disk.dirty.insert(block);
  }
  return code;
}

int Truncate(sqlite3_file* file, sqlite3_int64 size) {
  if (Fails(*Ours(file), FaultyVfs::Call::kTruncate)) return SQLITE_IOERR_TRUNCATE;
  return Ours(file)->real()->pMethods->xTruncate(Ours(file)->real(), size);
}

int Sync(sqlite3_file* file, int) {
  File& ours = *Ours(file);
  const bool fails = Fails(ours, FaultyVfs::Call::kSync);
  if (ours.name != nullptr) {
    // What another thread writes after the content was read notes its blocks after this lets go, and stays dirty.
    const std::lock_guard lock(state->mutex);
    const std::string content = Content(*ours.name);
    DiskFile& disk = state->files.at(*ours.name);
    // Where a failed sync left a hole, the disk keeps what it had. Such a sync brings every other block to disk.
    if (!fails) disk.synced.resize(content.size());
    for (const sqlite3_int64 block : disk.dirty) {
      if (!fails || block % 2 == 0) CopyBlock(content, block, disk.synced);
    }
    disk.dirty.clear();
  }
  // No real one, which would be all that such a test waits for.
  return fails ? SQLITE_IOERR_FSYNC : SQLITE_OK;
}

// The others go to the real file.
int Close(sqlite3_file* file) { return Ours(file)->real()->pMethods->xClose(Ours(file)->real()); }
int Read(sqlite3_file* file, void* bytes, int count, sqlite3_int64 offset) {
  if (Fails(*Ours(file), FaultyVfs::Call::kRead)) return SQLITE_IOERR_READ;
  return Ours(file)->real()->pMethods->xRead(Ours(file)->real(), bytes, count, offset);
}
int FileSize(sqlite3_file* file, sqlite3_int64* size) {
  return Ours(file)->real()->pMethods->xFileSize(Ours(file)->real(), size);
}
int Lock(sqlite3_file* file, int kind) { return Ours(file)->real()->pMethods->xLock(Ours(file)->real(), kind); }
int Unlock(sqlite3_file* file, int kind) { return Ours(file)->real()->pMethods->xUnlock(Ours(file)->real(), kind); }
int CheckReservedLock(sqlite3_file* file, int* result) {
  return Ours(file)->real()->pMethods->xCheckReservedLock(Ours(file)->real(), result);
}
int FileControl(sqlite3_file* file, int what, void* argument) {
  return Ours(file)->real()->pMethods->xFileControl(Ours(file)->real(), what, argument);
}
int SectorSize(sqlite3_file* file) { return Ours(file)->real()->pMethods->xSectorSize(Ours(file)->real()); }
int DeviceCharacteristics(sqlite3_file* file) {
  return Ours(file)->real()->pMethods->xDeviceCharacteristics(Ours(file)->real());
}
int ShmMap(sqlite3_file* file, int page, int bytes, int extend, void volatile** memory) {
  return Ours(file)->real()->pMethods->xShmMap(Ours(file)->real(), page, bytes, extend, memory);
}
int ShmLock(sqlite3_file* file, int offset, int count, int flags) {
  return Ours(file)->real()->pMethods->xShmLock(Ours(file)->real(), offset, count, flags);
}
void ShmBarrier(sqlite3_file* file) { Ours(file)->real()->pMethods->xShmBarrier(Ours(file)->real()); }
int ShmUnmap(sqlite3_file* file, int remove) {
  return Ours(file)->real()->pMethods->xShmUnmap(Ours(file)->real(), remove);
}

const sqlite3_io_methods kMethods = {
    2,
    Close,
    Read,
    Write,
    Truncate,
    Sync,
    FileSize,
    Lock,
    Unlock,
    CheckReservedLock,
    FileControl,
    SectorSize,
    DeviceCharacteristics,
    ShmMap,
    ShmLock,
    ShmBarrier,
    ShmUnmap,
    nullptr,
    nullptr,
};

int Open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  File* const ours = new (file) File{};
  const int code = state->real->xOpen(state->real, name, ours->real(), flags, out_flags);
  ours->base.pMethods = ours->real()->pMethods != nullptr ? &kMethods : nullptr;
  if (code != SQLITE_OK || name == nullptr) return code;
  const std::lock_guard lock(state->mutex);
  const auto [entry, is_new] = state->files.try_emplace(name);
  if (is_new) entry->second.synced = Content(name);
  ours->name = &entry->first;
  return code;
}

// A removed file is gone at once: whoever removes one has synced what replaces it.
int Delete(sqlite3_vfs*, const char* name, int sync_directory) {
  const int code = state->real->xDelete(state->real, name, sync_directory);
  const std::lock_guard lock(state->mutex);
  if (const auto found = state->files.find(name); found != state->files.end()) found->second = DiskFile{};
  return code;
}

}  // namespace

FaultyVfs::FaultyVfs() {
  assert(state == nullptr);
  state = new State;
  state->real = sqlite3_vfs_find(nullptr);
  state->vfs = *state->real;  // all that concerns no file is the real one's
  state->vfs.szOsFile = static_cast<int>(sizeof(File)) + state->real->szOsFile;
  state->vfs.zName = "ochre-faulty";
  state->vfs.xOpen = Open;
  state->vfs.xDelete = Delete;
  sqlite3_vfs_register(&state->vfs, /*makeDflt=*/1);
}

FaultyVfs::~FaultyVfs() {
  sqlite3_vfs_unregister(&state->vfs);
  sqlite3_vfs_register(state->real, /*makeDflt=*/1);
  delete std::exchange(state, nullptr);
}

void FaultyVfs::Fail(Call call, int64_t nth, bool for_good, std::string suffix) {
  const std::lock_guard lock(state->mutex);
  state->faults[static_cast<int>(call)] = {.nth = nth, .for_good = for_good, .suffix = std::move(suffix)};
  state->counts[static_cast<int>(call)] = 0;
  state->failed = false;
}

void FaultyVfs::FailNothing() {
  const std::lock_guard lock(state->mutex);
  for (Fault& fault : state->faults) fault = {};
}

bool FaultyVfs::failed() const {
  const std::lock_guard lock(state->mutex);
  return state->failed;
}

void FaultyVfs::CutPower(const fs::path& directory, uint32_t seed) {
  const std::lock_guard lock(state->mutex);
  std::mt19937 random(seed);
  for (auto& [name, file] : state->files) {
    if (fs::path(name).parent_path() != directory || name.ends_with("-shm")) continue;
    if (!fs::exists(name)) continue;
    if (seed != 0) {
      const std::string content = Content(name);
      for (const sqlite3_int64 block : file.dirty) {
        if (random() % 2 == 0) CopyBlock(content, block, file.synced);
      }
    }
    std::ofstream(name, std::ios::binary | std::ios::trunc) << file.synced;
    file.dirty.clear();
  }
}

}  // namespace ochre
