// CatchExceptions: where exceptions, which only a lack of memory and defects throw, become a Status.
#ifndef OCHRE_TYPES_CATCH_EXCEPTIONS_H_
#define OCHRE_TYPES_CATCH_EXCEPTIONS_H_

#include <exception>
#include <new>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "ochre/status.h"

namespace ochre {

// Allocates nothing: the message fits into the string itself.
inline Status OutOfMemory() noexcept { return Status(StatusCode::kResourceExhausted, "out of memory"); }

// What `body` returns, a Status or a Result; ResourceExhausted if it throws for want of memory or threads.
template <typename Body>
auto CatchExceptions(const Body& body) noexcept -> decltype(body()) {
  try {
    return body();
  } catch (const std::bad_alloc&) {
    return OutOfMemory();
  } catch (const std::length_error&) {  // of a container: the size exceeds any memory
    return OutOfMemory();
  } catch (const std::system_error&) {  // a thread that could not be started
    return Status(StatusCode::kResourceExhausted, "no more thread");
  } catch (const std::exception& exception) {
    try {
      return Status(StatusCode::kInternal, exception.what());
    } catch (...) {
      return OutOfMemory();
    }
  } catch (...) {
    return Status(StatusCode::kInternal, "an exception");
  }
}

}  // namespace ochre

#endif  // OCHRE_TYPES_CATCH_EXCEPTIONS_H_
