#include "segment/manifest.h"

#include <array>
#include <limits>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "storage/file_header.h"
#include "types/bytes.h"
#include "types/dimension.h"

namespace ochre {
namespace {

constexpr std::string_view kMagic = "OCHRESEG";
constexpr uint32_t kVersion = 2;
constexpr size_t kFixedSize = 40;
constexpr size_t kIdentitySize = 32;  // follows it from version 2 on
constexpr size_t kChecksumSize = 8;

size_t PadToEight(size_t size) { return (size + 7) / 8 * 8; }

}  // namespace

std::string SegmentFolder(const SegmentId& id) {
  return status_internal::Concatenate(kSegmentsFolder, "/", id.ToString());
}

std::string Manifest::Serialize() const {
  std::string bytes;
  AppendRaw(bytes, MakeFileHeader(kMagic, identity.has_value() ? kVersion : 1));
  AppendRaw(bytes, static_cast<uint64_t>(row_count));
  AppendRaw(bytes, static_cast<uint32_t>(dimension));
  AppendRaw(bytes, static_cast<uint32_t>(space));
  AppendRaw(bytes, static_cast<uint32_t>(files.size()));
  AppendRaw(bytes, uint32_t{0});
  if (identity.has_value()) {
    AppendRaw(bytes, identity->segment.bytes);
    AppendRaw(bytes, identity->collection.bytes);
  }
  for (const BlobInfo& file : files) {
    AppendRaw(bytes, static_cast<uint32_t>(file.name.size()));
    AppendRaw(bytes, static_cast<uint32_t>(file.block_checksums.size()));
    AppendRaw(bytes, file.length);
    bytes.append(file.name);
    bytes.resize(PadToEight(bytes.size()));
    for (const uint64_t checksum : file.block_checksums) AppendRaw(bytes, checksum);
  }
  AppendRaw(bytes, static_cast<uint64_t>(XXH3_64bits(bytes.data(), bytes.size())));
  return bytes;
}

Result<Manifest> Manifest::Parse(std::span<const std::byte> raw, std::string_view name) {
  OCHRE_ASSIGN_OR_RETURN(const FileHeader header, CheckFileHeader(raw, kMagic, kVersion, name));
  const bool has_identity = header.version >= 2;
  const size_t fixed_size = kFixedSize + (has_identity ? kIdentitySize : 0);
  const std::string_view bytes(reinterpret_cast<const char*>(raw.data()), raw.size());
  const Status damaged = Status::DataLoss(name, " is damaged: its checksum does not match its contents");
  if (bytes.size() < fixed_size + kChecksumSize) return damaged;
  const std::string_view body = bytes.substr(0, bytes.size() - kChecksumSize);
  if (XXH3_64bits(body.data(), body.size()) != LoadRaw<uint64_t>(bytes, body.size())) return damaged;

  // The checksum held, so what follows guards against our own defects only; it is as strict all the same.
  const Status malformed = Status::DataLoss(name, " contradicts itself");
  Manifest manifest;
  const auto row_count = LoadRaw<uint64_t>(body, 16);
  const auto dimension = LoadRaw<uint32_t>(body, 24);
  const auto space = LoadRaw<uint32_t>(body, 28);
  const auto file_count = LoadRaw<uint32_t>(body, 32);
  if (row_count == 0 || row_count > std::numeric_limits<uint32_t>::max() || dimension == 0 ||
      dimension > static_cast<uint32_t>(kDimensionMax) || space > static_cast<uint32_t>(Space::kInnerProduct)) {
    return malformed;
  }
  manifest.row_count = static_cast<int64_t>(row_count);
  manifest.dimension = static_cast<int32_t>(dimension);
  manifest.space = static_cast<Space>(space);
  if (has_identity) {
    manifest.identity = SegmentIdentity{.segment = {LoadRaw<std::array<uint8_t, 16>>(body, kFixedSize)},
                                        .collection = {LoadRaw<std::array<uint8_t, 16>>(body, kFixedSize + 16)}};
  }
  size_t offset = fixed_size;
  for (uint32_t i = 0; i < file_count; ++i) {
    constexpr size_t kEntrySize = 16;
    if (body.size() - offset < kEntrySize) return malformed;
    const uint64_t name_size = LoadRaw<uint32_t>(body, offset);
    const uint64_t block_count = LoadRaw<uint32_t>(body, offset + 4);
    BlobInfo file;
    file.length = LoadRaw<uint64_t>(body, offset + 8);
    offset += kEntrySize;
    if (PadToEight(name_size) > body.size() - offset) return malformed;
    file.name = body.substr(offset, name_size);
    offset += PadToEight(name_size);
    if (block_count > (body.size() - offset) / sizeof(uint64_t)) return malformed;
    for (uint64_t block = 0; block < block_count; ++block, offset += sizeof(uint64_t)) {
      file.block_checksums.push_back(LoadRaw<uint64_t>(body, offset));
    }
    manifest.files.push_back(std::move(file));
  }
  if (offset != body.size()) return malformed;
  return manifest;
}

const BlobInfo* Manifest::Find(std::string_view file) const {
  for (const BlobInfo& info : files) {
    if (info.name == file) return &info;
  }
  return nullptr;
}

int64_t Manifest::TotalBytes() const {
  int64_t total = 0;
  for (const BlobInfo& info : files) total += static_cast<int64_t>(info.length);
  return total;
}

}  // namespace ochre
