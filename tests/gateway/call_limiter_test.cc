#include "gateway/call_limiter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <utility>
#include <vector>

#include "tests/support/expect_ok.h"
#include "tests/support/must.h"

namespace ochre {
namespace {

const CollectionId kFirst = {.bytes = {1}};
const CollectionId kSecond = {.bytes = {2}};

TEST(CallLimiterTest, ReadsAndWritesOfACollectionAreBoundedApart) {
  const Quotas quotas = {.num_concurrent_reads = 2, .num_concurrent_writes = 1};
  CallLimiter limiter(quotas);
  const auto get = Must(limiter.Enter(kFirst, QuotaAction::kGet, 0));
  const auto query = Must(limiter.Enter(kFirst, QuotaAction::kQuery, 0));
  const auto upsert = Must(limiter.Enter(kFirst, QuotaAction::kUpsert, 5));

  const Status read = limiter.Enter(kFirst, QuotaAction::kCount, 0).status();
  EXPECT_EQ(read.code(), StatusCode::kResourceExhausted);
  EXPECT_THAT(read.message(), testing::HasSubstr("action 'Count': current usage of 3 exceeds limit of 2 "
                                                 "(num_concurrent_reads)"));
  const Status write = limiter.Enter(kFirst, QuotaAction::kDelete, 0).status();
  EXPECT_THAT(write.message(), testing::HasSubstr("current usage of 2 exceeds limit of 1 (num_concurrent_writes)"));

  EXPECT_OK(limiter.Enter(kSecond, QuotaAction::kGet, 0));  // another collection
}

TEST(CallLimiterTest, AnEndedOrRefusedCallMakesRoom) {
  const Quotas quotas = {.num_concurrent_writes = 1};
  CallLimiter limiter(quotas);
  for (int i = 0; i < 3; ++i) {
    const auto permit = limiter.Enter(kFirst, QuotaAction::kAdd, 1);
    ASSERT_OK(permit);
    EXPECT_FALSE(limiter.Enter(kFirst, QuotaAction::kAdd, 1).ok());
  }
}

TEST(CallLimiterTest, AMovedPermitEndsOnce) {
  const Quotas quotas = {.num_concurrent_reads = 1};
  CallLimiter limiter(quotas);
  {
    auto first = Must(limiter.Enter(kFirst, QuotaAction::kGet, 0));
    const auto moved = std::move(first);
    EXPECT_FALSE(limiter.Enter(kFirst, QuotaAction::kGet, 0).ok());
  }
  const auto one = limiter.Enter(kFirst, QuotaAction::kGet, 0);
  EXPECT_OK(one);
  EXPECT_FALSE(limiter.Enter(kFirst, QuotaAction::kGet, 0).ok());
}

TEST(CallLimiterTest, APermitKnowsTheRecordsOfAllWritesThatRun) {
  const Quotas quotas = {.collection_size_records = 100};
  CallLimiter limiter(quotas);
  const auto first = Must(limiter.Enter(kFirst, QuotaAction::kAdd, 5));
  EXPECT_EQ(first.records_of_all(), 5);
  {
    const auto second = Must(limiter.Enter(kFirst, QuotaAction::kUpsert, 7));
    EXPECT_EQ(second.records_of_all(), 12);
    EXPECT_EQ(Must(limiter.Enter(kSecond, QuotaAction::kAdd, 1)).records_of_all(), 1);
  }
  EXPECT_EQ(Must(limiter.Enter(kFirst, QuotaAction::kAdd, 1)).records_of_all(), 6);
}

TEST(CallLimiterTest, WithoutARuleNothingIsCounted) {
  const Quotas quotas;
  CallLimiter limiter(quotas);
  std::vector<CallLimiter::Permit> permits;
  for (int i = 0; i < 100; ++i) permits.push_back(Must(limiter.Enter(kFirst, QuotaAction::kAdd, 1)));
  EXPECT_EQ(permits.back().records_of_all(), 0);
}

TEST(CallLimiterTest, ManyThreadsNeverRunMoreThanTheLimit) {
  constexpr int kThreads = 8, kRounds = 2'000;
  const Quotas quotas = {.num_concurrent_writes = 3};
  CallLimiter limiter(quotas);
  std::atomic<int> running = 0, most = 0, entered = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < kRounds; ++i) {
        const auto permit = limiter.Enter(kFirst, QuotaAction::kAdd, 1);
        if (!permit.ok()) continue;
        const int now = running.fetch_add(1) + 1;
        for (int seen = most.load(); now > seen && !most.compare_exchange_weak(seen, now);) {
        }
        entered.fetch_add(1);
        running.fetch_sub(1);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_LE(most.load(), 3);
  EXPECT_GT(entered.load(), 0);
  const auto after = Must(limiter.Enter(kFirst, QuotaAction::kAdd, 1));
  EXPECT_EQ(after.records_of_all(), 1) << "every call has ended";
}

}  // namespace
}  // namespace ochre
