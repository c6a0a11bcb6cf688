// AllocationWatch: the largest piece of memory that anybody asks for while it lives.
#ifndef OCHRE_TESTS_GATEWAY_ALLOCATION_WATCH_H_
#define OCHRE_TESTS_GATEWAY_ALLOCATION_WATCH_H_

#include <cstddef>

namespace ochre {

// Watches operator new of the whole test program. One at a time.
class AllocationWatch {
 public:
  AllocationWatch();
  AllocationWatch(const AllocationWatch&) = delete;
  AllocationWatch& operator=(const AllocationWatch&) = delete;

  size_t largest_bytes() const;
};

}  // namespace ochre

#endif  // OCHRE_TESTS_GATEWAY_ALLOCATION_WATCH_H_
