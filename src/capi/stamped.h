// Structs that begin with struct_size: filled, read and written by programs that may know fewer or more fields than we.
#ifndef OCHRE_CAPI_STAMPED_H_
#define OCHRE_CAPI_STAMPED_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>

#include "ochre/c.h"
#include "ochre/status.h"

namespace ochre {

// No struct of ours will ever be this large: a larger struct_size was never set.
inline constexpr uint64_t kStampMax = 4096;

// What the first version of each struct ends with: later fields are appended, and may be missing in a caller's.
template <typename T>
inline constexpr uint64_t kStampMin = sizeof(T);

// Fills the caller's struct with `defaults`, and what we do not know of it with zeros, which mean "as before".
template <typename T>
void Initialise(T* target, uint64_t struct_size, T defaults) noexcept {
  static_assert(std::is_trivially_copyable_v<T> && offsetof(T, struct_size) == 0);
  if (target == nullptr || struct_size < sizeof(uint64_t) || struct_size > kStampMax) return;
  defaults.struct_size = struct_size;
  std::memset(static_cast<void*>(target), 0, struct_size);
  std::memcpy(static_cast<void*>(target), &defaults, std::min<uint64_t>(struct_size, sizeof(T)));
}

template <typename T>
Status CheckStamp(const T* given, std::string_view name) {
  if (given == nullptr) return Status::InvalidArgument(name, " is NULL");
  if (given->struct_size >= kStampMin<T> && given->struct_size <= kStampMax) return Status::Ok();
  return Status::InvalidArgument(name, " has struct_size ", given->struct_size,
                                 ": fill it with its _init function, and the size it has where you compile");
}

// The caller's struct over `defaults`. InvalidArgument: it is null or not stamped. Unimplemented: it sets a field that
// only newer libraries have.
template <typename T>
Result<T> ReadStamped(const T* given, std::string_view name, T defaults) {
  OCHRE_RETURN_IF_ERROR(CheckStamp(given, name));
  const auto* bytes = reinterpret_cast<const unsigned char*>(given);
  if (std::any_of(bytes + std::min<uint64_t>(sizeof(T), given->struct_size), bytes + given->struct_size,
                  [](unsigned char byte) { return byte != 0; })) {
    return Status(StatusCode::kUnimplemented,
                  std::string(name) + " sets an option that this version of the library does not have");
  }
  std::memcpy(static_cast<void*>(&defaults), bytes, std::min<uint64_t>(sizeof(T), given->struct_size));
  return defaults;
}

// Copies `value` to the caller's struct, as far as that goes. Precondition: CheckStamp is ok.
template <typename T>
void WriteStamped(const T& value, T* target) {
  const uint64_t struct_size = target->struct_size;
  std::memcpy(static_cast<void*>(target), &value, std::min<uint64_t>(sizeof(T), struct_size));
  target->struct_size = struct_size;
}

inline Status CheckReserved(int32_t reserved, std::string_view name) {
  if (reserved == 0) return Status::Ok();
  return Status::InvalidArgument(name, ".reserved is ", reserved, ", but must be 0");
}

}  // namespace ochre

#endif  // OCHRE_CAPI_STAMPED_H_
