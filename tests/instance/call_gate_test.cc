#include "instance/call_gate.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <utility>
#include <vector>

#include "tests/support/expect_ok.h"

namespace ochre {
namespace {

TEST(CallGateTest, CallsComeInUntilItIsClosed) {
  CallGate gate;
  EXPECT_OK(gate.Enter());
  EXPECT_TRUE(gate.Close());
  const auto refused = gate.Enter();
  EXPECT_EQ(refused.status().code(), StatusCode::kFailedPrecondition);
  EXPECT_EQ(refused.status().message(), "the client is closed");
}

TEST(CallGateTest, OnlyTheFirstOfManyClosersIsToldThatItClosed) {
  CallGate gate;
  std::atomic<int> first_count = 0;
  std::vector<std::thread> closers;
  for (int i = 0; i < 8; ++i) closers.emplace_back([&] { first_count += gate.Close() ? 1 : 0; });
  for (std::thread& closer : closers) closer.join();
  EXPECT_EQ(first_count, 1);
}

TEST(CallGateTest, DrainingWaitsForEveryCallThatIsUnderWay) {
  CallGate gate;
  std::atomic<bool> drained = false;
  std::thread drainer;
  {
    ASSERT_OK_AND_ASSIGN(const CallGate::Call first, gate.Enter());
    ASSERT_OK_AND_ASSIGN(const CallGate::Call second, gate.Enter());
    ASSERT_TRUE(gate.Close());
    drainer = std::thread([&] {
      gate.Drain();
      drained = true;
    });
    std::this_thread::yield();
    EXPECT_FALSE(drained);  // whenever the drainer runs, two calls are under way
  }
  drainer.join();
  EXPECT_TRUE(drained);
}

TEST(CallGateTest, DrainingWithoutCallsReturnsAtOnce) {
  CallGate gate;
  { ASSERT_OK(gate.Enter()); }
  gate.Close();
  gate.Drain();
  gate.Drain();
}

TEST(CallGateTest, AMovedCallIsCountedOnce) {
  CallGate gate;
  {
    ASSERT_OK_AND_ASSIGN(CallGate::Call call, gate.Enter());
    const CallGate::Call moved = std::move(call);
    gate.Close();
  }
  gate.Drain();  // counted twice it would wait for good; left twice it would let in what it should not
}

TEST(CallGateTest, CallsAndClosingFromManyThreadsNeverOverlap) {
  for (int round = 0; round < 50; ++round) {
    CallGate gate;
    std::atomic<bool> torn_down = false;
    std::atomic<int> late = 0;
    std::vector<std::thread> callers;
    for (int i = 0; i < 4; ++i) {
      callers.emplace_back([&] {
        while (true) {
          const auto call = gate.Enter();
          if (!call.ok()) return;
          late += torn_down ? 1 : 0;
        }
      });
    }
    gate.Close();
    gate.Drain();
    torn_down = true;
    for (std::thread& caller : callers) caller.join();
    EXPECT_EQ(late, 0) << "in round " << round;
  }
}

}  // namespace
}  // namespace ochre
