#include "storage/load_mapped.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

namespace ochre {
namespace {

constexpr int kPopulateRead = 22;  // MADV_POPULATE_READ, which older headers lack

}  // namespace

Status LoadMapped(const Blob& blob, std::span<const std::byte> bytes, std::string_view name) {
  if (!blob.is_file() || bytes.empty()) return Status::Ok();
  static const auto page_bytes = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  const auto begin = reinterpret_cast<uintptr_t>(bytes.data()) / page_bytes * page_bytes;
  const auto end = reinterpret_cast<uintptr_t>(bytes.data() + bytes.size());
  int result = 0;
  do {
    result = madvise(reinterpret_cast<void*>(begin), end - begin, kPopulateRead);
  } while (result != 0 && (errno == EINTR || errno == EAGAIN));
  // EFAULT stands for what would be SIGBUS. The others are none of the disk: no such advice here, or no memory for page
  // tables, which touching the bytes will find as well.
  if (result == 0 || (errno != EFAULT && errno != EHWPOISON)) return Status::Ok();
  const auto offset = static_cast<uint64_t>(bytes.data() - blob.bytes().data());
  return Status::Unavailable(name, ": cannot read its bytes ", offset, " to ", offset + bytes.size() - 1,
                             ": input/output error, or it became shorter");
}

}  // namespace ochre
