#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstring>
#include <fstream>
#include <limits>
#include <optional>
#include <string>

#include "ochre/hnswlib.h"

namespace ochre {
namespace {

static_assert(std::endian::native == std::endian::little && sizeof(size_t) == 8, "as the program that wrote the file");

// What saveIndex writes first, each field as it is in memory, without gaps; then the elements, then for each its links
// on the upper layers: their length in bytes, and they.
struct Header {
  uint64_t offset_level0 = 0;  // of the links in an element
  uint64_t max_elements = 0;
  uint64_t count = 0;
  uint64_t element_bytes = 0;
  uint64_t label_offset = 0;
  uint64_t data_offset = 0;
  uint64_t max_links_level0 = 0;
};
constexpr size_t kHeaderBytes = 96;  // 6 numbers of 8 bytes, 2 of 4, 5 of 8

constexpr uint64_t kLabelBytes = 8;
constexpr uint64_t kLinkBytes = 4;
// An element begins with the number of its links, 2 bytes, and a byte whose lowest bit says that it is deleted.
constexpr uint64_t kDeletedAt = 2;
constexpr uint64_t kDimensionMax = uint64_t{1} << 20;  // far beyond any collection's
constexpr uint64_t kLinksMax = uint64_t{1} << 16;      // their number has 16 bits

template <typename T>
T At(const char* bytes, size_t offset) {
  T value;
  std::memcpy(&value, bytes + offset, sizeof(value));
  return value;
}

Header ParseHeader(const char* bytes) {
  return {.offset_level0 = At<uint64_t>(bytes, 0),
          .max_elements = At<uint64_t>(bytes, 8),
          .count = At<uint64_t>(bytes, 16),
          .element_bytes = At<uint64_t>(bytes, 24),
          .label_offset = At<uint64_t>(bytes, 32),
          .data_offset = At<uint64_t>(bytes, 40),
          // The highest layer and the entry point are at 48 and 52, M of the upper layers at 56.
          .max_links_level0 = At<uint64_t>(bytes, 64)};
}

// What is wrong with it; nothing if its numbers fit each other and a file of `size` bytes.
std::optional<std::string> Contradiction(const Header& header, uint64_t size) {
  if (header.offset_level0 != 0) return "its elements do not begin with links";
  if (header.max_links_level0 < 1 || header.max_links_level0 > kLinksMax) {
    return "its elements would have " + std::to_string(header.max_links_level0) + " links";
  }
  // From here on nothing overflows: the links take less than 2^19 bytes, the data less than 2^23.
  if (header.data_offset != kLinkBytes + header.max_links_level0 * kLinkBytes) {
    return "the data of its elements do not follow their links";
  }
  if (header.label_offset <= header.data_offset ||
      header.label_offset - header.data_offset > kDimensionMax * sizeof(float) ||
      (header.label_offset - header.data_offset) % sizeof(float) != 0) {
    return "the data of its elements are no float32 vectors";
  }
  if (header.element_bytes != header.label_offset + kLabelBytes) return "its elements do not end with a label";
  if (header.count > header.max_elements) return "it has more elements than it has room for";
  // Each element is followed by 4 bytes at least, in their place behind all of them.
  if (header.count > (size - kHeaderBytes) / (header.element_bytes + sizeof(uint32_t))) {
    return "it is too short for its " + std::to_string(header.count) + " elements";
  }
  return std::nullopt;
}

}  // namespace

Result<HnswlibIndex> ReadHnswlibIndex(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file) return Status::NotFound("cannot read ", path.string());
  const auto size = static_cast<uint64_t>(std::max<std::streamoff>(0, file.tellg()));
  file.seekg(0);
  char bytes[kHeaderBytes];
  if (size < kHeaderBytes || !file.read(bytes, sizeof(bytes))) {
    return Status::DataLoss(path.string(), " is no index of hnswlib: it has ", size, " bytes");
  }
  const Header header = ParseHeader(bytes);
  if (const auto contradiction = Contradiction(header, size)) {
    return Status::DataLoss(path.string(), " is no index of hnswlib, or a damaged one: ", *contradiction);
  }
  const uint64_t data_bytes = header.label_offset - header.data_offset;
  HnswlibIndex index;
  index.dimension = static_cast<int64_t>(data_bytes / sizeof(float));
  index.labels.reserve(header.count);
  index.values.reserve(header.count * data_bytes / sizeof(float));
  std::string element(header.element_bytes, '\0');
  for (uint64_t i = 0; i < header.count; ++i) {
    if (!file.read(element.data(), static_cast<std::streamsize>(element.size()))) {
      return Status::DataLoss(path.string(), " cannot be read beyond element ", i);
    }
    if ((static_cast<uint8_t>(element[kDeletedAt]) & 1) != 0) continue;
    index.labels.push_back(At<uint64_t>(element.data(), header.label_offset));
    const size_t begin = index.values.size();
    index.values.resize(begin + data_bytes / sizeof(float));
    std::memcpy(index.values.data() + begin, element.data() + header.data_offset, data_bytes);
  }
  // The links of the upper layers, which end with the file: or its elements are not what they seem.
  uint64_t at = kHeaderBytes + header.count * header.element_bytes;
  for (uint64_t i = 0; i < header.count; ++i) {
    uint32_t length = 0;
    if (!file.read(reinterpret_cast<char*>(&length), sizeof(length)) || length > size - at - sizeof(length)) {
      return Status::DataLoss(path.string(), " is damaged: the links of element ", i, " end behind it");
    }
    file.seekg(length, std::ios::cur);
    at += sizeof(length) + length;
  }
  if (at != size) return Status::DataLoss(path.string(), " is damaged: ", size - at, " bytes follow its last element");
  return index;
}

}  // namespace ochre
