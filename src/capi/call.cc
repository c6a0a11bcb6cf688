#include "capi/call.h"

#include <chrono>

namespace ochre {
namespace {

using Clock = std::chrono::steady_clock;

// The latest time of all stands for no deadline.
thread_local Clock::time_point deadline = Clock::time_point::max();

}  // namespace

Call::Call(const InterruptCount& interrupts)
    : interrupts_(interrupts), interrupts_at_start_(interrupts.load()), deadline_(deadline) {}

Status Call::Check() const {
  if (interrupts_.load() != interrupts_at_start_) return Status::Cancelled("the call was interrupted");
  if (deadline_ != Clock::time_point::max() && Clock::now() >= deadline_) {
    return Status::DeadlineExceeded("the calling thread's deadline has passed");
  }
  return Status::Ok();
}

}  // namespace ochre

extern "C" {

void ochre_thread_set_timeout(int64_t milliseconds) {
  using ochre::Clock;
  const Clock::time_point now = Clock::now();
  // Later than the clock can tell is never.
  const int64_t longest = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::time_point::max() - now).count();
  ochre::deadline = milliseconds < 0 || milliseconds >= longest ? Clock::time_point::max()
                                                                : now + std::chrono::milliseconds(milliseconds);
}

}  // extern "C"
