// ReleaseSignal: tells whoever deletes segments that one was let go of by the last view that held it.
#ifndef OCHRE_VIEW_RELEASE_SIGNAL_H_
#define OCHRE_VIEW_RELEASE_SIGNAL_H_

#include <functional>
#include <utility>

#include "runtime/mutex.h"

namespace ochre {

// Views may outlive the registry that they came from, so each shares this with it. Thread-safe.
class ReleaseSignal {
 public:
  // `listener` is called from now on, in place of the one before; an empty function: nobody is. When this returns, the
  // one before is not running any more. It is called by the thread that lets go, a reader's for the most part, and by
  // one that holds locks of the registry: it must not throw, do I/O, or take a lock under which a view may end.
  void Listen(std::function<void()> listener) {
    MutexLock lock(mutex_);
    listener_ = std::move(listener);
  }

  void Send() {
    MutexLock lock(mutex_);
    if (listener_) listener_();
  }

 private:
  Mutex mutex_;  // held while the listener runs
  std::function<void()> listener_ OCHRE_GUARDED_BY(mutex_);
};

}  // namespace ochre

#endif  // OCHRE_VIEW_RELEASE_SIGNAL_H_
