#include "gateway/rate_limiter.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "tests/support/expect_ok.h"

namespace ochre {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const RateLimiter::Clock::time_point kStart{seconds(1'000)};

// How many requests of `key` pass at `now`, up to `most`.
int Passing(RateLimiter& limiter, std::string_view key, RateLimiter::Clock::time_point now, int most = 100) {
  int passed = 0;
  while (passed < most && limiter.Take(key, now).ok()) ++passed;
  return passed;
}

TEST(RateLimiterTest, ABucketBeginsFullAndGainsTokensWithTime) {
  RateLimiter limiter(/*per_second=*/10, /*burst=*/3);
  EXPECT_EQ(Passing(limiter, "a", kStart), 3);
  EXPECT_EQ(Passing(limiter, "a", kStart + milliseconds(99)), 0);
  EXPECT_EQ(Passing(limiter, "a", kStart + milliseconds(101)), 1);
  EXPECT_EQ(Passing(limiter, "a", kStart + milliseconds(302)), 2);
}

TEST(RateLimiterTest, ABucketHoldsNoMoreThanItsBurst) {
  RateLimiter limiter(10, 3);
  EXPECT_EQ(Passing(limiter, "a", kStart), 3);
  EXPECT_EQ(Passing(limiter, "a", kStart + seconds(3'600)), 3);
}

TEST(RateLimiterTest, ARefusedRequestTakesNothing) {
  RateLimiter limiter(10, 1);
  EXPECT_OK(limiter.Take("a", kStart));
  for (int i = 1; i < 100; ++i) EXPECT_FALSE(limiter.Take("a", kStart + milliseconds(i)).ok());
  EXPECT_OK(limiter.Take("a", kStart + milliseconds(101)));
}

TEST(RateLimiterTest, RatesBelowOneASecondAddUp) {
  RateLimiter limiter(0.5, 1);
  EXPECT_OK(limiter.Take("a", kStart));
  EXPECT_FALSE(limiter.Take("a", kStart + milliseconds(1'900)).ok());
  EXPECT_OK(limiter.Take("a", kStart + milliseconds(2'100)));
}

TEST(RateLimiterTest, EachKeyHasABucketOfItsOwn) {
  RateLimiter limiter(10, 2);
  EXPECT_EQ(Passing(limiter, "a", kStart), 2);
  EXPECT_EQ(Passing(limiter, "b", kStart), 2);
  EXPECT_EQ(Passing(limiter, "a", kStart), 0);
}

TEST(RateLimiterTest, ARefusalIsResourceExhaustedInTheWordsThatClientsKnow) {
  RateLimiter limiter(1, 1);
  EXPECT_OK(limiter.Take("a", kStart));
  const Status refused = limiter.Take("a", kStart);
  EXPECT_EQ(refused.code(), StatusCode::kResourceExhausted);
  EXPECT_EQ(refused.message(), "Too many requests; backoff and try again");
}

TEST(RateLimiterTest, ARateOfZeroIsNoLimitAndRemembersNobody) {
  RateLimiter limiter(0, 1);
  EXPECT_EQ(Passing(limiter, "a", kStart, 1'000), 1'000);
  EXPECT_EQ(limiter.size(), 0u);
}

TEST(RateLimiterTest, BucketsThatAreFullAgainAreForgotten) {
  RateLimiter limiter(10, 2);
  for (int i = 0; i < 100'000; ++i) {
    EXPECT_OK(limiter.Take("key" + std::to_string(i), kStart + milliseconds(i)));
  }
  EXPECT_LT(limiter.size(), 2'100u);
}

TEST(RateLimiterTest, ABucketThatIsNotFullOutlivesASweep) {
  RateLimiter limiter(/*per_second=*/0.001, /*burst=*/1);
  EXPECT_OK(limiter.Take("a", kStart));
  for (int i = 0; i < 5'000; ++i) EXPECT_OK(limiter.Take("key" + std::to_string(i), kStart + milliseconds(i)));
  EXPECT_FALSE(limiter.Take("a", kStart + seconds(6)).ok());
}

}  // namespace
}  // namespace ochre
