// CompareNumbers: the exact order of integers and doubles, neither of which is rounded to the other.
#ifndef OCHRE_TYPES_NUMBER_COMPARE_H_
#define OCHRE_TYPES_NUMBER_COMPARE_H_

#include <cmath>
#include <compare>
#include <cstdint>

namespace ochre {

inline std::partial_ordering CompareNumbers(int64_t a, int64_t b) { return a <=> b; }
inline std::partial_ordering CompareNumbers(double a, double b) { return a <=> b; }

inline std::partial_ordering CompareNumbers(int64_t a, double b) {
  constexpr double kTwoTo63 = 9223372036854775808.0;  // the first double above every int64
  if (std::isnan(b)) return std::partial_ordering::unordered;
  if (b >= kTwoTo63) return std::partial_ordering::less;
  if (b < -kTwoTo63) return std::partial_ordering::greater;
  const double whole = std::trunc(b);  // in the range of int64, so the conversion is exact
  if (const auto order = a <=> static_cast<int64_t>(whole); order != 0) return order;
  return whole <=> b;
}

inline std::partial_ordering CompareNumbers(double a, int64_t b) { return 0 <=> CompareNumbers(b, a); }

}  // namespace ochre

#endif  // OCHRE_TYPES_NUMBER_COMPARE_H_
