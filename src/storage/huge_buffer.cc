#include "storage/huge_buffer.h"

#include <sys/mman.h>

namespace ochre {

HugeBuffer::HugeBuffer(size_t size) {
  if (size == 0) return;
  void* data = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (data == MAP_FAILED) return;
#ifdef MADV_HUGEPAGE
  (void)madvise(data, size, MADV_HUGEPAGE);  // a hint: small pages work as well
#endif
  data_ = static_cast<std::byte*>(data);
  size_ = size;
}

HugeBuffer::~HugeBuffer() {
  if (size_ > 0) munmap(data_, size_);
}

}  // namespace ochre
