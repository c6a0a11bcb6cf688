#include <gmock/gmock.h>

#include <limits>

#include "gateway/validate.h"
#include "plan/filter_limits.h"

namespace ochre {
namespace {

using testing::HasSubstr;

void ExpectRefused(const Status& status, const std::string& reason) {
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << status.ToString();
  EXPECT_THAT(status.message(), HasSubstr(reason));
}

const std::vector<std::string> kNoIds;
const std::vector<std::string> kEmptyId = {"a", ""};
const std::vector<std::optional<std::string>> kNullId = {std::nullopt};
const std::vector<std::string> kNotUtf8Id = {"\xff"};
const std::vector<float> kVector = {1, 2};

TEST(ValidatePageTest, LimitAndOffsetAreNotNegative) {
  EXPECT_TRUE(ValidatePage(std::nullopt, 0).ok());
  EXPECT_TRUE(ValidatePage(0, std::numeric_limits<int64_t>::max()).ok());
  ExpectRefused(ValidatePage(-1, 0), "limit is -1");
  ExpectRefused(ValidatePage(std::nullopt, -2), "offset is -2");
}

TEST(ValidateGetTest, NothingGivenIsEverything) { EXPECT_TRUE(ValidateGet({}).ok()); }

TEST(ValidateGetTest, IdsMayBeNoneAndRepeatButNotEmpty) {
  const std::vector<std::string> repeated = {"a", "a"};
  EXPECT_TRUE(ValidateGet({.ids = kNoIds}).ok());
  EXPECT_TRUE(ValidateGet({.ids = repeated}).ok());
  ExpectRefused(ValidateGet({.ids = kEmptyId}), "Empty ID, ID must have at least one character: at index 1");
  ExpectRefused(ValidateGet({.ids = kNullId}), "Empty ID");
  ExpectRefused(ValidateGet({.ids = kNotUtf8Id}), "the id at index 0 is no valid UTF-8");
}

TEST(ValidateGetTest, BothFiltersAreValidated) {
  ExpectRefused(ValidateGet({.where = Key("k").In({})}), "Invalid where clause");
  ExpectRefused(ValidateGet({.where_document = Key("k") == 1}), "Invalid where document clause");
}

TEST(ValidateGetTest, BothFiltersTogetherAreOfBoundedSize) {
  const auto some = [](size_t count) { return Filter::Any(std::vector<Filter>(count, Document().Contains("x"))); };
  const size_t half = kFilterNodesMax / 2;
  EXPECT_TRUE(ValidateGet({.where = some(half - 1), .where_document = some(half - 1)}).ok());
  ExpectRefused(ValidateGet({.where = some(half - 1), .where_document = some(half)}), "8193 conditions together");
}

TEST(ValidateGetTest, ThePageIsValidated) {
  EXPECT_TRUE(ValidateGet({.limit = 0, .offset = 7}).ok());
  ExpectRefused(ValidateGet({.limit = -1}), "limit is -1");
  ExpectRefused(ValidateGet({.offset = -1}), "offset is -1");
}

TEST(ValidateGetTest, AGetHasNoDistances) {
  ExpectRefused(ValidateGet({.include = {.distances = true}}), "a get has no distances");
}

TEST(ValidateQueryTest, TakesEmbeddingsOrTextsOrNone) {
  const std::vector<std::string> texts = {"x", ""};
  EXPECT_TRUE(ValidateQuery({.embeddings = {kVector, 2}}).ok());
  EXPECT_TRUE(ValidateQuery({.texts = texts}).ok());
  EXPECT_TRUE(ValidateQuery({}).ok());
  ExpectRefused(ValidateQuery({.embeddings = {kVector, 2}, .texts = texts}), "embeddings or texts, not both");
}

TEST(ValidateQueryTest, TextsAreUtf8AndNotNull) {
  const std::vector<std::optional<std::string>> null_text = {"a", std::nullopt};
  ExpectRefused(ValidateQuery({.texts = null_text}), "the query text at index 1 is null");
  ExpectRefused(ValidateQuery({.texts = kNotUtf8Id}), "the query text at index 0 is no valid UTF-8");
}

TEST(ValidateQueryTest, EmbeddingsAreAMatrixOfFiniteNumbers) {
  ExpectRefused(ValidateQuery({.embeddings = {kVector, 3}}), "Inconsistent dimensions");
  ExpectRefused(ValidateQuery({.embeddings = {kVector, 0}}), "at least 1 dimension");
  const std::vector<float> bad = {1, 2, std::numeric_limits<float>::quiet_NaN(), 4};
  ExpectRefused(ValidateQuery({.embeddings = {bad, 2}}),
                "Embeddings must not contain NaN or Infinity values: in query 1");
}

TEST(ValidateQueryTest, AtLeastOneResultIsAskedFor) {
  EXPECT_TRUE(ValidateQuery({.embeddings = {kVector, 2}, .n_results = std::numeric_limits<int64_t>::max()}).ok());
  ExpectRefused(ValidateQuery({.embeddings = {kVector, 2}, .n_results = 0}), "n_results is 0");
  ExpectRefused(ValidateQuery({.embeddings = {kVector, 2}, .n_results = -5}), "n_results is -5");
}

TEST(ValidateQueryTest, EfSearchIsThatOfAConfiguration) {
  for (const int32_t ef_search : {1, 10'000}) EXPECT_TRUE(ValidateQuery({.ef_search = ef_search}).ok());
  for (const int32_t ef_search : {0, -1, 10'001})
    ExpectRefused(ValidateQuery({.ef_search = ef_search}), "ef_search is");
}

TEST(ValidateQueryTest, ATargetRecallIsBoundedAndTakesThePlaceOfEfSearch) {
  for (const double recall : {0.5, 0.9, 0.999}) EXPECT_TRUE(ValidateQuery({.target_recall = recall}).ok());
  for (const double recall : {0.0, 0.49, 1.0, std::numeric_limits<double>::quiet_NaN()}) {
    ExpectRefused(ValidateQuery({.target_recall = recall}), "target_recall is");
  }
  ExpectRefused(ValidateQuery({.ef_search = 10, .target_recall = 0.9}), "not both");
}

TEST(ValidateQueryTest, ThreadsAreCounted) {
  for (const int32_t threads : {0, 1, 1'000}) EXPECT_TRUE(ValidateQuery({.num_threads = threads}).ok());
  ExpectRefused(ValidateQuery({.num_threads = -1}), "num_threads is");
}

TEST(ValidateQueryTest, TheSelectionIsValidated) {
  ExpectRefused(ValidateQuery({.ids = kEmptyId}), "Empty ID");
  ExpectRefused(ValidateQuery({.where = Key("") == 1}), "Invalid where clause");
  ExpectRefused(ValidateQuery({.where_document = Id() == "a"}), "Invalid where document clause");
  EXPECT_TRUE(ValidateQuery({.ids = kNoIds}).ok());
}

TEST(ValidateDeleteTest, SomethingMustBeGiven) {
  const std::vector<std::string> ids = {"a"};
  ExpectRefused(ValidateDelete({}), "Either ids or where must be specified");
  ExpectRefused(ValidateDelete({.ids = kNoIds}), "Either ids or where must be specified");
  EXPECT_TRUE(ValidateDelete({.ids = ids}).ok());
  EXPECT_TRUE(ValidateDelete({.where = Key("k") == 1}).ok());
  EXPECT_TRUE(ValidateDelete({.where_document = Document().Contains("x")}).ok());
  EXPECT_TRUE(ValidateDelete({.ids = kNoIds, .where = Key("k") == 1}).ok());
}

TEST(ValidateDeleteTest, AnAndOfNothingIsRefusedWhereverItStands) {
  const std::vector<std::string> ids = {"a"};
  const std::string reason = "an $and of no conditions holds for every record";
  for (const char* json : {R"({"$and": []})", R"({"$or": [{"k": 1}, {"$and": []}]})", R"({"$and": [{"$and": []}]})"}) {
    const Filter filter = Filter::FromJson(json).value();
    ExpectRefused(ValidateDelete({.where = filter}), "Invalid where clause: " + reason);
    ExpectRefused(ValidateDelete({.ids = ids, .where = filter}), reason);
    EXPECT_TRUE(ValidateGet({.where = filter}).ok()) << "a read may ask for everything";
  }
  const Filter document = Filter::DocumentFromJson(R"({"$and": []})").value();
  ExpectRefused(ValidateDelete({.where = Key("k") == 1, .where_document = document}),
                "Invalid where document clause: " + reason);
  EXPECT_TRUE(ValidateDelete({.where = Filter::Any({})}).ok()) << "an $or of nothing deletes nothing";
}

TEST(ValidateDeleteTest, ALimitNeedsAFilter) {
  const std::vector<std::string> ids = {"a"};
  EXPECT_TRUE(ValidateDelete({.where = Key("k") == 1, .limit = 0}).ok());
  ExpectRefused(ValidateDelete({.ids = ids, .limit = 1}), "limit needs a filter");
  ExpectRefused(ValidateDelete({.where = Key("k") == 1, .limit = -1}), "limit is -1");
}

TEST(ValidateDeleteTest, TheSelectionIsValidated) {
  ExpectRefused(ValidateDelete({.ids = kEmptyId}), "Empty ID");
  ExpectRefused(ValidateDelete({.where = Key("k") > "x"}), "Invalid where clause");
}

}  // namespace
}  // namespace ochre
