#include "capi/call.h"

#include <chrono>

namespace ochre {
namespace {

using Clock = std::chrono::steady_clock;

// The latest time of all stands for no deadline.
thread_local Clock::time_point deadline = Clock::time_point::max();

struct ThreadCheck {
  ochre_check_callback callback = nullptr;
  void* user_data = nullptr;
  bool asking = false;  // a callback may make calls of its own, which are not to ask again
};
thread_local ThreadCheck thread_check;

// People take what happens within a tenth of a second for immediate, and the call needs the rest of it to end; asking
// takes the lock of an interpreter, some microseconds.
constexpr std::chrono::milliseconds kAskEvery{50};

}  // namespace

Call::Call(const InterruptCount& interrupts)
    : interrupts_(interrupts),
      interrupts_at_start_(interrupts.load()),
      deadline_(deadline),
      asks_(thread_check.callback != nullptr && !thread_check.asking),
      ask_at_(asks_ ? Clock::now() + kAskEvery : Clock::time_point::max()) {}

void Call::Ask() const {
  if (std::this_thread::get_id() != thread_ || Clock::now() < ask_at_) return;
  thread_check.asking = true;
  const ochre_status answer = thread_check.callback(thread_check.user_data);
  thread_check.asking = false;
  ask_at_ = Clock::now() + kAskEvery;
  if (answer != OCHRE_OK) ended_.store(answer);
}

Status Call::Check() const {
  if (asks_ && ended_.load() == OCHRE_OK) Ask();
  if (ended_.load() != OCHRE_OK)
    return Status(static_cast<StatusCode>(ended_.load()), "the program's check ended the call");
  if (interrupts_.load() != interrupts_at_start_) return Status::Cancelled("the call was interrupted");
  if (deadline_ != Clock::time_point::max() && Clock::now() >= deadline_) {
    return Status::DeadlineExceeded("the calling thread's deadline has passed");
  }
  return Status::Ok();
}

}  // namespace ochre

extern "C" {

void ochre_thread_set_check(ochre_check_callback check, void* user_data) { ochre::thread_check = {check, user_data}; }

void ochre_thread_set_timeout(int64_t milliseconds) {
  using ochre::Clock;
  const Clock::time_point now = Clock::now();
  // Later than the clock can tell is never.
  const int64_t longest = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::time_point::max() - now).count();
  ochre::deadline = milliseconds < 0 || milliseconds >= longest ? Clock::time_point::max()
                                                                : now + std::chrono::milliseconds(milliseconds);
}

}  // extern "C"
