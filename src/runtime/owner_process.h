// OwnerProcess: which process made an object: not that one's forked child, which has a copy of it.
#ifndef OCHRE_RUNTIME_OWNER_PROCESS_H_
#define OCHRE_RUNTIME_OWNER_PROCESS_H_

#include <cstdint>

#include "ochre/status.h"

namespace ochre {

// A child of fork() has its parent's memory and descriptors, but none of its threads; mutexes may be locked for ever.
// Whoever owns threads, locks or files asks here first, also when it is destroyed.
class OwnerProcess {
 public:
  OwnerProcess();  // the calling process

  // Whether this is still the process that made it. Costs one load: forks are counted, the number of the process is not
  // asked for.
  bool IsCurrent() const;

  // FailedPrecondition: it is not; for objects that belong to an open client. As cheap, and waits for nothing.
  Status Check() const;

 private:
  uint64_t forks_;  // that led to the process
};

}  // namespace ochre

#endif  // OCHRE_RUNTIME_OWNER_PROCESS_H_
