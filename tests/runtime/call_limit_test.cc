#include "runtime/call_limit.h"

#include <gtest/gtest.h>

#include <thread>

namespace ochre {
namespace {

class Ended : public CallLimit {
 public:
  explicit Ended(Status status) : status_(std::move(status)) {}
  Status Check() const override { return status_; }

 private:
  const Status status_;
};

TEST(CallLimitTest, WithoutOneNothingEnds) {
  EXPECT_EQ(CallLimit::Current(), nullptr);
  EXPECT_EQ(CallLimit::CheckCurrent(), Status::Ok());
}

TEST(CallLimitTest, TheInnermostScopeCounts) {
  const Ended outer(Status::Cancelled("outer")), inner(Status::DeadlineExceeded("inner"));
  const CallLimit::Scope outer_scope(&outer);
  EXPECT_EQ(CallLimit::CheckCurrent(), Status::Cancelled("outer"));
  {
    const CallLimit::Scope inner_scope(&inner);
    EXPECT_EQ(CallLimit::CheckCurrent(), Status::DeadlineExceeded("inner"));
    const CallLimit::Scope none(nullptr);
    EXPECT_EQ(CallLimit::CheckCurrent(), Status::Ok());
  }
  EXPECT_EQ(CallLimit::Current(), &outer);
}

TEST(CallLimitTest, OtherThreadsHaveTheirOwn) {
  const Ended limit(Status::Cancelled("this thread's"));
  const CallLimit::Scope scope(&limit);
  std::thread([&limit] {
    EXPECT_EQ(CallLimit::Current(), nullptr);
    const CallLimit::Scope handed_over(&limit);
    EXPECT_EQ(CallLimit::CheckCurrent(), Status::Cancelled("this thread's"));
  }).join();
}

TEST(CallPollTest, LooksNowAndThen) {
  const Ended limit(Status::Cancelled("ended"));
  const CallLimit::Scope scope(&limit);
  CallPoll poll;
  int polls = 1;
  while (poll.Poll().ok()) ++polls;
  EXPECT_EQ(polls, 1'024);
}

}  // namespace
}  // namespace ochre
