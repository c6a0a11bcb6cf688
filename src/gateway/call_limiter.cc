#include "gateway/call_limiter.h"

#include <cassert>

namespace ochre {
namespace {

bool IsRead(QuotaAction action) {
  return action == QuotaAction::kGet || action == QuotaAction::kQuery || action == QuotaAction::kCount;
}

}  // namespace

Result<CallLimiter::Permit> CallLimiter::Enter(CollectionId collection, QuotaAction action, int64_t records) {
  Permit permit;
  if (!counts_) return permit;
  MutexLock lock(mutex_);
  const auto found = running_.find(collection);
  Running running = found != running_.end() ? found->second : Running();
  if (IsRead(action)) {
    OCHRE_RETURN_IF_ERROR(CheckQuota(quotas_, &Quotas::num_concurrent_reads, action, ++running.reads));
  } else {
    OCHRE_RETURN_IF_ERROR(CheckQuota(quotas_, &Quotas::num_concurrent_writes, action, ++running.writes));
  }
  running.records += records;
  running_[collection] = running;
  permit.limiter_ = this;
  permit.collection_ = collection;
  permit.action_ = action;
  permit.records_ = records;
  permit.records_of_all_ = running.records;
  return permit;
}

void CallLimiter::Leave(const Permit& permit) {
  MutexLock lock(mutex_);
  const auto found = running_.find(permit.collection_);
  assert(found != running_.end());
  Running& running = found->second;
  --(IsRead(permit.action_) ? running.reads : running.writes);
  running.records -= permit.records_;
  assert(running.reads >= 0 && running.writes >= 0 && running.records >= 0);
  if (running.reads == 0 && running.writes == 0) running_.erase(found);
}

}  // namespace ochre
