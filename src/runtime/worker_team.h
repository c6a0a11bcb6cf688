// WorkerTeam: threads that share one loop after another.
#ifndef OCHRE_RUNTIME_WORKER_TEAM_H_
#define OCHRE_RUNTIME_WORKER_TEAM_H_

#include <atomic>
#include <cstdint>
#include <exception>
#include <functional>
#include <thread>
#include <vector>

#include "runtime/mutex.h"

namespace ochre {

// One thread at a time, which is itself a worker.
class WorkerTeam {
 public:
  // `size` workers, at least 1; fewer where the system has no more threads to give.
  explicit WorkerTeam(int32_t size);
  ~WorkerTeam();
  WorkerTeam(const WorkerTeam&) = delete;
  WorkerTeam& operator=(const WorkerTeam&) = delete;

  int32_t size() const { return static_cast<int32_t>(threads_.size()) + 1; }

  // Work on the items [begin, end), by worker number `worker` of [0, size()).
  using Body = std::function<void(int64_t begin, int64_t end, int32_t worker)>;

  // Calls `body` for parts of [0, count) of at most `grain` items, and returns when all are done. Which worker gets
  // which part is up to chance. An exception of `body` ends the loop early, and is thrown here once all have stopped.
  void Share(int64_t count, int64_t grain, const Body& body);

 private:
  void Serve(int32_t worker);
  void TakeParts(int32_t worker) noexcept;

  Mutex mutex_;
  CondVar begin_, end_;
  uint64_t loop_ OCHRE_GUARDED_BY(mutex_) = 0;    // number of the current loop
  int32_t running_ OCHRE_GUARDED_BY(mutex_) = 0;  // threads that are not through with it
  bool stop_ OCHRE_GUARDED_BY(mutex_) = false;
  std::exception_ptr thrown_ OCHRE_GUARDED_BY(mutex_);  // the first of the current loop
  // Of the current loop; written before it begins.
  const Body* body_ = nullptr;
  int64_t count_ = 0, grain_ = 1;
  std::atomic<int64_t> next_ = 0;
  std::vector<std::thread> threads_;
};

}  // namespace ochre

#endif  // OCHRE_RUNTIME_WORKER_TEAM_H_
