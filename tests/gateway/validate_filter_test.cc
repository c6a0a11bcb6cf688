#include <gmock/gmock.h>

#include <limits>

#include "gateway/validate.h"
#include "plan/filter_limits.h"

namespace ochre {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

using enum FilterOperator;

constexpr FilterOperator kConditionOperators[] = {kEqual, kNotEqual, kGreater,  kGreaterEqual, kLess,  kLessEqual,
                                                  kIn,    kNotIn,    kContains, kNotContains,  kRegex, kNotRegex};

void ExpectRefused(const Filter& where, const std::string& reason) {
  const Status status = ValidateWhere(where);
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << where.ToJson();
  EXPECT_THAT(status.message(), StartsWith("Invalid where clause: "));
  EXPECT_THAT(status.message(), HasSubstr(reason)) << where.ToJson();
}

Filter Condition(FilterOperator op, FilterTarget target, std::vector<FilterScalar> scalars) {
  return Filter(FilterNode{
      .op = op, .target = target, .key = target == FilterTarget::kMetadata ? "k" : "", .scalars = std::move(scalars)});
}

// The operators that accept `scalar` alone as their operand.
std::vector<FilterOperator> Accepting(FilterTarget target, const FilterScalar& scalar) {
  std::vector<FilterOperator> accepting;
  for (const FilterOperator op : kConditionOperators) {
    if (ValidateWhere(Condition(op, target, {scalar})).ok()) accepting.push_back(op);
  }
  return accepting;
}

TEST(ValidateWhereTest, AFilterThatMatchesAllIsTaken) {
  EXPECT_TRUE(ValidateWhere(Filter()).ok());
  EXPECT_TRUE(ValidateWhere(Filter::Any({})).ok());
}

TEST(ValidateWhereTest, NumbersTakeEveryMetadataOperatorButTheRegex) {
  const auto all_but_regex = testing::ElementsAre(kEqual, kNotEqual, kGreater, kGreaterEqual, kLess, kLessEqual, kIn,
                                                  kNotIn, kContains, kNotContains);
  EXPECT_THAT(Accepting(FilterTarget::kMetadata, 1), all_but_regex);
  EXPECT_THAT(Accepting(FilterTarget::kMetadata, 1.5), all_but_regex);
}

TEST(ValidateWhereTest, StringsAndBooleansHaveNoOrder) {
  const auto unordered = testing::ElementsAre(kEqual, kNotEqual, kIn, kNotIn, kContains, kNotContains);
  EXPECT_THAT(Accepting(FilterTarget::kMetadata, "x"), unordered);
  EXPECT_THAT(Accepting(FilterTarget::kMetadata, true), unordered);
  ExpectRefused(Key("year") > "x", "the ordering operators on \"year\" take a number");
}

TEST(ValidateWhereTest, TheDocumentTakesFourOperatorsWithAString) {
  EXPECT_THAT(Accepting(FilterTarget::kDocument, "x"),
              testing::ElementsAre(kContains, kNotContains, kRegex, kNotRegex));
  EXPECT_THAT(Accepting(FilterTarget::kDocument, 1), testing::IsEmpty());
  EXPECT_THAT(Accepting(FilterTarget::kDocument, true), testing::IsEmpty());
  EXPECT_TRUE(ValidateWhere(Document().Contains("")).ok());
  EXPECT_TRUE(ValidateWhere(Document().Matches("")).ok());
  ExpectRefused(Condition(kEqual, FilterTarget::kDocument, {"x"}), "the document takes $contains");
}

TEST(ValidateWhereTest, TheIdTakesEqualityAndListsOfStrings) {
  EXPECT_THAT(Accepting(FilterTarget::kId, "x"), testing::ElementsAre(kEqual, kNotEqual, kIn, kNotIn));
  EXPECT_THAT(Accepting(FilterTarget::kId, 1), testing::IsEmpty());
  EXPECT_TRUE(ValidateWhere(Id().In({"a", "b"})).ok());
  ExpectRefused(Id().In({1, 2}), "a condition on the id takes strings");
  ExpectRefused(Id().NotIn({}), "not empty");
}

TEST(ValidateWhereTest, RegexesApplyToTheDocumentOnly) {
  ExpectRefused(Condition(kRegex, FilterTarget::kMetadata, {"x"}), "apply to the document");
  ExpectRefused(Condition(kNotRegex, FilterTarget::kMetadata, {"x"}), "apply to the document");
}

TEST(ValidateWhereTest, ListsAreNotEmptyAndOfOneType) {
  EXPECT_TRUE(ValidateWhere(Key("k").In({"a", "b"})).ok());
  EXPECT_TRUE(ValidateWhere(Key("k").NotIn({true, false})).ok());
  EXPECT_TRUE(ValidateWhere(Key("k").In({2.5, 1})).ok());
  EXPECT_TRUE(ValidateWhere(Key("k").In({1, 2.5})).ok());
  ExpectRefused(Key("k").In({}), "a list that is not empty");
  ExpectRefused(Key("k").NotIn({}), "a list that is not empty");
  ExpectRefused(Key("k").In({1, "a"}), "not a mixture");
  ExpectRefused(Key("k").In({true, 1}), "not a mixture");
  ExpectRefused(Key("k").In({"a", true}), "not a mixture");
}

TEST(ValidateWhereTest, OtherOperatorsTakeOneOperand) {
  for (const FilterOperator op : kConditionOperators) {
    if (op == kIn || op == kNotIn) continue;
    ExpectRefused(Condition(op, FilterTarget::kDocument, {}), "one operand, not 0");
    ExpectRefused(Condition(op, FilterTarget::kMetadata, {1, 2}), "one operand, not 2");
  }
}

TEST(ValidateWhereTest, OperandsAreFiniteAndUtf8) {
  for (const double wrong : {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity(),
                             -std::numeric_limits<double>::infinity()}) {
    ExpectRefused(Key("k") == wrong, "NaN or infinite");
    ExpectRefused(Key("k") < wrong, "NaN or infinite");
    ExpectRefused(Key("k").In({1.0, wrong}), "NaN or infinite");
  }
  ExpectRefused(Key("k") == "\xff", "no valid UTF-8");
  ExpectRefused(Document().Contains("\xff"), "no valid UTF-8");
  ExpectRefused(Document().Matches("\xff"), "no valid UTF-8");
}

TEST(ValidateWhereTest, KeysAreNotEmptyNotReservedAndUtf8) {
  ExpectRefused(Key("") == 1, "key is empty");
  ExpectRefused(Key("#embedding") == 1, "\"#embedding\" is no metadata key");
  ExpectRefused(Key("$eq") == 1, "\"$eq\" is no metadata key");
  ExpectRefused(Key("#\xff") == 1, "no valid UTF-8");
  EXPECT_TRUE(ValidateWhere(Key("a#b$c") == 1).ok());
}

TEST(ValidateWhereTest, PatternsAreOfBoundedLength) {
  EXPECT_TRUE(ValidateWhere(Document().Matches(std::string(kRegexBytesMax, 'x'))).ok());
  ExpectRefused(Document().Matches(std::string(kRegexBytesMax + 1, 'x')), "65537 bytes exceeds 65536");
  EXPECT_TRUE(ValidateWhere(Document().Contains(std::string(kRegexBytesMax + 1, 'x'))).ok());
}

TEST(ValidateWhereTest, ConditionsAreOfBoundedNumber) {
  // One node less than the bound: the "and" is a node too.
  EXPECT_TRUE(ValidateWhere(Filter::All(std::vector<Filter>(kFilterNodesMax - 1, Key("k") == 1))).ok());
  ExpectRefused(Filter::All(std::vector<Filter>(kFilterNodesMax, Key("k") == 1)), "8193 conditions");
  EXPECT_TRUE(ValidateWhere(Key("k").In(std::vector<FilterScalar>(100'000, 1))).ok());
}

// `depth` operators around `leaf`: and, or, and, ...
Filter Nested(size_t depth, Filter leaf) {
  std::string json = leaf.ToJson();
  std::string begin;
  std::string end;
  for (size_t i = 0; i < depth; ++i) {
    begin += i % 2 == 0 ? "{\"$and\":[" : "{\"$or\":[";
    end += "]}";
  }
  return Filter::FromJson(begin + json + end).value();
}

TEST(ValidateWhereTest, NestingIsOfBoundedDepth) {
  EXPECT_TRUE(ValidateWhere(Nested(kFilterDepthMax, Key("k") == 1)).ok());
  Filter deeper = Nested(kFilterDepthMax, Key("k") == 1);  // its root is an "and"
  ExpectRefused(std::move(deeper) || Key("k") == 2, "nested more than 1000 deep");
}

TEST(ValidateWhereTest, AnOperatorWithoutOperandsCountsAsALevel) {
  EXPECT_TRUE(ValidateWhere(Nested(kFilterDepthMax - 1, Filter::Any({}))).ok());
  ExpectRefused(Nested(kFilterDepthMax - 1, Filter::Any({})) || Key("k") == 2, "nested more than 1000 deep");
}

TEST(ValidateWhereTest, OperatorsHaveTheirOperands) {
  ExpectRefused(Filter(FilterNode{.op = kAnd, .operand_count = 1}), "lacks operands");
  ExpectRefused(Filter(FilterNode{.op = kOr, .operand_count = 0xffffffff}) && Key("k") == 1, "lacks operands");
  // The count wraps around to zero, and leaves a condition that nothing joins.
  ExpectRefused(Filter(FilterNode{.op = kAnd, .operand_count = 0xffffffff}) && Key("k") == 1, "nothing joins");
  ExpectRefused(Filter(FilterNode{.op = kAnd, .scalars = {1}}), "take no value");
}

TEST(ValidateWhereTest, AnOperatorOrTargetThatDoesNotExistIsRefused) {
  ExpectRefused(Condition(kEqual, static_cast<FilterTarget>(9), {"x"}), "no target");
  const Filter filter(FilterNode{.op = static_cast<FilterOperator>(77), .key = "k", .scalars = {1}});
  EXPECT_THAT(ValidateWhere(filter).message(), HasSubstr("no operator that exists"));
}

TEST(ValidateWhereTest, AConditionDeepInsideIsReached) {
  ExpectRefused((Key("a") == 1 && (Key("b") == 2 || Key("c") > "x")) || Key("d") == 3, "\"c\"");
}

TEST(ValidateWhereDocumentTest, TakesConditionsOnTheDocument) {
  EXPECT_TRUE(ValidateWhereDocument(Filter()).ok());
  EXPECT_TRUE(ValidateWhereDocument(Document().NotContains("a")).ok());
  EXPECT_TRUE(ValidateWhereDocument(Document().Contains("a") || Document().Matches("b")).ok());
}

TEST(ValidateWhereDocumentTest, RefusesEverythingElseUnderItsOwnName) {
  for (const Filter& filter : {Key("k") == 1, Id() == "a", Document().Contains("a") && Key("k") == 1}) {
    EXPECT_EQ(ValidateWhereDocument(filter),
              Status::InvalidArgument("Invalid where document clause: it takes conditions on the document only"));
  }
  EXPECT_THAT(ValidateWhereDocument(Condition(kContains, FilterTarget::kDocument, {1})).message(),
              StartsWith("Invalid where document clause: a condition on the document takes a string"));
}

}  // namespace
}  // namespace ochre
