// Mutex: std::mutex with clang's thread-safety annotations, so that -Wthread-safety checks what each lock guards.
#ifndef OCHRE_RUNTIME_MUTEX_H_
#define OCHRE_RUNTIME_MUTEX_H_

#include <condition_variable>
#include <mutex>

#if defined(__clang__)
#define OCHRE_THREAD_ANNOTATION(x) __attribute__((x))
#else
#define OCHRE_THREAD_ANNOTATION(x)
#endif

#define OCHRE_CAPABILITY(x) OCHRE_THREAD_ANNOTATION(capability(x))
#define OCHRE_SCOPED_CAPABILITY OCHRE_THREAD_ANNOTATION(scoped_lockable)
#define OCHRE_GUARDED_BY(x) OCHRE_THREAD_ANNOTATION(guarded_by(x))
#define OCHRE_REQUIRES(...) OCHRE_THREAD_ANNOTATION(requires_capability(__VA_ARGS__))
#define OCHRE_EXCLUDES(...) OCHRE_THREAD_ANNOTATION(locks_excluded(__VA_ARGS__))
#define OCHRE_ACQUIRE(...) OCHRE_THREAD_ANNOTATION(acquire_capability(__VA_ARGS__))
#define OCHRE_RELEASE(...) OCHRE_THREAD_ANNOTATION(release_capability(__VA_ARGS__))

namespace ochre {

class OCHRE_CAPABILITY("mutex") Mutex {
 public:
  void Lock() OCHRE_ACQUIRE() { mutex_.lock(); }
  void Unlock() OCHRE_RELEASE() { mutex_.unlock(); }

 private:
  friend class MutexLock;
  std::mutex mutex_;
};

class CondVar;

// Holds a mutex while in scope.
class OCHRE_SCOPED_CAPABILITY MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) OCHRE_ACQUIRE(mutex) : lock_(mutex.mutex_) {}
  ~MutexLock() OCHRE_RELEASE() {}
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  friend class CondVar;
  std::unique_lock<std::mutex> lock_;
};

// A condition variable for a Mutex that `lock` holds. Spurious wake-ups happen: wait in a loop over the condition.
class CondVar {
 public:
  void Wait(MutexLock& lock) { condition_.wait(lock.lock_); }
  // False when `duration` passed without a notification.
  template <typename Duration>
  bool WaitFor(MutexLock& lock, Duration duration) {
    return condition_.wait_for(lock.lock_, duration) == std::cv_status::no_timeout;
  }
  void NotifyOne() { condition_.notify_one(); }
  void NotifyAll() { condition_.notify_all(); }

 private:
  std::condition_variable condition_;
};

}  // namespace ochre

#endif  // OCHRE_RUNTIME_MUTEX_H_
