// CodedRows: the codes of rows, owned.
#ifndef OCHRE_TESTS_DISTANCE_CODED_ROWS_H_
#define OCHRE_TESTS_DISTANCE_CODED_ROWS_H_

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>

#include "distance/codes.h"
#include "distance/rows_span.h"

namespace ochre {

class CodedRows {
 public:
  CodedRows(const Quantizer& quantizer, const RowsSpan& rows) {
    const int64_t stride = quantizer.stride();
    data_.reset(static_cast<std::byte*>(std::aligned_alloc(64, static_cast<size_t>(stride * rows.row_count))));
    for (int64_t i = 0; i < rows.row_count; ++i) {
      encodable_ = quantizer.Encode(rows.Row(i), data_.get() + i * stride, &bounds_) && encodable_;
    }
    span_ = {data_.get(), rows.row_count, quantizer.dimension(), quantizer.quantization()};
  }
  const CodesSpan& span() const { return span_; }
  const CodeBounds& bounds() const { return bounds_; }
  bool encodable() const { return encodable_; }

 private:
  struct Free {
    void operator()(std::byte* data) const { std::free(data); }
  };
  std::unique_ptr<std::byte[], Free> data_;
  CodesSpan span_;
  CodeBounds bounds_;
  bool encodable_ = true;
};

}  // namespace ochre

#endif  // OCHRE_TESTS_DISTANCE_CODED_ROWS_H_
