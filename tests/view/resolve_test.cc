#include "view/resolve.h"

#include <gtest/gtest.h>

namespace ochre {
namespace {

constexpr float kOldEmbedding[] = {1, 2};
constexpr float kNewEmbedding[] = {3, 4};

// A record with everything, and the operation "give everything anew".
class ResolveTest : public testing::Test {
 protected:
  std::string old_metadata_ = EncodeMetadata({{"kept", 1}, {"replaced", "old"}, {"deleted", true}});
  std::string new_metadata_ = EncodeMetadata({{"replaced", 2.5}, {"deleted", nullptr}, {"added", "new"}});
  RecordContents existing_ = {kOldEmbedding, "old document", "old uri", EncodedMetadata(old_metadata_)};
  Operation everything_ = {"id", kNewEmbedding, "new document", "new uri", EncodedMetadata(new_metadata_)};
  Operation nothing_ = {.id = "id", .document = {}, .uri = {}, .metadata = {}};
};

TEST_F(ResolveTest, AnExistingRecordIsLeftReplacedOrDeleted) {
  EXPECT_EQ(Resolve(OperationKind::kAdd, everything_, &existing_).effect, Effect::kNone);
  EXPECT_EQ(Resolve(OperationKind::kUpdate, everything_, &existing_).effect, Effect::kReplace);
  EXPECT_EQ(Resolve(OperationKind::kUpsert, everything_, &existing_).effect, Effect::kReplace);
  EXPECT_EQ(Resolve(OperationKind::kDelete, nothing_, &existing_).effect, Effect::kDelete);
}

TEST_F(ResolveTest, AnAbsentRecordIsInsertedOrStaysAbsent) {
  EXPECT_EQ(Resolve(OperationKind::kAdd, everything_, nullptr).effect, Effect::kInsert);
  EXPECT_EQ(Resolve(OperationKind::kUpdate, everything_, nullptr).effect, Effect::kNone);
  EXPECT_EQ(Resolve(OperationKind::kUpsert, everything_, nullptr).effect, Effect::kInsert);
  EXPECT_EQ(Resolve(OperationKind::kDelete, nothing_, nullptr).effect, Effect::kNone);
}

TEST_F(ResolveTest, ReplacingTakesWhatIsGivenAndMergesMetadataByKey) {
  for (const OperationKind kind : {OperationKind::kUpdate, OperationKind::kUpsert}) {
    const Resolution resolution = Resolve(kind, everything_, &existing_);
    EXPECT_EQ(resolution.contents.embedding, kNewEmbedding);
    EXPECT_EQ(resolution.contents.document, "new document");
    EXPECT_EQ(resolution.contents.uri, "new uri");
    EXPECT_EQ(DecodeMetadata(resolution.contents.metadata),
              (Metadata{{"kept", 1}, {"replaced", 2.5}, {"added", "new"}}));
  }
}

TEST_F(ResolveTest, ReplacingKeepsWhatIsNotGiven) {
  const Resolution resolution = Resolve(OperationKind::kUpdate, nothing_, &existing_);
  EXPECT_EQ(resolution.contents.embedding, kOldEmbedding);
  EXPECT_EQ(resolution.contents.document, "old document");
  EXPECT_EQ(resolution.contents.uri, "old uri");
  EXPECT_EQ(DecodeMetadata(resolution.contents.metadata), DecodeMetadata(existing_.metadata));
}

TEST_F(ResolveTest, AnEmptyTextReplaces) {
  const Operation empty_texts = {.id = "id", .document = "", .uri = "", .metadata = {}};
  const Resolution resolution = Resolve(OperationKind::kUpsert, empty_texts, &existing_);
  EXPECT_EQ(resolution.contents.document, "");
  EXPECT_EQ(resolution.contents.uri, "");
}

TEST_F(ResolveTest, InsertingDropsNullsFromTheMetadata) {
  const Resolution resolution = Resolve(OperationKind::kUpsert, everything_, nullptr);
  EXPECT_EQ(DecodeMetadata(resolution.contents.metadata), (Metadata{{"replaced", 2.5}, {"added", "new"}}));
  EXPECT_EQ(resolution.contents.document, "new document");
}

TEST_F(ResolveTest, DeletingTheLastKeyLeavesNoMetadata) {
  const std::string one_key = EncodeMetadata({{"deleted", 1}});
  existing_.metadata = EncodedMetadata(one_key);
  const std::string deletion = EncodeMetadata({{"deleted", nullptr}, {"never there", nullptr}});
  const Operation operation = {.id = "id", .document = {}, .uri = {}, .metadata = EncodedMetadata(deletion)};
  EXPECT_TRUE(Resolve(OperationKind::kUpdate, operation, &existing_).contents.metadata.empty());
}

TEST_F(ResolveTest, AValueOfAnotherTypeReplacesTheOldOne) {
  const std::string array = EncodeMetadata({{"kept", std::vector<int64_t>{1, 2}}});
  const Operation operation = {.id = "id", .document = {}, .uri = {}, .metadata = EncodedMetadata(array)};
  const Resolution resolution = Resolve(OperationKind::kUpdate, operation, &existing_);
  EXPECT_EQ(DecodeMetadata(resolution.contents.metadata).at("kept"), MetadataValue(std::vector<int64_t>{1, 2}));
}

}  // namespace
}  // namespace ochre
