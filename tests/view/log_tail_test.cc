#include "view/log_tail.h"

#include <gtest/gtest.h>

namespace ochre {
namespace {

constexpr int32_t kDimension = 3;

// Appends a version whose embedding is (value, 0, 0).
void Append(LogTail& tail, std::string_view id, uint64_t offset_id, uint64_t begin, float value,
            int64_t replaced = -1) {
  const float embedding[kDimension] = {value, 0, 0};
  tail.Append(id, OffsetId{offset_id}, LogPosition{begin},
              {.embedding = embedding, .document = id, .uri = {}, .metadata = {}}, replaced);
}

TEST(LogTailTest, ARecordIsVisibleFromItsBeginToBeforeItsEnd) {
  LogTail tail(kDimension, Space::kL2, Quantization::kInt8);
  Append(tail, "a", 1, 5, 0);
  EXPECT_FALSE(tail.record(0).IsVisible(LogPosition{4}));
  EXPECT_TRUE(tail.record(0).IsVisible(LogPosition{5}));
  EXPECT_TRUE(tail.record(0).IsVisible(LogPosition{1'000'000}));
  tail.End(0, LogPosition{9});
  EXPECT_TRUE(tail.record(0).IsVisible(LogPosition{8}));
  EXPECT_FALSE(tail.record(0).IsVisible(LogPosition{9}));
}

TEST(LogTailTest, FindAnswersForTheReadersPosition) {
  LogTail tail(kDimension, Space::kL2, Quantization::kInt8);
  Append(tail, "a", 1, 10, 0);
  Append(tail, "b", 2, 11, 0);
  Append(tail, "a", 1, 20, 1, /*replaced=*/0);
  tail.End(2, LogPosition{30});  // deleted
  Append(tail, "a", 3, 40, 2);   // and added again
  EXPECT_EQ(tail.Find("a", LogPosition{9}), -1);
  EXPECT_EQ(tail.Find("a", LogPosition{10}), 0);
  EXPECT_EQ(tail.Find("a", LogPosition{19}), 0);
  EXPECT_EQ(tail.Find("a", LogPosition{20}), 2);
  EXPECT_EQ(tail.Find("a", LogPosition{29}), 2);
  EXPECT_EQ(tail.Find("a", LogPosition{30}), -1);
  EXPECT_EQ(tail.Find("a", LogPosition{39}), -1);
  EXPECT_EQ(tail.Find("a", LogPosition{40}), 3);
  EXPECT_EQ(tail.FindLive("a"), 3);
  EXPECT_EQ(tail.Find("b", LogPosition{40}), 1);
  EXPECT_EQ(tail.Find("c", LogPosition{40}), -1);
}

TEST(LogTailTest, AReplacedVersionEndsWhereItsSuccessorBegins) {
  LogTail tail(kDimension, Space::kL2, Quantization::kInt8);
  Append(tail, "a", 1, 10, 0);
  Append(tail, "a", 1, 20, 1, /*replaced=*/0);
  for (uint64_t position = 10; position < 30; ++position) {
    EXPECT_NE(tail.record(0).IsVisible(LogPosition{position}), tail.record(1).IsVisible(LogPosition{position}))
        << position;
  }
}

TEST(LogTailTest, RecordsStayInPlaceAcrossChunks) {
  LogTail tail(kDimension, Space::kL2, Quantization::kInt8);
  constexpr size_t kRecords = 1'000;  // chunks begin at 0, 16, 48, 112, 240, 496
  std::vector<const TailRecord*> addresses;
  for (size_t i = 0; i < kRecords; ++i) {
    Append(tail, "id" + std::to_string(i), i + 1, i + 1, static_cast<float>(i));
    addresses.push_back(&tail.record(i));
  }
  EXPECT_EQ(LogTail::ChunkBegin(1), 16u);
  EXPECT_EQ(LogTail::ChunkBegin(2), 48u);
  ASSERT_EQ(tail.size(), kRecords);
  for (size_t i = 0; i < kRecords; ++i) {
    const size_t chunk = LogTail::ChunkOf(i);
    EXPECT_GE(i, LogTail::ChunkBegin(chunk));
    EXPECT_LT(i, LogTail::ChunkBegin(chunk + 1));
    EXPECT_EQ(&tail.record(i), addresses[i]);
    EXPECT_EQ(tail.record(i).id, "id" + std::to_string(i));
    EXPECT_EQ(tail.row(i)[0], static_cast<float>(i));
    EXPECT_EQ(reinterpret_cast<uintptr_t>(tail.row(i)) % 64, 0u);
    EXPECT_EQ(tail.Find("id" + std::to_string(i), LogPosition{kRecords}), static_cast<int64_t>(i));
  }
}

TEST(LogTailTest, TheRowsOfAChunkAreOneSpanUpToTheGivenSize) {
  LogTail tail(kDimension, Space::kL2, Quantization::kInt8);
  for (size_t i = 0; i < 50; ++i) Append(tail, "id" + std::to_string(i), i + 1, i + 1, static_cast<float>(i));
  EXPECT_EQ(tail.ChunkRows(0, 50).row_count, 16);
  EXPECT_EQ(tail.ChunkRows(1, 50).row_count, 32);
  EXPECT_EQ(tail.ChunkRows(2, 50).row_count, 2);
  EXPECT_EQ(tail.ChunkRows(3, 50).row_count, 0);
  EXPECT_EQ(tail.ChunkRows(1, 20).row_count, 4);
  EXPECT_EQ(tail.ChunkRows(1, 16).row_count, 0);
  EXPECT_EQ(tail.ChunkRows(1, 50).Row(3), tail.row(19));
  EXPECT_EQ(tail.ChunkRows(2, 50).Row(1)[0], 49.0f);
}

TEST(LogTailTest, ContentsAreCopied) {
  LogTail tail(kDimension, Space::kL2, Quantization::kInt8);
  std::string id = "id", document = "document", uri = "uri";
  std::string metadata = EncodeMetadata({{"k", 1}});
  std::vector<float> embedding = {1, 2, 2};
  tail.Append(id, OffsetId{1}, LogPosition{1}, {embedding.data(), document, uri, EncodedMetadata(metadata)}, -1);
  for (std::string* text : {&id, &document, &uri, &metadata}) text->assign(text->size(), '!');
  embedding.assign(3, 0);
  EXPECT_EQ(tail.record(0).id, "id");
  EXPECT_EQ(tail.record(0).document, "document");
  EXPECT_EQ(tail.record(0).uri, "uri");
  EXPECT_EQ(tail.record(0).metadata.Find("k")->AsInt64(), 1);
  EXPECT_EQ(tail.row(0)[2], 2.0f);
  EXPECT_FLOAT_EQ(tail.row(0)[3], 1.0f / 3);  // the inverse norm
  EXPECT_EQ(tail.Find("id", LogPosition{1}), 0);
}

TEST(LogTailTest, NullAndEmptyTextsStayDifferent) {
  LogTail tail(kDimension, Space::kL2, Quantization::kInt8);
  const float embedding[kDimension] = {};
  tail.Append("a", OffsetId{1}, LogPosition{1}, {.embedding = embedding, .document = "", .uri = {}, .metadata = {}},
              -1);
  EXPECT_EQ(tail.record(0).document, "");
  EXPECT_EQ(tail.record(0).uri, std::nullopt);
}

TEST(LogTailTest, BytesGrowWithWhatIsHeld) {
  LogTail tail(kDimension, Space::kL2, Quantization::kInt8);
  EXPECT_EQ(tail.bytes(), 0);
  Append(tail, "a", 1, 1, 0);
  const int64_t small = tail.bytes();
  Append(tail, std::string(10'000, 'x'), 2, 2, 0);
  EXPECT_GE(tail.bytes() - small, 10'000);
}

}  // namespace
}  // namespace ochre
