// FaultPlan: what the fault shim, a library preloaded into the process under test, does to its file calls.
#ifndef OCHRE_TESTS_FAULTS_FAULT_SHIM_H_
#define OCHRE_TESTS_FAULTS_FAULT_SHIM_H_

#include <atomic>
#include <cstdint>

namespace ochre {

// Kinds of file calls, to be combined.
enum CallClass : uint32_t {
  kCallOpen = 1 << 0,    // of a file or directory that exists
  kCallCreate = 1 << 1,  // an open that makes the file
  kCallRead = 1 << 2,
  kCallWrite = 1 << 3,
  kCallSync = 1 << 4,  // fsync and fdatasync, of files and directories
  kCallMap = 1 << 5,   // mmap
  kCallRename = 1 << 6,
  kCallUnlink = 1 << 7,    // unlink and rmdir
  kCallList = 1 << 8,      // opendir and readdir
  kCallTruncate = 1 << 9,  // also an open that empties the file, and reserving room
  kCallMkdir = 1 << 10,
  kCallClose = 1 << 11,
};
// Those that leave something else behind for the next process. Syncs do not: only an outage tells.
inline constexpr uint32_t kMutatingCalls =
    kCallCreate | kCallWrite | kCallRename | kCallUnlink | kCallTruncate | kCallMkdir;

// What came of a plan, in memory that outlives the process under test.
struct FaultCounts {
  std::atomic<int64_t> calls;  // of the plan's classes
  std::atomic<int64_t> fired;  // of which failed
};

struct FaultPlan {
  enum class Action : int32_t {
    kCount,    // only count
    kKill,     // SIGKILL instead of call number `nth`
    kTear,     // SIGKILL when half of call number `nth`, a write, is done
    kFail,     // call number `nth` fails with `error`
    kShorten,  // call number `nth`, a read or write, does half of what it is asked for
  };

  const char* root = nullptr;  // absolute; calls on paths below it and on what was opened there are watched
  uint32_t classes = 0;        // only these are counted
  Action action = Action::kCount;
  int64_t nth = 0;        // from 1 on
  int32_t error = 0;      // errno
  bool for_good = false;  // kFail, kShorten: all from the nth on
  int32_t trace = -1;     // a descriptor that what changes files is recorded to; -1: none
  FaultCounts* counts = nullptr;
};

// What a recorded call did. A record is a TraceRecord and `length` bytes.
struct TraceRecord {
  enum class Kind : int64_t {
    kCreate,               // bytes: the path
    kWrite,                // at `offset`; bytes: what was written
    kTruncate,             // to `offset` bytes
    kSync,                 // of a file
    kFailedSync,           // of a file: what it was to write is lost at the next outage, as Linux has it
    kSyncDirectory,        // bytes: the path
    kRename,               // bytes: both paths, a zero byte between
    kUnlink,               // bytes: the path
    kMkdir,                // bytes: the path
    kRmdir,                // bytes: the path
    kMark,                 // bytes: what OchreFaultMark was given
    kFailedSyncDirectory,  // bytes: the path; what it was to write waits for the next sync
  };
  Kind kind = Kind::kMark;
  uint64_t inode = 0;  // of the file, where it was open; made again, a file may have the inode of one that is gone
  int64_t offset = 0;
  int64_t length = 0;
};

// What the shim exports; found by dlsym, since programs are not linked with it. `plan` is copied, but what it points to
// is not. Arm before the first call that is to be watched, in a process that has one thread.
using FaultArmFunction = void(const FaultPlan* plan);
using FaultPauseFunction = void(int paused);  // while paused, calls are recorded, but neither counted nor failed
using FaultMarkFunction = void(const char* bytes, int64_t length);
inline constexpr char kFaultArmName[] = "OchreFaultArm";
inline constexpr char kFaultPauseName[] = "OchreFaultPause";
inline constexpr char kFaultMarkName[] = "OchreFaultMark";

}  // namespace ochre

#endif  // OCHRE_TESTS_FAULTS_FAULT_SHIM_H_
