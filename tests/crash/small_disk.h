// SmallDisk: a file system of a few megabytes that only one process sees.
#ifndef OCHRE_TESTS_CRASH_SMALL_DISK_H_
#define OCHRE_TESTS_CRASH_SMALL_DISK_H_

#include <cstdint>
#include <string_view>

namespace ochre {

// The first argument of a process that runs tests on a small disk, and its exit status when it cannot have one.
inline constexpr std::string_view kSmallDiskArgument = "--small-disk";
inline constexpr int kNoSmallDisk = 77;

inline constexpr int64_t kSmallDiskBytes = 24 << 20;
inline constexpr std::string_view kSmallDiskPath = "/mnt";

// Mounts an empty file system of kSmallDiskBytes at kSmallDiskPath, for this process alone; while it has one thread.
// False if the system does not let it.
bool EnterSmallDisk();
// Whether this process has done so.
bool OnSmallDisk();

}  // namespace ochre

#endif  // OCHRE_TESTS_CRASH_SMALL_DISK_H_
