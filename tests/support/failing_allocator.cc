#include "tests/support/failing_allocator.h"

#include <atomic>
#include <cassert>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <new>

namespace ochre {
namespace {

// Nothing here may allocate, and constant initialisation only: the first malloc comes before main.
constinit std::atomic<bool> armed{false};
constinit std::atomic<bool> every_thread{false};
constinit std::atomic<bool> all_after{false};
constinit std::atomic<int64_t> target_count{0};
constinit std::atomic<int64_t> count{0};
constinit std::atomic<int64_t> failures{0};
constinit thread_local bool this_thread = false;

bool Fails() {
  if (!armed.load(std::memory_order_acquire)) return false;
  if (!every_thread.load(std::memory_order_relaxed) && !this_thread) return false;
  const int64_t number = count.fetch_add(1, std::memory_order_relaxed) + 1;
  const int64_t target = target_count.load(std::memory_order_relaxed);
  if (target == 0 || number < target || (number > target && !all_after.load(std::memory_order_relaxed))) return false;
  failures.fetch_add(1, std::memory_order_relaxed);
  return true;
}

}  // namespace

AllocationFailure::AllocationFailure(const Options& options) {
  assert(!armed);
  every_thread = options.in_all_threads;
  all_after = options.for_good;
  target_count = options.nth;
  count = 0;
  failures = 0;
  this_thread = true;
  armed.store(true, std::memory_order_release);
}

void AllocationFailure::Stop() {
  armed = false;
  this_thread = false;
}

bool AllocationFailure::happened() const { return failures > 0; }

int64_t AllocationFailure::counted() const { return count; }

}  // namespace ochre

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)

namespace {

void* AllocateOrNull(size_t bytes, size_t alignment) {
  if (ochre::Fails()) return nullptr;
  if (alignment <= alignof(std::max_align_t)) return std::malloc(bytes);
  return std::aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
}

void* Allocate(size_t bytes, size_t alignment = alignof(std::max_align_t)) {
  void* const memory = AllocateOrNull(bytes, alignment);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

void* operator new(size_t bytes) { return Allocate(bytes); }
void* operator new[](size_t bytes) { return Allocate(bytes); }
void* operator new(size_t bytes, std::align_val_t alignment) { return Allocate(bytes, size_t(alignment)); }
void* operator new[](size_t bytes, std::align_val_t alignment) { return Allocate(bytes, size_t(alignment)); }
void* operator new(size_t bytes, const std::nothrow_t&) noexcept {
  return AllocateOrNull(bytes, alignof(std::max_align_t));
}
void* operator new[](size_t bytes, const std::nothrow_t&) noexcept {
  return AllocateOrNull(bytes, alignof(std::max_align_t));
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, size_t, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, size_t, std::align_val_t) noexcept { std::free(memory); }

#else

// The program's own symbols come before those of glibc for every library in it; what they forward to is glibc's heap,
// so that its free takes all of it back.
extern "C" {

void* __libc_malloc(size_t bytes);                      // NOLINT(bugprone-reserved-identifier)
void* __libc_calloc(size_t count, size_t bytes);        // NOLINT(bugprone-reserved-identifier)
void* __libc_realloc(void* memory, size_t bytes);       // NOLINT(bugprone-reserved-identifier)
void* __libc_memalign(size_t alignment, size_t bytes);  // NOLINT(bugprone-reserved-identifier)

#define OCHRE_REPLACES __attribute__((visibility("default"), noinline))

OCHRE_REPLACES void* malloc(size_t bytes) noexcept {
  if (!ochre::Fails()) return __libc_malloc(bytes);
  errno = ENOMEM;
  return nullptr;
}

OCHRE_REPLACES void* calloc(size_t count, size_t bytes) noexcept {
  if (!ochre::Fails()) return __libc_calloc(count, bytes);
  errno = ENOMEM;
  return nullptr;
}

OCHRE_REPLACES void* realloc(void* memory, size_t bytes) noexcept {
  if (bytes == 0 || !ochre::Fails()) return __libc_realloc(memory, bytes);
  errno = ENOMEM;
  return nullptr;
}

OCHRE_REPLACES void* memalign(size_t alignment, size_t bytes) noexcept {
  if (!ochre::Fails()) return __libc_memalign(alignment, bytes);
  errno = ENOMEM;
  return nullptr;
}

OCHRE_REPLACES void* aligned_alloc(size_t alignment, size_t bytes) noexcept { return memalign(alignment, bytes); }

OCHRE_REPLACES int posix_memalign(void** memory, size_t alignment, size_t bytes) noexcept {
  void* const allocated = memalign(alignment, bytes);
  if (allocated == nullptr) return ENOMEM;
  *memory = allocated;
  return 0;
}

}  // extern "C"

#endif
