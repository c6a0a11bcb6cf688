// How large a filter may be.
#ifndef OCHRE_PLAN_FILTER_LIMITS_H_
#define OCHRE_PLAN_FILTER_LIMITS_H_

#include <cstddef>

namespace ochre {

// Depth is bounded by the bitmaps that an evaluation holds at once, one a level; people nest a handful.
inline constexpr size_t kFilterDepthMax = 1'000;

// Conditions cost a look-up in each segment and one test for each record of the tail: 8,192 of them over a full tail of
// 30,000 records take seconds. Long lists belong into one $in, which is one condition of any length.
inline constexpr size_t kFilterNodesMax = 8'192;

// A pattern of this many bytes already compiles to megabytes.
inline constexpr size_t kRegexBytesMax = 65'536;

}  // namespace ochre

#endif  // OCHRE_PLAN_FILTER_LIMITS_H_
