#include "inverted/bitmap_bytes.h"

#include <bit>
#include <new>
#include <stdexcept>

#include "types/bytes.h"

namespace ochre {
namespace {

// https://github.com/RoaringBitmap/RoaringFormatSpec: a header that lists the containers, each of the values that share
// their upper 16 bits, then the containers themselves.
constexpr uint32_t kCookieWithRuns = 12347;
constexpr uint32_t kCookieWithoutRuns = 12346;
constexpr uint32_t kContainersMax = 1 << 16;
constexpr uint32_t kOffsetsFromContainers = 4;  // with runs, fewer containers go without a list of where they begin
constexpr uint32_t kArrayValuesMax = 4'096;     // a container of more values is a bit set, if it is not of runs
constexpr size_t kBitSetBytes = 8'192;

template <typename T>
bool Take(std::string_view& rest, T& value) {
  if (rest.size() < sizeof(T)) return false;
  value = LoadRaw<T>(rest, 0);
  rest.remove_prefix(sizeof(T));
  return true;
}

// Each of these takes one container that says it has `cardinality` values, and gives its last one.
bool TakeArray(std::string_view& rest, uint32_t cardinality, uint32_t& last) {
  std::string_view values;
  if (!TakeBytes(rest, cardinality * sizeof(uint16_t), values)) return false;
  bool ascends = true;
  last = LoadRaw<uint16_t>(values, 0);
  for (size_t at = sizeof(uint16_t); at < values.size(); at += sizeof(uint16_t)) {
    const uint32_t value = LoadRaw<uint16_t>(values, at);
    ascends &= value > last;
    last = value;
  }
  return ascends;
}

bool TakeBitSet(std::string_view& rest, uint32_t cardinality, uint32_t& last) {
  std::string_view words;
  if (!TakeBytes(rest, kBitSetBytes, words)) return false;
  uint32_t count = 0;
  for (size_t at = 0; at < words.size(); at += sizeof(uint64_t)) {
    const auto word = LoadRaw<uint64_t>(words, at);
    if (word == 0) continue;
    count += static_cast<uint32_t>(std::popcount(word));
    last = static_cast<uint32_t>(at * 8 + 63 - static_cast<size_t>(std::countl_zero(word)));
  }
  return count == cardinality;
}

bool TakeRuns(std::string_view& rest, uint32_t cardinality, uint32_t& last) {
  uint16_t run_count = 0;
  std::string_view runs;
  if (!Take(rest, run_count) || run_count == 0) return false;
  if (!TakeBytes(rest, run_count * 2 * sizeof(uint16_t), runs)) return false;
  uint32_t count = 0;
  for (size_t at = 0; at < runs.size(); at += 2 * sizeof(uint16_t)) {
    const uint32_t first = LoadRaw<uint16_t>(runs, at);
    const uint32_t more = LoadRaw<uint16_t>(runs, at + sizeof(uint16_t));
    if (at > 0 && first <= last) return false;
    last = first + more;
    if (last > UINT16_MAX) return false;
    count += more + 1;
  }
  return count == cardinality;
}

bool IsWellFormed(std::string_view bytes, int64_t row_count) {
  uint32_t cookie = 0, container_count = 0;
  std::string_view run_flags, containers, offsets;
  if (!Take(bytes, cookie)) return false;
  const bool has_runs = (cookie & 0xFFFF) == kCookieWithRuns;
  if (has_runs) {
    container_count = (cookie >> 16) + 1;
    if (!TakeBytes(bytes, (container_count + 7) / 8, run_flags)) return false;
  } else if (cookie != kCookieWithoutRuns || !Take(bytes, container_count) || container_count > kContainersMax) {
    return false;
  }
  if (!TakeBytes(bytes, container_count * 2 * sizeof(uint16_t), containers)) return false;
  if (!has_runs || container_count >= kOffsetsFromContainers) {
    if (!TakeBytes(bytes, container_count * sizeof(uint32_t), offsets)) return false;  // CRoaring does not use them
  }
  int64_t previous_key = -1;
  for (uint32_t i = 0; i < container_count; ++i) {
    const uint32_t key = LoadRaw<uint16_t>(containers, i * 2 * sizeof(uint16_t));
    const uint32_t cardinality = LoadRaw<uint16_t>(containers, (i * 2 + 1) * sizeof(uint16_t)) + uint32_t{1};
    if (key <= previous_key) return false;
    previous_key = key;
    uint32_t last = 0;
    const bool is_runs = has_runs && (static_cast<uint8_t>(run_flags[i / 8]) >> (i % 8) & 1) != 0;
    const bool taken = is_runs                          ? TakeRuns(bytes, cardinality, last)
                       : cardinality <= kArrayValuesMax ? TakeArray(bytes, cardinality, last)
                                                        : TakeBitSet(bytes, cardinality, last);
    if (!taken || (int64_t{key} << 16 | last) >= row_count) return false;
  }
  return bytes.empty();
}

}  // namespace

std::optional<Roaring> BitmapFromBytes(std::string_view bytes, int64_t row_count) {
  if (!IsWellFormed(bytes, row_count)) return std::nullopt;
  try {
    return Roaring::readSafe(bytes.data(), bytes.size());
  } catch (const std::runtime_error&) {  // of well-formed bytes it says only that memory ran out
    throw std::bad_alloc();
  }
}

}  // namespace ochre
