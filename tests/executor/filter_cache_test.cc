#include "executor/filter_cache.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace ochre {
namespace {

SharedOrdinals Rows(uint32_t count) {
  Roaring rows;
  for (uint32_t i = 0; i < count; ++i) rows.add(i * 3);
  return Share(std::move(rows));
}

FilterNode Condition(FilterOperator op, std::string key, std::vector<FilterScalar> scalars,
                     FilterTarget target = FilterTarget::kMetadata) {
  return {.op = op, .target = target, .key = std::move(key), .scalars = std::move(scalars)};
}

TEST(FilterCacheTest, ConditionsThatDifferInAnythingHaveDifferentKeys) {
  const SegmentId a = {{1}}, b = {{2}};
  const std::vector<FilterNode> conditions = {
      Condition(FilterOperator::kEqual, "k", {1}),
      Condition(FilterOperator::kEqual, "k", {1.0}),
      Condition(FilterOperator::kEqual, "k", {"1"}),
      Condition(FilterOperator::kEqual, "k", {true}),
      Condition(FilterOperator::kEqual, "k", {false}),
      Condition(FilterOperator::kEqual, "kk", {1}),
      Condition(FilterOperator::kGreater, "k", {1}),
      Condition(FilterOperator::kGreaterEqual, "k", {1}),
      Condition(FilterOperator::kLess, "k", {1}),
      Condition(FilterOperator::kLessEqual, "k", {1}),
      Condition(FilterOperator::kIn, "k", {"a", "b"}),
      Condition(FilterOperator::kIn, "k", {"ab"}),
      Condition(FilterOperator::kIn, "k", {"a", "b", ""}),
      Condition(FilterOperator::kContains, "k", {"a"}),
      Condition(FilterOperator::kContains, "", {"a"}, FilterTarget::kDocument),
      Condition(FilterOperator::kRegex, "", {"a"}, FilterTarget::kDocument),
  };
  std::set<std::string> keys;
  for (const SegmentId& segment : {a, b}) {
    for (const FilterNode& condition : conditions) keys.insert(FilterCacheKey(segment, condition));
  }
  EXPECT_EQ(keys.size(), 2 * conditions.size());
}

TEST(FilterCacheTest, ANegationHasTheKeyOfItsPositiveForm) {
  EXPECT_EQ(FilterCacheKey({}, Condition(FilterOperator::kNotEqual, "k", {1})),
            FilterCacheKey({}, Condition(FilterOperator::kEqual, "k", {1})));
  EXPECT_EQ(FilterCacheKey({}, Condition(FilterOperator::kNotRegex, "", {"a"}, FilterTarget::kDocument)),
            FilterCacheKey({}, Condition(FilterOperator::kRegex, "", {"a"}, FilterTarget::kDocument)));
}

TEST(FilterCacheTest, WhatTakesMoreThanAnEighthIsNotKept) {
  FilterCache cache(/*bytes_max=*/8'000);
  cache.Insert("large", Rows(2'000));
  EXPECT_EQ(cache.Find("large"), nullptr);
  cache.Insert(std::string(2'000, 'k'), Rows(1));
  EXPECT_EQ(cache.bytes(), 0);
  cache.Insert("small", Rows(100));
  EXPECT_NE(cache.Find("small"), nullptr);
}

// Against a list that is searched from its beginning.
TEST(FilterCacheTest, WhatWasUsedLeastRecentlyGoesFirst) {
  for (const uint32_t seed : {1, 2, 3}) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    std::mt19937 random(seed);
    constexpr int64_t kBytesMax = 10'000;
    FilterCache cache(kBytesMax);
    std::deque<std::pair<std::string, SharedOrdinals>> expected;  // the most recently used first
    int found_count = 0, evicted_count = 0;
    for (int step = 0; step < 5'000; ++step) {
      const std::string key = "key " + std::to_string(random() % 40);
      const auto known = std::find_if(expected.begin(), expected.end(), [&](const auto& e) { return e.first == key; });
      const SharedOrdinals found = cache.Find(key);
      ASSERT_EQ(found, known == expected.end() ? nullptr : known->second);
      if (found != nullptr) {
        ++found_count;
        std::rotate(expected.begin(), known, known + 1);
        continue;
      }
      const SharedOrdinals rows = Rows(static_cast<uint32_t>(random() % 300));
      const int64_t before = cache.bytes();
      cache.Insert(key, rows);
      ASSERT_TRUE(cache.IsConsistent());
      expected.emplace_front(key, rows);
      // How many bytes an entry takes is the cache's own affair, but only what does not fit any more may go.
      size_t kept = 0;
      for (FilterCache* probe = &cache; kept < expected.size(); ++kept) {
        if (probe->Find(expected[kept].first) == nullptr) break;
      }
      for (size_t i = kept; i < expected.size(); ++i) ASSERT_EQ(cache.Find(expected[i].first), nullptr);
      if (kept < expected.size()) {
        ++evicted_count;
        ASSERT_GT(before + static_cast<int64_t>(rows->getSizeInBytes()) + 512, kBytesMax);
      }
      expected.resize(kept);
      std::reverse(expected.begin(), expected.end());  // the probes used them in their order
    }
    EXPECT_GT(found_count, 500);
    EXPECT_GT(evicted_count, 500);
  }
}

TEST(FilterCacheTest, ThreadsFindWhatTheyOrOthersKept) {
  FilterCache cache(/*bytes_max=*/20'000);
  std::vector<std::thread> threads;
  for (uint32_t seed = 1; seed <= 4; ++seed) {
    threads.emplace_back([&cache, seed] {
      std::mt19937 random(seed);
      for (int i = 0; i < 2'000; ++i) {
        const auto count = static_cast<uint32_t>(random() % 100);
        const std::string key = std::to_string(count);
        if (const SharedOrdinals found = cache.Find(key); found != nullptr) {
          ASSERT_EQ(found->cardinality(), count);
        } else {
          cache.Insert(key, Rows(count));
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(cache.IsConsistent());
}

}  // namespace
}  // namespace ochre
