// Call: a call under way, which an interrupt of its database, its thread's deadline or its thread's check ends early
// (CallLimit).
#ifndef OCHRE_CAPI_CALL_H_
#define OCHRE_CAPI_CALL_H_

#include <atomic>
#include <chrono>
#include <cstdint>
#include <thread>

#include "capi/error.h"
#include "capi/handle.h"
#include "capi/open_database.h"
#include "ochre/c.h"
#include "ochre/status.h"
#include "runtime/call_limit.h"

namespace ochre {

class Call : public CallLimit {
 public:
  // `interrupts` must outlive the call. Its deadline and check are those which the calling thread has now.
  explicit Call(const InterruptCount& interrupts);

  Status Check() const override;

 private:
  using Clock = std::chrono::steady_clock;

  // Asks the thread's check if it is time to, on that thread alone.
  void Ask() const;

  const InterruptCount& interrupts_;
  const uint64_t interrupts_at_start_;
  const Clock::time_point deadline_;
  const std::thread::id thread_ = std::this_thread::get_id();
  const bool asks_;                                    // whether there is a check
  mutable Clock::time_point ask_at_;                   // of `thread_` only
  mutable std::atomic<ochre_status> ended_{OCHRE_OK};  // what the check said last: also for the threads that help
  const Scope scope_{this};
};

// Guard for the calls of a client or collection: checks the handle `name`, then whether the call may begin at all.
template <typename T, typename Body>
ochre_status GuardCall(T* handle, std::string_view name, ochre_error* error, const Body& body) noexcept {
  return Guard(error, [&]() -> Status {
    OCHRE_RETURN_IF_ERROR(Check(handle, name));
    OCHRE_RETURN_IF_ERROR(handle->database->CheckOpen());
    const Call call(handle->database->interrupts());
    OCHRE_RETURN_IF_ERROR(call.Check());
    return body();
  });
}

// The same for a call that returns a new handle.
template <typename T, typename Out, typename Body>
ochre_status GuardCallNew(T* handle, std::string_view name, Out** out, ochre_error* error, const Body& body) noexcept {
  return GuardNew(out, error, [&]() -> decltype(body()) {
    OCHRE_RETURN_IF_ERROR(Check(handle, name));
    OCHRE_RETURN_IF_ERROR(handle->database->CheckOpen());
    const Call call(handle->database->interrupts());
    OCHRE_RETURN_IF_ERROR(call.Check());
    return body();
  });
}

}  // namespace ochre

#endif  // OCHRE_CAPI_CALL_H_
