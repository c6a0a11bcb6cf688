#include "ochre/filter.h"

#include <gmock/gmock.h>

#include <limits>

namespace ochre {
namespace {

const Filter kA = Key("a") == 1;
const Filter kB = Key("b") == 2;
const Filter kC = Key("c") == 3;

TEST(FilterTest, ADefaultFilterMatchesAll) {
  EXPECT_TRUE(Filter().matches_all());
  EXPECT_FALSE(kA.matches_all());
  EXPECT_FALSE(Filter::Any({}).matches_all());
}

TEST(FilterTest, MatchingAllIsNeutralInAnd) {
  EXPECT_EQ(Filter() && kA, kA);
  EXPECT_EQ(kA && Filter(), kA);
  EXPECT_TRUE((Filter() && Filter()).matches_all());
}

TEST(FilterTest, MatchingAllAbsorbsInOr) {
  EXPECT_TRUE((Filter() || kA).matches_all());
  EXPECT_TRUE((kA || Filter()).matches_all());
  EXPECT_TRUE(Filter::Any({kA, Filter(), kB}).matches_all());
}

TEST(FilterTest, AChainOfOneOperatorIsOneWideNode) {
  const std::string wide = R"({"$and":[{"a":{"$eq":1}},{"b":{"$eq":2}},{"c":{"$eq":3}}]})";
  EXPECT_EQ((kA && kB && kC).ToJson(), wide);
  EXPECT_EQ((kA && (kB && kC)).ToJson(), wide);
  EXPECT_EQ(kA && kB && kC, Filter::All({kA, kB, kC}));
  EXPECT_EQ((kA && kB && kC).nodes().back().operand_count, 3u);
  EXPECT_EQ(((kA || kB) || (kB || kC)).nodes().back().operand_count, 4u);
}

TEST(FilterTest, TheOtherOperatorNests) {
  EXPECT_EQ((kA && (kB || kC)).ToJson(), R"({"$and":[{"a":{"$eq":1}},{"$or":[{"b":{"$eq":2}},{"c":{"$eq":3}}]}]})");
  EXPECT_EQ(((kB || kC) && kA).ToJson(), R"({"$and":[{"$or":[{"b":{"$eq":2}},{"c":{"$eq":3}}]},{"a":{"$eq":1}}]})");
}

TEST(FilterTest, AllOfNoneMatchesAllAndAnyOfNoneNothing) {
  EXPECT_TRUE(Filter::All({}).matches_all());
  EXPECT_EQ(Filter::Any({}).ToJson(), R"({"$or":[]})");
  EXPECT_EQ(Filter::All({kA}), kA);
  EXPECT_EQ(Filter::Any({kA}), kA);
}

TEST(FilterTest, MatchingNothingIsNeutralInOr) {
  EXPECT_EQ((Filter::Any({}) || kA || kB).ToJson(), (kA || kB).ToJson());
  EXPECT_EQ((Filter::Any({}) && kA).ToJson(), R"({"$and":[{"$or":[]},{"a":{"$eq":1}}]})");
}

TEST(FilterTest, EachBuilderMakesItsCondition) {
  const Key key("k");
  const std::vector<std::pair<Filter, std::string>> cases = {
      {key == 1, R"({"k":{"$eq":1}})"},
      {key != "x", R"({"k":{"$ne":"x"}})"},
      {key > 1.5, R"({"k":{"$gt":1.5}})"},
      {key >= 2.0, R"({"k":{"$gte":2.0}})"},
      {key < -1, R"({"k":{"$lt":-1}})"},
      {key <= 0, R"({"k":{"$lte":0}})"},
      {key.In({1, 2}), R"({"k":{"$in":[1,2]}})"},
      {key.NotIn({"a"}), R"({"k":{"$nin":["a"]}})"},
      {key.Contains(true), R"({"k":{"$contains":true}})"},
      {key.NotContains("x"), R"({"k":{"$not_contains":"x"}})"},
      {Document().Contains("x"), R"({"#document":{"$contains":"x"}})"},
      {Document().NotContains("x"), R"({"#document":{"$not_contains":"x"}})"},
      {Document().Matches("x"), R"({"#document":{"$regex":"x"}})"},
      {Document().NotMatches("x"), R"({"#document":{"$not_regex":"x"}})"},
      {Id() == "x", R"({"#id":{"$eq":"x"}})"},
      {Id() != "x", R"({"#id":{"$ne":"x"}})"},
      {Id().In({"x", "y"}), R"({"#id":{"$in":["x","y"]}})"},
      {Id().NotIn({"x"}), R"({"#id":{"$nin":["x"]}})"},
  };
  for (const auto& [filter, json] : cases) EXPECT_EQ(filter.ToJson(), json);
}

TEST(FilterTest, AnUnsignedOperandBeyondInt64IsADouble) {
  EXPECT_EQ(FilterScalar(std::numeric_limits<uint64_t>::max()), FilterScalar(18446744073709551616.0));
  EXPECT_TRUE(FilterScalar(2).is_number());
  EXPECT_TRUE(FilterScalar(2.5).is_number());
  EXPECT_FALSE(FilterScalar(true).is_number());
  EXPECT_FALSE(FilterScalar("2").is_number());
}

// Each of these takes minutes if it is quadratic in the number of conditions.
constexpr int kMany = 100'000;

TEST(FilterTest, AHundredThousandConditionsAreBuiltOnEitherSide) {
  Filter left = kA;
  Filter right = kA;
  for (int i = 0; i < kMany; ++i) {
    left = std::move(left) && kB;
    right = kB && std::move(right);
  }
  EXPECT_EQ(left.nodes().size(), kMany + 2u);
  EXPECT_EQ(left.nodes().back().operand_count, kMany + 1u);
  EXPECT_EQ(right.nodes().size(), kMany + 2u);
  EXPECT_EQ(right.nodes().back().operand_count, kMany + 1u);
  EXPECT_EQ(Filter::Any(std::vector<Filter>(kMany, kA)).nodes().back().operand_count, uint32_t{kMany});
}

TEST(FilterTest, AHundredThousandLevelsAreBuiltOnEitherSide) {
  Filter left = kA;
  Filter right = kA;
  for (int i = 0; i < kMany; ++i) {
    left = i % 2 == 0 ? std::move(left) && kB : std::move(left) || kB;
    right = i % 2 == 0 ? kB && std::move(right) : kB || std::move(right);
  }
  EXPECT_EQ(left.nodes().size(), 2u * kMany + 1);
  EXPECT_EQ(right.nodes().size(), 2u * kMany + 1);
  const Filter copy = right;
  EXPECT_EQ(copy, right);
  EXPECT_EQ(right.ToJson().size(), left.ToJson().size());
}

TEST(FilterTest, WhatPeopleWriteKeepsItsOrder) {
  Filter filter = kA;
  for (int i = 0; i < 30; ++i) filter = (Key("b") == i) && std::move(filter);
  EXPECT_EQ(filter.nodes().front(), (Key("b") == 29).nodes().front());
  EXPECT_EQ(filter.nodes()[30], kA.nodes().front());
}

}  // namespace
}  // namespace ochre
