// The loops of codes.h, compiled once for each instruction set.
#include <algorithm>
#include <cassert>
#include <cstring>
#include <limits>

#include "distance/codes.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "distance/code_kernels.cc"
#include "hwy/foreach_target.h"  // must come before highway.h
#include "hwy/highway.h"

#ifndef OCHRE_DISTANCE_CODE_KERNELS_ONCE_
#define OCHRE_DISTANCE_CODE_KERNELS_ONCE_
namespace ochre {

// What the loops need of a query.
struct CodeKernelQuery {
  explicit CodeKernelQuery(const CodeQuery& query)
      : steps(query.steps()),
        // Code bytes up to the end of their last block of 64.
        code_bytes((CodeBytes(query.quantization_, query.dimension_) + 63) / 64 * 64),
        sum(query.sum_),
        base(query.base_),
        weight(query.weight_),
        bias(query.bias_),
        space(query.space_),
        is_lvq4(query.quantization_ == Quantization::kLvq4) {}

  const int8_t* steps;
  int64_t code_bytes;
  int32_t sum;
  float base, weight, bias;
  Space space;
  bool is_lvq4;
};

}  // namespace ochre
#endif  // OCHRE_DISTANCE_CODE_KERNELS_ONCE_

HWY_BEFORE_NAMESPACE();
#if HWY_TARGET == HWY_AVX3_DL && defined(__GNUC__) && !defined(__clang__)
#pragma GCC target("avx512vnni")  // which the target implies, but Highway 1.0.3 does not tell the compiler
#endif
namespace ochre {
namespace HWY_NAMESPACE {
namespace {

// Rows whose sums are taken side by side: their loads overlap, and four sums are added up at once.
constexpr int64_t kRows = 4;

#if HWY_TARGET == HWY_AVX3_DL

HWY_INLINE void StoreSums(const __m512i* sums, int32_t* dots) {
  // Every quarter of the register holds four parts of each row's sum; in turn these are put side by side and added.
  const auto add_pairs = [](__m512i a, __m512i b) HWY_ATTR {
    return _mm512_add_epi32(_mm512_unpacklo_epi32(a, b), _mm512_unpackhi_epi32(a, b));
  };
  const __m512i rows01 = add_pairs(sums[0], sums[1]), rows23 = add_pairs(sums[2], sums[3]);
  const __m512i all = _mm512_add_epi32(_mm512_unpacklo_epi64(rows01, rows23), _mm512_unpackhi_epi64(rows01, rows23));
  const __m256i half = _mm256_add_epi32(_mm512_castsi512_si256(all), _mm512_extracti64x4_epi64(all, 1));
  const __m128i quarter = _mm_add_epi32(_mm256_castsi256_si128(half), _mm256_extracti128_si256(half, 1));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(dots), quarter);
}

HWY_INLINE void Int8Dots(const CodeKernelQuery& query, const std::byte* const* rows, int32_t* dots) {
  // VNNI multiplies unsigned by signed bytes: the codes become c + 128, and 128 times the sum of the steps goes off.
  const __m512i sign = _mm512_set1_epi8(static_cast<char>(0x80));
  __m512i sums[kRows] = {_mm512_setzero_si512(), _mm512_setzero_si512(), _mm512_setzero_si512(),
                         _mm512_setzero_si512()};
  for (int64_t i = 0; i < query.code_bytes; i += 64) {
    const __m512i steps = _mm512_load_si512(query.steps + i);
    for (int64_t r = 0; r < kRows; ++r) {
      sums[r] = _mm512_dpbusd_epi32(sums[r], _mm512_xor_si512(_mm512_load_si512(rows[r] + i), sign), steps);
    }
  }
  StoreSums(sums, dots);
  for (int64_t r = 0; r < kRows; ++r) dots[r] -= 128 * query.sum;
}

HWY_INLINE void Lvq4Dots(const CodeKernelQuery& query, const std::byte* const* rows, int32_t* dots) {
  const __m512i low = _mm512_set1_epi8(0x0F);
  __m512i sums[kRows] = {_mm512_setzero_si512(), _mm512_setzero_si512(), _mm512_setzero_si512(),
                         _mm512_setzero_si512()};
  for (int64_t i = 0; i < query.code_bytes; i += 64) {
    const __m512i low_steps = _mm512_load_si512(query.steps + i);
    const __m512i high_steps = _mm512_load_si512(query.steps + query.code_bytes + i);
    for (int64_t r = 0; r < kRows; ++r) {
      const __m512i codes = _mm512_load_si512(rows[r] + i);
      sums[r] = _mm512_dpbusd_epi32(sums[r], _mm512_and_si512(codes, low), low_steps);
      sums[r] = _mm512_dpbusd_epi32(sums[r], _mm512_and_si512(_mm512_srli_epi16(codes, 4), low), high_steps);
    }
  }
  StoreSums(sums, dots);
}

#elif HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX2

HWY_INLINE void StoreSums(const __m256i* sums, int32_t* dots) {
  __m128i quarters[kRows];
  for (int64_t r = 0; r < kRows; ++r) {
    quarters[r] = _mm_add_epi32(_mm256_castsi256_si128(sums[r]), _mm256_extracti128_si256(sums[r], 1));
  }
  const __m128i all =
      _mm_hadd_epi32(_mm_hadd_epi32(quarters[0], quarters[1]), _mm_hadd_epi32(quarters[2], quarters[3]));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(dots), all);
}

HWY_INLINE __m256i Load(const void* data) { return _mm256_load_si256(static_cast<const __m256i*>(data)); }

// Adds to each of 8 sums the products of 4 pairs of bytes. Two products must fit 16 bits.
HWY_INLINE __m256i AddProducts(__m256i sums, __m256i unsigned_bytes, __m256i signed_bytes) {
  const __m256i pairs = _mm256_maddubs_epi16(unsigned_bytes, signed_bytes);
  return _mm256_add_epi32(sums, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
}

HWY_INLINE void Int8Dots(const CodeKernelQuery& query, const std::byte* const* rows, int32_t* dots) {
  __m256i sums[kRows] = {_mm256_setzero_si256(), _mm256_setzero_si256(), _mm256_setzero_si256(),
                         _mm256_setzero_si256()};
  for (int64_t i = 0; i < query.code_bytes; i += 32) {
    const __m256i steps = Load(query.steps + i);
    const __m256i magnitudes = _mm256_abs_epi8(steps);
    // Both factors are within 127, and 2 * 127 * 127 < 2^15.
    for (int64_t r = 0; r < kRows; ++r) {
      sums[r] = AddProducts(sums[r], magnitudes, _mm256_sign_epi8(Load(rows[r] + i), steps));
    }
  }
  StoreSums(sums, dots);
}

HWY_INLINE void Lvq4Dots(const CodeKernelQuery& query, const std::byte* const* rows, int32_t* dots) {
  const __m256i low = _mm256_set1_epi8(0x0F);
  __m256i sums[kRows] = {_mm256_setzero_si256(), _mm256_setzero_si256(), _mm256_setzero_si256(),
                         _mm256_setzero_si256()};
  for (int64_t i = 0; i < query.code_bytes; i += 32) {
    const __m256i low_steps = Load(query.steps + i);
    const __m256i high_steps = Load(query.steps + query.code_bytes + i);
    for (int64_t r = 0; r < kRows; ++r) {
      const __m256i codes = Load(rows[r] + i);
      sums[r] = AddProducts(sums[r], _mm256_and_si256(codes, low), low_steps);
      sums[r] = AddProducts(sums[r], _mm256_and_si256(_mm256_srli_epi16(codes, 4), low), high_steps);
    }
  }
  StoreSums(sums, dots);
}

#else

// What the others compute, in the words of the definition; the compiler vectorises it.
HWY_INLINE void Int8Dots(const CodeKernelQuery& query, const std::byte* const* rows, int32_t* dots) {
  for (int64_t r = 0; r < kRows; ++r) {
    const auto* codes = reinterpret_cast<const int8_t*>(rows[r]);
    int32_t sum = 0;
    for (int64_t i = 0; i < query.code_bytes; ++i) sum += int32_t{query.steps[i]} * int32_t{codes[i]};
    dots[r] = sum;
  }
}

HWY_INLINE void Lvq4Dots(const CodeKernelQuery& query, const std::byte* const* rows, int32_t* dots) {
  for (int64_t r = 0; r < kRows; ++r) {
    const auto* codes = reinterpret_cast<const uint8_t*>(rows[r]);
    int32_t sum = 0;
    for (int64_t i = 0; i < query.code_bytes; ++i) {
      sum += int32_t{query.steps[i]} * (codes[i] & 15) + int32_t{query.steps[query.code_bytes + i]} * (codes[i] >> 4);
    }
    dots[r] = sum;
  }
}

#endif

// The distances of kRows rows, side by side.
HWY_INLINE void Finish(const CodeKernelQuery& query, const std::byte* const* rows, int64_t stride, const int32_t* dots,
                       float* distances) {
  using Floats [[gnu::vector_size(kRows * sizeof(float))]] = float;
  float scales[kRows], norms[kRows], products[kRows];
  for (int64_t r = 0; r < kRows; ++r) {
    std::memcpy(&scales[r], rows[r] + stride - kCodeTrailerBytes, sizeof(float));
    std::memcpy(&norms[r], rows[r] + stride - kCodeTrailerBytes + sizeof(float), sizeof(float));
    products[r] = static_cast<float>(dots[r]) - query.bias;
  }
  Floats scale, norm, product;
  std::memcpy(&scale, scales, sizeof(scale));
  std::memcpy(&norm, norms, sizeof(norm));
  std::memcpy(&product, products, sizeof(product));
  Floats distance = (query.base + norm) - (query.weight * scale) * product;
  const Floats zero = {};
  if (query.space == Space::kInnerProduct) {
    distance = distance == distance ? distance : zero + std::numeric_limits<float>::infinity();
  } else {
    const Floats finite_max = zero + std::numeric_limits<float>::max();
    // Not finite: in kCosine one of the two is a zero vector, at distance 1, which is 2 here.
    const Floats not_finite = zero + (query.space == Space::kCosine ? 2.0f : std::numeric_limits<float>::infinity());
    distance = distance <= finite_max ? (distance > zero ? distance : zero) : not_finite;
  }
  std::memcpy(distances, &distance, sizeof(distance));
}

// row_at(i) is code row i of `count`.
template <bool kIsLvq4, typename RowAt>
HWY_INLINE void Distances(const CodeKernelQuery& query, int64_t stride, int64_t count, const RowAt& row_at,
                          float* HWY_RESTRICT distances) {
  const auto measure = [&](const std::byte* const* rows, float* to) HWY_ATTR {
    int32_t dots[kRows];
    if constexpr (kIsLvq4) {
      Lvq4Dots(query, rows, dots);
    } else {
      Int8Dots(query, rows, dots);
    }
    Finish(query, rows, stride, dots, to);
  };
  int64_t i = 0;
  for (; i + kRows <= count; i += kRows) {
    const std::byte* rows[kRows];
    for (int64_t r = 0; r < kRows; ++r) rows[r] = row_at(i + r);
    measure(rows, distances + i);
  }
  if (i == count) return;
  const std::byte* rows[kRows];
  // The last row again in the places that remain.
  for (int64_t r = 0; r < kRows; ++r) rows[r] = row_at(HWY_MIN(i + r, count - 1));
  float last[kRows];
  measure(rows, last);
  for (int64_t r = 0; i + r < count; ++r) distances[i + r] = last[r];
}

template <typename RowAt>
HWY_INLINE void Distances(const CodeKernelQuery& query, int64_t stride, int64_t count, const RowAt& row_at,
                          float* HWY_RESTRICT distances) {
  if (query.is_lvq4) {
    Distances<true>(query, stride, count, row_at, distances);
  } else {
    Distances<false>(query, stride, count, row_at, distances);
  }
}

void RangeDistances(const CodeKernelQuery& query, const std::byte* first, int64_t stride, int64_t count,
                    float* distances) {
  Distances(
      query, stride, count, [=](int64_t i) HWY_ATTR { return first + i * stride; }, distances);
}

void OrdinalDistances(const CodeKernelQuery& query, const std::byte* data, int64_t stride, const uint32_t* ordinals,
                      int64_t count, float* distances) {
  Distances(
      query, stride, count, [=](int64_t i) HWY_ATTR { return data + int64_t{ordinals[i]} * stride; }, distances);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace ochre
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ochre {

HWY_EXPORT(RangeDistances);
HWY_EXPORT(OrdinalDistances);

void CodeDistancesToRange(const CodeQuery& query, const CodesSpan& codes, int64_t first, int64_t count,
                          float* distances) {
  assert(first >= 0 && count >= 0 && first + count <= codes.row_count);
  HWY_DYNAMIC_DISPATCH(RangeDistances)
  (CodeKernelQuery(query), codes.Row(first), codes.stride(), count, distances);
}

void CodeDistancesToOrdinals(const CodeQuery& query, const CodesSpan& codes, std::span<const uint32_t> ordinals,
                             float* distances) {
  assert(std::all_of(ordinals.begin(), ordinals.end(), [&](uint32_t ordinal) { return ordinal < codes.row_count; }));
  HWY_DYNAMIC_DISPATCH(OrdinalDistances)
  (CodeKernelQuery(query), codes.data, codes.stride(), ordinals.data(), static_cast<int64_t>(ordinals.size()),
   distances);
}

}  // namespace ochre
#endif  // HWY_ONCE
