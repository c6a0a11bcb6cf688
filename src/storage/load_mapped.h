// LoadMapped: brings the bytes of a mapped file to memory, so that a disk that cannot read them is an error.
#ifndef OCHRE_STORAGE_LOAD_MAPPED_H_
#define OCHRE_STORAGE_LOAD_MAPPED_H_

#include <cstddef>
#include <span>
#include <string_view>

#include "ochre/status.h"
#include "storage/storage.h"

namespace ochre {

// To be called before `bytes` of `blob` are touched for the first time: a page that cannot be read would end the
// process by SIGBUS there. Waits for the disk. Unavailable: it cannot read them, or the file became shorter; the
// message begins with `name`. What the system drops of them later and cannot read again is beyond help, and so is Linux
// before 5.14.
Status LoadMapped(const Blob& blob, std::span<const std::byte> bytes, std::string_view name);

}  // namespace ochre

#endif  // OCHRE_STORAGE_LOAD_MAPPED_H_
