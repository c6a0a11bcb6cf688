#include "tests/crash/small_disk.h"

#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <string>

namespace ochre {
namespace {

bool on_small_disk = false;

}  // namespace

bool EnterSmallDisk() {
  // An ordinary user may mount in a user namespace of their own, where the system has those.
  if (unshare(CLONE_NEWNS | (geteuid() == 0 ? 0 : CLONE_NEWUSER)) != 0) return false;
  if (mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return false;
  const std::string options = "size=" + std::to_string(kSmallDiskBytes);
  on_small_disk = mount("tmpfs", std::string(kSmallDiskPath).c_str(), "tmpfs", 0, options.c_str()) == 0;
  return on_small_disk;
}

bool OnSmallDisk() { return on_small_disk; }

}  // namespace ochre
