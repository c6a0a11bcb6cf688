#include "executor/record_filter.h"

#include <gtest/gtest.h>

#include <limits>

#include "tests/support/must.h"

namespace ochre {
namespace {

bool Holds(const Filter& filter, const Metadata& metadata, std::optional<std::string_view> document = std::nullopt,
           std::string_view id = "id") {
  const std::string encoded = EncodeMetadata(metadata);
  return FilterHolds(Must(CompiledFilter::Compile(filter)), {id, document, EncodedMetadata(encoded)});
}

const Key kKey("k");

TEST(RecordFilterTest, NoFilterHoldsForEveryRecord) { EXPECT_TRUE(Holds(Filter(), {})); }

TEST(RecordFilterTest, AMissingKeySatisfiesTheNegationsOnly) {
  const Metadata other = {{"other", 1}};
  for (const Filter& positive :
       {kKey == 1, kKey > 1, kKey >= 1, kKey < 1, kKey <= 1, kKey.In({1, 2}), kKey.Contains(1)}) {
    EXPECT_FALSE(Holds(positive, other)) << positive.ToJson();
  }
  for (const Filter& negative : {kKey != 1, kKey.NotIn({1, 2}), kKey.NotContains(1)}) {
    EXPECT_TRUE(Holds(negative, other)) << negative.ToJson();
  }
}

TEST(RecordFilterTest, AValueOfAnotherTypeSatisfiesTheNegationsOnly) {
  const std::vector<MetadataValue> others = {true,
                                             "1",
                                             std::vector<int64_t>{1},
                                             std::vector<double>{1.0},
                                             std::vector<std::string>{"1"},
                                             std::vector<bool>{true},
                                             SparseVector{{1}, {1}, {}}};
  for (const MetadataValue& value : others) {
    const Metadata metadata = {{"k", value}};
    for (const Filter& positive : {kKey == 1, kKey >= 1, kKey <= 1, kKey > 0, kKey < 2, kKey.In({1, 2}), kKey == 1.0}) {
      EXPECT_FALSE(Holds(positive, metadata)) << positive.ToJson() << " on " << MetadataToJson(metadata);
    }
    for (const Filter& negative : {kKey != 1, kKey.NotIn({1, 2}), kKey != 1.0}) {
      EXPECT_TRUE(Holds(negative, metadata)) << negative.ToJson() << " on " << MetadataToJson(metadata);
    }
  }
  EXPECT_FALSE(Holds(kKey == true, {{"k", 1}}));
  EXPECT_FALSE(Holds(kKey == "1", {{"k", 1}}));
}

TEST(RecordFilterTest, ScalarsOfOneTypeCompareByValue) {
  EXPECT_TRUE(Holds(kKey == "red", {{"k", "red"}}));
  EXPECT_FALSE(Holds(kKey == "red", {{"k", "Red"}}));  // bytes, no case folding
  EXPECT_FALSE(Holds(kKey == "red", {{"k", "red "}}));
  EXPECT_TRUE(Holds(kKey == "", {{"k", ""}}));
  EXPECT_TRUE(Holds(kKey == false, {{"k", false}}));
  EXPECT_FALSE(Holds(kKey != false, {{"k", false}}));
  EXPECT_TRUE(Holds(kKey.In({"a", "b"}), {{"k", "b"}}));
  EXPECT_FALSE(Holds(kKey.NotIn({"a", "b"}), {{"k", "b"}}));
  EXPECT_TRUE(Holds(kKey.In({false, true}), {{"k", true}}));
}

TEST(RecordFilterTest, OrderingsAreStrictOrNotAsTheySay) {
  const Metadata two = {{"k", 2}};
  EXPECT_TRUE(Holds(kKey > 1, two));
  EXPECT_FALSE(Holds(kKey > 2, two));
  EXPECT_TRUE(Holds(kKey >= 2, two));
  EXPECT_FALSE(Holds(kKey >= 3, two));
  EXPECT_TRUE(Holds(kKey < 3, two));
  EXPECT_FALSE(Holds(kKey < 2, two));
  EXPECT_TRUE(Holds(kKey <= 2, two));
  EXPECT_FALSE(Holds(kKey <= 1, two));
}

TEST(RecordFilterTest, IntegersAndDoublesCompareExactlyAsNumbers) {
  EXPECT_TRUE(Holds(kKey == 2.0, {{"k", 2}}));
  EXPECT_TRUE(Holds(kKey == 2, {{"k", 2.0}}));
  EXPECT_FALSE(Holds(kKey == 2.5, {{"k", 2}}));  // the released server truncates here
  EXPECT_TRUE(Holds(kKey < 2.5, {{"k", 2}}));
  EXPECT_FALSE(Holds(kKey >= 2.5, {{"k", 2}}));
  EXPECT_TRUE(Holds(kKey > 2, {{"k", 2.5}}));
  EXPECT_TRUE(Holds(kKey.In({1, 2}), {{"k", 2.0}}));
  EXPECT_FALSE(Holds(kKey.In({1.5, 2.5}), {{"k", 2}}));
  EXPECT_TRUE(Holds(kKey > -2.5, {{"k", -2}}));
}

TEST(RecordFilterTest, LargeNumbersAreNotRounded) {
  const int64_t large = (int64_t{1} << 53) + 1;  // no double is this
  EXPECT_FALSE(Holds(kKey == static_cast<double>(large), {{"k", large}}));
  EXPECT_TRUE(Holds(kKey < large, {{"k", static_cast<double>(large)}}));
  const int64_t largest = std::numeric_limits<int64_t>::max();
  EXPECT_FALSE(Holds(kKey == 9223372036854775808.0, {{"k", largest}}));
  EXPECT_TRUE(Holds(kKey < 9223372036854775808.0, {{"k", largest}}));
  EXPECT_TRUE(Holds(kKey == -9223372036854775808.0, {{"k", std::numeric_limits<int64_t>::min()}}));
  EXPECT_TRUE(Holds(kKey < std::numeric_limits<double>::infinity(), {{"k", largest}}));
}

TEST(RecordFilterTest, ContainsTestsMembershipInAnArrayOfTheOperandsType) {
  EXPECT_TRUE(Holds(kKey.Contains("b"), {{"k", std::vector<std::string>{"a", "b"}}}));
  EXPECT_FALSE(Holds(kKey.Contains("c"), {{"k", std::vector<std::string>{"a", "b"}}}));
  EXPECT_TRUE(Holds(kKey.NotContains("c"), {{"k", std::vector<std::string>{"a", "b"}}}));
  EXPECT_TRUE(Holds(kKey.Contains(2), {{"k", std::vector<int64_t>{1, 2}}}));
  EXPECT_FALSE(Holds(kKey.Contains("2"), {{"k", std::vector<int64_t>{1, 2}}}));
  EXPECT_FALSE(Holds(kKey.Contains(true), {{"k", std::vector<int64_t>{1}}}));
  EXPECT_TRUE(Holds(kKey.Contains(true), {{"k", std::vector<bool>{false, true}}}));
  EXPECT_FALSE(Holds(kKey.Contains(true), {{"k", std::vector<bool>{false}}}));
  EXPECT_FALSE(Holds(kKey.Contains("red"), {{"k", "red"}}));  // a scalar
  EXPECT_TRUE(Holds(kKey.NotContains("red"), {{"k", "red"}}));
}

TEST(RecordFilterTest, NumbersInArraysCompareExactlyAsNumbers) {
  const Metadata doubles = {{"k", std::vector<double>{4, 4.5, -0.0}}};
  EXPECT_TRUE(Holds(kKey.Contains(4), doubles));
  EXPECT_FALSE(Holds(kKey.NotContains(4), doubles));
  EXPECT_TRUE(Holds(kKey.Contains(4.5), doubles));
  EXPECT_TRUE(Holds(kKey.Contains(0), doubles));
  EXPECT_FALSE(Holds(kKey.Contains(5), doubles));
  EXPECT_TRUE(Holds(kKey.NotContains(5), doubles));
  const int64_t large = (int64_t{1} << 53) + 1;  // no double is this
  const Metadata integers = {{"k", std::vector<int64_t>{2, large, std::numeric_limits<int64_t>::max()}}};
  EXPECT_TRUE(Holds(kKey.Contains(2.0), integers));
  EXPECT_FALSE(Holds(kKey.Contains(2.5), integers));
  EXPECT_TRUE(Holds(kKey.Contains(large), integers));
  EXPECT_FALSE(Holds(kKey.Contains(static_cast<double>(large)), integers));
  EXPECT_FALSE(Holds(kKey.Contains(9223372036854775808.0), integers));
  EXPECT_FALSE(Holds(kKey.Contains(large), {{"k", std::vector<double>{static_cast<double>(large)}}}));
}

TEST(RecordFilterTest, DocumentsAreSearchedByteForByte) {
  const Document document;
  EXPECT_TRUE(Holds(document.Contains("Fox"), {}, "the red Fox"));
  EXPECT_FALSE(Holds(document.Contains("fox"), {}, "the red Fox"));
  EXPECT_TRUE(Holds(document.NotContains("fox"), {}, "the red Fox"));
  EXPECT_TRUE(Holds(document.Contains("100%_"), {}, "is 100%_ sure"));
  EXPECT_FALSE(Holds(document.Contains("%"), {}, "nothing special"));
  EXPECT_TRUE(Holds(document.Contains("\xC3\xA9"), {}, "caf\xC3\xA9"));
  EXPECT_TRUE(Holds(document.Contains(""), {}, ""));
  EXPECT_TRUE(Holds(document.Contains(""), {}, "text"));
}

TEST(RecordFilterTest, ARegexIsAnUnanchoredSearch) {
  const Document document;
  EXPECT_TRUE(Holds(document.Matches("r.d"), {}, "the red fox"));
  EXPECT_FALSE(Holds(document.Matches("RED"), {}, "the red fox"));
  EXPECT_TRUE(Holds(document.Matches("(?i)RED"), {}, "the red fox"));
  EXPECT_FALSE(Holds(document.Matches("a.b"), {}, "a\nb"));
  EXPECT_TRUE(Holds(document.Matches("(?s)a.b"), {}, "a\nb"));
  EXPECT_TRUE(Holds(document.Matches("^the"), {}, "the red fox"));
  EXPECT_FALSE(Holds(document.Matches("^red"), {}, "the\nred fox"));  // the text's ends, not a line's
  EXPECT_FALSE(Holds(document.Matches("the$"), {}, "the\nred fox"));
  EXPECT_TRUE(Holds(document.Matches("caf\\pL"), {}, "caf\xC3\xA9"));
  EXPECT_FALSE(Holds(document.NotMatches("fox$"), {}, "the red fox"));
}

TEST(RecordFilterTest, WithoutADocumentOnlyTheNegationsHold) {
  const Document document;
  EXPECT_FALSE(Holds(document.Contains(""), {}));
  EXPECT_FALSE(Holds(document.Matches(""), {}));
  EXPECT_TRUE(Holds(document.NotContains(""), {}));
  EXPECT_TRUE(Holds(document.NotMatches("x"), {}));
}

TEST(RecordFilterTest, IdsCompareWhole) {
  EXPECT_TRUE(Holds(Id() == "a", {}, {}, "a"));
  EXPECT_FALSE(Holds(Id() == "a", {}, {}, "ab"));
  EXPECT_TRUE(Holds(Id() != "a", {}, {}, "ab"));
  EXPECT_TRUE(Holds(Id().In({"a", "b"}), {}, {}, "b"));
  EXPECT_FALSE(Holds(Id().NotIn({"a", "b"}), {}, {}, "b"));
}

TEST(RecordFilterTest, AndAndOrOfNothingAreTheirNeutralElements) {
  EXPECT_TRUE(Holds(Must(Filter::FromJson(R"({"$and": []})")), {}));
  EXPECT_FALSE(Holds(Must(Filter::FromJson(R"({"$or": []})")), {}));
  EXPECT_TRUE(Holds(Must(Filter::FromJson(R"({"$or": [{"$and": []}, {"$or": []}]})")), {}));
  EXPECT_FALSE(Holds(Must(Filter::FromJson(R"({"$and": [{"$and": []}, {"$or": []}]})")), {}));
}

TEST(RecordFilterTest, NestedConditionsCombineAsWritten) {
  const Filter filter = (kKey == 1 && Document().Contains("x")) || (kKey == 2 && (Id() == "a" || Id() == "b"));
  EXPECT_TRUE(Holds(filter, {{"k", 1}}, "xyz"));
  EXPECT_FALSE(Holds(filter, {{"k", 1}}, "abc"));
  EXPECT_TRUE(Holds(filter, {{"k", 2}}, {}, "b"));
  EXPECT_FALSE(Holds(filter, {{"k", 2}}, "xyz", "c"));
}

}  // namespace
}  // namespace ochre
