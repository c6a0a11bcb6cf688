// FileHeader: the first 16 bytes of every file of Ochre's own: what it is and which version of the format.
#ifndef OCHRE_STORAGE_FILE_HEADER_H_
#define OCHRE_STORAGE_FILE_HEADER_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "ochre/status.h"

namespace ochre {

//   offset   size   field (little-endian)
//        0      8   magic, "OCHRE" and three letters
//        8      4   format version; a reader refuses a larger one than it knows
//       12      4   zero, or a field of that file
struct FileHeader {
  std::array<char, 8> magic;
  uint32_t version;
  uint32_t field;
};
static_assert(sizeof(FileHeader) == 16);

FileHeader MakeFileHeader(std::string_view magic, uint32_t version, uint32_t field = 0);

// Checks the first bytes of `bytes`. DataLoss: too short or another magic. FailedPrecondition: a version above
// `version_max`, that is, written by a newer Ochre. `name` is for the message.
Result<FileHeader> CheckFileHeader(std::span<const std::byte> bytes, std::string_view magic, uint32_t version_max,
                                   std::string_view name);

}  // namespace ochre

#endif  // OCHRE_STORAGE_FILE_HEADER_H_
