// SpareBodies: what large bodies leave behind, for the next ones.
#ifndef OCHRE_SERVER_SPARE_BODIES_H_
#define OCHRE_SERVER_SPARE_BODIES_H_

#include <cstddef>
#include <string>
#include <vector>

#include "runtime/mutex.h"

namespace ochre {

// Memory that is mapped already: a page that the kernel must find and clear costs more than what is read into it. Safe
// from any thread.
class SpareBodies {
 public:
  // Together; some three batches of 1,000 embeddings of 768 dimensions, as Chroma's clients send them.
  static constexpr size_t kBytesMax = 16 << 20;

  // The last one kept, of its size and with its contents; an empty one if there is none.
  std::string Take();

  // Frees it if with it there would be too many bytes.
  void Keep(std::string body);

 private:
  Mutex mutex_;  // held to look at the bodies
  std::vector<std::string> bodies_ OCHRE_GUARDED_BY(mutex_);
  size_t bytes_ OCHRE_GUARDED_BY(mutex_) = 0;  // the bodies' capacities
};

}  // namespace ochre

#endif  // OCHRE_SERVER_SPARE_BODIES_H_
