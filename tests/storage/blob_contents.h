// Writing a blob in one go, reading it back, and a storage whose bytes a test may damage.
#ifndef OCHRE_TESTS_STORAGE_BLOB_CONTENTS_H_
#define OCHRE_TESTS_STORAGE_BLOB_CONTENTS_H_

#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <new>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "storage/storage.h"

namespace ochre {

inline BlobInfo WriteBlob(Storage& storage, std::string_view name, std::string_view contents) {
  auto writer = storage.Create(name);
  EXPECT_TRUE(writer.ok()) << writer.status().ToString();
  EXPECT_EQ((*writer)->Append(contents), Status::Ok());
  auto info = (*writer)->Finish();
  EXPECT_TRUE(info.ok()) << info.status().ToString();
  return std::move(info).value();
}

inline std::string_view TextOf(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

inline std::string ReadBlob(const Storage& storage, std::string_view name) {
  const auto blob = storage.Map(name);
  EXPECT_TRUE(blob.ok()) << blob.status().ToString();
  return blob.ok() ? std::string(TextOf((*blob)->bytes())) : std::string();
}

// Holds blobs whose bytes the test chooses after they were written, each in an allocation of exactly its size, so that
// a sanitizer sees any read past the end. Writing is the business of a real storage.
class DamagedStorage : public Storage {
 public:
  DamagedStorage(std::string name, std::string_view contents)
      : name_(std::move(name)), blob_(std::make_shared<Bytes>(contents)) {}

  // The blob's bytes, to be changed before someone maps them.
  std::span<std::byte> bytes() { return blob_->span(); }

  Result<std::unique_ptr<BlobWriter>> Create(std::string_view) override { return Status::Internal("read only"); }
  Result<std::shared_ptr<const Blob>> Map(std::string_view name) const override {
    if (name != name_) return Status::NotFound("there is no blob ", name);
    return std::shared_ptr<const Blob>(blob_);
  }
  Result<std::vector<std::string>> List(std::string_view) const override { return std::vector<std::string>(); }
  Status DeleteFolder(std::string_view) override { return Status::Internal("read only"); }
  Status SyncFolder(std::string_view) override { return Status::Internal("read only"); }

 private:
  class Bytes : public Blob {
   public:
    explicit Bytes(std::string_view contents)
        : size_(contents.size()), data_(static_cast<std::byte*>(::operator new(size_, kAlignment))) {
      if (size_ > 0) std::memcpy(data_, contents.data(), size_);
    }
    ~Bytes() override { ::operator delete(data_, kAlignment); }
    Bytes(const Bytes&) = delete;
    Bytes& operator=(const Bytes&) = delete;
    std::span<const std::byte> bytes() const override { return {data_, size_}; }
    std::span<std::byte> span() { return {data_, size_}; }

   private:
    static constexpr std::align_val_t kAlignment{64};
    size_t size_;
    std::byte* data_;
  };

  std::string name_;
  std::shared_ptr<Bytes> blob_;
};

}  // namespace ochre

#endif  // OCHRE_TESTS_STORAGE_BLOB_CONTENTS_H_
