// BitmapFromBytes: a bitmap of ordinals from the bytes that it was stored as.
#ifndef OCHRE_INVERTED_BITMAP_BYTES_H_
#define OCHRE_INVERTED_BITMAP_BYTES_H_

#include <cstdint>
#include <optional>
#include <roaring/roaring.hh>
#include <string_view>

namespace ochre {

// Of CRoaring's portable serialisation, all of `bytes`. nullopt: it is malformed, or has an ordinal from `row_count`
// on. CRoaring itself compares only the lengths with `bytes` and believes what is inside: a container that says it has
// fewer values than it has makes a later toUint32Array write past the array that was made for them.
std::optional<Roaring> BitmapFromBytes(std::string_view bytes, int64_t row_count);

}  // namespace ochre

#endif  // OCHRE_INVERTED_BITMAP_BYTES_H_
