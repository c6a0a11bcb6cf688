#include "runtime/lazy.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/expect_ok.h"

namespace ochre {
namespace {

using MadeString = Result<std::unique_ptr<const std::string>>;

MadeString Make(const std::string& text) { return std::make_unique<const std::string>(text); }

TEST(LazyTest, MakesTheValueOnFirstUseAndKeepsIt) {
  const Lazy<std::string> lazy;
  int made = 0;
  const auto make = [&] {
    ++made;
    return Make("value " + std::to_string(made));
  };
  ASSERT_OK_AND_ASSIGN(const std::string* first, lazy.Get(make));
  ASSERT_OK_AND_ASSIGN(const std::string* second, lazy.Get(make));
  EXPECT_EQ(*first, "value 1");
  EXPECT_EQ(first, second);
  EXPECT_EQ(made, 1);
}

TEST(LazyTest, AFailureIsReportedAndTriedAgain) {
  const Lazy<std::string> lazy;
  for (int i = 0; i < 2; ++i) {
    const auto failed = lazy.Get([&]() -> MadeString { return Status::DataLoss("attempt ", i); });
    EXPECT_EQ(failed.status().ToString(), "DataLoss: attempt " + std::to_string(i));
  }
  ASSERT_OK_AND_ASSIGN(const std::string* value, lazy.Get([] { return Make("whole again"); }));
  EXPECT_EQ(*value, "whole again");
  ASSERT_OK_AND_ASSIGN(const std::string* kept, lazy.Get([]() -> MadeString { return Status::Internal("not run"); }));
  EXPECT_EQ(kept, value);
}

TEST(LazyTest, ThreadsThatComeTogetherShareOneValueMadeOnce) {
  constexpr int kThreads = 8;
  for (int round = 0; round < 50; ++round) {
    const Lazy<std::string> lazy;
    std::atomic<int> waiting = kThreads, made = 0;
    std::vector<const std::string*> seen(kThreads);
    std::vector<std::thread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&, i] {
        --waiting;
        while (waiting > 0) std::this_thread::yield();
        const auto value = lazy.Get([&] {
          ++made;
          return Make("once");
        });
        if (value.ok()) seen[static_cast<size_t>(i)] = *value;
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(made, 1) << "in round " << round;
    EXPECT_EQ(std::set<const std::string*>(seen.begin(), seen.end()).size(), 1u);
    ASSERT_NE(seen[0], nullptr);
    EXPECT_EQ(*seen[0], "once");
  }
}

TEST(LazyTest, AThreadThatWaitedForAFailureMakesTheValueItself) {
  const Lazy<std::string> lazy;
  std::atomic<int> attempts = 0;
  std::vector<std::thread> threads;
  std::atomic<int> failed = 0;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      const auto value = lazy.Get([&]() -> MadeString {
        if (++attempts <= 3) return Status::Unavailable("not yet");
        return Make("made");
      });
      failed += value.ok() ? 0 : 1;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(failed, 3);
  EXPECT_EQ(attempts, 4);
}

}  // namespace
}  // namespace ochre
