// How a call of the C API ends: a code, an error of the caller's, the thread's last error.
#ifndef OCHRE_CAPI_ERROR_H_
#define OCHRE_CAPI_ERROR_H_

#include <exception>
#include <new>
#include <stdexcept>
#include <string>
#include <string_view>

#include "capi/handle.h"
#include "ochre/c.h"
#include "ochre/status.h"

struct ochre_error : ochre::Handle<ochre::HandleKind::kError> {
  ochre::StatusCode code = ochre::StatusCode::kOk;
  std::string message;
  int64_t index = -1;
};

namespace ochre {

// The number after "at index" (or "in query") in a message, -1 if there is none. A Status carries no index, but every
// message about one record of many begins by saying which, before it quotes anything of the caller's.
int64_t IndexIn(std::string_view message);

// Notes a failure in `error`, which may be null or no error handle, and as the thread's last one.
ochre_status Report(ochre_error* error, StatusCode code, std::string_view message) noexcept;
// Notes that nothing went wrong.
ochre_status ReportOk(ochre_error* error) noexcept;

// Runs the body of a call, which returns a Status, and reports it. Exceptions end here.
template <typename Body>
ochre_status Guard(ochre_error* error, const Body& body) noexcept {
  try {
    const Status valid = error == nullptr ? Status::Ok() : Check(error, "error");
    const Status status = valid.ok() ? body() : valid;
    return status.ok() ? ReportOk(error) : Report(error, status.code(), status.message());
  } catch (const std::bad_alloc&) {
    return Report(error, StatusCode::kResourceExhausted, "there is not enough memory");
  } catch (const std::length_error&) {  // of a container: the size exceeds any memory
    return Report(error, StatusCode::kResourceExhausted, "there is not enough memory");
  } catch (const std::exception& exception) {
    return Report(error, StatusCode::kInternal, exception.what());
  } catch (...) {
    return Report(error, StatusCode::kInternal, "an exception of an unknown type was thrown");
  }
}

// The same for a call that returns a handle in `out`, which is null unless it succeeds. The body returns a
// Result<std::unique_ptr<T>>.
template <typename T, typename Body>
ochre_status GuardNew(T** out, ochre_error* error, const Body& body) noexcept {
  if (out != nullptr) *out = nullptr;
  return Guard(error, [&]() -> Status {
    if (out == nullptr) return Status::InvalidArgument("out is NULL");
    OCHRE_ASSIGN_OR_RETURN(auto handle, body());
    *out = handle.release();
    return Status::Ok();
  });
}

}  // namespace ochre

#endif  // OCHRE_CAPI_ERROR_H_
