#include "server/spare_bodies.h"

#include <utility>

namespace ochre {

std::string SpareBodies::Take() {
  MutexLock lock(mutex_);
  if (bodies_.empty()) return {};
  std::string body = std::move(bodies_.back());
  bodies_.pop_back();
  bytes_ -= body.capacity();
  return body;
}

void SpareBodies::Keep(std::string body) {
  MutexLock lock(mutex_);
  if (body.capacity() > kBytesMax - bytes_) return;
  bytes_ += body.capacity();
  bodies_.push_back(std::move(body));
}

}  // namespace ochre
