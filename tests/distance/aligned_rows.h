// AlignedRows: a matrix in the layout of a RowsSpan, owned.
#ifndef OCHRE_TESTS_DISTANCE_ALIGNED_ROWS_H_
#define OCHRE_TESTS_DISTANCE_ALIGNED_ROWS_H_

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <random>
#include <vector>

#include "distance/rows_span.h"

namespace ochre {

class AlignedRows {
 public:
  // `matrix`: rows of `dimension` floats, one after the other.
  AlignedRows(const std::vector<float>& matrix, int32_t dimension) {
    const auto row_count = static_cast<int64_t>(matrix.size()) / dimension;
    const int64_t floats = row_count * RowStride(dimension);
    data_.reset(static_cast<float*>(std::aligned_alloc(64, static_cast<size_t>(floats) * sizeof(float))));
    for (int64_t row = 0; row < row_count; ++row) {
      FillRow(matrix.data() + row * dimension, dimension, data_.get() + row * RowStride(dimension));
    }
    span_ = {.data = data_.get(), .row_count = row_count, .dimension = dimension};
  }

  const RowsSpan& span() const { return span_; }

 private:
  struct Free {
    void operator()(float* data) const { std::free(data); }
  };
  std::unique_ptr<float[], Free> data_;
  RowsSpan span_;
};

// `count` normally distributed numbers.
inline std::vector<float> RandomFloats(size_t count, uint32_t seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> floats(count);
  for (float& value : floats) value = normal(random);
  return floats;
}

}  // namespace ochre

#endif  // OCHRE_TESTS_DISTANCE_ALIGNED_ROWS_H_
