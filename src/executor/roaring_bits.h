// Turns a Roaring bitmap into plain bits, for whoever asks for many of them.
#ifndef OCHRE_EXECUTOR_ROARING_BITS_H_
#define OCHRE_EXECUTOR_ROARING_BITS_H_

#include <cstdint>
#include <roaring/roaring.hh>
#include <vector>

namespace ochre {

// Bit i of word i / 64 set: `ordinals` has i. All of them are below `row_count`. Takes microseconds where a walk over
// the values takes a hundred: dense parts are copied word by word.
std::vector<uint64_t> ToBits(const Roaring& ordinals, int64_t row_count);

}  // namespace ochre

#endif  // OCHRE_EXECUTOR_ROARING_BITS_H_
