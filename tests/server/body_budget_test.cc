#include "server/body_budget.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace ochre {
namespace {

TEST(BodyBudgetTest, SharesTogetherHoldNoMoreThanTheBudget) {
  BodyBudget budget(100);
  BodyBudget::Share first(budget), second(budget);
  EXPECT_TRUE(first.TryHold(60));
  EXPECT_FALSE(second.TryHold(41));
  EXPECT_TRUE(second.TryHold(40));
  EXPECT_FALSE(first.TryHold(61));
  EXPECT_TRUE(first.TryHold(50));
  EXPECT_TRUE(second.TryHold(50));
  EXPECT_EQ(budget.bytes(), 100);
}

TEST(BodyBudgetTest, WhatAShareHeldIsGivenBackWhenItDies) {
  BodyBudget budget(100);
  {
    BodyBudget::Share share(budget);
    ASSERT_TRUE(share.TryHold(100));
  }
  EXPECT_EQ(budget.bytes(), 0);
}

TEST(BodyBudgetTest, WhatIsThereAlreadyIsHeldPastTheLimitAndKeepsOthersOut) {
  BodyBudget budget(100);
  BodyBudget::Share answer(budget), request(budget);
  answer.Hold(150);
  EXPECT_FALSE(request.TryHold(1));
  EXPECT_TRUE(request.TryHold(0));
  EXPECT_TRUE(answer.TryHold(120)) << "less than before is always possible";
  answer.Hold(99);
  EXPECT_TRUE(request.TryHold(1));
}

TEST(BodyBudgetTest, ThreadsThatCompeteLoseNothing) {
  BodyBudget budget(100);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 10'000; ++i) {
        BodyBudget::Share share(budget);
        if (share.TryHold(i % 40)) share.Hold(i % 7);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(budget.bytes(), 0);
}

}  // namespace
}  // namespace ochre
