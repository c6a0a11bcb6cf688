#include "storage/local_storage.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <string_view>
#include <system_error>
#include <utility>

#include "storage/blob_name.h"
#include "storage/block_checksums.h"
#include "storage/directory.h"

namespace ochre {
namespace {

// Small appends are gathered into writes of this size: rows come in pieces of a few hundred bytes.
constexpr size_t kBufferBytes = 256 * 1024;

template <typename... Pieces>
Status IoError(int error, const Pieces&... what) {
  const std::string message = status_internal::Concatenate(what..., ": ", std::generic_category().message(error));
  switch (error) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
    case ENOMEM:
      return Status::ResourceExhausted(message);
    case ENOENT:
      return Status::NotFound(message);
    case EEXIST:
      return Status::AlreadyExists(message);
    case EMFILE:
    case ENFILE:
    case EIO:
      return Status::Unavailable(message);
    case EACCES:
    case EPERM:
    case EROFS:
      return Status::FailedPrecondition(message);
    default:
      return Status::Internal(message);
  }
}

// A file descriptor that closes itself.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  int get() const { return fd_; }
  bool ok() const { return fd_ >= 0; }
  // False, with errno set, when the file system reports a late error of a write.
  bool Close() { return close(std::exchange(fd_, -1)) == 0; }

 private:
  int fd_;
};

Status SyncDirectory(const std::filesystem::path& path) {
  const Descriptor directory(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory.ok()) return IoError(errno, "cannot open ", path.string());
  if (fsync(directory.get()) != 0) return IoError(errno, "cannot sync ", path.string());
  return Status::Ok();
}

class MappedBlob : public Blob {
 public:
  MappedBlob(void* data, size_t size) : data_(data), size_(size) {}
  ~MappedBlob() override {
    if (size_ > 0) munmap(data_, size_);
  }
  std::span<const std::byte> bytes() const override { return {static_cast<const std::byte*>(data_), size_}; }
  bool is_file() const override { return true; }
  void ReadAhead(uint64_t offset, uint64_t length) const override {
    static const auto page_bytes = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
    const uint64_t begin = offset / page_bytes * page_bytes;
    if (length > 0) (void)madvise(static_cast<std::byte*>(data_) + begin, offset + length - begin, MADV_WILLNEED);
  }
  void Release() const override {
    if (size_ > 0) (void)madvise(data_, size_, MADV_DONTNEED);
  }

 private:
  void* data_;
  size_t size_;
};

class LocalWriter : public BlobWriter {
 public:
  LocalWriter(Descriptor file, std::filesystem::path path, std::string name, bool sync)
      : file_(std::move(file)), path_(std::move(path)), name_(std::move(name)), sync_(sync) {}
  ~LocalWriter() override {
    if (!finished_) unlink(path_.c_str());
  }

  Status Append(std::span<const std::byte> bytes) override {
    OCHRE_RETURN_IF_ERROR(failure_);
    size_ += bytes.size();
    checksums_.Append(bytes);
    if (buffer_.size() + bytes.size() > kBufferBytes) OCHRE_RETURN_IF_ERROR(FlushBuffer());
    if (bytes.size() >= kBufferBytes) return WriteOut(bytes);
    buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
    return Status::Ok();
  }

  uint64_t size() const override { return size_; }

  Result<BlobInfo> Finish() override {
    assert(!finished_);
    OCHRE_RETURN_IF_ERROR(failure_);
    OCHRE_RETURN_IF_ERROR(FlushBuffer());
    if (sync_ && fsync(file_.get()) != 0) return Fail("cannot sync ");
    if (!file_.Close()) return Fail("cannot close ");
    finished_ = true;
    return BlobInfo{.name = name_, .length = size_, .block_checksums = checksums_.Finish()};
  }

 private:
  Status FlushBuffer() {
    OCHRE_RETURN_IF_ERROR(WriteOut(buffer_));
    buffer_.clear();
    return Status::Ok();
  }

  Status WriteOut(std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
      const ssize_t written = write(file_.get(), bytes.data(), bytes.size());
      if (written < 0) {
        if (errno == EINTR) continue;
        return Fail("cannot write ");
      }
      bytes = bytes.subspan(static_cast<size_t>(written));
    }
    return Status::Ok();
  }

  Status Fail(std::string_view what) {
    failure_ = IoError(errno, what, path_.string());
    return failure_;
  }

  Descriptor file_;
  const std::filesystem::path path_;
  const std::string name_;
  const bool sync_;
  std::vector<std::byte> buffer_;
  BlockChecksums checksums_;
  uint64_t size_ = 0;
  Status failure_;  // the first one; the writer only fails from then on
  bool finished_ = false;
};

}  // namespace

LocalStorage::LocalStorage(std::filesystem::path root, bool sync, std::optional<FileIdentity> guard)
    : root_(std::move(root)), sync_(sync), guard_(std::move(guard)) {}

Status LocalStorage::CheckRoot() const { return guard_.has_value() ? guard_->Check() : Status::Ok(); }

Result<std::unique_ptr<BlobWriter>> LocalStorage::Create(std::string_view name) {
  assert(IsBlobName(name));
  OCHRE_RETURN_IF_ERROR(CheckRoot());
  const std::filesystem::path path = root_ / name;
  std::error_code error;
  std::filesystem::create_directories(path.parent_path(), error);
  if (error) return IoError(error.value(), "cannot create ", path.parent_path().string());
  Descriptor file(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
  if (!file.ok()) return IoError(errno, "cannot create ", path.string());
  return std::unique_ptr<BlobWriter>(std::make_unique<LocalWriter>(std::move(file), path, std::string(name), sync_));
}

Result<std::shared_ptr<const Blob>> LocalStorage::Map(std::string_view name) const {
  if (!IsBlobName(name)) return Status::NotFound("\"", name, "\" is no name of a blob");  // a damaged manifest's
  OCHRE_RETURN_IF_ERROR(CheckRoot());
  const std::filesystem::path path = root_ / name;
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.ok()) return IoError(errno, "cannot open ", path.string());
  struct stat stats;
  if (fstat(file.get(), &stats) != 0) return IoError(errno, "cannot stat ", path.string());
  const auto size = static_cast<size_t>(stats.st_size);
  if (size == 0) return std::shared_ptr<const Blob>(std::make_shared<MappedBlob>(nullptr, 0));
  void* data = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.get(), 0);
  if (data == MAP_FAILED) return IoError(errno, "cannot map ", path.string());
  return std::shared_ptr<const Blob>(std::make_shared<MappedBlob>(data, size));
}

Result<std::vector<std::string>> LocalStorage::List(std::string_view folder) const {
  assert(folder.empty() || IsBlobName(folder));
  std::vector<std::string> names;
  const int error = ListDirectory(root_ / folder, names);
  if (error != 0 && error != ENOENT) return IoError(error, "cannot list ", (root_ / folder).string());
  std::sort(names.begin(), names.end());
  return names;
}

Status LocalStorage::DeleteFolder(std::string_view folder) {
  assert(IsBlobName(folder));
  OCHRE_RETURN_IF_ERROR(CheckRoot());
  const int error = RemoveDirectory(root_ / folder);
  if (error != 0) return IoError(error, "cannot delete ", (root_ / folder).string());
  return Status::Ok();
}

Status LocalStorage::SyncFolder(std::string_view folder) {
  assert(folder.empty() || IsBlobName(folder));
  if (!sync_) return Status::Ok();
  // A folder's name lives in its parent, which Create may have made as well: so every level up to the root.
  for (std::filesystem::path path(folder); !path.empty(); path = path.parent_path()) {
    OCHRE_RETURN_IF_ERROR(SyncDirectory(root_ / path));
  }
  return SyncDirectory(root_);
}

}  // namespace ochre
