#include "runtime/worker_team.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace ochre {
namespace {

TEST(WorkerTeamTest, EveryItemIsVisitedOnceInEveryLoop) {
  for (const int32_t size : {1, 2, 5}) {
    WorkerTeam team(size);
    for (const int64_t count : {0, 1, 7, 1'000}) {
      for (const int64_t grain : {1, 3, 2'000}) {
        std::vector<std::atomic<int>> visits(static_cast<size_t>(count));
        team.Share(count, grain, [&](int64_t begin, int64_t end, int32_t worker) {
          EXPECT_LE(end - begin, grain);
          EXPECT_TRUE(worker >= 0 && worker < team.size());
          for (int64_t i = begin; i < end; ++i) ++visits[static_cast<size_t>(i)];
        });
        EXPECT_TRUE(std::all_of(visits.begin(), visits.end(), [](const auto& n) { return n == 1; }))
            << size << " workers, " << count << " items, " << grain << " at a time";
      }
    }
  }
}

TEST(WorkerTeamTest, WhatALoopWroteTheNextOneReads) {
  WorkerTeam team(3);
  std::vector<int64_t> values(100, 0);
  for (int round = 0; round < 200; ++round) {
    team.Share(100, 1, [&](int64_t begin, int64_t, int32_t) {
      const auto i = static_cast<size_t>(begin);
      values[i] = values[i] + 1;  // perhaps another worker's than in the round before
    });
  }
  EXPECT_EQ(std::count(values.begin(), values.end(), 200), 100);
}

}  // namespace
}  // namespace ochre
