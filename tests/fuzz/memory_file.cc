#include "tests/fuzz/memory_file.h"

#include <sys/mman.h>
#include <unistd.h>

#include "tests/fuzz/fuzz_targets.h"

namespace ochre {

const std::string& MemoryFileOf(std::string_view input) {
  static const int file = memfd_create("input", MFD_CLOEXEC);
  static const std::string path = "/proc/self/fd/" + std::to_string(file);
  const bool is_written = file >= 0 && ftruncate(file, 0) == 0 &&
                          pwrite(file, input.data(), input.size(), 0) == static_cast<ssize_t>(input.size());
  Require(is_written, "a file in memory takes the input", input);
  return path;
}

}  // namespace ochre
