#include "sqlite/wal_rewrite.h"

#include <sqlite3.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <memory>
#include <new>
#include <string>
#include <vector>

#include "sqlite/sqlite_status.h"

namespace ochre {
namespace {

// Read and written at once: the largest page that SQLite has, and so what its files surely take in one call.
constexpr int kChunkBytes = 64 << 10;

// A file of SQLite's virtual file system; closed when it goes out of scope.
class VfsFile {
 public:
  explicit VfsFile(sqlite3_vfs* vfs)
      : memory_(std::make_unique<std::max_align_t[]>(
            (static_cast<size_t>(vfs->szOsFile) + sizeof(std::max_align_t) - 1) / sizeof(std::max_align_t))),
        file_(new (memory_.get()) sqlite3_file{}) {}
  ~VfsFile() {
    if (file_->pMethods != nullptr) file_->pMethods->xClose(file_);
  }
  VfsFile(const VfsFile&) = delete;
  VfsFile& operator=(const VfsFile&) = delete;

  sqlite3_file* get() { return file_; }
  const sqlite3_io_methods* operator->() const { return file_->pMethods; }

 private:
  std::unique_ptr<std::max_align_t[]> memory_;
  sqlite3_file* file_;
};

}  // namespace

Status RewriteWal(const std::filesystem::path& path) {
  // Through SQLite's own files, so that tests can have them fail. Its names end in two zeros.
  std::string name = path.string() + "-wal";
  name.push_back('\0');
  const auto status_of = [&name](int code) {
    return StatusFromSqlite(code, errno, name.c_str(), sqlite3_errstr(code));
  };
  sqlite3_vfs* const vfs = sqlite3_vfs_find(nullptr);
  int exists = 0;
  if (const int code = vfs->xAccess(vfs, name.c_str(), SQLITE_ACCESS_EXISTS, &exists); code != SQLITE_OK) {
    return status_of(code);
  }
  if (exists == 0) return Status::Ok();

  errno = 0;  // of whatever fails below
  VfsFile file(vfs);
  int out_flags = 0;
  int code = vfs->xOpen(vfs, name.c_str(), file.get(), SQLITE_OPEN_READWRITE | SQLITE_OPEN_WAL, &out_flags);
  sqlite3_int64 size = 0;
  if (code == SQLITE_OK) code = file->xFileSize(file.get(), &size);
  std::vector<char> chunk(static_cast<size_t>(std::min<sqlite3_int64>(kChunkBytes, size)));
  for (sqlite3_int64 offset = 0; code == SQLITE_OK && offset < size; offset += kChunkBytes) {
    const int bytes = static_cast<int>(std::min<sqlite3_int64>(kChunkBytes, size - offset));
    code = file->xRead(file.get(), chunk.data(), bytes, offset);
    if (code == SQLITE_OK) code = file->xWrite(file.get(), chunk.data(), bytes, offset);
  }
  if (code == SQLITE_OK && size > 0) code = file->xSync(file.get(), SQLITE_SYNC_NORMAL);
  return code == SQLITE_OK ? Status::Ok() : status_of(code);
}

}  // namespace ochre
