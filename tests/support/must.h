// Must: the value of a result that a test cannot go on without.
#ifndef OCHRE_TESTS_SUPPORT_MUST_H_
#define OCHRE_TESTS_SUPPORT_MUST_H_

#include <cstdio>
#include <cstdlib>
#include <utility>

#include "ochre/status.h"

namespace ochre {

// Ends the test program with the message otherwise: for set-up, where ASSERT_OK cannot be used because a value is to be
// returned.
inline void Must(const Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "a test's set-up failed: %s\n", status.ToString().c_str());
  std::abort();
}
template <typename T>
T Must(Result<T> result) {
  Must(result.status());
  return std::move(result).value();
}

}  // namespace ochre

#endif  // OCHRE_TESTS_SUPPORT_MUST_H_
