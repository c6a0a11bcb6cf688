// Codes: vectors in a byte or half a byte a dimension, for searches that read much and re-rank little.
#ifndef OCHRE_DISTANCE_CODES_H_
#define OCHRE_DISTANCE_CODES_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "distance/kernels.h"
#include "distance/rows_span.h"
#include "ochre/options.h"

namespace ochre {

// Locally adaptive scalar quantisation (Aguerrebere et al. 2023, "Similarity search in the blink of an eye with
// compressed indices", section 3): the vectors' mean is subtracted, and each difference is stored as whole steps of a
// scale of its own. In kCosine the vectors are normalised first. In kInnerProduct the mean is left out, so that the
// product of two decoded vectors needs nothing but their codes.
//   kInt8   element = scale * c,            c in [-127, 127], a signed byte
//   kLvq4   element = scale * (u - 7.5),    u in [0, 15]: elements [0, h) in the low halves of h = (d + 1) / 2 bytes,
//                                           the others in the high halves
// A code row, at a multiple of 64 bytes:
//   [0, code bytes)       the codes
//   ...                   zero
//   [stride - 12, - 8)    scale; float32, as all three
//   [stride - 8, - 4)     kL2, kCosine: squared norm of the decoded vector; kInnerProduct: 0. In kCosine infinity says
//                         that the vector is zero and so at distance 1 from everything
//   [stride - 4, stride)  error: Euclidean distance of the decoded vector from the vector itself, rounded up
inline constexpr int64_t kCodeTrailerBytes = 12;

constexpr int64_t CodeBytes(Quantization quantization, int32_t dimension) {
  return quantization == Quantization::kLvq4 ? (int64_t{dimension} + 1) / 2 : int64_t{dimension};
}

constexpr int64_t CodeStride(Quantization quantization, int32_t dimension) {
  return (CodeBytes(quantization, dimension) + kCodeTrailerBytes + 63) / 64 * 64;
}

// Code rows, borrowed. `data` is aligned to 64 bytes.
struct CodesSpan {
  const std::byte* data = nullptr;
  int64_t row_count = 0;
  int32_t dimension = 0;
  Quantization quantization = Quantization::kInt8;  // never kNone

  int64_t stride() const { return CodeStride(quantization, dimension); }
  const std::byte* Row(int64_t row) const { return data + row * stride(); }
};

// The largest norm, less the mean, of a vector that has a code: of two such the squared distance is at most 2^126.
inline constexpr float kCodedNormMax = 0x1p62f;
// The least norm in kL2 that the largest of a set should have, unless all are zero, for codes to be of use: far below
// it, squared distances leave float32's range, and no code is out of any other's reach.
inline constexpr float kCodedNormMin = 0x1p-40f;

// How many of the nearest by their codes are compared by their float32 values to find the `k` nearest: twice as many
// give int8 codes the recall of float32 rows, four times as many lvq4 ones; where k is small, so many as for 10.
constexpr int64_t RerankCount(Quantization quantization, int64_t k) {
  const int64_t at_least = k < 10 ? 10 : k;
  return quantization == Quantization::kLvq4 ? 4 * at_least : 2 * at_least;
}

// The largest of what bounds how far decoded vectors may mislead: of the errors, and of the decoded vectors' norms
// (which bound only kInnerProduct).
struct CodeBounds {
  float error = 0;
  float norm = 0;

  void Include(const CodeBounds& other);
};

// A query in the form in which it meets code rows. Distances to codes approximate those of kernels.h: the same number
// in kL2 and kInnerProduct, twice it in kCosine (the squared distance of the normalised vectors).
class CodeQuery {
 public:
  CodeQuery(CodeQuery&&) noexcept = default;
  CodeQuery& operator=(CodeQuery&&) noexcept = default;
  CodeQuery(const CodeQuery&) = delete;  // steps() points into this query's own storage
  CodeQuery& operator=(const CodeQuery&) = delete;

  // The largest code distance at which a vector can still be as near as one at code distance `nearer`, if the bounds
  // hold for the codes of both: what lies beyond stays beyond when the vectors themselves are compared. Infinity where
  // float32 cannot hold what would tell.
  float Reach(float nearer, const CodeBounds& bounds) const;
  // The same but for chance: errors are taken to be as likely in any direction, and a vector beyond to be as near once
  // in 30,000 cases.
  float LikelyReach(float nearer, const CodeBounds& bounds) const;

  // False: the query is so large that its distances to codes overflow. All are infinity, which a scan can do with,
  // since then it leaves out nothing, but no walk through a graph.
  bool is_measurable() const { return is_measurable_; }

 private:
  friend class Quantizer;
  friend struct CodeKernelQuery;

  CodeQuery(Space space, Quantization quantization, int32_t dimension);
  // kInnerProduct: whether products with rows within the bounds may leave float32's range.
  bool MayOverflow(const CodeBounds& bounds) const;
  int8_t* steps() { return reinterpret_cast<int8_t*>(storage_.data()) + offset_; }
  const int8_t* steps() const { return reinterpret_cast<const int8_t*>(storage_.data()) + offset_; }

  Space space_;
  Quantization quantization_;
  int32_t dimension_;
  // Distance to a row = base_ + the row's squared norm - weight_ * scale * (sum of steps times codes - bias_).
  float base_ = 0;
  float weight_ = 0;
  float bias_ = 0;
  int32_t sum_ = 0;  // of the steps
  float error_ = 0;  // Euclidean distance of the query from its steps
  float norm_ = 0;   // of the query
  bool is_measurable_ = true;
  // Steps of the query, in [-127, 127], in the order of the codes and zero behind them up to a multiple of 64; for
  // kLvq4 those that meet the low halves first, then those that meet the high ones.
  std::vector<std::byte> storage_;
  size_t offset_ = 0;
};

// Makes codes. Immutable; any number of threads.
class Quantizer {
 public:
  // `mean`: `dimension` floats, or empty for zero; ignored in kInnerProduct.
  Quantizer(Space space, Quantization quantization, int32_t dimension, std::vector<float> mean);

  // With the mean of (a sample of) `rows`: at most 65,536 of them, evenly spread, which leaves 1 / 256 of a standard
  // deviation of doubt.
  static Quantizer Train(Space space, Quantization quantization, const RowsSpan& rows);

  Space space() const { return space_; }
  Quantization quantization() const { return quantization_; }
  int32_t dimension() const { return dimension_; }
  std::span<const float> mean() const { return mean_; }  // `dimension` floats
  int64_t stride() const { return CodeStride(quantization_, dimension_); }

  // Writes the stride() bytes of the code of `row`, which is in the layout of a RowsSpan. False: its norm is beyond
  // kCodedNormMax, so that codes cannot stand for it.
  bool Encode(const float* row, std::byte* code, CodeBounds* bounds) const;

  CodeQuery Prepare(const PreparedQuery& query) const;

  // The query that a row's code is itself: distances between codes, for building graphs. Only kInt8.
  CodeQuery MakeRowQuery() const { return {space_, quantization_, dimension_}; }
  void PrepareFromCode(const std::byte* code, CodeQuery* query) const;

 private:
  struct Scratch;
  Scratch Centre(const float* row) const;

  Space space_;
  Quantization quantization_;
  int32_t dimension_;
  std::vector<float> mean_;
};

// distances[i] = distance of `query` to code row first + i, for i in [0, count). The sums are taken in integers and
// finished in one order, so they have the same bits on every CPU. Never NaN; never negative but in kInnerProduct.
void CodeDistancesToRange(const CodeQuery& query, const CodesSpan& codes, int64_t first, int64_t count,
                          float* distances);

// distances[i] = distance of `query` to code row ordinals[i], which the caller has prefetched where that matters.
void CodeDistancesToOrdinals(const CodeQuery& query, const CodesSpan& codes, std::span<const uint32_t> ordinals,
                             float* distances);

}  // namespace ochre

#endif  // OCHRE_DISTANCE_CODES_H_
