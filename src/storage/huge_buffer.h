// HugeBuffer: memory in pages of 2 MB where the system has them, for what is read at random places.
#ifndef OCHRE_STORAGE_HUGE_BUFFER_H_
#define OCHRE_STORAGE_HUGE_BUFFER_H_

#include <cstddef>
#include <span>
#include <utility>

namespace ochre {

// Random reads of more memory than 4 KB pages can map at a time also miss the page tables: graph searches are a fifth
// to a quarter slower there. Files have no large pages on the usual file systems, so hot parts of them are copied here.
class HugeBuffer {
 public:
  HugeBuffer() = default;
  // `size` bytes, zero; empty if there is not enough memory. Aligned to 4 KB at least.
  explicit HugeBuffer(size_t size);
  ~HugeBuffer();
  HugeBuffer(HugeBuffer&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  HugeBuffer& operator=(HugeBuffer&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }

  bool empty() const { return size_ == 0; }
  std::span<std::byte> bytes() { return {data_, size_}; }
  std::span<const std::byte> bytes() const { return {data_, size_}; }

 private:
  std::byte* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace ochre

#endif  // OCHRE_STORAGE_HUGE_BUFFER_H_
