// MetadataFromJson, MetadataToJson and the conversions of MetadataValue.
#include <gmock/gmock.h>

#include <limits>

#include "ochre/metadata.h"
#include "tests/types/random_metadata.h"

namespace ochre {
namespace {

using testing::HasSubstr;

MetadataValue Value(const std::string& json) {
  const auto metadata = MetadataFromJson("{\"k\": " + json + "}");
  EXPECT_TRUE(metadata.ok()) << metadata.status().ToString();
  return metadata.ok() ? metadata->at("k") : MetadataValue();
}

void ExpectRefused(const std::string& json, const std::string& reason) {
  const auto metadata = MetadataFromJson(json);
  ASSERT_FALSE(metadata.ok()) << json;
  EXPECT_EQ(metadata.status().code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(metadata.status().message(), HasSubstr(reason)) << json;
}

TEST(MetadataJsonTest, ANumberWithoutFractionOrExponentIsAnInteger) {
  EXPECT_EQ(Value("2"), MetadataValue(2));
  EXPECT_EQ(Value("-2"), MetadataValue(-2));
  EXPECT_EQ(Value("2.0"), MetadataValue(2.0));
  EXPECT_EQ(Value("2e0"), MetadataValue(2.0));
  EXPECT_NE(Value("2"), Value("2.0"));
}

TEST(MetadataJsonTest, AnIntegerBeyondInt64IsADouble) {
  EXPECT_EQ(Value("9223372036854775807"), MetadataValue(std::numeric_limits<int64_t>::max()));
  EXPECT_EQ(Value("-9223372036854775808"), MetadataValue(std::numeric_limits<int64_t>::min()));
  EXPECT_EQ(Value("9223372036854775808"), MetadataValue(9223372036854775808.0));
  EXPECT_EQ(Value("-9223372036854775809"), MetadataValue(-9223372036854775808.0));
  EXPECT_EQ(Value("100000000000000000000"), MetadataValue(1e20));
}

TEST(MetadataJsonTest, ScalarsKeepTheirTypes) {
  EXPECT_EQ(Value("true"), MetadataValue(true));
  EXPECT_EQ(Value("\"2\""), MetadataValue("2"));
  EXPECT_EQ(Value("\"\\u00e9\\u0000\""), MetadataValue(std::string("é\0", 3)));
  EXPECT_TRUE(Value("null").is_null());
}

TEST(MetadataJsonTest, ListsAreOfOneType) {
  EXPECT_EQ(Value("[true, false]"), MetadataValue(std::vector<bool>{true, false}));
  EXPECT_EQ(Value("[2, 1, 2]"), MetadataValue(std::vector<int64_t>{2, 1, 2}));
  EXPECT_EQ(Value("[\"a\", \"\"]"), MetadataValue(std::vector<std::string>{"a", ""}));
  EXPECT_EQ(Value("[2.5]"), MetadataValue(std::vector<double>{2.5}));
}

TEST(MetadataJsonTest, AListOfIntegersAndDoublesIsOfDoubles) {
  EXPECT_EQ(Value("[1, 2.5]"), MetadataValue(std::vector<double>{1, 2.5}));
  EXPECT_EQ(Value("[2.5, 1]"), MetadataValue(std::vector<double>{2.5, 1}));
  EXPECT_EQ(Value("[1, 9223372036854775808]"), MetadataValue(std::vector<double>{1, 9223372036854775808.0}));
}

TEST(MetadataJsonTest, AnyOtherMixtureIsRefusedByKey) {
  for (const char* list : {"[1, \"a\"]", "[true, 1]", "[null]", "[[1]]", "[{}]", "[\"a\", null]"}) {
    ExpectRefused(std::string("{\"good\": 1, \"bad\": ") + list + "}", "\"bad\"");
  }
}

TEST(MetadataJsonTest, AnEmptyListIsAnEmptyArrayWhichCountsAsAbsent) {
  EXPECT_EQ(Value("[]"), MetadataValue(std::vector<std::string>{}));
}

TEST(MetadataJsonTest, ASparseVectorNeedsNoTypeTag) {
  const MetadataValue expected(SparseVector{.indices = {1, 4'294'967'295}, .values = {0.5f, 2.0f}, .tokens = {}});
  EXPECT_EQ(Value(R"({"#type": "sparse_vector", "indices": [1, 4294967295], "values": [0.5, 2]})"), expected);
  EXPECT_EQ(Value(R"({"indices": [1, 4294967295], "values": [0.5, 2]})"), expected);
  EXPECT_EQ(Value(R"({"indices": [1, 4294967295], "values": [0.5, 2], "tokens": null})"), expected);
  EXPECT_EQ(Value(R"({"indices": [1], "values": [0.5], "tokens": ["word"]})"),
            MetadataValue(SparseVector{.indices = {1}, .values = {0.5f}, .tokens = {"word"}}));
}

TEST(MetadataJsonTest, AnObjectThatIsNoSparseVectorIsRefusedByKey) {
  for (const char* object :
       {"{}", R"({"a": 1})", R"({"#type": "dense", "indices": [], "values": []})", R"({"indices": [1]})",
        R"({"#type": 1, "indices": [], "values": []})", R"({"indices": [-1], "values": [1]})",
        R"({"indices": [4294967296], "values": [1]})", R"({"indices": [1.0], "values": [1]})",
        R"({"indices": ["1"], "values": [1]})", R"({"indices": [1], "values": ["x"]})",
        R"({"indices": [1], "values": [1e39]})", R"({"indices": [1], "values": [1], "tokens": "x"})",
        R"({"indices": [1], "values": [1], "tokens": [1]})", R"({"indices": {}, "values": {}})"}) {
    ExpectRefused(
        std::string("{\"bad\": ") + object + "}",
        "\"bad\" is no metadata value: those are strings, numbers, booleans or lists of one of these, and of objects "
        "only a sparse vector");
  }
}

TEST(MetadataJsonTest, TextThatIsNotAnObjectIsRefused) {
  ExpectRefused("", "not JSON");
  ExpectRefused("{", "not JSON");
  ExpectRefused("{} {}", "not JSON");
  ExpectRefused("{\"a\": 1e999}", "not JSON");
  ExpectRefused("{\"a\": \"\xff\"}", "not JSON");
  ExpectRefused("null", "must be a JSON object");
  ExpectRefused("[]", "must be a JSON object");
  ExpectRefused("1", "must be a JSON object");
}

TEST(MetadataJsonTest, TheLastOfAKeyGivenTwiceCounts) {
  EXPECT_EQ(MetadataFromJson(R"({"a": 1, "a": 2})").value(), (Metadata{{"a", 2}}));
}

TEST(MetadataJsonTest, NestingOfAnyDepthIsRefusedWithoutHarm) {
  constexpr size_t kDepth = 100'000;
  ExpectRefused("{\"a\": " + std::string(kDepth, '[') + std::string(kDepth, ']') + "}", "\"a\"");
  std::string objects;
  for (size_t i = 0; i < kDepth; ++i) objects += "{\"indices\":";
  ExpectRefused("{\"a\": " + objects + "1" + std::string(kDepth, '}') + "}", "\"a\"");
}

TEST(MetadataJsonTest, PrintedMapsReadBackAsTheyWere) {
  for (uint64_t seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    RandomEngine random(seed);
    Metadata metadata = RandomMetadata(random);
    if (seed % 4 == 0) metadata["null"] = nullptr;
    const std::string json = MetadataToJson(metadata);
    const auto read = MetadataFromJson(json);
    ASSERT_TRUE(read.ok()) << json;
    ASSERT_EQ(*read, metadata) << json;
  }
}

TEST(MetadataJsonTest, WholeDoublesArePrintedWithAFraction) {
  EXPECT_EQ(MetadataToJson({{"a", 2.0}, {"b", 2}}), R"({"a":2.0,"b":2})");
}

TEST(MetadataJsonTest, SparseVectorsArePrintedWithTheirTypeTag) {
  EXPECT_EQ(MetadataToJson({{"s", SparseVector{.indices = {7}, .values = {0.5f}, .tokens = {}}}}),
            R"({"s":{"#type":"sparse_vector","indices":[7],"values":[0.5]}})");
}

TEST(MetadataJsonTest, TextThatIsNoUtf8IsPrintedWithReplacementCharacters) {
  EXPECT_EQ(MetadataToJson({{"a", std::string("x\xff")}}), "{\"a\":\"x\xef\xbf\xbd\"}");
}

TEST(MetadataValueTest, AnUnsignedNumberBeyondInt64IsADouble) {
  EXPECT_EQ(MetadataValue(std::numeric_limits<uint64_t>::max()), MetadataValue(18446744073709551616.0));
  EXPECT_NE(MetadataValue(uint64_t{1}).get_if<int64_t>(), nullptr);
  EXPECT_NE(MetadataValue(1.5f).get_if<double>(), nullptr);
  EXPECT_NE(MetadataValue(true).get_if<bool>(), nullptr);
  EXPECT_EQ(MetadataValue(true).get_if<int64_t>(), nullptr);
}

}  // namespace
}  // namespace ochre
