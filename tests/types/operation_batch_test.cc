#include "types/operation_batch.h"

#include <gmock/gmock.h>
#include <sys/mman.h>

#include <cstring>
#include <limits>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "tests/types/random_metadata.h"

namespace ochre {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::shared_ptr<const std::string> Shared(std::string bytes) {
  return std::make_shared<const std::string>(std::move(bytes));
}

std::string Encoded(OperationKind kind, const Records& records) {
  auto bytes = EncodeOperations(kind, records);
  EXPECT_TRUE(bytes.ok()) << bytes.status().ToString();
  return *std::move(bytes);
}

OperationBatch Decoded(std::string bytes) {
  auto batch = OperationBatch::Decode(Shared(std::move(bytes)));
  EXPECT_TRUE(batch.ok()) << batch.status().ToString();
  return *std::move(batch);
}

StatusCode DecodeCode(std::string bytes) { return OperationBatch::Decode(Shared(std::move(bytes))).status().code(); }

// Puts the right checksum behind bytes that a test has changed, so that the layout's own checks are reached.
std::string WithChecksum(std::string bytes) {
  const uint64_t checksum = XXH3_64bits(bytes.data(), bytes.size() - 8);
  std::memcpy(bytes.data() + bytes.size() - 8, &checksum, 8);
  return bytes;
}

std::vector<float> Row(const Operation& operation, const OperationBatch& batch) {
  return std::vector<float>(operation.embedding, operation.embedding + batch.dimension());
}

// A batch with every column, and nulls in those that may have them.
struct EveryColumn {
  std::vector<std::string> ids = {"a", "bb", "漢"};
  std::vector<float> values = {1, 2, 3, 4, 5, 6};
  std::vector<std::optional<std::string>> documents = {"one", std::nullopt, ""};
  std::vector<std::optional<std::string>> uris = {std::nullopt, "u", "uu"};
  std::vector<Metadata> metadatas = {{{"k", 1}}, {}, {{"deleted", nullptr}}};

  Records records() const {
    return {.ids = ids, .embeddings = {values, 2}, .documents = documents, .metadatas = metadatas, .uris = uris};
  }
};

TEST(OperationBatchTest, EveryColumnComesBack) {
  const EveryColumn columns;
  const OperationBatch batch = Decoded(Encoded(OperationKind::kUpsert, columns.records()));
  EXPECT_EQ(batch.kind(), OperationKind::kUpsert);
  EXPECT_EQ(batch.dimension(), 2);
  ASSERT_EQ(batch.size(), 3u);
  EXPECT_EQ(batch[0].id, "a");
  EXPECT_EQ(batch[2].id, "漢");
  EXPECT_THAT(Row(batch[1], batch), ElementsAre(3, 4));
  EXPECT_EQ(batch[0].document, "one");
  EXPECT_EQ(batch[1].document, std::nullopt);
  EXPECT_EQ(batch[2].document, "");
  EXPECT_EQ(batch[0].uri, std::nullopt);
  EXPECT_EQ(batch[2].uri, "uu");
  EXPECT_EQ(DecodeMetadata(batch[0].metadata), columns.metadatas[0]);
  EXPECT_TRUE(batch[1].metadata.empty());
  EXPECT_EQ(DecodeMetadata(batch[2].metadata), columns.metadatas[2]);
}

TEST(OperationBatchTest, EveryCombinationOfColumnsComesBack) {
  const EveryColumn columns;
  const std::vector<uint8_t> given = {1, 0, 1};
  for (int combination = 0; combination < 32; ++combination) {
    SCOPED_TRACE(combination);
    Records records = columns.records();
    if (!(combination & 1)) records.embeddings = {};
    if (!(combination & 2)) records.documents = {};
    if (!(combination & 4)) records.uris = {};
    if (!(combination & 8)) records.metadatas = {};
    if (combination & 16) records.embedding_given = given;
    const OperationBatch batch = Decoded(Encoded(OperationKind::kUpdate, records));
    ASSERT_EQ(batch.size(), 3u);
    for (size_t i = 0; i < 3; ++i) {
      EXPECT_EQ(batch[i].id, columns.ids[i]);
      const bool embedded = (combination & 1) && (!(combination & 16) || given[i] != 0);
      ASSERT_EQ(batch[i].embedding != nullptr, embedded);
      if (embedded) {
        EXPECT_THAT(Row(batch[i], batch), ElementsAre(columns.values[2 * i], columns.values[2 * i + 1]));
      }
      EXPECT_EQ(batch[i].document, combination & 2 ? columns.documents[i] : std::nullopt);
      EXPECT_EQ(batch[i].uri, combination & 4 ? columns.uris[i] : std::nullopt);
      EXPECT_EQ(DecodeMetadata(batch[i].metadata), combination & 8 ? columns.metadatas[i] : Metadata());
    }
  }
}

TEST(OperationBatchTest, TheEmbeddingsThatAreNotGivenTakeNoSpace) {
  const std::vector<std::string> ids = {"a", "b", "c", "d"};
  const std::vector<float> values(4 * 100, 1.0f);
  const std::vector<uint8_t> one_given = {0, 0, 1, 0};
  const Records records = {.ids = ids, .embeddings = {values, 100}, .embedding_given = one_given};
  const std::string bytes = Encoded(OperationKind::kUpdate, records);
  EXPECT_LT(bytes.size(), 2 * 100 * sizeof(float));
  EXPECT_NE(Decoded(bytes)[2].embedding, nullptr);
}

TEST(OperationBatchTest, NoneOfTheEmbeddingsMayBeGiven) {
  const std::vector<std::string> ids = {"a"};
  const std::vector<float> values = {1, 2};
  const std::vector<uint8_t> none_given = {0};
  const Records records = {.ids = ids, .embeddings = {values, 2}, .embedding_given = none_given};
  EXPECT_EQ(Decoded(Encoded(OperationKind::kUpdate, records))[0].embedding, nullptr);
}

TEST(OperationBatchTest, ADeleteKeepsIdsOnly) {
  const EveryColumn columns;
  const OperationBatch batch = Decoded(Encoded(OperationKind::kDelete, columns.records()));
  ASSERT_EQ(batch.size(), 3u);
  EXPECT_EQ(batch.dimension(), 0);
  EXPECT_EQ(batch[1].id, "bb");
  EXPECT_EQ(batch[1].embedding, nullptr);
  EXPECT_EQ(batch[0].document, std::nullopt);
}

TEST(OperationBatchTest, RowsAreAlignedForFloats) {
  for (size_t id_size = 1; id_size < 9; ++id_size) {
    const std::vector<std::string> ids = {std::string(id_size, 'x')};
    const std::vector<float> values = {1};
    const OperationBatch batch = Decoded(Encoded(OperationKind::kAdd, {.ids = ids, .embeddings = {values, 1}}));
    EXPECT_EQ(reinterpret_cast<uintptr_t>(batch[0].embedding) % alignof(float), 0u);
  }
}

TEST(OperationBatchTest, TheBatchKeepsItsBytesAlive) {
  auto bytes = Shared(Encoded(OperationKind::kAdd, EveryColumn().records()));
  const std::weak_ptr<const std::string> watch = bytes;
  auto batch = OperationBatch::Decode(std::move(bytes));
  ASSERT_TRUE(batch.ok());
  EXPECT_FALSE(watch.expired());
  EXPECT_EQ((*batch)[1].id, "bb");
}

TEST(OperationBatchTest, EveryBitFlipIsDataLoss) {
  const std::string bytes = Encoded(OperationKind::kAdd, EveryColumn().records());
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string flipped = bytes;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
    ASSERT_EQ(DecodeCode(flipped), StatusCode::kDataLoss) << "bit " << bit;
  }
}

TEST(OperationBatchTest, EveryTruncationIsDataLossAlsoWithAChecksumThatFits) {
  const std::string bytes = Encoded(OperationKind::kAdd, EveryColumn().records());
  for (size_t size = 0; size < bytes.size(); ++size) {
    ASSERT_EQ(DecodeCode(bytes.substr(0, size)), StatusCode::kDataLoss) << size;
    if (size >= 24) {
      ASSERT_EQ(DecodeCode(WithChecksum(bytes.substr(0, size))), StatusCode::kDataLoss) << size;
    }
  }
}

TEST(OperationBatchTest, BytesAfterTheLastSectionAreDataLoss) {
  EXPECT_EQ(DecodeCode(WithChecksum(Encoded(OperationKind::kAdd, EveryColumn().records()) + "more")),
            StatusCode::kDataLoss);
}

TEST(OperationBatchTest, AHeaderOfNoLayoutIsDataLossAlthoughTheChecksumFits) {
  const std::string bytes = Encoded(OperationKind::kAdd, EveryColumn().records());
  const auto with_byte = [&](size_t offset, uint8_t value) {
    std::string changed = bytes;
    changed[offset] = static_cast<char>(value);
    return DecodeCode(WithChecksum(changed));
  };
  EXPECT_EQ(with_byte(4, 0), StatusCode::kDataLoss);     // no such kind
  EXPECT_EQ(with_byte(4, 5), StatusCode::kDataLoss);     // no such kind
  EXPECT_EQ(with_byte(5, 61), StatusCode::kDataLoss);    // a flag that nobody has given a meaning
  EXPECT_EQ(with_byte(5, 28), StatusCode::kDataLoss);    // a dimension, but no embeddings
  EXPECT_EQ(with_byte(6, 1), StatusCode::kDataLoss);     // not zero
  EXPECT_EQ(with_byte(11, 255), StatusCode::kDataLoss);  // billions of records
  EXPECT_EQ(with_byte(12, 0), StatusCode::kDataLoss);    // embeddings, but no dimension
  EXPECT_EQ(with_byte(15, 127), StatusCode::kDataLoss);  // billions of dimensions
}

TEST(OperationBatchTest, RandomDamageUnderAFittingChecksumIsSafeToRead) {
  const std::string bytes = Encoded(OperationKind::kUpdate, EveryColumn().records());
  for (uint64_t seed = 0; seed < 5'000; ++seed) {
    RandomEngine random(seed);
    std::string changed = bytes;
    for (uint64_t i = 0; i <= RandomBelow(random, 3); ++i) {
      changed[RandomBelow(random, changed.size())] = static_cast<char>(random());
    }
    const auto batch = OperationBatch::Decode(Shared(WithChecksum(changed)));
    if (!batch.ok()) continue;
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    for (size_t i = 0; i < batch->size(); ++i) {  // under a sanitizer: inside the bytes
      const Operation& operation = (*batch)[i];
      ASSERT_LE(operation.id.size(), changed.size());
      (void)std::string(operation.id);
      (void)std::string(operation.document.value_or(""));
      (void)std::string(operation.uri.value_or(""));
      (void)DecodeMetadata(operation.metadata);
      if (operation.embedding != nullptr) (void)Row(operation, *batch);
    }
  }
}

// Addresses without memory behind them: the size of what is too large can be seen, its bytes cannot be read.
class ReservedAddresses {
 public:
  ReservedAddresses() : data_(mmap(nullptr, kSize, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)) {
    EXPECT_NE(data_, MAP_FAILED);
  }
  ~ReservedAddresses() { munmap(data_, kSize); }
  ReservedAddresses(const ReservedAddresses&) = delete;
  ReservedAddresses& operator=(const ReservedAddresses&) = delete;

  static constexpr size_t kSize = kEncodedBatchBytesMax + 4096;
  std::string_view text(size_t size) const { return std::string_view(static_cast<const char*>(data_), size); }
  std::span<const float> floats() const { return {static_cast<const float*>(data_), kSize / sizeof(float)}; }

 private:
  void* data_;
};

TEST(OperationBatchTest, WhatIsTooLargeIsRefusedBeforeAByteOfItIsRead) {
  const ReservedAddresses reserved;
  const std::vector<std::string_view> ids = {"a", "b"};

  const std::vector<std::string_view> one_document = {"small", reserved.text(reserved.kSize)};
  const auto document = EncodeOperations(OperationKind::kAdd, {.ids = ids, .documents = one_document});
  EXPECT_EQ(document.status().code(), StatusCode::kResourceExhausted);
  EXPECT_THAT(document.status().message(), HasSubstr("900000000 bytes"));

  // Each of them would fit.
  const std::vector<std::string_view> halves = {reserved.text(reserved.kSize / 2), reserved.text(reserved.kSize / 2)};
  EXPECT_EQ(EncodeOperations(OperationKind::kAdd, {.ids = ids, .documents = halves}).status().code(),
            StatusCode::kResourceExhausted);
  EXPECT_EQ(EncodeOperations(OperationKind::kAdd, {.ids = ids, .uris = halves}).status().code(),
            StatusCode::kResourceExhausted);

  const MatrixSpan embeddings = {reserved.floats(), static_cast<int64_t>(reserved.floats().size())};
  EXPECT_EQ(EncodeOperations(OperationKind::kAdd, {.ids = {"a"}, .embeddings = embeddings}).status().code(),
            StatusCode::kResourceExhausted);
}

}  // namespace
}  // namespace ochre
