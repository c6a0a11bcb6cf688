// Sums in double, for vectors whose squares or products leave the range in which float32 sums are right.
#ifndef OCHRE_DISTANCE_DOUBLE_SUMS_H_
#define OCHRE_DISTANCE_DOUBLE_SUMS_H_

#include <cstdint>

#include "ochre/options.h"

namespace ochre {

// Squares of float32 values are between 2^-298 and 2^256, well inside the range of doubles: no sum of finite elements'
// squares overflows or vanishes. Each is taken in one order, so that it has the same bits on every CPU.

// sum (a_i - b_i)^2 and sum a_i * b_i over `dimension` floats; unaligned is fine.
double L2SquaredInDouble(const float* a, const float* b, int32_t dimension);
double DotProductInDouble(const float* a, const float* b, int32_t dimension);

// The distance of two embeddings whatever their elements' magnitudes, as the nearest float32: beyond its range an
// infinity. Never NaN; of elements that are not finite (a damaged file's), +infinity.
float DistanceInDouble(Space space, const float* a, const float* b, int32_t dimension);

// Where float32 sums are trusted. A product that is no normal number is wrong by up to 2^-150, which makes 2^-134 of
// the 65,536 elements that an embedding may have.

// Of squares: what underflow adds is below the rounding of a sum as large as this, and overflow is infinity, which is
// right for a sum of squares of numbers that are finite.
inline constexpr float kTrustedSquaresMin = 0x1p-100f;

// Of products of two vectors, both with norms in [2^-50, 2^50]: the sums are at most 2^100, and underflow adds at most
// 2^-134 / (2^-50 * 2^-50) = 2^-34 to the cosine. NaN is not trusted.
inline constexpr float kTrustedInverseNormMin = 0x1p-50f;
inline constexpr float kTrustedInverseNormMax = 0x1p50f;
constexpr bool IsTrustedInverseNorm(float inverse_norm) {
  return inverse_norm >= kTrustedInverseNormMin && inverse_norm <= kTrustedInverseNormMax;
}

// Of products alone, which are compared with 1: any that are finite, since no part of such a sum overflowed.

}  // namespace ochre

#endif  // OCHRE_DISTANCE_DOUBLE_SUMS_H_
