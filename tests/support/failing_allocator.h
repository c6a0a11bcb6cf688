// AllocationFailure: the nth allocation fails, for tests of what is left when memory runs out.
#ifndef OCHRE_TESTS_SUPPORT_FAILING_ALLOCATOR_H_
#define OCHRE_TESTS_SUPPORT_FAILING_ALLOCATOR_H_

#include <cstdint>

namespace ochre {

// While one of these lives, the `nth` allocation from its construction on (1 is the first) fails: operator new throws
// std::bad_alloc, malloc and its kin return null with ENOMEM. Counted is everything in the program that uses
// failing_allocator.cc, SQLite included, but for what CRoaring and RocksDB ask malloc for: they do not look whether
// they got any, and crash. One at a time in a program.
//
//   for (int64_t nth = 1; ; ++nth) {
//     AllocationFailure failure({.nth = nth});
//     const Status status = log.Append(...);
//     failure.Stop();  // before anything of the test allocates
//     if (!failure.happened()) break;
//     EXPECT_EQ(status.code(), StatusCode::kResourceExhausted);
//   }
class AllocationFailure {
 public:
  // Whether malloc fails: not with AddressSanitizer and ThreadSanitizer, whose own cannot be replaced.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  static constexpr bool kOfMalloc = false;
#else
  static constexpr bool kOfMalloc = true;
#endif

  struct Options {
    int64_t nth = 0;              // 0: none fails, but they are counted
    bool for_good = false;        // all that follow fail too
    bool in_all_threads = false;  // else only those of the thread that constructed this are counted
  };

  explicit AllocationFailure(const Options& options);
  ~AllocationFailure() { Stop(); }
  AllocationFailure(const AllocationFailure&) = delete;
  AllocationFailure& operator=(const AllocationFailure&) = delete;

  // From now on all allocations succeed. Idempotent.
  void Stop();

  // Whether any failed, and how many were counted; valid until the next one is constructed.
  bool happened() const;
  int64_t counted() const;
};

}  // namespace ochre

#endif  // OCHRE_TESTS_SUPPORT_FAILING_ALLOCATOR_H_
