#include "distance/codes.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cmath>
#include <cstring>
#include <limits>

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

// Nearest whole number, halves to even: adding 1.5 * 2^23 leaves no bit for fractions. For |value| < 2^22; unlike
// lrint() the compiler vectorises it.
int32_t Round(float value) { return std::bit_cast<int32_t>(value + 12'582'912.0f) - 0x4B400000; }

double SquaredNorm(std::span<const float> vector) {
  // Four sums, because one would wait for each addition.
  double sums[4] = {};
  for (size_t i = 0; i < vector.size(); ++i) sums[i % 4] += static_cast<double>(vector[i]) * vector[i];
  return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

float LargestMagnitude(std::span<const float> vector) {
  float largest = 0;
  for (const float element : vector) largest = std::max(largest, std::fabs(element));
  return largest;
}

float RoundUp(double value) { return static_cast<float>(value) * (1.0f + kRounding); }

size_t StepBytes(Quantization quantization, int32_t dimension) {
  const auto bytes = static_cast<size_t>(CodeBytes(quantization, dimension) + 63) / 64 * 64;
  return quantization == Quantization::kLvq4 ? 2 * bytes : bytes;
}

Trailer TrailerOf(const std::byte* code, int64_t stride) {
  Trailer trailer;
  std::memcpy(&trailer, code + stride - kCodeTrailerBytes, sizeof(trailer));
  return trailer;
}

}  // namespace

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

Quantizer::Quantizer(Space space, Quantization quantization, int32_t dimension, std::vector<float> mean)
    : space_(space), quantization_(quantization), dimension_(dimension), mean_(std::move(mean)) {
  assert(quantization != Quantization::kNone && dimension >= 1);
  if (space == Space::kInnerProduct || mean_.empty()) mean_.assign(static_cast<size_t>(dimension), 0.0f);
  assert(mean_.size() == static_cast<size_t>(dimension));
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

void Quantizer::Centre(const float* row, float* centred) const {
  const float factor = space_ == Space::kCosine ? row[dimension_] : 1.0f;
  for (int32_t i = 0; i < dimension_; ++i) centred[i] = row[i] * factor - mean_[static_cast<size_t>(i)];
}

bool Quantizer::Encode(const float* row, std::byte* code, CodeBounds* bounds) const {
  const auto dimension = static_cast<size_t>(dimension_);
  thread_local std::vector<float> scratch;
  scratch.resize(dimension);
  const std::span<float> vector(scratch);
  Centre(row, vector.data());

  std::fill_n(code, stride(), std::byte{0});
  Trailer trailer = {};
  const float largest = LargestMagnitude(vector);
  const bool is_lvq4 = quantization_ == Quantization::kLvq4;
  trailer.scale = largest / (is_lvq4 ? kLvq4Steps : kInt8Steps);
  // A vector of elements too small for their steps decodes to zero.
  const float inverse = largest > 0 && std::isfinite(1 / trailer.scale) ? 1 / trailer.scale : 0.0f;
  if (inverse == 0) trailer.scale = 0;
  double squared_norm = 0, squared_error = 0;
  const auto account = [&](size_t i, float decoded) {
    const double difference = static_cast<double>(vector[i]) - decoded;
    squared_norm += static_cast<double>(decoded) * decoded;
    squared_error += difference * difference;
  };
  if (is_lvq4) {
    const size_t half = (dimension + 1) / 2;
    for (size_t i = 0; i < dimension; ++i) {
      const int32_t step = std::clamp(Round(vector[i] * inverse + kLvq4Steps), 0, 15);
      code[i % half] |= static_cast<std::byte>(i < half ? step : step << 4);
      account(i, trailer.scale * (static_cast<float>(step) - kLvq4Steps));
    }
  } else {
    for (size_t i = 0; i < dimension; ++i) {
      const int32_t step = std::clamp(Round(vector[i] * inverse), -127, 127);
      code[i] = static_cast<std::byte>(step);
      account(i, trailer.scale * static_cast<float>(step));
    }
  }
  trailer.error = RoundUp(std::sqrt(squared_error));
  if (space_ == Space::kCosine && row[dimension_] == 0) {
    trailer = {.scale = 0, .squared_norm = std::numeric_limits<float>::infinity(), .error = 0};
  } else if (space_ != Space::kInnerProduct) {
    trailer.squared_norm = static_cast<float>(squared_norm);
  }
  const CodeBounds own = {.error = trailer.error, .norm = RoundUp(std::sqrt(squared_norm))};
  std::memcpy(code + stride() - kCodeTrailerBytes, &trailer, sizeof(trailer));
  bounds->Include(own);
  return std::isfinite(own.error) && std::isfinite(own.norm * own.norm);
}

CodeQuery Quantizer::Prepare(const PreparedQuery& query) const {
  assert(query.dimension() == dimension_ && query.space() == space_);
  const auto dimension = static_cast<size_t>(dimension_);
  std::vector<float> vector(dimension);
  Centre(query.row(), vector.data());

  CodeQuery prepared(space_, quantization_, dimension_);
  const float scale = LargestMagnitude(vector) / kInt8Steps;
  const float inverse = scale > 0 && std::isfinite(1 / scale) ? 1 / scale : 0.0f;
  const auto half = static_cast<size_t>(CodeBytes(quantization_, dimension_));
  const size_t second_half = StepBytes(quantization_, dimension_) / 2;
  double squared_norm = 0, squared_error = 0;
  for (size_t i = 0; i < dimension; ++i) {
    const int32_t step = std::clamp(Round(vector[i] * inverse), -127, 127);
    // i - half: an element in the high half of a byte.
    prepared.steps()[i < half ? i : second_half + i - half] = static_cast<int8_t>(step);
    prepared.sum_ += step;
    const double decoded = static_cast<double>(inverse == 0 ? 0.0f : scale) * step;
    squared_norm += decoded * decoded;
    squared_error += (vector[i] - decoded) * (vector[i] - decoded);
  }
  prepared.error_ = RoundUp(std::sqrt(squared_error));
  prepared.norm_ = RoundUp(std::sqrt(SquaredNorm(vector)));
  if (quantization_ == Quantization::kLvq4) prepared.bias_ = kLvq4Steps * static_cast<float>(prepared.sum_);
  if (space_ == Space::kInnerProduct) {
    prepared.base_ = 1;
    prepared.weight_ = scale;
  } else {
    const bool is_zero = space_ == Space::kCosine && query.inverse_norm() == 0;
    prepared.base_ = is_zero ? std::numeric_limits<float>::infinity() : static_cast<float>(squared_norm);
    prepared.weight_ = 2 * scale;
  }
  return prepared;
}

void Quantizer::PrepareFromCode(const std::byte* code, CodeQuery* query) const {
  assert(quantization_ == Quantization::kInt8);
  const Trailer trailer = TrailerOf(code, stride());
  std::memcpy(query->steps(), code, static_cast<size_t>(dimension_));
  int32_t sum = 0;
  for (int32_t i = 0; i < dimension_; ++i) sum += query->steps()[i];
  query->sum_ = sum;
  query->base_ = space_ == Space::kInnerProduct ? 1.0f : trailer.squared_norm;
  query->weight_ = space_ == Space::kInnerProduct ? trailer.scale : 2 * trailer.scale;
}

}  // namespace ochre
