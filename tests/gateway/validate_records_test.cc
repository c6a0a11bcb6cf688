#include <gmock/gmock.h>

#include <limits>

#include "gateway/validate.h"

namespace ochre {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr float kInfinity = std::numeric_limits<float>::infinity();
const float kNan = std::numeric_limits<float>::quiet_NaN();

// A valid batch of three records under every kind; a test breaks one thing.
struct Batch {
  std::vector<std::string> ids = {"a", "b", "c"};
  std::vector<float> values = {1, 2, 3, 4, 5, 6};
  int64_t columns = 2;
  std::vector<uint8_t> given = {};
  std::vector<std::optional<std::string>> documents = {"one", std::nullopt, ""};
  std::vector<Metadata> metadatas = {{{"k", 1}}, {}, {{"l", 2}}};
  std::vector<std::optional<std::string>> uris = {std::nullopt, "u", "v"};

  Status Validate(OperationKind kind = OperationKind::kAdd) const {
    return ValidateRecords(kind, {.ids = ids,
                                  .embeddings = {values, columns},
                                  .embedding_given = given,
                                  .documents = documents,
                                  .metadatas = metadatas,
                                  .uris = uris});
  }

  void ExpectRefused(const std::string& reason, OperationKind kind = OperationKind::kAdd) const {
    const Status status = Validate(kind);
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << status.ToString();
    EXPECT_THAT(status.message(), HasSubstr(reason));
  }
};

TEST(ValidateRecordsTest, AWholeBatchIsTaken) {
  for (const OperationKind kind : {OperationKind::kAdd, OperationKind::kUpdate, OperationKind::kUpsert}) {
    EXPECT_TRUE(Batch().Validate(kind).ok());
  }
}

TEST(ValidateRecordsTest, AnEmptyBatchIsTaken) {
  EXPECT_TRUE(ValidateRecords(OperationKind::kAdd, {}).ok());
  EXPECT_TRUE(ValidateRecords(OperationKind::kUpsert, {.embeddings = {{}, 3}}).ok());
}

TEST(ValidateRecordsTest, ColumnsOfDifferentLengthsAreRefused) {
  const std::string reason = "Inconsistent number of IDs, embeddings, documents, URIs and metadatas";
  Batch batch;
  batch.documents.pop_back();
  batch.ExpectRefused(reason + ": 3, 3, 2, 3, 3");
  batch = {};
  batch.metadatas.push_back({});
  batch.ExpectRefused(reason);
  batch = {};
  batch.uris.pop_back();
  batch.ExpectRefused(reason);
  batch = {};
  batch.values.resize(4);
  batch.ExpectRefused(reason);
  batch = {};
  batch.given = {1};
  batch.ExpectRefused(reason, OperationKind::kUpdate);
  batch = {};
  batch.ids.clear();
  batch.ExpectRefused(reason);
}

TEST(ValidateRecordsTest, AnEmptyIdIsRefusedWithItsIndex) {
  Batch batch;
  batch.ids[1] = "";
  batch.ExpectRefused("Empty ID, ID must have at least one character: at index 1");
  const std::vector<std::optional<std::string>> ids = {"a", std::nullopt};
  const std::vector<float> values = {1, 2};
  EXPECT_THAT(ValidateRecords(OperationKind::kAdd, {.ids = ids, .embeddings = {values, 1}}).message(),
              HasSubstr("at index 1"));
}

TEST(ValidateRecordsTest, AnIdThatIsNoUtf8IsRefusedWithItsIndex) {
  Batch batch;
  batch.ids[2] = "x\xff";
  batch.ExpectRefused("the id at index 2 is no valid UTF-8");
}

TEST(ValidateRecordsTest, RepeatedIdsAreListedOnceEach) {
  Batch batch;
  batch.ids = {"b", "b", "b"};
  batch.ExpectRefused("Expected IDs to be unique, found duplicates of: b");
  EXPECT_THAT(batch.Validate().message(), Not(HasSubstr("b, b")));
}

// The message for `repeated` ids that occur twice each.
std::string DuplicatesMessage(size_t repeated) {
  std::vector<std::string> ids;
  for (size_t i = 0; i < repeated; ++i) ids.push_back("id" + std::to_string(i));
  for (size_t i = 0; i < repeated; ++i) ids.push_back("id" + std::to_string(i));
  const std::vector<float> values(ids.size(), 0.0f);
  return ValidateRecords(OperationKind::kAdd, {.ids = ids, .embeddings = {values, 1}}).message();
}

TEST(ValidateRecordsTest, ManyRepeatedIdsAreShownByTheirEnds) {
  EXPECT_EQ(DuplicatesMessage(2), "Expected IDs to be unique, found duplicates of: id0, id1");
  EXPECT_EQ(DuplicatesMessage(9),
            "Expected IDs to be unique, found duplicates of: id0, id1, id2, id3, id4, id5, id6, id7, id8");
  EXPECT_EQ(
      DuplicatesMessage(12),
      "Expected IDs to be unique, found 12 duplicated IDs: id0, id1, id2, id3, id4, ..., id7, id8, id9, id10, id11");
}

TEST(ValidateRecordsTest, AddAndUpsertNeedEmbeddingsAndUpdateDoesNot) {
  Batch batch;
  batch.values.clear();
  batch.ExpectRefused("embeddings are missing", OperationKind::kAdd);
  batch.ExpectRefused("embeddings are missing", OperationKind::kUpsert);
  EXPECT_TRUE(batch.Validate(OperationKind::kUpdate).ok());
}

TEST(ValidateRecordsTest, AMissingEmbeddingOfOneRecordIsForUpdatesOnly) {
  Batch batch;
  batch.given = {1, 0, 1};
  batch.ExpectRefused("the embedding at index 1 (id \"b\") is missing, which only update allows", OperationKind::kAdd);
  batch.ExpectRefused("at index 1", OperationKind::kUpsert);
  EXPECT_TRUE(batch.Validate(OperationKind::kUpdate).ok());
}

TEST(ValidateRecordsTest, AMarkedEmbeddingThatIsNotThereIsRefused) {
  Batch batch;
  batch.values.clear();
  batch.given = {0, 1, 0};
  batch.ExpectRefused("embedding_given marks an embedding at index 1 (id \"b\")", OperationKind::kUpdate);
  batch.given = {0, 0, 0};
  EXPECT_TRUE(batch.Validate(OperationKind::kUpdate).ok());
}

TEST(ValidateRecordsTest, NumbersThatAreNotFiniteAreRefusedWithTheirRecord) {
  for (const float wrong : {kNan, -kNan, kInfinity, -kInfinity}) {
    Batch batch;
    batch.values[3] = wrong;
    batch.ExpectRefused("Embeddings must not contain NaN or Infinity values: at index 1 (id \"b\")");
  }
  Batch batch;
  batch.values = {std::numeric_limits<float>::max(),
                  std::numeric_limits<float>::lowest(),
                  std::numeric_limits<float>::min(),
                  std::numeric_limits<float>::denorm_min(),
                  -0.0f,
                  0.0f};
  EXPECT_TRUE(batch.Validate().ok());
}

TEST(ValidateRecordsTest, TheRowOfAnEmbeddingThatIsNotGivenIsNotLookedAt) {
  Batch batch;
  batch.values[2] = kNan;
  batch.given = {1, 0, 1};
  EXPECT_TRUE(batch.Validate(OperationKind::kUpdate).ok());
}

TEST(IsFiniteRowTest, FindsOneBadNumberAnywhere) {
  for (int64_t columns = 0; columns <= 70; ++columns) {
    std::vector<float> row(static_cast<size_t>(columns), 1.0f);
    EXPECT_TRUE(IsFiniteRow(row.data(), columns));
    for (float& value : row) {
      value = kNan;
      EXPECT_FALSE(IsFiniteRow(row.data(), columns)) << columns;
      value = 1.0f;
    }
  }
}

TEST(ValidateRecordsTest, TextThatIsNoUtf8IsRefusedWithItsRecord) {
  Batch batch;
  batch.documents[0] = "\xff";
  batch.ExpectRefused("the document at index 0 (id \"a\") is no valid UTF-8");
  batch = {};
  batch.uris[2] = "\xff";
  batch.ExpectRefused("the uri at index 2 (id \"c\") is no valid UTF-8");
}

TEST(ValidateRecordsTest, BadMetadataIsRefusedWithItsRecord) {
  Batch batch;
  batch.metadatas[2] = {{"#k", 1}};
  batch.ExpectRefused("Invalid metadata at index 2 (id \"c\"): ");
}

TEST(ValidateRecordsTest, NullMetadataIsForUpdatesAndUpserts) {
  Batch batch;
  batch.metadatas[1] = {{"k", nullptr}};
  batch.ExpectRefused("Invalid metadata at index 1 (id \"b\"): ", OperationKind::kAdd);
  EXPECT_TRUE(batch.Validate(OperationKind::kUpdate).ok());
  EXPECT_TRUE(batch.Validate(OperationKind::kUpsert).ok());
}

TEST(ValidateRecordsTest, ABatchHoldsAMillionRecords) {
  const std::vector<std::string_view> ids(kBatchRecordsMax + 1, "x");
  const Status status = ValidateRecords(OperationKind::kUpdate, {.ids = ids});
  EXPECT_EQ(status.code(), StatusCode::kResourceExhausted);
  EXPECT_THAT(status.message(), HasSubstr("1000001 records"));
}

TEST(ValidateMatrixTest, ColumnsAreInBoundsAndRowsWhole) {
  const std::vector<float> values(2 * kDimensionMax, 0.0f);
  const auto with_columns = [&](size_t size, int64_t columns) {
    return ValidateMatrix({std::span(values).first(size), columns});
  };
  EXPECT_TRUE(with_columns(6, 2).ok());
  EXPECT_TRUE(with_columns(6, 1).ok());
  EXPECT_TRUE(with_columns(2 * kDimensionMax, kDimensionMax).ok());
  EXPECT_TRUE(with_columns(0, 0).ok());
  EXPECT_TRUE(with_columns(0, 5).ok());
  EXPECT_THAT(with_columns(6, 0).message(), HasSubstr("Each embedding must have at least 1 dimension"));
  EXPECT_THAT(with_columns(6, -2).message(), HasSubstr("at least 1 dimension"));
  EXPECT_THAT(with_columns(kDimensionMax + 1, kDimensionMax + 1).message(), HasSubstr("at most 65536"));
  EXPECT_THAT(with_columns(6, 4).message(), HasSubstr("Inconsistent dimensions in provided embeddings"));
  EXPECT_THAT(with_columns(3, 4).message(), HasSubstr("Inconsistent dimensions in provided embeddings"));
}

TEST(ValidateDimensionTest, OnceKnownItIsFixed) {
  EXPECT_TRUE(ValidateDimension(std::nullopt, 7).ok());
  EXPECT_TRUE(ValidateDimension(7, 7).ok());
  EXPECT_EQ(ValidateDimension(4, 3),
            Status::InvalidArgument("Collection expecting embedding with dimension of 4, got 3"));
}

}  // namespace
}  // namespace ochre
