#include "tests/storage/synced_files.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <mutex>
#include <string>
#include <utility>

namespace ochre {
namespace {

struct State {
  std::mutex mutex;  // guards what follows
  std::vector<std::filesystem::path> synced;
  std::filesystem::path failing;
};

State& TheState() {
  static State state;
  return state;
}

}  // namespace

std::vector<std::filesystem::path> TakeSyncedFiles() {
  const std::lock_guard<std::mutex> lock(TheState().mutex);
  return std::exchange(TheState().synced, {});
}

void FailSyncsOf(const std::filesystem::path& path) {
  const std::lock_guard<std::mutex> lock(TheState().mutex);
  TheState().failing = path;
}

}  // namespace ochre

extern "C" int fsync(int descriptor) {
  std::error_code error;
  const auto path = std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(descriptor), error);
  {
    ochre::State& state = ochre::TheState();
    const std::lock_guard<std::mutex> lock(state.mutex);
    if (path == state.failing) {
      errno = EIO;
      return -1;
    }
    state.synced.push_back(path);
  }
  return static_cast<int>(syscall(SYS_fsync, descriptor));
}
