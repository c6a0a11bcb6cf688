#include "gateway/rate_limiter.h"

#include <algorithm>

namespace ochre {

double RateLimiter::TokensAt(const Bucket& bucket, Clock::time_point now) const {
  const double seconds = std::chrono::duration<double>(now - bucket.filled_at).count();
  return std::min(burst_, bucket.tokens + seconds * per_second_);
}

void RateLimiter::DropFull(Clock::time_point now) {
  std::erase_if(buckets_, [&](const auto& entry) { return TokensAt(entry.second, now) >= burst_; });
  sweep_at_ = std::max<size_t>(1024, 2 * buckets_.size());  // so that sweeping costs a constant amount a request
}

Status RateLimiter::Take(std::string_view key, Clock::time_point now) {
  if (per_second_ == 0) return Status::Ok();
  MutexLock lock(mutex_);
  if (buckets_.size() >= sweep_at_) DropFull(now);
  Bucket& bucket = buckets_.try_emplace(std::string(key), Bucket{burst_, now}).first->second;
  bucket.tokens = TokensAt(bucket, now);
  bucket.filled_at = now;
  if (bucket.tokens < 1) return Status::ResourceExhausted("Too many requests; backoff and try again");
  bucket.tokens -= 1;
  return Status::Ok();
}

size_t RateLimiter::size() const {
  MutexLock lock(mutex_);
  return buckets_.size();
}

}  // namespace ochre
