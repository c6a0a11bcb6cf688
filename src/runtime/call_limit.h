// CallLimit: whether the call that a thread works for is to end early, because somebody interrupts it or its time is
// up.
#ifndef OCHRE_RUNTIME_CALL_LIMIT_H_
#define OCHRE_RUNTIME_CALL_LIMIT_H_

#include <cstdint>

#include "ochre/status.h"

namespace ochre {

// Who makes a call sets its limit for the thread; whoever takes long looks at it between two pieces of work of at most
// some milliseconds. Nothing that is half done may remain then, so a commit that has begun is not one of these.
class CallLimit {
 public:
  virtual ~CallLimit() = default;

  // Cancelled, DeadlineExceeded: the call is to end. From any thread.
  virtual Status Check() const = 0;

  // The calling thread's innermost one; null if nothing limits it.
  static const CallLimit* Current();
  static Status CheckCurrent();

  // The calling thread works under `limit`, which may be null and must outlive the scope. Threads that help with a call
  // are given its limit so.
  class Scope {
   public:
    explicit Scope(const CallLimit* limit);
    ~Scope();
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    const CallLimit* const outer_;
  };
};

// CheckCurrent at every 1,024th call of Poll, for loops over records: at some 100 ns each that is every 100 us.
class CallPoll {
 public:
  Status Poll() { return ++count_ % kEvery == 0 ? CallLimit::CheckCurrent() : Status::Ok(); }

 private:
  static constexpr uint32_t kEvery = 1'024;
  uint32_t count_ = 0;
};

}  // namespace ochre

#endif  // OCHRE_RUNTIME_CALL_LIMIT_H_
