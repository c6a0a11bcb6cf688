// What LocalStorage and MemoryStorage have in common.
#include "storage/storage.h"

#include <gmock/gmock.h>

#include <memory>
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

using testing::ElementsAre;
using testing::IsEmpty;

enum class Kind { kLocal, kLocalWithoutSync, kMemory };

class StorageTest : public testing::TestWithParam<Kind> {
 protected:
  StorageTest() {
    if (GetParam() == Kind::kMemory) {
      storage_ = std::make_unique<MemoryStorage>();
    } else {
      storage_ = std::make_unique<LocalStorage>(folder_.path(), GetParam() == Kind::kLocal);
    }
  }

  TemporaryFolder folder_;
  std::unique_ptr<Storage> storage_;
};

INSTANTIATE_TEST_SUITE_P(, StorageTest, testing::Values(Kind::kLocal, Kind::kLocalWithoutSync, Kind::kMemory),
                         [](const testing::TestParamInfo<Kind>& info) {
                           return info.param == Kind::kLocal    ? "Local"
                                  : info.param == Kind::kMemory ? "Memory"
                                                                : "LocalWithoutSync";
                         });

TEST_P(StorageTest, ABlobHoldsWhatWasAppendedInOrder) {
  auto writer = storage_->Create("segments/s/data.bin");
  ASSERT_TRUE(writer.ok()) << writer.status().ToString();
  std::string expected;
  // Sizes on both sides of the writer's buffer (256 KiB) and of the checksum's block (64 KiB).
  for (const size_t size : {1, 100, 65'535, 262'143, 1, 262'144, 0, 500'000, 7}) {
    const std::string piece(size, static_cast<char>('a' + expected.size() % 26));
    ASSERT_EQ((*writer)->Append(piece), Status::Ok());
    expected += piece;
    EXPECT_EQ((*writer)->size(), expected.size());
  }
  const auto info = (*writer)->Finish();
  ASSERT_TRUE(info.ok()) << info.status().ToString();

  EXPECT_EQ(info->name, "segments/s/data.bin");
  EXPECT_EQ(info->length, expected.size());
  EXPECT_EQ(ReadBlob(*storage_, "segments/s/data.bin"), expected);
  EXPECT_EQ(info->block_checksums.size(), expected.size() / kChecksumBlockBytes + 1);
  EXPECT_EQ(
      info->block_checksums.back(),
      ChecksumOfBlock(
          std::as_bytes(std::span(expected)).subspan(expected.size() / kChecksumBlockBytes * kChecksumBlockBytes)));
}

TEST_P(StorageTest, ABlobStartsAtACacheLine) {
  WriteBlob(*storage_, "a", "x");
  const auto blob = storage_->Map("a");
  ASSERT_TRUE(blob.ok());
  EXPECT_EQ(reinterpret_cast<uintptr_t>((*blob)->bytes().data()) % 64, 0u);
}

TEST_P(StorageTest, AnEmptyBlobIsABlob) {
  const BlobInfo info = WriteBlob(*storage_, "empty", "");
  EXPECT_EQ(info.length, 0u);
  EXPECT_THAT(info.block_checksums, IsEmpty());
  EXPECT_EQ(ReadBlob(*storage_, "empty"), "");
}

TEST_P(StorageTest, ANameIsUsedOnce) {
  WriteBlob(*storage_, "f/a", "first");
  EXPECT_EQ(storage_->Create("f/a").status().code(), StatusCode::kAlreadyExists);
  EXPECT_EQ(ReadBlob(*storage_, "f/a"), "first");
}

TEST_P(StorageTest, ANameIsTakenWhileItsBlobIsWritten) {
  const auto writer = storage_->Create("f/a");
  ASSERT_TRUE(writer.ok());
  EXPECT_EQ(storage_->Create("f/a").status().code(), StatusCode::kAlreadyExists);
}

TEST_P(StorageTest, AWriterThatIsNotFinishedLeavesNothing) {
  {
    const auto writer = storage_->Create("f/a");
    ASSERT_TRUE(writer.ok());
    ASSERT_EQ((*writer)->Append(std::string(1'000'000, 'x')), Status::Ok());
  }
  EXPECT_EQ(storage_->Map("f/a").status().code(), StatusCode::kNotFound);
  const auto names = storage_->List("f");
  ASSERT_TRUE(names.ok());
  EXPECT_THAT(*names, IsEmpty());
  WriteBlob(*storage_, "f/a", "again");
}

TEST_P(StorageTest, MappingABlobThatIsNotThereIsNotFoundAndNamesIt) {
  for (const char* name : {"none", "no/such/folder", "../outside", ""}) {
    const Status status = storage_->Map(name).status();
    EXPECT_EQ(status.code(), StatusCode::kNotFound) << name;
    EXPECT_NE(status.message().find(name), std::string::npos) << status.message();
  }
}

TEST_P(StorageTest, ListGivesTheNamesDirectlyInAFolderSorted) {
  for (const char* name : {"top", "s/b/x", "s/b/y", "s/c", "s/a", "s-other", "s.b/z", "sz"}) {
    WriteBlob(*storage_, name, name);
  }
  EXPECT_THAT(storage_->List("").value(), ElementsAre("s", "s-other", "s.b", "sz", "top"));
  EXPECT_THAT(storage_->List("s").value(), ElementsAre("a", "b", "c"));
  EXPECT_THAT(storage_->List("s/b").value(), ElementsAre("x", "y"));
  EXPECT_THAT(storage_->List("nowhere").value(), IsEmpty());
}

TEST_P(StorageTest, DeleteFolderDeletesWhatIsBelowItAndNothingElse) {
  for (const char* name : {"s/a/x", "s/a/deep/y", "s/ab/x", "s/a.bin"}) WriteBlob(*storage_, name, name);
  EXPECT_EQ(storage_->DeleteFolder("s/a"), Status::Ok());
  EXPECT_EQ(storage_->Map("s/a/x").status().code(), StatusCode::kNotFound);
  EXPECT_EQ(storage_->Map("s/a/deep/y").status().code(), StatusCode::kNotFound);
  EXPECT_THAT(storage_->List("s").value(), ElementsAre("a.bin", "ab"));
  EXPECT_EQ(storage_->DeleteFolder("s/a"), Status::Ok()) << "deleting it again is fine";
}

TEST_P(StorageTest, AMappedBlobSurvivesItsDeletion) {
  WriteBlob(*storage_, "s/a", std::string(200'000, 'x'));
  const auto blob = storage_->Map("s/a");
  ASSERT_TRUE(blob.ok());
  ASSERT_EQ(storage_->DeleteFolder("s"), Status::Ok());
  EXPECT_EQ(TextOf((*blob)->bytes()), std::string(200'000, 'x'));
}

TEST_P(StorageTest, FoldersCanBeSynced) {
  WriteBlob(*storage_, "s/deep/a", "x");
  EXPECT_EQ(storage_->SyncFolder("s/deep"), Status::Ok());
  EXPECT_EQ(storage_->SyncFolder("s"), Status::Ok());
  EXPECT_EQ(storage_->SyncFolder(""), Status::Ok());
}

TEST_P(StorageTest, ThreadsWriteReadAndListAtOnce) {
  constexpr int kThreads = 4, kBlobs = 20;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kBlobs; ++i) {
        const std::string name = "s/" + std::to_string(t) + "-" + std::to_string(i);
        WriteBlob(*storage_, name, name);
        EXPECT_EQ(ReadBlob(*storage_, name), name);
        EXPECT_TRUE(storage_->List("s").ok());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(storage_->List("s").value().size(), static_cast<size_t>(kThreads * kBlobs));
}

}  // namespace
}  // namespace ochre
