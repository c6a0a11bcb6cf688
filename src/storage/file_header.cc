#include "storage/file_header.h"

#include <algorithm>
#include <cassert>
#include <cstring>

namespace ochre {

FileHeader MakeFileHeader(std::string_view magic, uint32_t version, uint32_t field) {
  FileHeader header = {{}, version, field};
  assert(magic.size() == header.magic.size());
  std::copy(magic.begin(), magic.end(), header.magic.begin());
  return header;
}

Result<FileHeader> CheckFileHeader(std::span<const std::byte> bytes, std::string_view magic, uint32_t version_max,
                                   std::string_view name) {
  FileHeader header;
  if (bytes.size() < sizeof(header)) {
    return Status::DataLoss(name, " has only ", bytes.size(), " bytes, too few for its header");
  }
  std::memcpy(&header, bytes.data(), sizeof(header));
  if (std::string_view(header.magic.data(), header.magic.size()) != magic) {
    return Status::DataLoss(name, " does not begin with ", magic, ": it is damaged, or another kind of file");
  }
  if (header.version > version_max) {
    return Status::FailedPrecondition(name, " has format version ", header.version,
                                      ", written by a newer Ochre; this one reads up to version ", version_max);
  }
  return header;
}

}  // namespace ochre
