// CallLimiter: how many calls run on each collection at the moment, and no more than the quotas allow.
#ifndef OCHRE_GATEWAY_CALL_LIMITER_H_
#define OCHRE_GATEWAY_CALL_LIMITER_H_

#include <cstdint>
#include <unordered_map>
#include <utility>

#include "gateway/quota.h"
#include "ochre/quotas.h"
#include "ochre/status.h"
#include "runtime/mutex.h"
#include "types/ids.h"

namespace ochre {

// Thread-safe. Permits must not outlive it.
class CallLimiter {
 public:
  // A running call; it ends with the permit.
  class Permit {
   public:
    Permit(Permit&& other) noexcept { *this = std::move(other); }
    Permit& operator=(Permit&& other) noexcept {
      std::swap(limiter_, other.limiter_);
      std::swap(collection_, other.collection_);
      std::swap(action_, other.action_);
      std::swap(records_, other.records_);
      std::swap(records_of_all_, other.records_of_all_);
      return *this;
    }
    ~Permit() {
      if (limiter_ != nullptr) limiter_->Leave(*this);
    }

    // The records of all writes that ran when this call began, its own among them.
    int64_t records_of_all() const { return records_of_all_; }

   private:
    friend class CallLimiter;
    Permit() = default;

    CallLimiter* limiter_ = nullptr;  // null: nothing is counted
    CollectionId collection_{};
    QuotaAction action_{};
    int64_t records_ = 0;
    int64_t records_of_all_ = 0;
  };

  // Counts nothing, and costs nothing, unless `quotas` bounds concurrent calls or the records of a collection. `quotas`
  // must outlive this.
  explicit CallLimiter(const Quotas& quotas)
      : quotas_(quotas),
        counts_(quotas.num_concurrent_reads.has_value() || quotas.num_concurrent_writes.has_value() ||
                quotas.collection_size_records.has_value()) {}

  // Begins a call that is about to write `records` records (0: it only reads). ResourceExhausted: too many run.
  Result<Permit> Enter(CollectionId collection, QuotaAction action, int64_t records);

 private:
  struct Running {
    int64_t reads = 0;
    int64_t writes = 0;
    int64_t records = 0;
  };

  void Leave(const Permit& permit);

  const Quotas& quotas_;
  const bool counts_;
  Mutex mutex_;  // held to count
  // Collections on which nothing runs are left out.
  std::unordered_map<CollectionId, Running> running_ OCHRE_GUARDED_BY(mutex_);
};

}  // namespace ochre

#endif  // OCHRE_GATEWAY_CALL_LIMITER_H_
