#include "server/body_budget.h"

namespace ochre {

bool BodyBudget::Share::TryHold(int64_t bytes) {
  const int64_t more = bytes - held_;
  if (budget_.bytes_.fetch_add(more) + more > budget_.bytes_max_ && more > 0) {
    budget_.bytes_.fetch_sub(more);
    return false;
  }
  held_ = bytes;
  return true;
}

void BodyBudget::Share::Hold(int64_t bytes) {
  budget_.bytes_.fetch_add(bytes - held_);
  held_ = bytes;
}

}  // namespace ochre
