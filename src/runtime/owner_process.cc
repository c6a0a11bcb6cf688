#include "runtime/owner_process.h"

#include <pthread.h>

#include <atomic>

namespace ochre {
namespace {

std::atomic<uint64_t> forks{0};

// Registered once, and for as long as the library is loaded: glibc forgets handlers of a library that is unloaded.
[[maybe_unused]] const int registered =
    pthread_atfork(nullptr, nullptr, [] { forks.fetch_add(1, std::memory_order_relaxed); });

}  // namespace

OwnerProcess::OwnerProcess() : forks_(forks.load(std::memory_order_relaxed)) {}

bool OwnerProcess::IsCurrent() const { return forks_ == forks.load(std::memory_order_relaxed); }

Status OwnerProcess::Check() const {
  if (IsCurrent()) return Status::Ok();
  return Status::FailedPrecondition(
      "this process is a fork of the one that opened the client, which alone may use it: processes are to fork before "
      "they open a database");
}

}  // namespace ochre
