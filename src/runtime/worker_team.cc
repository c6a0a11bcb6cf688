#include "runtime/worker_team.h"

#include <algorithm>
#include <cassert>
#include <new>
#include <system_error>
#include <utility>

namespace ochre {

WorkerTeam::WorkerTeam(int32_t size) {
  assert(size >= 1);
  try {
    for (int32_t worker = 1; worker < size; ++worker) threads_.emplace_back([this, worker] { Serve(worker); });
  } catch (const std::system_error&) {  // those that there are will do
  } catch (const std::bad_alloc&) {     // likewise
  }
}

WorkerTeam::~WorkerTeam() {
  {
    MutexLock lock(mutex_);
    stop_ = true;
    begin_.NotifyAll();
  }
  for (std::thread& thread : threads_) thread.join();
}

void WorkerTeam::Share(int64_t count, int64_t grain, const Body& body) {
  assert(grain >= 1);
  if (threads_.empty() || count <= grain) {
    for (int64_t begin = 0; begin < count; begin += grain) body(begin, std::min(count, begin + grain), 0);
    return;
  }
  body_ = &body;
  count_ = count;
  grain_ = grain;
  next_.store(0, std::memory_order_relaxed);
  {
    MutexLock lock(mutex_);
    running_ = static_cast<int32_t>(threads_.size());
    ++loop_;
    begin_.NotifyAll();
  }
  TakeParts(0);
  std::exception_ptr thrown;
  {
    MutexLock lock(mutex_);
    while (running_ > 0) end_.Wait(lock);
    thrown = std::exchange(thrown_, nullptr);
  }
  if (thrown != nullptr) std::rethrow_exception(thrown);
}

void WorkerTeam::Serve(int32_t worker) {
  for (uint64_t done = 0;;) {
    {
      MutexLock lock(mutex_);
      while (!stop_ && loop_ == done) begin_.Wait(lock);
      if (stop_) return;
      done = loop_;
    }
    TakeParts(worker);
    MutexLock lock(mutex_);
    if (--running_ == 0) end_.NotifyOne();
  }
}

void WorkerTeam::TakeParts(int32_t worker) noexcept {
  try {
    for (int64_t begin; (begin = next_.fetch_add(grain_, std::memory_order_relaxed)) < count_;) {
      (*body_)(begin, std::min(count_, begin + grain_), worker);
    }
  } catch (...) {
    next_.store(count_, std::memory_order_relaxed);  // the others need not begin any more
    MutexLock lock(mutex_);
    if (thrown_ == nullptr) thrown_ = std::current_exception();
  }
}

}  // namespace ochre
