// Lazy<T>: a value that is made on first use, by whichever thread needs it first.
#ifndef OCHRE_RUNTIME_LAZY_H_
#define OCHRE_RUNTIME_LAZY_H_

#include <atomic>
#include <memory>
#include <utility>

#include "ochre/status.h"
#include "runtime/mutex.h"

namespace ochre {

// Thread-safe. A failure is not kept: the next call tries again.
template <typename T>
class Lazy {
 public:
  // `make()` returns Result<std::unique_ptr<const T>>; it runs at most once successfully, under a lock.
  template <typename Make>
  Result<const T*> Get(Make make) const {
    if (const T* made = made_.load(std::memory_order_acquire); made != nullptr) return made;
    MutexLock lock(mutex_);
    if (owned_ == nullptr) {
      OCHRE_ASSIGN_OR_RETURN(owned_, make());
      made_.store(owned_.get(), std::memory_order_release);
    }
    return owned_.get();
  }

 private:
  mutable std::atomic<const T*> made_ = nullptr;
  mutable Mutex mutex_;  // held while the value is made
  mutable std::unique_ptr<const T> owned_ OCHRE_GUARDED_BY(mutex_);
};

}  // namespace ochre

#endif  // OCHRE_RUNTIME_LAZY_H_
