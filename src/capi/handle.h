// Handle: what the C API's opaque objects begin with, so that one kind is not taken for another.
#ifndef OCHRE_CAPI_HANDLE_H_
#define OCHRE_CAPI_HANDLE_H_

#include <cstdint>
#include <string_view>

#include "ochre/status.h"

namespace ochre {

// Eight bytes that other memory hardly begins with.
enum class HandleKind : uint64_t {
  kFreed = 0,
  kError = 0xe40c'4e5a'0000'0001,
  kEmbeddingFunction,
  kClient,
  kTenantList,
  kDatabaseList,
  kCollectionList,
  kCollection,
  kResult,
};

template <HandleKind kKind>
struct Handle {
  static constexpr HandleKind kOwnKind = kKind;

  Handle() = default;
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  // Volatile, or the compiler would leave out a store that nothing reads.
  ~Handle() { *const_cast<volatile HandleKind*>(&kind) = HandleKind::kFreed; }

  HandleKind kind = kKind;
};

// Whether `handle` points to one of type T.
template <typename T>
bool IsHandle(const T* handle) {
  return handle != nullptr && handle->kind == T::kOwnKind;
}

// InvalidArgument: `handle`, the parameter `name`, is not.
template <typename T>
Status Check(const T* handle, std::string_view name) {
  if (handle == nullptr) return Status::InvalidArgument(name, " is NULL");
  if (handle->kind == T::kOwnKind) return Status::Ok();
  return Status::InvalidArgument(name, " is a handle of another kind, or was freed");
}

template <typename T>
void Free(T* handle) {
  if (IsHandle(handle)) delete handle;
}

}  // namespace ochre

#endif  // OCHRE_CAPI_HANDLE_H_
