// What of a process and its files is in memory.
#ifndef OCHRE_BENCH_SUPPORT_PAGE_CACHE_H_
#define OCHRE_BENCH_SUPPORT_PAGE_CACHE_H_

#include <cstdint>
#include <filesystem>

namespace ochre {

// Takes the pages of a file, or of every file below a directory, out of the page cache, so that the next read is cold.
// Pages that a process has mapped stay.
void EvictFromCache(const std::filesystem::path& path);

// Bytes of a file, or of all files below a directory.
int64_t BytesOnDisk(const std::filesystem::path& path);

// This process's resident memory (proc(5), status).
struct ResidentMemory {
  int64_t private_bytes = 0;  // its own, which stays until it gives it back
  int64_t mapped_bytes = 0;   // pages of files, which the kernel may drop and read again
};
ResidentMemory MeasureResidentMemory();

}  // namespace ochre

#endif  // OCHRE_BENCH_SUPPORT_PAGE_CACHE_H_
