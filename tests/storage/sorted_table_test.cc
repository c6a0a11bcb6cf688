#include "storage/sorted_table.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/mman.h>
#include <unistd.h>

#include <map>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "storage/block_checksums.h"
#include "storage/local_storage.h"
#include "storage/memory_storage.h"
#include "tests/storage/blob_contents.h"
#include "tests/storage/temporary_folder.h"

namespace ochre {
namespace {

using testing::HasSubstr;

using Entries = std::map<std::string, std::string>;  // std::string compares bytes as unsigned

BlobInfo WriteTable(Storage& storage, std::string_view name, const Entries& entries) {
  auto writer = SortedTableWriter::Create(storage, name);
  EXPECT_TRUE(writer.ok()) << writer.status().ToString();
  for (const auto& [key, value] : entries) EXPECT_EQ((*writer)->Add(key, value), Status::Ok());
  auto info = (*writer)->Finish();
  EXPECT_TRUE(info.ok()) << info.status().ToString();
  return std::move(info).value();
}

// Keys and values of any bytes, from empty to several blocks of the table.
Entries RandomEntries(uint32_t seed, int count) {
  std::mt19937 random(seed);
  const auto text = [&](size_t size) {
    std::string bytes(size, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    return bytes;
  };
  Entries entries = {{"", "under the empty key"}};
  for (int i = 0; i < count; ++i) entries[text(random() % 20)] = text(i % 100 == 0 ? 20'000 : random() % 50);
  return entries;
}

TEST(SortedTableTest, GivesEveryValueBackAndNothingElse) {
  for (const uint32_t seed : {1, 2, 3}) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    const Entries entries = RandomEntries(seed, 3'000);
    MemoryStorage storage;
    const auto blob = VerifiedBlob::Open(storage, WriteTable(storage, "t.sst", entries)).value();
    const auto table = SortedTable::Open(*blob);
    ASSERT_TRUE(table.ok()) << table.status().ToString();

    std::string value;
    for (const auto& [key, expected] : entries) {
      EXPECT_EQ((*table)->Find(key, value).value(), true);
      EXPECT_EQ(value, expected);
      EXPECT_EQ((*table)->Get(key).value(), expected);
      const std::string neighbour = key + '\0';
      EXPECT_EQ((*table)->Find(neighbour, value).value(), entries.contains(neighbour));
    }
    EXPECT_EQ((*table)->Get("no such key").status().code(), StatusCode::kNotFound);
    EXPECT_EQ((*table)->Get(std::string(30, '\xff')).status().code(), StatusCode::kNotFound);
  }
}

TEST(SortedTableTest, KeysAndValuesOfMegabytesWork) {
  const Entries entries = {{std::string(3'000'000, 'k'), std::string(5'000'000, 'v')},
                           {std::string(3'000'000, 'k') + "2", "short"}};
  MemoryStorage storage;
  const auto blob = VerifiedBlob::Open(storage, WriteTable(storage, "t.sst", entries)).value();
  const auto table = SortedTable::Open(*blob).value();
  for (const auto& [key, value] : entries) EXPECT_EQ(table->Get(key).value(), value);
}

TEST(SortedTableTest, KeysOutOfOrderAreRefused) {
  MemoryStorage storage;
  auto writer = SortedTableWriter::Create(storage, "t.sst").value();
  ASSERT_EQ(writer->Add("b", "1"), Status::Ok());
  EXPECT_EQ(writer->Add("a", "2").code(), StatusCode::kInternal);
  EXPECT_EQ(writer->Add("b", "2").code(), StatusCode::kInternal);
}

TEST(SortedTableTest, ATableThatIsNotFinishedLeavesNothing) {
  MemoryStorage storage;
  {
    auto writer = SortedTableWriter::Create(storage, "s/t.sst").value();
    ASSERT_EQ(writer->Add("a", std::string(100'000, 'x')), Status::Ok());
  }
  EXPECT_EQ(storage.Map("s/t.sst").status().code(), StatusCode::kNotFound);
  EXPECT_THAT(storage.List("").value(), testing::IsEmpty());
}

TEST(SortedTableTest, ANameThatIsTakenIsAlreadyExists) {
  MemoryStorage storage;
  WriteBlob(storage, "t.sst", "something else");
  const Status status = SortedTableWriter::Create(storage, "t.sst").status();
  EXPECT_EQ(status.code(), StatusCode::kAlreadyExists);
  EXPECT_THAT(status.message(), HasSubstr("t.sst"));
}

TEST(SortedTableTest, TheFileDoesNotSayOnWhichMachineItWasWritten) {
  MemoryStorage storage;
  WriteTable(storage, "t.sst", {{"1", "2"}});
  const std::string contents = ReadBlob(storage, "t.sst");
  EXPECT_THAT(contents, HasSubstr("session.identity")) << "RocksDB names its properties otherwise now";
  EXPECT_EQ(contents.find("host.identity"), std::string::npos);
}

TEST(SortedTableTest, EveryDamagedByteIsDataLossThatNamesTheBlob) {
  MemoryStorage memory;
  const Entries entries = {{"a", "1"}, {"b", std::string(3'000, 'x')}, {"c", ""}};
  const BlobInfo info = WriteTable(memory, "s/t.sst", entries);
  const std::string contents = ReadBlob(memory, "s/t.sst");
  for (size_t i = 0; i < contents.size(); ++i) {
    DamagedStorage storage("s/t.sst", contents);
    storage.bytes()[i] ^= std::byte{0x40};
    const auto blob = VerifiedBlob::Open(storage, info).value();
    const Status status = SortedTable::Open(*blob).status();
    ASSERT_EQ(status.code(), StatusCode::kDataLoss) << i;
    ASSERT_THAT(status.message(), HasSubstr("s/t.sst"));
  }
}

TEST(SortedTableTest, DamageInABlockIsFoundByTheLookUpThatNeedsIt) {
  MemoryStorage memory;
  Entries entries;
  for (int i = 1'000; i < 5'000; ++i) entries[std::to_string(i)] = std::string(100, 'v');  // several blocks of 64 KiB
  const BlobInfo info = WriteTable(memory, "s/t.sst", entries);
  ASSERT_GE(info.block_checksums.size(), 4u);
  DamagedStorage storage("s/t.sst", ReadBlob(memory, "s/t.sst"));
  storage.bytes()[10] ^= std::byte{1};
  const auto blob = VerifiedBlob::Open(storage, info).value();
  const auto table = SortedTable::Open(*blob);
  ASSERT_TRUE(table.ok()) << table.status().ToString();

  for (int attempt = 0; attempt < 2; ++attempt) {
    const Status status = (*table)->Get("1000").status();
    EXPECT_EQ(status.code(), StatusCode::kDataLoss);
    EXPECT_THAT(status.message(), HasSubstr("s/t.sst"));
    EXPECT_EQ((*table)->Get("4500").value(), entries["4500"]) << "other blocks still serve";
  }
}

TEST(SortedTableTest, ABlockThatTheDiskCannotReadIsUnavailable) {
  if (madvise(nullptr, 0, 22) != 0) GTEST_SKIP() << "this Linux has no MADV_POPULATE_READ";
  const TemporaryFolder folder;
  LocalStorage storage(folder.path(), /*sync=*/false);
  Entries entries;
  for (int i = 1'000; i < 5'000; ++i) entries[std::to_string(i)] = std::string(100, 'v');  // several blocks of 64 KiB
  const auto blob = VerifiedBlob::Open(storage, WriteTable(storage, "s/t.sst", entries)).value();
  const auto table = SortedTable::Open(*blob);
  ASSERT_TRUE(table.ok()) << table.status().ToString();
  // In place of the third block of checksums, pages of a file that has none: as if the disk had lost them.
  ASSERT_GE(blob->size(), 4 * kChecksumBlockBytes);
  const auto* first = blob->Read(0, 1)->data();
  const int empty = open((folder.path() / "empty").c_str(), O_RDWR | O_CREAT, 0600);
  ASSERT_NE(mmap(const_cast<std::byte*>(first) + 2 * kChecksumBlockBytes, kChecksumBlockBytes, PROT_READ,
                 MAP_PRIVATE | MAP_FIXED, empty, 0),
            MAP_FAILED);
  close(empty);
  EXPECT_EQ((*table)->Get("1000").value(), entries["1000"]);
  const Status status = (*table)->Get("2500").status();
  EXPECT_EQ(status.code(), StatusCode::kUnavailable) << status.ToString();
  EXPECT_THAT(status.message(), HasSubstr("s/t.sst: cannot read its bytes"));
}

// A defect of a writer, or of a disk that also hit the manifest: whatever the bytes, opening and looking up must not
// read outside them (the sanitizers watch) and must not invent entries of other sizes than the file could hold.
TEST(SortedTableTest, DamageUnderMatchingChecksumsDoesNotCrash) {
  MemoryStorage memory;
  const BlobInfo info = WriteTable(memory, "s/t.sst", {{"a", "1"}, {"b", std::string(300, 'x')}, {"c", ""}});
  const std::string contents = ReadBlob(memory, "s/t.sst");
  int refused = 0;
  for (size_t i = 0; i < contents.size(); ++i) {
    DamagedStorage storage("s/t.sst", contents);
    storage.bytes()[i] ^= std::byte{0x01};
    BlobInfo matching = info;
    matching.block_checksums = {ChecksumOfBlock(storage.bytes())};
    const auto blob = VerifiedBlob::Open(storage, matching).value();
    const auto table = SortedTable::Open(*blob);
    if (!table.ok()) {
      EXPECT_THAT(table.status().message(), HasSubstr("s/t.sst"));
      ++refused;
      continue;
    }
    std::string value;
    for (const char* key : {"", "a", "b", "c", "d"}) {
      const auto found = (*table)->Find(key, value);
      if (!found.ok()) {
        ++refused;
        EXPECT_EQ(found.status().code(), StatusCode::kDataLoss) << found.status().ToString();
      }
    }
  }
  EXPECT_GT(refused, 0);
}

// RocksDB would believe every block of it.
TEST(SortedTableTest, ATableThatSaysItHasNoChecksumsIsDataLoss) {
  MemoryStorage memory;
  const BlobInfo info = WriteTable(memory, "s/t.sst", {{"a", "1"}});
  DamagedStorage storage("s/t.sst", ReadBlob(memory, "s/t.sst"));
  storage.bytes()[info.length - 53] = std::byte{0};
  BlobInfo matching = info;
  matching.block_checksums = {ChecksumOfBlock(storage.bytes())};
  const auto blob = VerifiedBlob::Open(storage, matching).value();
  const Status status = SortedTable::Open(*blob).status();
  EXPECT_EQ(status.code(), StatusCode::kDataLoss) << status.ToString();
  EXPECT_THAT(status.message(), HasSubstr("s/t.sst"));
}

TEST(SortedTableTest, ForEachVisitsAllInOrderUntilAnError) {
  MemoryStorage storage;
  const Entries entries = RandomEntries(/*seed=*/3, 3'000);
  const auto blob = VerifiedBlob::Open(storage, WriteTable(storage, "t", entries)).value();
  const auto table = SortedTable::Open(*blob).value();
  auto expected = entries.begin();
  size_t visited = 0;
  const Status all = table->ForEach([&](std::string_view key, std::string_view value) {
    EXPECT_TRUE(key == expected->first && value == expected->second);
    ++expected;
    ++visited;
    return Status::Ok();
  });
  EXPECT_EQ(all, Status::Ok());
  EXPECT_EQ(visited, entries.size());
  int calls = 0;
  const Status stopped = table->ForEach(
      [&](std::string_view, std::string_view) { return ++calls == 5 ? Status::Cancelled("enough") : Status::Ok(); });
  EXPECT_EQ(stopped.code(), StatusCode::kCancelled);
  EXPECT_EQ(calls, 5);
}

TEST(SortedTableTest, ABlobOfAnotherKindIsDataLoss) {
  MemoryStorage storage;
  for (const std::string& contents : {std::string(), std::string("short"), std::string(10'000, 'x')}) {
    const std::string name = "b" + std::to_string(contents.size());
    const auto blob = VerifiedBlob::Open(storage, WriteBlob(storage, name, contents)).value();
    const Status status = SortedTable::Open(*blob).status();
    EXPECT_EQ(status.code(), StatusCode::kDataLoss) << status.ToString();
    EXPECT_THAT(status.message(), HasSubstr(name));
  }
}

TEST(SortedTableTest, ThreadsLookUpAtOnce) {
  MemoryStorage storage;
  Entries entries;
  for (int i = 0; i < 2'000; ++i) entries[std::to_string(i)] = "value of " + std::to_string(i);
  const auto blob = VerifiedBlob::Open(storage, WriteTable(storage, "t.sst", entries)).value();
  const auto table = SortedTable::Open(*blob).value();
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = t; i < 2'000; i += 3) {
        EXPECT_EQ(table->Get(std::to_string(i)).value(), "value of " + std::to_string(i));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace ochre
