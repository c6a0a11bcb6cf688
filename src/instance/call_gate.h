// CallGate: counts the calls that are under way, so that closing waits for them and lets in no more.
#ifndef OCHRE_INSTANCE_CALL_GATE_H_
#define OCHRE_INSTANCE_CALL_GATE_H_

#include <cstdint>
#include <utility>

#include "ochre/status.h"
#include "runtime/mutex.h"

namespace ochre {

// Thread-safe.
class CallGate {
 public:
  // Counts as one call while it lives. Move-only.
  class Call {
   public:
    explicit Call(CallGate& gate) : gate_(&gate) {}
    Call(Call&& other) noexcept : gate_(std::exchange(other.gate_, nullptr)) {}
    Call& operator=(Call&&) = delete;
    ~Call() {
      if (gate_ != nullptr) gate_->Leave();
    }

   private:
    CallGate* gate_;
  };

  // FailedPrecondition: closed.
  Result<Call> Enter() {
    MutexLock lock(mutex_);
    if (closed_) return Status::FailedPrecondition("the client is closed");
    ++running_;
    return Call(*this);
  }

  // Lets in no more calls. False if that was so already.
  bool Close() {
    MutexLock lock(mutex_);
    return !std::exchange(closed_, true);
  }

  // Waits until no call is under way.
  void Drain() {
    MutexLock lock(mutex_);
    while (running_ > 0) drained_.Wait(lock);
  }

 private:
  void Leave() {
    MutexLock lock(mutex_);
    if (--running_ == 0) drained_.NotifyAll();
  }

  Mutex mutex_;  // held to count
  CondVar drained_;
  bool closed_ OCHRE_GUARDED_BY(mutex_) = false;
  int64_t running_ OCHRE_GUARDED_BY(mutex_) = 0;
};

}  // namespace ochre

#endif  // OCHRE_INSTANCE_CALL_GATE_H_
