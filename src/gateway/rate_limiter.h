// RateLimiter: so many requests a second, for each of many keys.
#ifndef OCHRE_GATEWAY_RATE_LIMITER_H_
#define OCHRE_GATEWAY_RATE_LIMITER_H_

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>

#include "ochre/status.h"
#include "runtime/mutex.h"

namespace ochre {

// A token bucket a key: it holds up to `burst` tokens, gains `per_second` of them a second, and a request takes one.
// Thread-safe.
class RateLimiter {
 public:
  using Clock = std::chrono::steady_clock;

  // Precondition: both above 0, or `per_second` 0 for no limit.
  RateLimiter(double per_second, double burst) : per_second_(per_second), burst_(burst) {}

  // ResourceExhausted: the key's bucket is empty. `now` must not go back.
  Status Take(std::string_view key, Clock::time_point now = Clock::now());

  // Buckets in memory: those that are full say nothing, and are dropped from time to time.
  size_t size() const;

 private:
  struct Bucket {
    double tokens;
    Clock::time_point filled_at;
  };

  double TokensAt(const Bucket& bucket, Clock::time_point now) const;
  void DropFull(Clock::time_point now) OCHRE_REQUIRES(mutex_);

  const double per_second_;
  const double burst_;
  mutable Mutex mutex_;  // held to look at and change one bucket
  std::unordered_map<std::string, Bucket> buckets_ OCHRE_GUARDED_BY(mutex_);
  size_t sweep_at_ OCHRE_GUARDED_BY(mutex_) = 1024;  // as many buckets; then those that are full are dropped
};

}  // namespace ochre

#endif  // OCHRE_GATEWAY_RATE_LIMITER_H_
