// RowsSpan: vectors as the kernels read them, borrowed from a segment's file or from a log tail.
#ifndef OCHRE_DISTANCE_ROWS_SPAN_H_
#define OCHRE_DISTANCE_ROWS_SPAN_H_

#include <cstdint>

namespace ochre {

// Floats from one row to the next: the dimension plus one place for the inverse norm, rounded up to 16 floats (64
// bytes), so that every row starts a cache line and every aligned 16-lane load stays inside its row.
constexpr int64_t RowStride(int32_t dimension) { return (static_cast<int64_t>(dimension) + 1 + 15) / 16 * 16; }

// Shape (row_count, dimension), RowStride(dimension) floats apart, `data` aligned to 64 bytes. In each row:
//   [0, dimension)   the embedding as given
//   [dimension]      1 / its Euclidean norm; 0 for a zero vector, or where that is no finite float
//   the rest         zero
struct RowsSpan {
  const float* data = nullptr;
  int64_t row_count = 0;
  int32_t dimension = 0;

  const float* Row(int64_t row) const { return data + row * RowStride(dimension); }
};

// Writes one row of RowStride(dimension) floats in that layout from an embedding of `dimension` floats.
void FillRow(const float* embedding, int32_t dimension, float* row);

}  // namespace ochre

#endif  // OCHRE_DISTANCE_ROWS_SPAN_H_
