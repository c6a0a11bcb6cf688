#include "runtime/random.h"

#include <sys/random.h>

#include <cstdlib>

namespace ochre {

Uuid RandomUuid() {
  Uuid uuid;
  // Never short or interrupted for 256 bytes or fewer once the generator is seeded, which it is long since
  // (getrandom(2)).
  if (getrandom(uuid.bytes.data(), uuid.bytes.size(), 0) != static_cast<ssize_t>(uuid.bytes.size())) std::abort();
  uuid.bytes[6] = static_cast<uint8_t>((uuid.bytes[6] & 0x0f) | 0x40);  // version 4 (RFC 4122, section 4.4)
  uuid.bytes[8] = static_cast<uint8_t>((uuid.bytes[8] & 0x3f) | 0x80);  // variant 1
  return uuid;
}

}  // namespace ochre
