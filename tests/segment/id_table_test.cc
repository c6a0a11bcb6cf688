#include "segment/id_table.h"

#include <gtest/gtest.h>

#include "storage/memory_storage.h"
#include "tests/support/expect_ok.h"
#include "tests/support/must.h"

namespace ochre {
namespace {

struct Entry {
  std::string id;
  uint64_t offset_id;
  uint64_t position;
};

// A table written to memory and opened again.
struct WrittenTable {
  explicit WrittenTable(const std::vector<Entry>& entries, int64_t expected_rows = -1) {
    IdTableWriter writer(static_cast<int64_t>(entries.size()));
    for (const Entry& entry : entries) {
      writer.Add(entry.id, OffsetId{entry.offset_id}, LogPosition{entry.position});
    }
    BlobInfo info = Must(writer.Finish(storage, "ids.bin"));
    blob = Must(VerifiedBlob::Open(storage, std::move(info)));
    table = IdTable::Open(*blob, expected_rows < 0 ? static_cast<int64_t>(entries.size()) : expected_rows);
  }

  MemoryStorage storage;
  std::unique_ptr<const VerifiedBlob> blob;
  Result<std::unique_ptr<const IdTable>> table = Status::Internal("not opened");
};

TEST(IdTableTest, OneRowIsFoundAndAnythingElseIsNot) {
  const WrittenTable written({{"only", 7, 3}});
  ASSERT_OK(written.table);
  const IdTable& table = **written.table;
  EXPECT_EQ(table.Find("only"), Ordinal{0});
  EXPECT_EQ(table.Find("onl"), std::nullopt);
  EXPECT_EQ(table.Find("only "), std::nullopt);
  EXPECT_EQ(table.Find(""), std::nullopt);
  EXPECT_EQ(table.Id(Ordinal{0}), "only");
  EXPECT_EQ(table.offset_id(Ordinal{0}), OffsetId{7});
  EXPECT_EQ(table.position(Ordinal{0}), LogPosition{3});
}

TEST(IdTableTest, FindsEachOfManyIdsAndNoOthers) {
  constexpr int kRows = 20'000;
  std::vector<Entry> entries;
  for (int i = 0; i < kRows; ++i) {
    entries.push_back({"record-" + std::to_string(i), static_cast<uint64_t>(2 * i + 1), static_cast<uint64_t>(i)});
  }
  const WrittenTable written(entries);
  ASSERT_OK(written.table);
  for (int i = 0; i < kRows; ++i) {
    const auto found = (*written.table)->Find("record-" + std::to_string(i));
    ASSERT_EQ(found, Ordinal{static_cast<uint32_t>(i)});
    ASSERT_EQ((*written.table)->offset_id(*found), OffsetId{static_cast<uint64_t>(2 * i + 1)});
    ASSERT_EQ((*written.table)->Find("absent-" + std::to_string(i)), std::nullopt);
  }
}

TEST(IdTableTest, IdsMayHoldAnyBytes) {
  const std::string with_zero("a\0b", 3);
  const std::string long_id(100'000, 'x');
  const WrittenTable written({{"a", 1, 1}, {with_zero, 2, 2}, {"\xE2\x84\xAA", 3, 3}, {long_id, 4, 4}});
  ASSERT_OK(written.table);
  EXPECT_EQ((*written.table)->Find(with_zero), Ordinal{1});
  EXPECT_EQ((*written.table)->Find("\xE2\x84\xAA"), Ordinal{2});
  EXPECT_EQ((*written.table)->Find("k"), std::nullopt);
  EXPECT_EQ((*written.table)->Find(long_id), Ordinal{3});
  EXPECT_EQ((*written.table)->Id(Ordinal{3}), long_id);
}

TEST(IdTableTest, OffsetIdsAndPositionsMayTakeAll64Bits) {
  const uint64_t large = uint64_t{1} << 63;
  const WrittenTable written({{"a", large, large + 1}});
  ASSERT_OK(written.table);
  EXPECT_EQ((*written.table)->offset_id(Ordinal{0}), OffsetId{large});
  EXPECT_EQ((*written.table)->position(Ordinal{0}), LogPosition{large + 1});
}

TEST(IdTableTest, AnotherRowCountThanTheManifestsIsDataLoss) {
  for (const int64_t rows : {1, 3, 1'000'000}) {
    const WrittenTable written({{"a", 1, 1}, {"b", 2, 2}}, rows);
    EXPECT_EQ(written.table.status().code(), StatusCode::kDataLoss) << rows;
    EXPECT_NE(written.table.status().message().find("ids.bin"), std::string::npos);
  }
}

}  // namespace
}  // namespace ochre
