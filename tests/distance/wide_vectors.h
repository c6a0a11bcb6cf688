// Embeddings from all of float32's range, and what their distances are.
#ifndef OCHRE_TESTS_DISTANCE_WIDE_VECTORS_H_
#define OCHRE_TESTS_DISTANCE_WIDE_VECTORS_H_

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "ochre/options.h"

namespace ochre {

// A vector of `dimension` elements; its largest has a binary exponent in [exponent - spread, exponent], the others as
// well, but for one in eight that is zero. From 2^-149, the least float, to the largest.
inline std::vector<float> WideVector(std::mt19937& random, int32_t dimension, int32_t exponent, int32_t spread) {
  std::uniform_int_distribution<int32_t> exponents(exponent - spread, exponent);
  std::uniform_real_distribution<float> fraction(1.0f, 2.0f);
  std::vector<float> vector;
  for (int32_t i = 0; i < dimension; ++i) {
    const float magnitude =
        std::min(std::ldexp(fraction(random), std::max(exponents(random), -149)), std::numeric_limits<float>::max());
    vector.push_back(random() % 8 == 0 ? 0.0f : random() % 2 == 0 ? magnitude : -magnitude);
  }
  return vector;
}

// The same anywhere in the range: all elements alike, or each of another size.
inline std::vector<float> WideVector(std::mt19937& random, int32_t dimension) {
  const int32_t exponent = std::uniform_int_distribution<int32_t>(-149, 127)(random);
  const int32_t spreads[] = {0, 3, 30, 276};
  return WideVector(random, dimension, exponent, spreads[random() % 4]);
}

// What a distance is, and by how much a sum of `dimension` rounded float32 products may differ from it.
struct TrueDistance {
  long double value;
  long double tolerance;

  // Whether `distance` is that: beyond float32's range an infinity.
  bool Is(float distance) const {
    constexpr long double kMax = std::numeric_limits<float>::max();
    if (std::isnan(distance)) return false;
    if (std::isinf(distance)) return distance > 0 ? value + tolerance > kMax : value - tolerance < -kMax;
    return std::fabs(std::clamp(value, -kMax, kMax) - static_cast<long double>(distance)) <= tolerance;
  }
};

inline TrueDistance TrueDistanceOf(Space space, const float* a, const float* b, int32_t dimension) {
  long double l2 = 0, dot = 0, magnitudes = 0, a_squares = 0, b_squares = 0;
  for (int32_t i = 0; i < dimension; ++i) {
    const long double x = a[i], y = b[i];
    l2 += (x - y) * (x - y);
    dot += x * y;
    magnitudes += std::fabs(x * y);
    a_squares += x * x;
    b_squares += y * y;
  }
  constexpr long double kRounding = 1e-5L;  // far above that of the dimensions in use here
  constexpr long double kLeast = std::numeric_limits<float>::denorm_min();
  if (space == Space::kL2) return {l2, kRounding * l2 + kLeast};
  if (space == Space::kInnerProduct) return {1 - dot, kRounding * (1 + magnitudes)};
  if (a_squares == 0 || b_squares == 0) return {1, 0};
  return {1 - dot / (std::sqrt(a_squares) * std::sqrt(b_squares)), kRounding};
}

}  // namespace ochre

#endif  // OCHRE_TESTS_DISTANCE_WIDE_VECTORS_H_
