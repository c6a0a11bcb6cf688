#include "distance/double_sums.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace ochre {
namespace {

// Four sums, because one would wait for each addition.
template <typename Term>
double Sum(int32_t dimension, const Term& term) {
  double sums[4] = {};
  int32_t i = 0;
  for (; i + 4 <= dimension; i += 4) {
    sums[0] += term(i);
    sums[1] += term(i + 1);
    sums[2] += term(i + 2);
    sums[3] += term(i + 3);
  }
  for (int32_t j = 0; i < dimension; ++i, ++j) sums[j] += term(i);
  return (sums[0] + sums[2]) + (sums[1] + sums[3]);
}

double L2(const float* a, const float* b, int32_t dimension) {
  // Rows that are equal come here most often: a distance of 0 is not trusted.
  return std::equal(a, a + dimension, b) ? 0 : L2SquaredInDouble(a, b, dimension);
}

double Cosine(const float* a, const float* b, int32_t dimension) {
  // The root of the product, so that a vector is at distance 0 from itself: sqrt(x * x) is x.
  const double norms = std::sqrt(DotProductInDouble(a, a, dimension) * DotProductInDouble(b, b, dimension));
  if (norms == 0) return 1;
  const double distance = 1 - DotProductInDouble(a, b, dimension) / norms;
  return distance < 0 ? 0 : distance > 2 ? 2 : distance;  // keeps NaN
}

double InSpace(Space space, const float* a, const float* b, int32_t dimension) {
  switch (space) {
    case Space::kL2:
      return L2(a, b, dimension);
    case Space::kCosine:
      return Cosine(a, b, dimension);
    case Space::kInnerProduct:
      return 1 - DotProductInDouble(a, b, dimension);
  }
  return 0;
}

}  // namespace

double L2SquaredInDouble(const float* a, const float* b, int32_t dimension) {
  return Sum(dimension, [=](int32_t i) {
    const double difference = static_cast<double>(a[i]) - static_cast<double>(b[i]);
    return difference * difference;
  });
}

double DotProductInDouble(const float* a, const float* b, int32_t dimension) {
  return Sum(dimension, [=](int32_t i) { return static_cast<double>(a[i]) * static_cast<double>(b[i]); });
}

float DistanceInDouble(Space space, const float* a, const float* b, int32_t dimension) {
  constexpr double kMax = std::numeric_limits<float>::max();
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const double distance = InSpace(space, a, b, dimension);
  if (!(distance <= kMax)) return kInfinity;
  return distance < -kMax ? -kInfinity : static_cast<float>(distance);
}

}  // namespace ochre
