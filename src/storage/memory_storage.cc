#include "storage/memory_storage.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <new>
#include <utility>

#include "storage/blob_name.h"
#include "storage/block_checksums.h"

namespace ochre {
namespace {

constexpr std::align_val_t kAlignment{64};

// Grows like a vector, aligned for SIMD loads.
class MemoryBlob : public Blob {
 public:
  MemoryBlob() = default;
  MemoryBlob(const MemoryBlob&) = delete;
  MemoryBlob& operator=(const MemoryBlob&) = delete;
  ~MemoryBlob() override { ::operator delete(data_, kAlignment); }

  std::span<const std::byte> bytes() const override { return {data_, size_}; }

  void Append(std::span<const std::byte> bytes) {
    if (bytes.empty()) return;
    if (bytes.size() > capacity_ - size_) Reallocate(std::max(size_ + bytes.size(), 2 * capacity_));
    std::memcpy(data_ + size_, bytes.data(), bytes.size());
    size_ += bytes.size();
  }

  // Gives back what growing by doubling has left over.
  void ShrinkToFit() {
    if (size_ < capacity_) Reallocate(size_);
  }

 private:
  void Reallocate(size_t capacity) {
    auto* grown = static_cast<std::byte*>(::operator new(capacity, kAlignment));
    if (size_ > 0) std::memcpy(grown, data_, size_);
    ::operator delete(data_, kAlignment);
    data_ = grown;
    capacity_ = capacity;
  }

  std::byte* data_ = nullptr;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

}  // namespace

class MemoryStorage::Writer : public BlobWriter {
 public:
  Writer(MemoryStorage& storage, std::string name)
      : storage_(storage), name_(std::move(name)), blob_(std::make_shared<MemoryBlob>()) {}
  ~Writer() override {
    if (finished_) return;
    MutexLock lock(storage_.mutex_);
    storage_.blobs_.erase(name_);
  }

  Status Append(std::span<const std::byte> bytes) override {
    checksums_.Append(bytes);
    blob_->Append(bytes);
    return Status::Ok();
  }

  uint64_t size() const override { return blob_->bytes().size(); }

  Result<BlobInfo> Finish() override {
    assert(!finished_);
    finished_ = true;
    blob_->ShrinkToFit();
    MutexLock lock(storage_.mutex_);
    storage_.blobs_[name_] = blob_;
    return BlobInfo{.name = name_, .length = blob_->bytes().size(), .block_checksums = checksums_.Finish()};
  }

 private:
  MemoryStorage& storage_;
  const std::string name_;
  const std::shared_ptr<MemoryBlob> blob_;
  BlockChecksums checksums_;
  bool finished_ = false;
};

Result<std::unique_ptr<BlobWriter>> MemoryStorage::Create(std::string_view name) {
  assert(IsBlobName(name));
  MutexLock lock(mutex_);
  // A null blob holds the name until the writer is finished.
  if (!blobs_.try_emplace(std::string(name), nullptr).second) return Status::AlreadyExists("blob ", name, " exists");
  return std::unique_ptr<BlobWriter>(std::make_unique<Writer>(*this, std::string(name)));
}

Result<std::shared_ptr<const Blob>> MemoryStorage::Map(std::string_view name) const {
  MutexLock lock(mutex_);
  const auto found = blobs_.find(name);
  if (found == blobs_.end() || found->second == nullptr) return Status::NotFound("there is no blob ", name);
  return found->second;
}

Result<std::vector<std::string>> MemoryStorage::List(std::string_view folder) const {
  assert(folder.empty() || IsBlobName(folder));
  std::string prefix(folder);
  if (!prefix.empty()) prefix += '/';
  std::vector<std::string> names;
  MutexLock lock(mutex_);
  for (auto blob = blobs_.lower_bound(prefix); blob != blobs_.end() && blob->first.starts_with(prefix); ++blob) {
    const std::string_view rest = std::string_view(blob->first).substr(prefix.size());
    std::string name(rest.substr(0, rest.find('/')));
    if (names.empty() || names.back() != name) names.push_back(std::move(name));
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

Status MemoryStorage::DeleteFolder(std::string_view folder) {
  assert(IsBlobName(folder));
  const std::string prefix = std::string(folder) + "/";
  MutexLock lock(mutex_);
  for (auto blob = blobs_.lower_bound(prefix); blob != blobs_.end() && blob->first.starts_with(prefix);) {
    blob = blobs_.erase(blob);
  }
  return Status::Ok();
}

Status MemoryStorage::SyncFolder(std::string_view) { return Status::Ok(); }

}  // namespace ochre
