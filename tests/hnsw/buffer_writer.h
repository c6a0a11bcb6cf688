// BufferWriter: a BlobWriter into memory.
#ifndef OCHRE_TESTS_HNSW_BUFFER_WRITER_H_
#define OCHRE_TESTS_HNSW_BUFFER_WRITER_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <new>
#include <span>
#include <vector>

#include "storage/storage.h"

namespace ochre {

// Bytes that start a cache line, as those of a blob do; exactly as many as needed, so that a sanitizer sees any read
// past their end.
class AlignedBytes {
 public:
  explicit AlignedBytes(std::span<const std::byte> bytes)
      : size_(bytes.size()),
        data_(static_cast<std::byte*>(::operator new(bytes.size() + (bytes.empty() ? 1 : 0), kAlignment))) {
    if (size_ > 0) std::memcpy(data_, bytes.data(), size_);
  }
  ~AlignedBytes() { ::operator delete(data_, kAlignment); }
  AlignedBytes(const AlignedBytes&) = delete;
  AlignedBytes& operator=(const AlignedBytes&) = delete;

  std::span<std::byte> span() { return {data_, size_}; }

 private:
  static constexpr std::align_val_t kAlignment{64};
  size_t size_;
  std::byte* data_;
};

class BufferWriter : public BlobWriter {
 public:
  using BlobWriter::Append;

  // A disk that is full after `bytes_max`.
  explicit BufferWriter(uint64_t bytes_max = std::numeric_limits<uint64_t>::max()) : bytes_max_(bytes_max) {}

  Status Append(std::span<const std::byte> bytes) override {
    if (bytes_.size() + bytes.size() > bytes_max_) return Status::ResourceExhausted("the buffer is full");
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
    return Status::Ok();
  }
  uint64_t size() const override { return bytes_.size(); }
  Result<BlobInfo> Finish() override {
    return BlobInfo{.name = "graph.bin", .length = bytes_.size(), .block_checksums = {}};
  }

  const std::vector<std::byte>& bytes() const { return bytes_; }

 private:
  uint64_t bytes_max_;
  std::vector<std::byte> bytes_;
};

}  // namespace ochre

#endif  // OCHRE_TESTS_HNSW_BUFFER_WRITER_H_
