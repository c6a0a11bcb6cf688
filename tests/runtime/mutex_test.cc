#include "runtime/mutex.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <thread>
#include <vector>

namespace ochre {
namespace {

TEST(MutexTest, HoldersExcludeEachOther) {
  Mutex mutex;
  int64_t sum = 0;  // a lost update would make it smaller
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 10'000; ++j) {
        if (j % 2 == 0) {
          MutexLock lock(mutex);
          ++sum;
        } else {
          mutex.Lock();
          ++sum;
          mutex.Unlock();
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(sum, 40'000);
}

TEST(CondVarTest, WaitingReleasesTheMutexAndTakesItAgain) {
  Mutex mutex;
  CondVar changed;
  int turn = 0;  // two threads hand it to each other
  const auto play = [&](int mine) {
    for (int i = 0; i < 1'000; ++i) {
      MutexLock lock(mutex);
      while (turn % 2 != mine) changed.Wait(lock);
      ++turn;
      changed.NotifyAll();
    }
  };
  std::thread other(play, 1);
  play(0);
  other.join();
  EXPECT_EQ(turn, 2'000);
}

TEST(CondVarTest, WaitingForAWhileSaysThatNobodyCame) {
  Mutex mutex;
  CondVar changed;
  MutexLock lock(mutex);
  // A spurious wake-up looks like a notification, but not every time.
  bool timed_out = false;
  for (int i = 0; i < 100 && !timed_out; ++i) timed_out = !changed.WaitFor(lock, std::chrono::milliseconds(1));
  EXPECT_TRUE(timed_out);
}

TEST(CondVarTest, WaitingForAWhileEndsWithANotification) {
  Mutex mutex;
  CondVar changed;
  bool done = false;
  std::thread notifier([&] {
    MutexLock lock(mutex);
    done = true;
    changed.NotifyOne();
  });
  {
    MutexLock lock(mutex);
    while (!done) changed.WaitFor(lock, std::chrono::hours(1));  // ends by the notification alone
  }
  notifier.join();
  EXPECT_TRUE(done);
}

}  // namespace
}  // namespace ochre
