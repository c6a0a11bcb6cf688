// Filter::FromJson, DocumentFromJson and ToJson.
#include <gmock/gmock.h>

#include <limits>

#include "ochre/filter.h"
#include "plan/filter_limits.h"
#include "tests/plan/random_filter.h"

namespace ochre {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

Filter Where(const std::string& json) {
  const auto filter = Filter::FromJson(json);
  EXPECT_TRUE(filter.ok()) << json << ": " << filter.status().ToString();
  return filter.ok() ? *filter : Filter();
}

void ExpectRefused(const std::string& json, const std::string& reason) {
  const auto filter = Filter::FromJson(json);
  ASSERT_FALSE(filter.ok()) << json;
  EXPECT_EQ(filter.status().code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(filter.status().message(), StartsWith("Invalid where clause: "));
  EXPECT_THAT(filter.status().message(), HasSubstr(reason)) << json;
}

void ExpectDocumentRefused(const std::string& json, const std::string& reason) {
  const auto filter = Filter::DocumentFromJson(json);
  ASSERT_FALSE(filter.ok()) << json;
  EXPECT_EQ(filter.status().code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(filter.status().message(), StartsWith("Invalid where document clause: "));
  EXPECT_THAT(filter.status().message(), HasSubstr(reason)) << json;
}

TEST(FilterJsonTest, NullMatchesAll) {
  EXPECT_TRUE(Where("null").matches_all());
  EXPECT_TRUE(Filter::DocumentFromJson("null").value().matches_all());
  EXPECT_EQ(Filter().ToJson(), "null");
}

TEST(FilterJsonTest, AScalarUnderAKeyMeansEqual) {
  EXPECT_EQ(Where(R"({"k": "x"})"), Key("k") == "x");
  EXPECT_EQ(Where(R"({"k": 2})"), Key("k") == 2);
  EXPECT_EQ(Where(R"({"k": 2.0})"), Key("k") == 2.0);
  EXPECT_EQ(Where(R"({"k": true})"), Key("k") == true);
  EXPECT_EQ(Where(R"({"#id": "x"})"), Id() == "x");
}

TEST(FilterJsonTest, EachOperatorIsRead) {
  const Key key("k");
  EXPECT_EQ(Where(R"({"k": {"$eq": 1}})"), key == 1);
  EXPECT_EQ(Where(R"({"k": {"$ne": 1}})"), key != 1);
  EXPECT_EQ(Where(R"({"k": {"$gt": 1}})"), key > 1);
  EXPECT_EQ(Where(R"({"k": {"$gte": 1}})"), key >= 1);
  EXPECT_EQ(Where(R"({"k": {"$lt": 1}})"), key < 1);
  EXPECT_EQ(Where(R"({"k": {"$lte": 1}})"), key <= 1);
  EXPECT_EQ(Where(R"({"k": {"$in": [1, 2.5]}})"), key.In({1, 2.5}));
  EXPECT_EQ(Where(R"({"k": {"$nin": ["a"]}})"), key.NotIn({"a"}));
  EXPECT_EQ(Where(R"({"k": {"$contains": "a"}})"), key.Contains("a"));
  EXPECT_EQ(Where(R"({"k": {"$not_contains": "a"}})"), key.NotContains("a"));
  EXPECT_EQ(Where(R"({"#document": {"$contains": "a"}})"), Document().Contains("a"));
  EXPECT_EQ(Where(R"({"#document": {"$not_contains": ""}})"), Document().NotContains(""));
  EXPECT_EQ(Where(R"({"#document": {"$regex": "a"}})"), Document().Matches("a"));
  EXPECT_EQ(Where(R"({"#document": {"$not_regex": "a"}})"), Document().NotMatches("a"));
  EXPECT_EQ(Where(R"({"#id": {"$in": ["a", "b"]}})"), Id().In({"a", "b"}));
  EXPECT_EQ(Where(R"({"#id": {"$ne": "a"}})"), Id() != "a");
}

TEST(FilterJsonTest, NumbersKeepTheirKindsAndLargeOnesBecomeDoubles) {
  EXPECT_EQ(Where(R"({"k": 9223372036854775807})"), Key("k") == std::numeric_limits<int64_t>::max());
  EXPECT_EQ(Where(R"({"k": -9223372036854775808})"), Key("k") == std::numeric_limits<int64_t>::min());
  EXPECT_EQ(Where(R"({"k": 9223372036854775808})"), Key("k") == 9223372036854775808.0);
  EXPECT_NE(Where(R"({"k": 2})"), Where(R"({"k": 2.0})"));
}

TEST(FilterJsonTest, AndOrTakeAnyNumberOfOperands) {
  EXPECT_EQ(Where(R"({"$and": [{"a": 1}, {"$or": [{"b": 2}, {"c": 3}]}]})"),
            Key("a") == 1 && (Key("b") == 2 || Key("c") == 3));
  EXPECT_EQ(Where(R"({"$or": []})"), Filter::Any({}));
  EXPECT_EQ(Where(R"({"$and": []})").nodes().back().operand_count, 0u);
  EXPECT_EQ(Where(R"({"$and": [{"a": 1}]})").nodes().back().operand_count, 1u);
}

TEST(FilterJsonTest, AnObjectHasExactlyOneKey) {
  ExpectRefused("{}", "exactly one key, and one has 0");
  ExpectRefused(R"({"a": 1, "b": 2})", "exactly one key, and one has 2");
  ExpectRefused(R"({"$and": [], "a": 1})", "exactly one key, and one has 2");
  ExpectRefused(R"({"$and": [{}]})", "exactly one key");
  ExpectRefused(R"({"a": {}})", "exactly one operator, and has 0");
  ExpectRefused(R"({"a": {"$gt": 1, "$lt": 2}})", "exactly one operator, and has 2");
}

TEST(FilterJsonTest, WhereSeveralKeysAreRefusedTheMessageShowsTheAndThatJoinsThem) {
  ExpectRefused(R"({"a": 1, "b": {"$gt": 2}})", R"(to ask for all: {"$and": [{"a": 1}, {"b": {"$gt": 2}}]})");
  ExpectRefused(R"({"a": 1, "b": {"$in": [2]}, "c": 3})", R"(to ask for all: {"$and": [{"a": 1}, {"b": ...}, ...]})");
  ExpectRefused(R"({"a": {"$gt": 1, "$lt": 2}})",
                R"(to ask for all: {"$and": [{"a": {"$gt": 1}}, {"a": {"$lt": 2}}]})");
  ExpectDocumentRefused(R"({"$contains": "a", "$regex": "b"})",
                        R"(to ask for all: {"$and": [{"$contains": "a"}, {"$regex": "b"}]})");
}

TEST(FilterJsonTest, UnknownOperatorsAreRefusedByName) {
  ExpectRefused(R"({"a": {"$near": 1}})", "unknown operator \"$near\" on \"a\"");
  ExpectRefused(R"({"a": {"eq": 1}})", "unknown operator \"eq\"");
  ExpectRefused(R"({"a": {"$and": []}})", "unknown operator \"$and\"");
  ExpectRefused(R"({"$not": [{"a": 1}]})", "unknown operator \"$not\" in the place of a key");
  ExpectRefused(R"({"$eq": 1})", "\"$eq\" in the place of a key");
  ExpectRefused(R"({"$contains": "x"})", "\"$contains\" in the place of a key");
}

TEST(FilterJsonTest, OperandsOfNoAllowedTypeAreRefused) {
  ExpectRefused(R"({"a": null})", "$eq takes a string, number or boolean, not null");
  ExpectRefused(R"({"a": [1]})", "$eq takes one value");
  ExpectRefused(R"({"a": {"$eq": null}})", "not null");
  ExpectRefused(R"({"a": {"$eq": {"b": 1}}})", "not object");
  ExpectRefused(R"({"a": {"$gt": [1]}})", "$gt takes one value");
  ExpectRefused(R"({"a": {"$in": 1}})", "$in takes a list, not 1");
  ExpectRefused(R"({"a": {"$in": [[1]]}})", "$in takes a list of strings, numbers or booleans");
  ExpectRefused(R"({"a": {"$nin": [null]}})", "not null");
}

TEST(FilterJsonTest, AndOrTakeListsOfObjects) {
  ExpectRefused(R"({"$and": {"a": 1}})", "$and takes a list");
  ExpectRefused(R"({"$or": null})", "$or takes a list");
  ExpectRefused(R"({"$or": [1]})", "expected an object, not 1");
  ExpectRefused(R"({"$or": [null]})", "expected an object, not null");
  ExpectRefused("[]", "expected an object");
  ExpectRefused("1", "expected an object, not 1");
}

TEST(FilterJsonTest, TextThatIsNoJsonIsRefused) {
  for (const char* text :
       {"", "{", "{\"a\": 1} x", "{'a': 1}", "{\"a\": NaN}", "{\"a\": 1e999}", "{\"a\": \"\xff\"}"}) {
    ExpectRefused(text, "not JSON");
    ExpectDocumentRefused(text, "not JSON");
  }
}

TEST(FilterJsonTest, MessagesShowHugeValuesInPart) {
  const std::string huge(1 << 20, 'x');
  for (const std::string& json : {"{\"a\": {\"" + huge + "\": 1}}", "{\"$" + huge + "\": 1}",
                                  "{\"a\": {\"$in\": \"" + huge + "\"}}", "\"" + huge + "\""}) {
    EXPECT_LT(Filter::FromJson(json).status().message().size(), 300u);
  }
}

TEST(DocumentFilterJsonTest, TakesTheFourOperatorsAndAndOr) {
  EXPECT_EQ(Filter::DocumentFromJson(R"({"$contains": "x"})").value(), Document().Contains("x"));
  EXPECT_EQ(Filter::DocumentFromJson(R"({"$not_contains": ""})").value(), Document().NotContains(""));
  EXPECT_EQ(Filter::DocumentFromJson(R"({"$or": [{"$regex": "a"}, {"$not_regex": "b"}]})").value(),
            Document().Matches("a") || Document().NotMatches("b"));
}

TEST(DocumentFilterJsonTest, RefusesTheRest) {
  ExpectDocumentRefused("{}", "exactly one key");
  ExpectDocumentRefused(R"({"$contains": "a", "$regex": "b"})", "exactly one key");
  ExpectDocumentRefused(R"({"k": "a"})", "unknown document operator \"k\"");
  ExpectDocumentRefused(R"({"#document": {"$contains": "x"}})", "unknown document operator \"#document\"");
  ExpectDocumentRefused(R"({"$contains": ["a"]})", "$contains takes one value");
  ExpectDocumentRefused(R"({"$contains": null})", "not null");
  ExpectDocumentRefused(R"({"$and": "x"})", "$and takes a list");
}

TEST(FilterJsonTest, PrintedFiltersReadBackAsTheyWere) {
  for (uint64_t seed = 0; seed < 500; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    RandomEngine random(seed);
    const Filter filter = RandomFilter(random, 5);
    const auto read = Filter::FromJson(filter.ToJson());
    ASSERT_TRUE(read.ok()) << filter.ToJson();
    ASSERT_EQ(*read, filter) << filter.ToJson();
  }
}

constexpr size_t kMany = 100'000;

TEST(FilterJsonTest, AHundredThousandOperandsAreReadAndPrinted) {
  std::string json = R"({"$or":[{"k":{"$eq":0}})";
  for (size_t i = 1; i < kMany; ++i) json += R"(,{"k":{"$eq":0}})";
  json += "]}";
  EXPECT_EQ(Where(json).nodes().size(), kMany + 1);
  EXPECT_EQ(Where(json).ToJson(), json);
}

std::string Nested(size_t depth) {
  std::string json;
  for (size_t i = 0; i < depth; ++i) json += i % 2 == 0 ? R"({"$and":[)" : R"({"$or":[)";
  json += R"({"k":{"$eq":0}})";
  for (size_t i = 0; i < depth; ++i) json += "]}";
  return json;
}

TEST(FilterJsonTest, NestingIsReadUpToItsBound) {
  EXPECT_EQ(Where(Nested(kFilterDepthMax)).ToJson(), Nested(kFilterDepthMax));
  ExpectRefused(Nested(kFilterDepthMax + 1), "nested more than 1000 deep");
  ExpectDocumentRefused(Nested(kFilterDepthMax + 1), "nested more than 1000 deep");
}

TEST(FilterJsonTest, AHundredThousandLevelsAreRefusedWithoutHarm) {
  ExpectRefused(Nested(kMany), "nested more than 1000 deep");
  ExpectRefused(std::string(kMany, '['), "not JSON");
  const std::string lists = std::string(kMany, '[') + std::string(kMany, ']');
  ExpectRefused(lists, "expected an object");
  ExpectRefused("{\"a\":" + lists + "}", "$eq takes one value");
  ExpectRefused("{\"a\":{\"$in\":" + lists + "}}", "$in takes a list of");
}

}  // namespace
}  // namespace ochre
