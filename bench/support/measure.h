// What programs that measure Ochre from end to end have in common: giving up with a message, and the clock.
#ifndef OCHRE_BENCH_SUPPORT_MEASURE_H_
#define OCHRE_BENCH_SUPPORT_MEASURE_H_

#include <errno.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <utility>

#include "ochre/status.h"

namespace ochre {

[[noreturn]] inline void Fail(const Status& status) {
  std::fprintf(stderr, "%s: %s\n", program_invocation_short_name, status.ToString().c_str());
  std::exit(1);
}
inline void Check(const Status& status) {
  if (!status.ok()) Fail(status);
}
template <typename T>
T Value(Result<T> result) {
  if (!result.ok()) Fail(result.status());
  return std::move(result).value();
}

inline double Microseconds(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace ochre

#endif  // OCHRE_BENCH_SUPPORT_MEASURE_H_
