#include "distance/rows_span.h"

#include <algorithm>
#include <cassert>

#include "distance/kernels.h"

namespace ochre {

void FillRow(const float* embedding, int32_t dimension, float* row) {
  assert(dimension >= 1);
  std::copy_n(embedding, dimension, row);
  row[dimension] = InverseNorm(embedding, dimension);
  std::fill(row + dimension + 1, row + RowStride(dimension), 0.0f);
}

}  // namespace ochre
