#include "gateway/validate_metadata.h"

#include <gmock/gmock.h>

#include <limits>

#include "gateway/validate.h"

namespace ochre {
namespace {

using testing::HasSubstr;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
const double kNan = std::numeric_limits<double>::quiet_NaN();

void ExpectRefused(const Metadata& metadata, const std::string& reason) {
  const Status status = ValidateRecordMetadata(metadata, /*allow_null=*/true);
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(status.message(), HasSubstr(reason));
}

TEST(ValidateRecordMetadataTest, TakesEveryTypeOfValue) {
  EXPECT_TRUE(ValidateRecordMetadata({{"a", true},
                                      {"b", 1},
                                      {"c", -1.5},
                                      {"d", ""},
                                      {"e", SparseVector{.indices = {0, 7}, .values = {1, 2}, .tokens = {"x", "y"}}},
                                      {"f", SparseVector{}},
                                      {"g", std::vector<bool>{true}},
                                      {"h", std::vector<int64_t>{1}},
                                      {"i", std::vector<double>{1.5}},
                                      {"j", std::vector<std::string>{"é"}}},
                                     /*allow_null=*/false)
                  .ok());
  EXPECT_TRUE(ValidateRecordMetadata({}, /*allow_null=*/false).ok());
}

TEST(ValidateRecordMetadataTest, NullIsTakenOnlyWhereItDeletes) {
  EXPECT_TRUE(ValidateRecordMetadata({{"k", nullptr}}, /*allow_null=*/true).ok());
  EXPECT_THAT(ValidateRecordMetadata({{"k", nullptr}}, /*allow_null=*/false).message(), HasSubstr("\"k\" is null"));
}

TEST(ValidateRecordMetadataTest, AnEmptyArrayIsTakenEverywhere) {
  EXPECT_TRUE(ValidateRecordMetadata({{"k", std::vector<int64_t>{}}}, /*allow_null=*/false).ok());
}

TEST(ValidateRecordMetadataTest, KeysAreNotEmptyNotReservedAndUtf8) {
  ExpectRefused({{"", 1}}, "key is empty");
  ExpectRefused({{"#document", 1}}, "\"#document\" is reserved");
  ExpectRefused({{"$eq", 1}}, "\"$eq\" is reserved");
  ExpectRefused({{"chroma:document", 1}}, "\"chroma:document\" is reserved");
  ExpectRefused({{"k\xff", 1}}, "key is no valid UTF-8");
  EXPECT_TRUE(ValidateRecordMetadata({{"a#$", 1}, {"chroma", 1}, {"x chroma:", 1}}, false).ok());
}

TEST(ValidateRecordMetadataTest, NumbersAreFinite) {
  for (const double value : {kInfinity, -kInfinity, kNan}) {
    ExpectRefused({{"k", value}}, "\"k\" is NaN or infinite");
    ExpectRefused({{"k", std::vector<double>{1, value}}}, "\"k\" is NaN or infinite");
    ExpectRefused({{"k", SparseVector{.indices = {1}, .values = {static_cast<float>(value)}, .tokens = {}}}},
                  "\"k\" is NaN or infinite");
  }
}

TEST(ValidateRecordMetadataTest, TextIsUtf8) {
  ExpectRefused({{"k", "\xff"}}, "\"k\" is no valid UTF-8");
  ExpectRefused({{"k", std::vector<std::string>{"a", "\xc3"}}}, "\"k\" is no valid UTF-8");
  ExpectRefused({{"k", SparseVector{.indices = {1}, .values = {1}, .tokens = {"\xff"}}}}, "\"k\" is no valid UTF-8");
}

TEST(ValidateRecordMetadataTest, SparseVectorsHaveAValueForEachAscendingIndex) {
  ExpectRefused({{"k", SparseVector{.indices = {1, 2}, .values = {1}, .tokens = {}}}}, "2 indices, but 1 values");
  ExpectRefused({{"k", SparseVector{.indices = {1}, .values = {1}, .tokens = {"a", "b"}}}}, "1 indices, but 2 tokens");
  ExpectRefused({{"k", SparseVector{.indices = {2, 1}, .values = {1, 1}, .tokens = {}}}}, "strictly ascending");
  ExpectRefused({{"k", SparseVector{.indices = {1, 1}, .values = {1, 1}, .tokens = {}}}}, "strictly ascending");
}

TEST(ValidateCollectionMetadataTest, TakesScalarsAndNothing) {
  EXPECT_TRUE(ValidateCollectionMetadata({}).ok());
  EXPECT_TRUE(ValidateCollectionMetadata({{"a", "x"}, {"b", 1}, {"c", 1.5}, {"d", true}, {"hnsw:space", "l2"}}).ok());
}

TEST(ValidateCollectionMetadataTest, RefusesArraysSparseVectorsAndNulls) {
  for (const MetadataValue& value : {MetadataValue(std::vector<int64_t>{1}), MetadataValue(std::vector<std::string>{}),
                                     MetadataValue(SparseVector{})}) {
    EXPECT_THAT(ValidateCollectionMetadata({{"k", value}}).message(),
                HasSubstr("\"k\" must be a string, a number or a boolean"));
  }
  EXPECT_EQ(ValidateCollectionMetadata({{"k", nullptr}}).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(ValidateCollectionMetadata({{"#k", 1}}).code(), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace ochre
