// Random names.
#ifndef OCHRE_RUNTIME_RANDOM_H_
#define OCHRE_RUNTIME_RANDOM_H_

#include "types/uuid.h"

namespace ochre {

// A version 4 UUID from the operating system's generator. Thread-safe.
Uuid RandomUuid();

}  // namespace ochre

#endif  // OCHRE_RUNTIME_RANDOM_H_
