// kDimensionMax: the largest dimension of an embedding.
#ifndef OCHRE_TYPES_DIMENSION_H_
#define OCHRE_TYPES_DIMENSION_H_

#include <cstdint>

namespace ochre {

// Larger ones are refused when they are given, so a file that has one is damaged: a row would exceed the checksum block
// and every index known.
inline constexpr int32_t kDimensionMax = 65'536;

}  // namespace ochre

#endif  // OCHRE_TYPES_DIMENSION_H_
