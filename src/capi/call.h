// Call: a call under way, which an interrupt of its database or its thread's deadline ends early.
#ifndef OCHRE_CAPI_CALL_H_
#define OCHRE_CAPI_CALL_H_

#include <atomic>
#include <cstdint>
#include <memory>

#include "capi/error.h"
#include "capi/handle.h"
#include "ochre/c.h"
#include "ochre/status.h"

namespace ochre {

// Interrupts of a database so far. A call that began before the last one is to end.
using InterruptCount = std::atomic<uint64_t>;

class Call {
 public:
  // `interrupts` must outlive the call.
  explicit Call(const InterruptCount& interrupts);
  ~Call();
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  // Cancelled, DeadlineExceeded: the call is to end.
  Status Check() const;

  // The same of the calling thread's innermost call; ok if there is none.
  static Status CheckCurrent();

 private:
  const InterruptCount& interrupts_;
  const uint64_t interrupts_at_start_;
  const Call* const outer_;
};

// Guard for the calls of a client or collection: checks the handle `name`, then whether the call may begin at all.
template <typename T, typename Body>
ochre_status GuardCall(T* handle, std::string_view name, ochre_error* error, const Body& body) noexcept {
  return Guard(error, [&]() -> Status {
    OCHRE_RETURN_IF_ERROR(Check(handle, name));
    const Call call(*handle->interrupts);
    OCHRE_RETURN_IF_ERROR(call.Check());
    return body();
  });
}

// The same for a call that returns a new handle.
template <typename T, typename Out, typename Body>
ochre_status GuardCallNew(T* handle, std::string_view name, Out** out, ochre_error* error, const Body& body) noexcept {
  return GuardNew(out, error, [&]() -> decltype(body()) {
    OCHRE_RETURN_IF_ERROR(Check(handle, name));
    const Call call(*handle->interrupts);
    OCHRE_RETURN_IF_ERROR(call.Check());
    return body();
  });
}

}  // namespace ochre

#endif  // OCHRE_CAPI_CALL_H_
