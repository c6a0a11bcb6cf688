#include "distance/codes.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstring>
#include <limits>

#include "distance/double_sums.h"
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

// Products of a query and a row up to this leave room in float32's range for what is added to them.
constexpr float kProductMax = 0x1p126f;

constexpr float kInfinity = std::numeric_limits<float>::infinity();

struct Trailer {
  float scale, squared_norm, error;
};
static_assert(sizeof(Trailer) == kCodeTrailerBytes);

// `value`, a root of a float32 sum of `dimension` squares, as a bound: 32 lanes of such a sum each lose half a bit with
// every addition (kernels.h), and a few operations follow.
float RoundUp(float value, int32_t dimension) {
  return value * (1.0f + kRounding + static_cast<float>(dimension) / 32 * std::numeric_limits<float>::epsilon());
}

// The root of a sum of squares, as a bound; `in_double` takes the sum again where float32's range did not hold it.
template <typename InDouble>
float RootAsBound(float squares, int32_t dimension, const InDouble& in_double) {
  constexpr float kMax = std::numeric_limits<float>::max();
  if (squares >= kTrustedSquaresMin && squares <= kMax) return RoundUp(std::sqrt(squares), dimension);
  const double root = std::sqrt(in_double());
  return root <= static_cast<double>(kMax) ? RoundUp(static_cast<float>(root), dimension) : kInfinity;
}

// `squares`: DotProduct(a, a).
float NormBound(const float* a, float squares, int32_t dimension) {
  return RootAsBound(squares, dimension, [=] { return DotProductInDouble(a, a, dimension); });
}

float DistanceBound(const float* a, const float* b, int32_t dimension) {
  return RootAsBound(L2Squared(a, b, dimension), dimension, [=] { return L2SquaredInDouble(a, b, dimension); });
}

// 1 / |row| of a row of any finite elements; 0 only for a zero vector.
double InverseNormOfRow(const float* row, int32_t dimension) {
  if (IsTrustedInverseNorm(row[dimension])) return static_cast<double>(row[dimension]);
  const double squares = DotProductInDouble(row, row, dimension);
  return squares > 0 ? 1 / std::sqrt(squares) : 0;
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

// Where squares underflow, code distances are wrong by up to 2^-119 (a product of two scales that is no normal number,
// times 127 * 127 * 65,536), which is covered by adding kTrustedSquaresMin: near 0 it is 2^9 times the root of that.
float CodeQuery::Reach(float nearer, const CodeBounds& bounds) const {
  if (space_ == Space::kInnerProduct) {
    // |q x - q' x'| <= |q - q'| |x'| + |q| |x - x'|, for both vectors.
    if (MayOverflow(bounds)) return kInfinity;
    const float doubt = error_ * bounds.norm + norm_ * bounds.error;
    return nearer + 2 * doubt + kRounding * (1 + norm_ * (bounds.norm + bounds.error));
  }
  // The triangle inequality, for both vectors. In kCosine a zero vector's distance is exact.
  const float reach = std::sqrt(nearer) + 2 * (error_ + bounds.error);
  return reach * reach + kRounding * (base_ + reach * reach) + kTrustedSquaresMin;
}

float CodeQuery::LikelyReach(float nearer, const CodeBounds& bounds) const {
  // With q = q' + e and x = x' + f, what the squared distance and the product differ by from those of q' and x' is
  // 2 (q' - x') (e - f) + |e - f|^2, and q' f + e x' + e f. The first parts are sums of `dimension` terms with a mean
  // of zero. The difference of two distances has twice the variance of each, and 1 in 30,000 is beyond 4 deviations.
  const auto dimension = static_cast<float>(dimension_);
  const float deviations = 4 * std::sqrt(2.0f);
  const float e = error_, f = bounds.error;
  if (space_ == Space::kInnerProduct) {
    if (MayOverflow(bounds)) return kInfinity;
    const float variance = (norm_ * norm_ * f * f + e * e * bounds.norm * bounds.norm) / dimension;
    return nearer + deviations * std::sqrt(variance) + 2 * e * f + kRounding * (1 + norm_ * (bounds.norm + f));
  }
  const float reach = nearer + deviations * 2 * std::sqrt(nearer * (e * e + f * f) / dimension) + (e + f) * (e + f);
  return reach + kRounding * (base_ + reach) + kTrustedSquaresMin;
}

bool CodeQuery::MayOverflow(const CodeBounds& bounds) const {
  return !(norm_ * (bounds.norm + bounds.error) <= kProductMax);
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
  if (space_ != Space::kCosine || IsTrustedInverseNorm(row[dimension])) {
    CentreVector(row, space_ == Space::kCosine ? row[dimension] : 1.0f, mean_, floats.data());
  } else {
    const double inverse_norm = InverseNormOfRow(row, dimension_);
    for (size_t i = 0; i < dimension; ++i) {
      floats[i] = static_cast<float>(static_cast<double>(row[i]) * inverse_norm) - mean_[i];
    }
  }
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
    const double factor = space == Space::kCosine ? InverseNormOfRow(row, rows.dimension) : 1.0;
    for (size_t j = 0; j < dimension; ++j) sums[j] += factor * static_cast<double>(row[j]);
  }
  std::vector<float> mean(dimension);
  for (size_t j = 0; j < dimension; ++j) {
    const double value = sums[j] / static_cast<double>(std::max<int64_t>(1, count));
    // Not finite: of rows that are no numbers, from a damaged file.
    mean[j] = std::isfinite(static_cast<float>(value)) ? static_cast<float>(value) : 0.0f;
  }
  return Quantizer(space, quantization, rows.dimension, std::move(mean));
}

bool Quantizer::Encode(const float* row, std::byte* code, CodeBounds* bounds) const {
  const auto dimension = static_cast<size_t>(dimension_);
  const Scratch scratch = Centre(row);
  const float largest = LargestMagnitude(scratch.vector);
  if (!(largest <= kCodedNormMax)) return false;  // infinity as well, of which there are no steps

  std::fill_n(code, stride(), std::byte{0});
  Trailer trailer = {};
  const bool is_lvq4 = quantization_ == Quantization::kLvq4;
  const StepScale scale = ScaleFor(largest, is_lvq4);
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
  trailer.error = DistanceBound(scratch.vector.data(), scratch.decoded, dimension_);
  const float squared_norm = DotProduct(scratch.decoded, scratch.decoded, dimension_);
  const CodeBounds own = {.error = trailer.error, .norm = NormBound(scratch.decoded, squared_norm, dimension_)};
  if (space_ == Space::kCosine && InverseNormOfRow(row, dimension_) == 0) {
    trailer = {.scale = 0, .squared_norm = kInfinity, .error = 0};
  } else if (space_ != Space::kInnerProduct) {
    trailer.squared_norm = squared_norm;
  }
  std::memcpy(code + stride() - kCodeTrailerBytes, &trailer, sizeof(trailer));
  bounds->Include(own);
  return own.norm <= kCodedNormMax;
}

CodeQuery Quantizer::Prepare(const PreparedQuery& query) const {
  assert(query.dimension() == dimension_ && query.space() == space_);
  const Scratch scratch = Centre(query.row());

  CodeQuery prepared(space_, quantization_, dimension_);
  const float* vector = scratch.vector.data();
  prepared.norm_ = NormBound(vector, DotProduct(vector, vector, dimension_), dimension_);
  if (space_ == Space::kL2 && !(prepared.norm_ <= kCodedNormMax)) {
    prepared.is_measurable_ = false;
    prepared.base_ = prepared.error_ = kInfinity;
    return prepared;
  }
  const StepScale scale = ScaleFor(LargestMagnitude(scratch.vector), /*is_lvq4=*/false);
  // The elements that meet the low halves of the codes, and those that meet the high ones.
  const auto first = std::min(scratch.vector.size(), static_cast<size_t>(CodeBytes(quantization_, dimension_)));
  prepared.sum_ = ToSteps(scratch.vector.first(first), scale, prepared.steps(), scratch.decoded);
  prepared.sum_ += ToSteps(scratch.vector.subspan(first), scale,
                           prepared.steps() + StepBytes(quantization_, dimension_) / 2, scratch.decoded + first);
  prepared.error_ = DistanceBound(scratch.vector.data(), scratch.decoded, dimension_);
  if (quantization_ == Quantization::kLvq4) prepared.bias_ = kLvq4Steps * static_cast<float>(prepared.sum_);
  if (space_ == Space::kInnerProduct) {
    prepared.base_ = 1;
    prepared.weight_ = scale.scale;
  } else {
    const bool is_zero = space_ == Space::kCosine && InverseNormOfRow(query.row(), dimension_) == 0;
    prepared.base_ = is_zero ? kInfinity : DotProduct(scratch.decoded, scratch.decoded, dimension_);
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
