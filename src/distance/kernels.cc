#include "distance/kernels.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <cstring>
#include <limits>

#include "distance/double_sums.h"

// This file is compiled once for each instruction set: foreach_target.h includes it again and again. Scalable vectors
// (SVE, RVV) have no size at compile time, which the fixed 32 lanes below need; such CPUs run NEON or the fallback.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "distance/kernels.cc"
#include "hwy/cache_control.h"
#include "hwy/foreach_target.h"  // must come before highway.h
#include "hwy/highway.h"

#if defined(__clang__)
#define OCHRE_UNROLL _Pragma("unroll")
#else
#define OCHRE_UNROLL _Pragma("GCC unroll 8")  // 8: the most vectors that 32 lanes take (4 lanes each)
#endif

HWY_BEFORE_NAMESPACE();
namespace ochre {
namespace HWY_NAMESPACE {
namespace {

constexpr int32_t kLanes = 32;  // partial sums of the canonical order

#if HWY_TARGET == HWY_SCALAR

// The fallback where no vectors are known: the canonical order as it is defined.
struct Four {
  float lanes[4];
};
constexpr int32_t kRowsAtOnce = 1;

struct SquaredDifference {
  static float Term(float a, float b) { return (a - b) * (a - b); }
};
struct Product {
  static float Term(float a, float b) { return a * b; }
};

template <class Op>
Four SumToFour(const float* a, const float* b, int32_t dimension) {
  float lanes[kLanes] = {};
  for (int32_t i = 0; i < dimension; ++i) lanes[i % kLanes] += Op::Term(a[i], b[i]);
  for (int32_t count = kLanes / 2; count >= 4; count /= 2) {
    for (int32_t i = 0; i < count; ++i) lanes[i] += lanes[i + count];
  }
  return {lanes[0], lanes[1], lanes[2], lanes[3]};
}

template <class Op, int32_t kRows>
void SumRowsToFour(const float* query, const float* const* rows, int32_t dimension, Four* four) {
  for (int32_t r = 0; r < kRows; ++r) four[r] = SumToFour<Op>(query, rows[r], dimension);
}

float ReduceFour(const Four& four) { return (four.lanes[0] + four.lanes[2]) + (four.lanes[1] + four.lanes[3]); }

void ReduceFourRows(const Four (&rows)[4], float* sums) {
  for (int32_t r = 0; r < 4; ++r) sums[r] = ReduceFour(rows[r]);
}

#else

namespace hn = hwy::HWY_NAMESPACE;

using D = HWY_CAPPED(float, 16);
using V = hn::Vec<D>;
using D4 = hn::CappedTag<float, 4>;
using Four = hn::Vec<D4>;
constexpr int32_t kVectorLanes = HWY_MIN(HWY_MAX_BYTES / 4, 16);
constexpr int32_t kVectors = kLanes / kVectorLanes;
static_assert(kVectors == 2 || kVectors == 4 || kVectors == 8);

// Rows that are summed side by side, so that their chains of dependent additions overlap: as many as keep all partial
// sums in registers (32 of them with 16 lanes, 16 otherwise).
constexpr int32_t kRowsAtOnce = kVectorLanes == 16 ? 4 : kVectorLanes == 8 ? 2 : 1;

struct SquaredDifference {
  static HWY_INLINE V Term(V a, V b) {
    const V difference = hn::Sub(a, b);
    return hn::Mul(difference, difference);
  }
};
struct Product {
  static HWY_INLINE V Term(V a, V b) { return hn::Mul(a, b); }
};

// Lane j with j + 8, if there are as many, then with j + 4.
HWY_INLINE Four ReduceVectorToFour(V v) {
#if HWY_MAX_BYTES == 16
  return v;
#elif HWY_MAX_BYTES == 32
  const D4 four;
  return hn::Add(hn::LowerHalf(four, v), hn::UpperHalf(four, v));
#else
  const hn::Half<D> eight;
  const auto sum = hn::Add(hn::LowerHalf(eight, v), hn::UpperHalf(eight, v));
  const D4 four;
  return hn::Add(hn::LowerHalf(four, sum), hn::UpperHalf(four, sum));
#endif
}

HWY_INLINE Four ReduceVectorsToFour(V (&sums)[kVectors]) {
  if constexpr (kVectors == 8) {
    OCHRE_UNROLL for (int32_t i = 0; i < 4; ++i) sums[i] = hn::Add(sums[i], sums[i + 4]);
  }
  if constexpr (kVectors >= 4) {
    OCHRE_UNROLL for (int32_t i = 0; i < 2; ++i) sums[i] = hn::Add(sums[i], sums[i + 2]);
  }
  return ReduceVectorToFour(hn::Add(sums[0], sums[1]));
}

// The last two steps of the canonical order.
HWY_INLINE float ReduceFour(Four v) {
  HWY_ALIGN float lanes[4];
  hn::Store(v, D4(), lanes);
  return (lanes[0] + lanes[2]) + (lanes[1] + lanes[3]);
}

// The same for four rows at once; transposes on the way. `sums` is aligned.
HWY_INLINE void ReduceFourRows(const Four (&rows)[4], float* sums) {
  const D4 d;
  const Four first = hn::Add(hn::ConcatLowerLower(d, rows[1], rows[0]), hn::ConcatUpperUpper(d, rows[1], rows[0]));
  const Four second = hn::Add(hn::ConcatLowerLower(d, rows[3], rows[2]), hn::ConcatUpperUpper(d, rows[3], rows[2]));
  hn::Store(hn::Add(hn::ConcatEven(d, second, first), hn::ConcatOdd(d, second, first)), d, sums);
}

// The sums of `kRows` rows with `query`, all in the layout of a row, as four lanes each.
template <class Op, int32_t kRows>
HWY_INLINE void SumRowsToFour(const float* HWY_RESTRICT query, const float* const* rows, int32_t dimension,
                              Four* HWY_RESTRICT four) {
  const D d;
  V sums[kRows][kVectors];
  OCHRE_UNROLL for (int32_t r = 0; r < kRows; ++r) {
    OCHRE_UNROLL for (int32_t v = 0; v < kVectors; ++v) sums[r][v] = hn::Zero(d);
  }
  int32_t i = 0;
  for (; i + kLanes <= dimension; i += kLanes) {
    OCHRE_UNROLL for (int32_t v = 0; v < kVectors; ++v) {
      const V q = hn::Load(d, query + i + v * kVectorLanes);
      OCHRE_UNROLL for (int32_t r = 0; r < kRows; ++r) {
        sums[r][v] = hn::Add(sums[r][v], Op::Term(q, hn::Load(d, rows[r] + i + v * kVectorLanes)));
      }
    }
  }
  OCHRE_UNROLL for (int32_t v = 0; v < kVectors; ++v) {
    const int32_t at = i + v * kVectorLanes;
    if (at < dimension) {  // an aligned vector that starts inside a row ends inside it
      // What follows the last element is the inverse norm; adding zero to a sum that started as +0 changes no bit.
      const auto inside = hn::FirstN(d, static_cast<size_t>(HWY_MIN(dimension - at, kVectorLanes)));
      const V q = hn::Load(d, query + at);
      OCHRE_UNROLL for (int32_t r = 0; r < kRows; ++r) {
        const V term = Op::Term(q, hn::Load(d, rows[r] + at));
        sums[r][v] = hn::Add(sums[r][v], hn::IfThenElseZero(inside, term));
      }
    }
  }
  OCHRE_UNROLL for (int32_t r = 0; r < kRows; ++r) four[r] = ReduceVectorsToFour(sums[r]);
}

// The sum of two arrays that are neither aligned nor padded.
template <class Op>
HWY_INLINE Four SumToFour(const float* a, const float* b, int32_t dimension) {
  const D d;
  V sums[kVectors];
  OCHRE_UNROLL for (int32_t v = 0; v < kVectors; ++v) sums[v] = hn::Zero(d);
  int32_t i = 0;
  for (; i + kLanes <= dimension; i += kLanes) {
    OCHRE_UNROLL for (int32_t v = 0; v < kVectors; ++v) {
      const int32_t at = i + v * kVectorLanes;
      sums[v] = hn::Add(sums[v], Op::Term(hn::LoadU(d, a + at), hn::LoadU(d, b + at)));
    }
  }
  if (i < dimension) {
    HWY_ALIGN float a_end[kLanes] = {};
    HWY_ALIGN float b_end[kLanes] = {};
    std::memcpy(a_end, a + i, sizeof(float) * static_cast<size_t>(dimension - i));
    std::memcpy(b_end, b + i, sizeof(float) * static_cast<size_t>(dimension - i));
    OCHRE_UNROLL for (int32_t v = 0; v < kVectors; ++v) {
      const int32_t at = v * kVectorLanes;
      sums[v] = hn::Add(sums[v], Op::Term(hn::Load(d, a_end + at), hn::Load(d, b_end + at)));
    }
  }
  return ReduceVectorsToFour(sums);
}

#endif  // HWY_TARGET == HWY_SCALAR

float L2SquaredOfArrays(const float* a, const float* b, int32_t dimension) {
  return ReduceFour(SumToFour<SquaredDifference>(a, b, dimension));
}

float DotProductOfArrays(const float* a, const float* b, int32_t dimension) {
  return ReduceFour(SumToFour<Product>(a, b, dimension));
}

// Four floats side by side, on every target.
using FourFloats [[gnu::vector_size(4 * sizeof(float))]] = float;

// Distance: of a sum and the inverse norms of both vectors. IsTrusted: of a distance, or of four: false where the sum
// may be wrong by more than its rounding, because float32's range did not hold it (double_sums.h), or is no number.
struct L2Metric {
  static constexpr Space kSpace = Space::kL2;
  using Op = SquaredDifference;
  static HWY_INLINE float Distance(float sum, float, float) { return sum; }
  template <typename T>
  static HWY_INLINE auto IsTrusted(T distance) {
    return distance >= T{} + kTrustedSquaresMin;
  }
};
struct InnerProductMetric {
  static constexpr Space kSpace = Space::kInnerProduct;
  using Op = Product;
  static HWY_INLINE float Distance(float sum, float, float) { return 1.0f - sum; }
  template <typename T>
  static HWY_INLINE auto IsTrusted(T distance) {
    constexpr float kMax = std::numeric_limits<float>::max();
    return (distance >= T{} - kMax) & (distance <= T{} + kMax);
  }
};
struct CosineMetric {
  static constexpr Space kSpace = Space::kCosine;
  using Op = Product;
  // NaN where it is not trusted.
  static HWY_INLINE float Distance(float sum, float inverse_norm_a, float inverse_norm_b) {
    const float distance = 1.0f - sum * OrNan(inverse_norm_a) * OrNan(inverse_norm_b);
    return distance < 0.0f ? 0.0f : distance > 2.0f ? 2.0f : distance;  // rounding may leave the range by an ulp or two
  }
  template <typename T>
  static HWY_INLINE auto IsTrusted(T distance) {
    return distance == distance;
  }
  static HWY_INLINE float OrNan(float inverse_norm) {
    return IsTrustedInverseNorm(inverse_norm) ? inverse_norm : std::numeric_limits<float>::quiet_NaN();
  }
};

template <class Metric>
HWY_INLINE bool AllTrusted(const float* distances, int64_t count) {
  auto all = Metric::IsTrusted(FourFloats{} + 1.0f);
  int64_t i = 0;
  for (; i + 4 <= count; i += 4) {
    FourFloats four;
    std::memcpy(&four, distances + i, sizeof(four));
    all &= Metric::IsTrusted(four);
  }
  bool trusted = (all[0] & all[1] & all[2] & all[3]) != 0;
  for (; i < count; ++i) trusted &= Metric::IsTrusted(distances[i]) != 0;
  return trusted;
}

// Rows one after the other; the CPU's own prefetcher follows them.
struct RangeOfRows {
  const float* first;
  int64_t stride;
  HWY_INLINE const float* At(int64_t i) const { return first + i * stride; }
  HWY_INLINE void PrefetchFirst() const {}
  HWY_INLINE void PrefetchAfter(int64_t) const {}
};

// Rows anywhere: each is likely a cache miss, which takes as long as several distances.
struct ScatteredRows {
  // Rows that are under way while one is summed, and lines fetched of each, after which the CPU's own prefetcher has
  // noticed the sequence. Measured with bench/workload/graph_search_bench.cc.
  static constexpr int64_t kAhead = 8;
  static constexpr int64_t kLines = 8;

  const float* data;
  int64_t stride;
  const uint32_t* ordinals;
  int64_t count;

  HWY_INLINE const float* At(int64_t i) const { return data + ordinals[i] * stride; }
  HWY_INLINE void Prefetch(int64_t i) const {
    const float* row = At(i);
    for (int64_t line = 0; line < HWY_MIN(kLines * 16, stride); line += 16) hwy::Prefetch(row + line);
  }
  HWY_INLINE void PrefetchFirst() const {
    for (int64_t i = 0; i < HWY_MIN(kAhead, count); ++i) Prefetch(i);
  }
  // While rows [i, i + 4) are summed.
  HWY_INLINE void PrefetchAfter(int64_t i) const {
    for (int64_t next = i + kAhead; next < HWY_MIN(i + kAhead + 4, count); ++next) Prefetch(next);
  }
};

template <class Metric, class Rows>
HWY_INLINE void Distances(const float* HWY_RESTRICT query, int32_t dimension, const Rows& rows, int64_t count,
                          float* HWY_RESTRICT distances) {
  using Op = typename Metric::Op;
  const float query_inverse_norm = query[dimension];
  rows.PrefetchFirst();
  int64_t i = 0;
  for (; i + 4 <= count; i += 4) {
    rows.PrefetchAfter(i);
    const float* four_rows[4] = {rows.At(i), rows.At(i + 1), rows.At(i + 2), rows.At(i + 3)};
    Four four[4];
    OCHRE_UNROLL for (int32_t r = 0; r < 4; r += kRowsAtOnce) {
      SumRowsToFour<Op, kRowsAtOnce>(query, four_rows + r, dimension, four + r);
    }
    HWY_ALIGN float sums[4];
    ReduceFourRows(four, sums);
    OCHRE_UNROLL for (int32_t r = 0; r < 4; ++r) {
      distances[i + r] = Metric::Distance(sums[r], query_inverse_norm, four_rows[r][dimension]);
    }
  }
  for (; i < count; ++i) {
    const float* row = rows.At(i);
    Four four;
    SumRowsToFour<Op, 1>(query, &row, dimension, &four);
    distances[i] = Metric::Distance(ReduceFour(four), query_inverse_norm, row[dimension]);
  }
  if (HWY_LIKELY(AllTrusted<Metric>(distances, count))) return;
  for (i = 0; i < count; ++i) {
    if (Metric::IsTrusted(distances[i])) continue;
    distances[i] = DistanceInDouble(Metric::kSpace, query, rows.At(i), dimension);
  }
}

template <class Rows>
HWY_INLINE void DistancesInSpace(Space space, const float* query, int32_t dimension, const Rows& rows, int64_t count,
                                 float* distances) {
  switch (space) {
    case Space::kL2:
      return Distances<L2Metric>(query, dimension, rows, count, distances);
    case Space::kCosine:
      return Distances<CosineMetric>(query, dimension, rows, count, distances);
    case Space::kInnerProduct:
      return Distances<InnerProductMetric>(query, dimension, rows, count, distances);
  }
}

void RangeDistances(Space space, const float* query, int32_t dimension, const float* first_row, int64_t count,
                    float* distances) {
  const RangeOfRows rows{first_row, RowStride(dimension)};
  DistancesInSpace(space, query, dimension, rows, count, distances);
}

void OrdinalDistances(Space space, const float* query, int32_t dimension, const float* data, const uint32_t* ordinals,
                      int64_t count, float* distances) {
  const ScatteredRows rows{data, RowStride(dimension), ordinals, count};
  DistancesInSpace(space, query, dimension, rows, count, distances);
}

int64_t CompiledTarget() { return HWY_TARGET; }

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace ochre
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ochre {

HWY_EXPORT(L2SquaredOfArrays);
HWY_EXPORT(DotProductOfArrays);
HWY_EXPORT(RangeDistances);
HWY_EXPORT(OrdinalDistances);
HWY_EXPORT(CompiledTarget);

float L2Squared(const float* a, const float* b, int32_t dimension) {
  return HWY_DYNAMIC_DISPATCH(L2SquaredOfArrays)(a, b, dimension);
}

float DotProduct(const float* a, const float* b, int32_t dimension) {
  return HWY_DYNAMIC_DISPATCH(DotProductOfArrays)(a, b, dimension);
}

float InverseNorm(const float* a, int32_t dimension) {
  const double inverse = 1.0 / std::sqrt(DotProductInDouble(a, a, dimension));
  // Also false for a NaN.
  return inverse <= static_cast<double>(std::numeric_limits<float>::max()) ? static_cast<float>(inverse) : 0.0f;
}

PreparedQuery::PreparedQuery(Space space, const float* embedding, int32_t dimension)
    : space_(space), dimension_(dimension), storage_(static_cast<size_t>(RowStride(dimension)) + 15) {
  const uintptr_t address = reinterpret_cast<uintptr_t>(storage_.data());
  row_ = storage_.data() + (64 - address % 64) % 64 / sizeof(float);
  FillRow(embedding, dimension, row_);
}

void DistancesToRange(const PreparedQuery& query, const RowsSpan& rows, int64_t first, int64_t count,
                      float* distances) {
  assert(query.dimension() == rows.dimension);
  assert(first >= 0 && count >= 0 && first + count <= rows.row_count);
  HWY_DYNAMIC_DISPATCH(RangeDistances)
  (query.space(), query.row(), rows.dimension, rows.Row(first), count, distances);
}

void DistancesToOrdinals(const PreparedQuery& query, const RowsSpan& rows, std::span<const uint32_t> ordinals,
                         float* distances) {
  assert(query.dimension() == rows.dimension);
  assert(std::all_of(ordinals.begin(), ordinals.end(), [&](uint32_t ordinal) { return ordinal < rows.row_count; }));
  HWY_DYNAMIC_DISPATCH(OrdinalDistances)
  (query.space(), query.row(), rows.dimension, rows.data, ordinals.data(), static_cast<int64_t>(ordinals.size()),
   distances);
}

float DistanceBetweenRows(Space space, const float* row_a, const float* row_b, int32_t dimension) {
  float distance;
  HWY_DYNAMIC_DISPATCH(RangeDistances)(space, row_a, dimension, row_b, 1, &distance);
  return distance;
}

std::string_view KernelTarget() { return hwy::TargetName(HWY_DYNAMIC_DISPATCH(CompiledTarget)()); }

}  // namespace ochre
#endif  // HWY_ONCE
