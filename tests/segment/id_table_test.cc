#include "segment/id_table.h"

#include <gtest/gtest.h>

#include <utility>

#include "storage/memory_storage.h"
#include "tests/storage/blob_contents.h"
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

// Bytes that match their checksums but make no sense: a faulty writer's, or an attacker's.
class ForgedIdTableTest : public testing::Test {
 protected:
  static constexpr int64_t kRows = 40;
  static constexpr size_t kOffsetIds = 64, kBegins = kOffsetIds + 16 * kRows, kSlots = kBegins + 8 * (kRows + 1);
  static constexpr size_t kSlotCount = 128;

  ForgedIdTableTest() {
    std::vector<Entry> entries;
    for (uint64_t i = 0; i < kRows; ++i) entries.push_back({"id" + std::to_string(i), 10 + i, i});
    bytes_ = ReadBlob(WrittenTable(entries).storage, "ids.bin");
  }

  template <typename T>
  T& At(size_t offset) {
    return *reinterpret_cast<T*>(bytes_.data() + offset);
  }
  // Where the slots of two rows are.
  std::pair<size_t, size_t> UsedSlots() {
    std::vector<size_t> used;
    for (size_t i = 0; i < kSlotCount; ++i) {
      if (At<uint32_t>(kSlots + 4 * i) != 0) used.push_back(kSlots + 4 * i);
    }
    return {used.front(), used.back()};
  }

  Status Open() {
    MemoryStorage storage;
    const auto blob = Must(VerifiedBlob::Open(storage, WriteBlob(storage, "ids.bin", bytes_)));
    auto table = IdTable::Open(*blob, kRows);
    return table.ok() ? (*table)->Verify("ids.bin") : Status::DataLoss("at open: ", table.status().message());
  }
  void ExpectRefused(const std::string& when) {
    const Status status = Open();
    EXPECT_EQ(status.code(), StatusCode::kDataLoss) << status.ToString();
    EXPECT_NE(status.message().find("ids.bin"), std::string::npos) << status.ToString();
    EXPECT_EQ(status.message().starts_with("at open"), when == "at open") << status.ToString();
  }

  std::string bytes_;
};

TEST_F(ForgedIdTableTest, OffsetIdsThatDoNotAscendAreDataLoss) {
  ASSERT_OK(Open());
  At<uint64_t>(kOffsetIds + 8 * 20) = 10 + 19;
  ExpectRefused("at open");
  At<uint64_t>(kOffsetIds + 8 * 20) = 5;
  ExpectRefused("at open");
}

TEST_F(ForgedIdTableTest, ARowWithoutASlotIsDataLoss) {
  const auto [first, last] = UsedSlots();
  At<uint32_t>(first) = At<uint32_t>(last);  // the last one's twice
  ExpectRefused("at open");
  At<uint32_t>(first) = 0;
  ExpectRefused("at open");
  At<uint32_t>(first) = kRows + 1;
  ExpectRefused("at open");
}

TEST_F(ForgedIdTableTest, IdsThatLieOutsideTheFileAreDataLoss) {
  At<uint64_t>(kBegins + 8 * 20) = uint64_t{1} << 60;
  ExpectRefused("at open");
}

TEST_F(ForgedIdTableTest, AnIdThatLeadsToAnotherRowIsFoundByVerify) {
  const auto [first, last] = UsedSlots();
  std::swap(At<uint32_t>(first), At<uint32_t>(last));
  ExpectRefused("by Verify");
}

}  // namespace
}  // namespace ochre
