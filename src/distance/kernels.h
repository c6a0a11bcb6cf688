// Distances between float32 vectors, with the instruction set chosen at run time (Highway).
#ifndef OCHRE_DISTANCE_KERNELS_H_
#define OCHRE_DISTANCE_KERNELS_H_

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "distance/rows_span.h"
#include "ochre/options.h"

namespace ochre {

// Every sum here is taken in one canonical order: lane j of 32 accumulates the elements i with i % 32 == j by a rounded
// product and a rounded sum (never a fused one), then the lanes are added pairwise (j with j + 16, then 8, 4, 2, 1).
// So each distance has the same bits on every CPU, and equal distances tie everywhere alike. Distances that such a sum
// may have got wrong, because float32's range did not hold it, are taken again in double (double_sums.h).

// sum (a_i - b_i)^2 and sum a_i * b_i over `dimension` floats, of float32's range; unaligned is fine.
float L2Squared(const float* a, const float* b, int32_t dimension);
float DotProduct(const float* a, const float* b, int32_t dimension);

// 1 / |a|, the sum of squares taken in double; 0 for a zero vector, or where the norm's inverse is no finite float. As
// a factor it is right where IsTrustedInverseNorm (double_sums.h).
float InverseNorm(const float* a, int32_t dimension);

// A query in the layout of a row, with the space that it is asked in. Copies `embedding`.
class PreparedQuery {
 public:
  PreparedQuery(Space space, const float* embedding, int32_t dimension);
  PreparedQuery(PreparedQuery&&) noexcept = default;
  PreparedQuery& operator=(PreparedQuery&&) noexcept = default;
  PreparedQuery(const PreparedQuery&) = delete;  // row() points into this query's own storage
  PreparedQuery& operator=(const PreparedQuery&) = delete;

  Space space() const { return space_; }
  int32_t dimension() const { return dimension_; }
  const float* row() const { return row_; }  // aligned to 64 bytes, RowStride(dimension()) floats
  float inverse_norm() const { return row_[dimension_]; }

 private:
  Space space_;
  int32_t dimension_;
  std::vector<float> storage_;
  float* row_;
};

// distances[i] = distance of `query` to row first + i, for i in [0, count): sequential, for scans.
// Right to float32's rounding for embeddings of any finite elements; a distance beyond float32's range is an infinity,
// a cosine distance that rounding took out of [0, 2] the nearer end. Never NaN, so that distances always have a total
// order: rows that are no numbers (of a damaged file) are at +infinity.
void DistancesToRange(const PreparedQuery& query, const RowsSpan& rows, int64_t first, int64_t count, float* distances);

// distances[i] = distance of `query` to row ordinals[i]; prefetches ahead, for scattered rows. Same bits as above.
void DistancesToOrdinals(const PreparedQuery& query, const RowsSpan& rows, std::span<const uint32_t> ordinals,
                         float* distances);

// The distance between two rows in the layout of a RowsSpan (their place does not matter). Same bits as above.
float DistanceBetweenRows(Space space, const float* row_a, const float* row_b, int32_t dimension);

// Name of the instruction set in use ("AVX3", "AVX2", "SSE4", ...): for benchmark reports.
std::string_view KernelTarget();

}  // namespace ochre

#endif  // OCHRE_DISTANCE_KERNELS_H_
