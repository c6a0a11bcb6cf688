#include "executor/roaring_bits.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <string>

namespace ochre {
namespace {

// Roaring's portable format (github.com/RoaringBitmap/RoaringFormatSpec), which the library writes by copying its
// containers, each of 2^16 values. Little-endian.
constexpr uint32_t kCookie = 12347;  // in the low half; the high half is the number of containers - 1
constexpr uint32_t kCookieWithoutRuns = 12346;
constexpr uint32_t kOffsetsMin = 4;   // with fewer containers there are no offsets, if there are runs
constexpr uint32_t kArrayMax = 4096;  // a container of up to so many values is a sorted array of them
constexpr size_t kContainerWords = 1024;

class Reader {
 public:
  explicit Reader(const char* at) : at_(at) {}

  template <typename T>
  T Next() {
    T value;
    std::memcpy(&value, at_, sizeof(value));
    at_ += sizeof(value);
    return value;
  }
  const char* Skip(size_t bytes) {
    const char* skipped = at_;
    at_ += bytes;
    return skipped;
  }

 private:
  const char* at_;
};

// Sets the bits [first, last].
void SetRange(std::vector<uint64_t>& bits, uint64_t first, uint64_t last) {
  const uint64_t begin_mask = ~uint64_t{0} << (first % 64), end_mask = ~uint64_t{0} >> (63 - last % 64);
  if (first / 64 == last / 64) {
    bits[first / 64] |= begin_mask & end_mask;
    return;
  }
  bits[first / 64] |= begin_mask;
  std::fill(bits.begin() + static_cast<std::ptrdiff_t>(first / 64 + 1),
            bits.begin() + static_cast<std::ptrdiff_t>(last / 64), ~uint64_t{0});
  bits[last / 64] |= end_mask;
}

}  // namespace

std::vector<uint64_t> ToBits(const Roaring& ordinals, int64_t row_count) {
  assert(ordinals.isEmpty() || static_cast<int64_t>(ordinals.maximum()) < row_count);
  // In whole containers, so that one can be copied; the words beyond row_count hold nothing.
  const size_t containers_max = (static_cast<size_t>(row_count) + 65'535) / 65'536;
  std::vector<uint64_t> bits(containers_max * kContainerWords);
  std::string bytes(ordinals.getSizeInBytes(), '\0');
  ordinals.write(bytes.data());
  Reader reader(bytes.data());
  const auto cookie = reader.Next<uint32_t>();
  const bool has_runs = (cookie & 0xFFFF) == kCookie;
  assert(has_runs || cookie == kCookieWithoutRuns);
  const uint32_t count = has_runs ? (cookie >> 16) + 1 : reader.Next<uint32_t>();
  const char* is_run = has_runs ? reader.Skip((count + 7) / 8) : nullptr;
  Reader keys(reader.Skip(count * 4));
  if (!has_runs || count >= kOffsetsMin) reader.Skip(count * 4);
  for (uint32_t i = 0; i < count; ++i) {
    const uint64_t base = uint64_t{keys.Next<uint16_t>()} << 16;
    const uint32_t cardinality = uint32_t{keys.Next<uint16_t>()} + 1;
    if (has_runs && (is_run[i / 8] >> (i % 8) & 1) != 0) {
      for (auto runs = reader.Next<uint16_t>(); runs > 0; --runs) {
        const uint64_t first = base + reader.Next<uint16_t>();
        SetRange(bits, first, first + reader.Next<uint16_t>());
      }
    } else if (cardinality <= kArrayMax) {
      for (uint32_t j = 0; j < cardinality; ++j) {
        const uint64_t value = base + reader.Next<uint16_t>();
        bits[value / 64] |= uint64_t{1} << (value % 64);
      }
    } else {
      std::memcpy(&bits[base / 64], reader.Skip(kContainerWords * 8), kContainerWords * 8);
    }
  }
  return bits;
}

}  // namespace ochre
