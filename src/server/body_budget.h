// BodyBudget: bounds the memory of all bodies that are under way in a server.
#ifndef OCHRE_SERVER_BODY_BUDGET_H_
#define OCHRE_SERVER_BODY_BUDGET_H_

#include <atomic>
#include <cstdint>

namespace ochre {

// Bodies of requests, as far as they have come, and of answers that have not been taken yet. Thread-safe.
class BodyBudget {
 public:
  // The bytes of one exchange, given back when it dies. Of one thread at a time. The budget must outlive it.
  class Share {
   public:
    explicit Share(BodyBudget& budget) : budget_(budget) {}
    ~Share() { Hold(0); }
    Share(const Share&) = delete;
    Share& operator=(const Share&) = delete;

    // Holds `bytes` from here on, instead of what it held. False, and nothing has changed: it would be more, and there
    // is no room for that.
    [[nodiscard]] bool TryHold(int64_t bytes);

    // The same, whether there is room or not: of what has been made already. Then others get no more.
    void Hold(int64_t bytes);

   private:
    BodyBudget& budget_;
    int64_t held_ = 0;
  };

  explicit BodyBudget(int64_t bytes_max) : bytes_max_(bytes_max) {}

  int64_t bytes() const { return bytes_.load(); }

 private:
  const int64_t bytes_max_;
  std::atomic<int64_t> bytes_ = 0;  // of all shares
};

}  // namespace ochre

#endif  // OCHRE_SERVER_BODY_BUDGET_H_
