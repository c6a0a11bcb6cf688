#include "tests/support/failing_allocator.h"

#include <link.h>

#include <atomic>
#include <cassert>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <iterator>
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

// Libraries that do not look whether malloc gave them any, and crash: CRoaring 0.2.66, and RocksDB 7.8 where it makes
// its block cache (what it gets by operator new comes from libstdc++, and is counted).
constexpr const char* kUnchecked[] = {"libroaring", "librocksdb"};
struct CodeRange {
  uintptr_t begin = 0, end = 0;  // both 0 in a program without it
};
constinit CodeRange unchecked[std::size(kUnchecked)];  // written before anything is armed

int NoteUnchecked(dl_phdr_info* library, size_t, void*) {
  for (size_t i = 0; i < std::size(kUnchecked); ++i) {
    if (std::strstr(library->dlpi_name, kUnchecked[i]) == nullptr) continue;
    for (int j = 0; j < library->dlpi_phnum; ++j) {
      const ElfW(Phdr)& part = library->dlpi_phdr[j];
      if (part.p_type != PT_LOAD || (part.p_flags & PF_X) == 0) continue;
      unchecked[i] = {library->dlpi_addr + part.p_vaddr, library->dlpi_addr + part.p_vaddr + part.p_memsz};
    }
  }
  return 0;
}

bool Fails(const void* caller) {
  if (!armed.load(std::memory_order_acquire)) return false;
  const auto place = reinterpret_cast<uintptr_t>(caller);
  for (const CodeRange& range : unchecked) {
    if (place >= range.begin && place < range.end) return false;
  }
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
  dl_iterate_phdr(NoteUnchecked, nullptr);
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
  if (ochre::Fails(nullptr)) return nullptr;
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
  if (!ochre::Fails(__builtin_return_address(0))) return __libc_malloc(bytes);
  errno = ENOMEM;
  return nullptr;
}

OCHRE_REPLACES void* calloc(size_t count, size_t bytes) noexcept {
  if (!ochre::Fails(__builtin_return_address(0))) return __libc_calloc(count, bytes);
  errno = ENOMEM;
  return nullptr;
}

OCHRE_REPLACES void* realloc(void* memory, size_t bytes) noexcept {
  if (bytes == 0 || !ochre::Fails(__builtin_return_address(0))) return __libc_realloc(memory, bytes);
  errno = ENOMEM;
  return nullptr;
}

OCHRE_REPLACES void* memalign(size_t alignment, size_t bytes) noexcept {
  if (!ochre::Fails(__builtin_return_address(0))) return __libc_memalign(alignment, bytes);
  errno = ENOMEM;
  return nullptr;
}

OCHRE_REPLACES void* aligned_alloc(size_t alignment, size_t bytes) noexcept {
  if (!ochre::Fails(__builtin_return_address(0))) return __libc_memalign(alignment, bytes);
  errno = ENOMEM;
  return nullptr;
}

OCHRE_REPLACES int posix_memalign(void** memory, size_t alignment, size_t bytes) noexcept {
  void* const allocated = ochre::Fails(__builtin_return_address(0)) ? nullptr : __libc_memalign(alignment, bytes);
  if (allocated == nullptr) return ENOMEM;
  *memory = allocated;
  return 0;
}

}  // extern "C"

#endif
