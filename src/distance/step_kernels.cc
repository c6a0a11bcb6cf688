#include "distance/step_kernels.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "distance/step_kernels.cc"
#include "hwy/foreach_target.h"  // must come before highway.h
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace ochre {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

// No more lanes than any vector here has, so that the loops below are the same everywhere.
using Floats = hn::CappedTag<float, 16>;

void Centre(const float* HWY_RESTRICT row, float factor, const float* HWY_RESTRICT mean, int64_t count,
            float* HWY_RESTRICT centred) {
  const Floats tag;
  const auto lanes = static_cast<int64_t>(hn::Lanes(tag));
  const auto factors = hn::Set(tag, factor);
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    hn::StoreU(hn::Sub(hn::Mul(hn::LoadU(tag, row + i), factors), hn::LoadU(tag, mean + i)), tag, centred + i);
  }
  for (; i < count; ++i) centred[i] = row[i] * factor - mean[i];
}

float Largest(const float* HWY_RESTRICT vector, int64_t count) {
  const Floats tag;
  const auto lanes = static_cast<int64_t>(hn::Lanes(tag));
  auto largest = hn::Zero(tag);
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) largest = hn::Max(largest, hn::Abs(hn::LoadU(tag, vector + i)));
  float result = hn::GetLane(hn::MaxOfLanes(tag, largest));
  for (; i < count; ++i) result = std::max(result, std::fabs(vector[i]));
  return result;
}

int32_t Steps(const float* HWY_RESTRICT vector, int64_t count, const StepScale& scale, int8_t* HWY_RESTRICT steps,
              float* HWY_RESTRICT decoded) {
  const Floats tag;
  const hn::RebindToSigned<Floats> int_tag;
  const hn::Rebind<int8_t, Floats> step_tag;
  const auto lanes = static_cast<int64_t>(hn::Lanes(tag));
  const auto inverses = hn::Set(tag, scale.inverse), scales = hn::Set(tag, scale.scale);
  const auto offsets = hn::Set(tag, scale.offset);
  const auto min = hn::Set(int_tag, scale.min), max = hn::Set(int_tag, scale.max);
  auto sums = hn::Zero(int_tag);
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const auto place = hn::Add(hn::Mul(hn::LoadU(tag, vector + i), inverses), offsets);
    const auto step = hn::Min(hn::Max(hn::NearestInt(place), min), max);
    sums = hn::Add(sums, step);
    hn::StoreU(hn::Mul(scales, hn::Sub(hn::ConvertTo(tag, step), offsets)), tag, decoded + i);
    hn::StoreU(hn::DemoteTo(step_tag, step), step_tag, steps + i);
  }
  int32_t sum = hn::GetLane(hn::SumOfLanes(int_tag, sums));
  for (; i < count; ++i) {
    const float place = vector[i] * scale.inverse + scale.offset;
    const auto step = std::clamp(static_cast<int32_t>(std::nearbyint(place)), scale.min, scale.max);
    sum += step;
    decoded[i] = scale.scale * (static_cast<float>(step) - scale.offset);
    steps[i] = static_cast<int8_t>(step);
  }
  return sum;
}

int32_t Sum(const int8_t* HWY_RESTRICT steps, int64_t count) {
  const hn::CappedTag<uint8_t, 64> tag;
  const hn::Repartition<uint64_t, decltype(tag)> sum_tag;
  const auto lanes = static_cast<int64_t>(hn::Lanes(tag));
  const auto sign = hn::Set(tag, uint8_t{0x80});
  auto sums = hn::Zero(sum_tag);
  int64_t i = 0;
  // step + 128, which is not negative.
  for (; i + lanes <= count; i += lanes) {
    const auto bytes = hn::LoadU(tag, reinterpret_cast<const uint8_t*>(steps) + i);
    sums = hn::Add(sums, hn::SumsOf8(hn::Xor(bytes, sign)));
  }
  int64_t sum = static_cast<int64_t>(hn::GetLane(hn::SumOfLanes(sum_tag, sums))) - 128 * i;
  for (; i < count; ++i) sum += steps[i];
  return static_cast<int32_t>(sum);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace ochre
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ochre {

HWY_EXPORT(Centre);
HWY_EXPORT(Largest);
HWY_EXPORT(Steps);
HWY_EXPORT(Sum);

void CentreVector(const float* row, float factor, std::span<const float> mean, float* centred) {
  HWY_DYNAMIC_DISPATCH(Centre)(row, factor, mean.data(), std::ssize(mean), centred);
}

float LargestMagnitude(std::span<const float> vector) {
  return HWY_DYNAMIC_DISPATCH(Largest)(vector.data(), std::ssize(vector));
}

int32_t ToSteps(std::span<const float> vector, const StepScale& scale, int8_t* steps, float* decoded) {
  return HWY_DYNAMIC_DISPATCH(Steps)(vector.data(), std::ssize(vector), scale, steps, decoded);
}

int32_t SumOfSteps(const int8_t* steps, int64_t count) { return HWY_DYNAMIC_DISPATCH(Sum)(steps, count); }

}  // namespace ochre
#endif  // HWY_ONCE
