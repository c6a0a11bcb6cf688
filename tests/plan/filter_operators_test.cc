#include "plan/filter_operators.h"

#include <gtest/gtest.h>

namespace ochre {
namespace {

TEST(FilterOperatorsTest, ANegationKnowsItsPositive) {
  for (int i = 0; i <= static_cast<int>(FilterOperator::kOr); ++i) {
    const auto op = static_cast<FilterOperator>(i);
    EXPECT_FALSE(IsNegation(PositiveOf(op))) << i;
    EXPECT_EQ(IsNegation(op), PositiveOf(op) != op) << i;
  }
  EXPECT_EQ(PositiveOf(FilterOperator::kNotEqual), FilterOperator::kEqual);
  EXPECT_EQ(PositiveOf(FilterOperator::kNotIn), FilterOperator::kIn);
  EXPECT_EQ(PositiveOf(FilterOperator::kNotContains), FilterOperator::kContains);
  EXPECT_EQ(PositiveOf(FilterOperator::kNotRegex), FilterOperator::kRegex);
}

TEST(FilterOperatorsTest, OnlyAndAndOrJoin) {
  EXPECT_TRUE(IsLogical(FilterOperator::kAnd));
  EXPECT_TRUE(IsLogical(FilterOperator::kOr));
  EXPECT_FALSE(IsLogical(FilterOperator::kEqual));
  EXPECT_FALSE(IsLogical(FilterOperator::kNotRegex));
}

}  // namespace
}  // namespace ochre
