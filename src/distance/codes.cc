#include "distance/codes.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstring>
#include <limits>

#include "distance/step_kernels.h"

namespace ochre {
namespace {

constexpr int64_t kTrainingRowsMax = 65'536;

// 7.5 steps of kLvq4 reach the largest element, 127 of kInt8.
constexpr float kInt8Steps = 127.0f;
constexpr float kLvq4Steps = 7.5f;

// Relative to the norms that take part: what rounding adds to a float32 sum of thousands of terms, and to the few
// operations that finish a code distance, with an order of magnitude to spare.
constexpr float kRounding = 1e-5f;

struct Trailer {
  float scale, squared_norm, error;
};
static_assert(sizeof(Trailer) == kCodeTrailerBytes);

// `value`, a root of a float32 sum of `dimension` squares, as a bound: 32 lanes of such a sum each lose half a bit with
// every addition (kernels.h), and a few operations follow.
float RoundUp(float value, int32_t dimension) {
  return value * (1.0f + kRounding + static_cast<float>(dimension) / 32 * std::numeric_limits<float>::epsilon());
}

size_t StepBytes(Quantization quantization, int32_t dimension) {
  const auto bytes = static_cast<size_t>(CodeBytes(quantization, dimension) + 63) / 64 * 64;
  return quantization == Quantization::kLvq4 ? 2 * bytes : bytes;
}

Trailer TrailerOf(const std::byte* code, int64_t stride) {
  Trailer trailer;
  std::memcpy(&trailer, code + stride - kCodeTrailerBytes, sizeof(trailer));
  return trailer;
}

// A vector whose elements are too small for their steps decodes to zero.
StepScale ScaleFor(float largest, bool is_lvq4) {
  StepScale scale = {.scale = largest / (is_lvq4 ? kLvq4Steps : kInt8Steps)};
  if (is_lvq4) scale = {.scale = scale.scale, .offset = kLvq4Steps, .min = 0, .max = 15};
  if (largest > 0 && std::isfinite(1 / scale.scale)) {
    scale.inverse = 1 / scale.scale;
  } else {
    scale.scale = 0;
  }
  return scale;
}

}  // namespace

// The vector to be coded, and room for what comes of it; the thread's own, until the next call.
struct Quantizer::Scratch {
  std::span<const float> vector;  // `dimension` elements, as all three
  float* decoded;
  int8_t* steps;
};

void CodeBounds::Include(const CodeBounds& other) {
  error = std::max(error, other.error);
  norm = std::max(norm, other.norm);
}

CodeQuery::CodeQuery(Space space, Quantization quantization, int32_t dimension)
    : space_(space),
      quantization_(quantization),
      dimension_(dimension),
      storage_(StepBytes(quantization, dimension) + 63) {
  const uintptr_t address = reinterpret_cast<uintptr_t>(storage_.data());
  offset_ = (64 - address % 64) % 64;
}

float CodeQuery::Reach(float nearer, const CodeBounds& bounds) const {
  if (space_ == Space::kInnerProduct) {
    // |q x - q' x'| <= |q - q'| |x'| + |q| |x - x'|, for both vectors.
    const float doubt = error_ * bounds.norm + norm_ * bounds.error;
    return nearer + 2 * doubt + kRounding * (1 + norm_ * (bounds.norm + bounds.error));
  }
  // The triangle inequality, for both vectors. In kCosine a zero vector's distance is exact.
  const float reach = std::sqrt(nearer) + 2 * (error_ + bounds.error);
  return reach * reach + kRounding * (base_ + reach * reach);
}

float CodeQuery::LikelyReach(float nearer, const CodeBounds& bounds) const {
  // With q = q' + e and x = x' + f, what the squared distance and the product differ by from those of q' and x' is
  // 2 (q' - x') (e - f) + |e - f|^2, and q' f + e x' + e f. The first parts are sums of `dimension` terms with a mean
  // of zero. The difference of two distances has twice the variance of each, and 1 in 30,000 is beyond 4 deviations.
  const auto dimension = static_cast<float>(dimension_);
  const float deviations = 4 * std::sqrt(2.0f);
  const float e = error_, f = bounds.error;
  if (space_ == Space::kInnerProduct) {
    const float variance = (norm_ * norm_ * f * f + e * e * bounds.norm * bounds.norm) / dimension;
    return nearer + deviations * std::sqrt(variance) + 2 * e * f + kRounding * (1 + norm_ * (bounds.norm + f));
  }
  const float reach = nearer + deviations * 2 * std::sqrt(nearer * (e * e + f * f) / dimension) + (e + f) * (e + f);
  return reach + kRounding * (base_ + reach);
}

Quantizer::Quantizer(Space space, Quantization quantization, int32_t dimension, std::vector<float> mean)
    : space_(space), quantization_(quantization), dimension_(dimension), mean_(std::move(mean)) {
  assert(quantization != Quantization::kNone && dimension >= 1);
  if (space == Space::kInnerProduct || mean_.empty()) mean_.assign(static_cast<size_t>(dimension), 0.0f);
  assert(mean_.size() == static_cast<size_t>(dimension));
}

Quantizer::Scratch Quantizer::Centre(const float* row) const {
  const auto dimension = static_cast<size_t>(dimension_);
  thread_local std::vector<float> floats;
  thread_local std::vector<int8_t> steps;
  floats.resize(2 * dimension);
  steps.resize(dimension);
  CentreVector(row, space_ == Space::kCosine ? row[dimension] : 1.0f, mean_, floats.data());
  return {std::span<const float>(floats).first(dimension), floats.data() + dimension, steps.data()};
}

Quantizer Quantizer::Train(Space space, Quantization quantization, const RowsSpan& rows) {
  const auto dimension = static_cast<size_t>(rows.dimension);
  if (space == Space::kInnerProduct) return Quantizer(space, quantization, rows.dimension, {});
  std::vector<double> sums(dimension);
  const int64_t step = std::max<int64_t>(1, rows.row_count / kTrainingRowsMax);
  int64_t count = 0;
  for (int64_t i = 0; i < rows.row_count; i += step, ++count) {
    const float* row = rows.Row(i);
    const double factor = space == Space::kCosine ? static_cast<double>(row[dimension]) : 1.0;
    for (size_t j = 0; j < dimension; ++j) sums[j] += factor * static_cast<double>(row[j]);
  }
  std::vector<float> mean(dimension);
  for (size_t j = 0; j < dimension; ++j) {
    const double value = sums[j] / static_cast<double>(std::max<int64_t>(1, count));
    // Elements near float32's largest, whose sum overflowed, are refused by Encode.
    mean[j] = std::isfinite(static_cast<float>(value)) ? static_cast<float>(value) : 0.0f;
  }
  return Quantizer(space, quantization, rows.dimension, std::move(mean));
}

bool Quantizer::Encode(const float* row, std::byte* code, CodeBounds* bounds) const {
  const auto dimension = static_cast<size_t>(dimension_);
  const Scratch scratch = Centre(row);

  std::fill_n(code, stride(), std::byte{0});
  Trailer trailer = {};
  const bool is_lvq4 = quantization_ == Quantization::kLvq4;
  const StepScale scale = ScaleFor(LargestMagnitude(scratch.vector), is_lvq4);
  trailer.scale = scale.scale;
  if (is_lvq4) {
    ToSteps(scratch.vector, scale, scratch.steps, scratch.decoded);
    const size_t half = (dimension + 1) / 2;
    for (size_t i = 0; i < dimension - half; ++i) {
      code[i] = static_cast<std::byte>(scratch.steps[i] | scratch.steps[half + i] << 4);
    }
    if (dimension % 2 != 0) code[half - 1] = static_cast<std::byte>(scratch.steps[half - 1]);
  } else {
    ToSteps(scratch.vector, scale, reinterpret_cast<int8_t*>(code), scratch.decoded);
  }
  float squared_norm = DotProduct(scratch.decoded, scratch.decoded, dimension_);
  trailer.error = RoundUp(std::sqrt(L2Squared(scratch.vector.data(), scratch.decoded, dimension_)), dimension_);
  const CodeBounds own = {.error = trailer.error, .norm = RoundUp(std::sqrt(squared_norm), dimension_)};
  if (space_ == Space::kCosine && row[dimension_] == 0) {
    trailer = {.scale = 0, .squared_norm = std::numeric_limits<float>::infinity(), .error = 0};
  } else if (space_ != Space::kInnerProduct) {
    trailer.squared_norm = squared_norm;
  }
  std::memcpy(code + stride() - kCodeTrailerBytes, &trailer, sizeof(trailer));
  bounds->Include(own);
  return std::isfinite(own.error) && std::isfinite(own.norm * own.norm);
}

CodeQuery Quantizer::Prepare(const PreparedQuery& query) const {
  assert(query.dimension() == dimension_ && query.space() == space_);
  const Scratch scratch = Centre(query.row());

  CodeQuery prepared(space_, quantization_, dimension_);
  const StepScale scale = ScaleFor(LargestMagnitude(scratch.vector), /*is_lvq4=*/false);
  // The elements that meet the low halves of the codes, and those that meet the high ones.
  const auto first = std::min(scratch.vector.size(), static_cast<size_t>(CodeBytes(quantization_, dimension_)));
  prepared.sum_ = ToSteps(scratch.vector.first(first), scale, prepared.steps(), scratch.decoded);
  prepared.sum_ += ToSteps(scratch.vector.subspan(first), scale,
                           prepared.steps() + StepBytes(quantization_, dimension_) / 2, scratch.decoded + first);
  prepared.error_ = RoundUp(std::sqrt(L2Squared(scratch.vector.data(), scratch.decoded, dimension_)), dimension_);
  prepared.norm_ = RoundUp(std::sqrt(DotProduct(scratch.vector.data(), scratch.vector.data(), dimension_)), dimension_);
  if (quantization_ == Quantization::kLvq4) prepared.bias_ = kLvq4Steps * static_cast<float>(prepared.sum_);
  if (space_ == Space::kInnerProduct) {
    prepared.base_ = 1;
    prepared.weight_ = scale.scale;
  } else {
    const bool is_zero = space_ == Space::kCosine && query.inverse_norm() == 0;
    prepared.base_ =
        is_zero ? std::numeric_limits<float>::infinity() : DotProduct(scratch.decoded, scratch.decoded, dimension_);
    prepared.weight_ = 2 * scale.scale;
  }
  return prepared;
}

void Quantizer::PrepareFromCode(const std::byte* code, CodeQuery* query) const {
  assert(quantization_ == Quantization::kInt8);
  const Trailer trailer = TrailerOf(code, stride());
  std::memcpy(query->steps(), code, static_cast<size_t>(dimension_));
  query->sum_ = SumOfSteps(query->steps(), dimension_);
  query->base_ = space_ == Space::kInnerProduct ? 1.0f : trailer.squared_norm;
  query->weight_ = space_ == Space::kInnerProduct ? trailer.scale : 2 * trailer.scale;
}

}  // namespace ochre
