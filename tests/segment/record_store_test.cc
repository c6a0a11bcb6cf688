#include "segment/record_store.h"

#include <gtest/gtest.h>

#include "storage/memory_storage.h"
#include "tests/support/expect_ok.h"
#include "tests/support/must.h"

namespace ochre {
namespace {

struct WrittenStore {
  explicit WrittenStore(const std::vector<StoredRecord>& records, int64_t expected_rows = -1) {
    auto writer = Must(RecordStoreWriter::Create(storage, "records.bin", static_cast<int64_t>(records.size())));
    for (const StoredRecord& record : records) Must(writer->Add(record));
    BlobInfo info = Must(writer->Finish());
    blob = Must(VerifiedBlob::Open(storage, std::move(info)));
    store = RecordStore::Open(*blob, expected_rows < 0 ? static_cast<int64_t>(records.size()) : expected_rows);
  }

  MemoryStorage storage;
  std::unique_ptr<const VerifiedBlob> blob;
  Result<RecordStore> store = Status::Internal("not opened");
};

TEST(RecordStoreTest, NullAndEmptyStayDifferent) {
  const WrittenStore written(
      {{std::nullopt, std::nullopt, {}}, {"", std::nullopt, {}}, {std::nullopt, "", {}}, {"", "", {}}});
  ASSERT_OK(written.store);
  for (uint32_t row = 0; row < 4; ++row) {
    ASSERT_OK_AND_ASSIGN(const StoredRecord record, written.store->Read(Ordinal{row}));
    EXPECT_EQ(record.document.has_value(), row == 1 || row == 3) << row;
    EXPECT_EQ(record.uri.has_value(), row >= 2) << row;
    EXPECT_EQ(record.document.value_or(""), "");
    EXPECT_TRUE(record.metadata.empty());
  }
}

TEST(RecordStoreTest, AllPartsOfARowComeBack) {
  const Metadata metadata = {{"year", 2020}, {"tags", std::vector<std::string>{"a", "b"}}};
  const std::string encoded = EncodeMetadata(metadata);
  const WrittenStore written({{"first", std::nullopt, {}}, {"the document", "file:///x", EncodedMetadata(encoded)}});
  ASSERT_OK(written.store);
  ASSERT_OK_AND_ASSIGN(const StoredRecord record, written.store->Read(Ordinal{1}));
  EXPECT_EQ(record.document, "the document");
  EXPECT_EQ(record.uri, "file:///x");
  EXPECT_EQ(DecodeMetadata(record.metadata), metadata);
}

TEST(RecordStoreTest, ALargeDocumentSpansManyBlocks) {
  const std::string large(5 * kChecksumBlockBytes + 17, 'd');
  const WrittenStore written({{"before", {}, {}}, {large, "u", {}}, {"after", {}, {}}});
  ASSERT_OK(written.store);
  ASSERT_OK_AND_ASSIGN(const StoredRecord record, written.store->Read(Ordinal{1}));
  EXPECT_EQ(record.document, large);
  EXPECT_EQ(record.uri, "u");
  ASSERT_OK_AND_ASSIGN(const StoredRecord after, written.store->Read(Ordinal{2}));
  EXPECT_EQ(after.document, "after");
}

TEST(RecordStoreTest, ManyRowsComeBackInAnyOrder) {
  std::vector<std::string> documents;
  for (int i = 0; i < 5'000; ++i)
    documents.push_back(std::string(static_cast<size_t>(i % 200), 'x') + std::to_string(i));
  std::vector<StoredRecord> records;
  for (const std::string& document : documents) records.push_back({document, std::nullopt, {}});
  const WrittenStore written(records);
  ASSERT_OK(written.store);
  for (size_t i = 0; i < documents.size(); ++i) {
    const size_t row = i * 1'237 % documents.size();  // coprime to 5,000
    ASSERT_OK_AND_ASSIGN(const StoredRecord record, written.store->Read(Ordinal{static_cast<uint32_t>(row)}));
    ASSERT_EQ(record.document, documents[row]);
  }
}

TEST(RecordStoreTest, AnotherRowCountThanTheManifestsIsDataLoss) {
  for (const int64_t rows : {1, 3}) {
    const WrittenStore written({{"a", {}, {}}, {"b", {}, {}}}, rows);
    EXPECT_EQ(written.store.status().code(), StatusCode::kDataLoss) << rows;
  }
}

}  // namespace
}  // namespace ochre
