#include "bench/support/page_cache.h"

#include <fcntl.h>
#include <unistd.h>

#include <fstream>
#include <limits>
#include <string>
#include <vector>

namespace ochre {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> FilesOf(const fs::path& path) {
  if (!fs::is_directory(path)) return {path};
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(path)) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  return files;
}

}  // namespace

void EvictFromCache(const fs::path& path) {
  sync();  // pages that are not written yet would stay
  for (const fs::path& file : FilesOf(path)) {
    const int descriptor = open(file.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) continue;
    posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED);
    close(descriptor);
  }
}

int64_t BytesOnDisk(const fs::path& path) {
  int64_t bytes = 0;
  for (const fs::path& file : FilesOf(path)) bytes += static_cast<int64_t>(fs::file_size(file));
  return bytes;
}

ResidentMemory MeasureResidentMemory() {
  ResidentMemory memory;
  std::ifstream status("/proc/self/status");
  for (std::string name; status >> name;) {
    int64_t kilobytes = 0;
    if (name == "RssAnon:" && status >> kilobytes) memory.private_bytes = kilobytes * 1024;
    if (name == "RssFile:" && status >> kilobytes) memory.mapped_bytes = kilobytes * 1024;
    status.ignore(std::numeric_limits<std::streamsize>::max(), '\n');
  }
  return memory;
}

}  // namespace ochre
