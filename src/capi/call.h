// Call: a call under way, which an interrupt of its database or its thread's deadline ends early (CallLimit).
#ifndef OCHRE_CAPI_CALL_H_
#define OCHRE_CAPI_CALL_H_

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>

#include "capi/error.h"
#include "capi/handle.h"
#include "ochre/c.h"
#include "ochre/status.h"
#include "runtime/call_limit.h"

namespace ochre {

// Interrupts of a database so far. A call that began before the last one is to end.
using InterruptCount = std::atomic<uint64_t>;

class Call : public CallLimit {
 public:
  // `interrupts` must outlive the call. Its deadline is that which the calling thread has now.
  explicit Call(const InterruptCount& interrupts);

  Status Check() const override;

 private:
  const InterruptCount& interrupts_;
  const uint64_t interrupts_at_start_;
  const std::chrono::steady_clock::time_point deadline_;
  const Scope scope_{this};
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
