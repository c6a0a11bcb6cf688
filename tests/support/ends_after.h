// EndsAfter: a limit that lets a call go on for so many looks at it.
#ifndef OCHRE_TESTS_SUPPORT_ENDS_AFTER_H_
#define OCHRE_TESTS_SUPPORT_ENDS_AFTER_H_

#include <atomic>
#include <cstdint>

#include "runtime/call_limit.h"

namespace ochre {

class EndsAfter : public CallLimit {
 public:
  explicit EndsAfter(int64_t looks) : looks_left_(looks) {}
  Status Check() const override {
    ++looks_;
    return looks_left_-- > 0 ? Status::Ok() : Status::Cancelled("enough");
  }
  int64_t looks() const { return looks_; }  // so far

 private:
  mutable std::atomic<int64_t> looks_left_, looks_ = 0;
};

}  // namespace ochre

#endif  // OCHRE_TESTS_SUPPORT_ENDS_AFTER_H_
