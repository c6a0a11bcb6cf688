// A full disk: writes fail with ResourceExhausted, nothing acknowledged is lost, and room makes all of it work again.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "ochre/ochre.h"
#include "tests/crash/child_process.h"
#include "tests/crash/small_disk.h"
#include "tests/support/expect_ok.h"

namespace ochre {
namespace {

using testing::HasSubstr;

constexpr int32_t kDimension = 64;
constexpr int64_t kBatchRecords = 100;

// Every test hands itself over to a process that has a small disk (small_disk.h), and does there what it says.
class FullDiskTest : public testing::Test {
 protected:
  // Starts this program again as a process with a small disk, which runs the current test there.
  static void RunOnSmallDisk() {
    const testing::TestInfo& test = *testing::UnitTest::GetInstance()->current_test_info();
    ChildProcess child(
        {std::string(kSmallDiskArgument), std::string("--gtest_filter=") + test.test_suite_name() + "." + test.name()});
    const int status = child.Wait();
    ASSERT_TRUE(WIFEXITED(status)) << "the child was killed by signal " << WTERMSIG(status);
    if (WEXITSTATUS(status) == kNoSmallDisk) GTEST_SKIP() << "this system does not let the test mount a small disk";
    ASSERT_EQ(WEXITSTATUS(status), 0) << "failed on a small disk: see above";
  }

  Result<std::unique_ptr<Client>> Open(int64_t tail_records_max = 1'000'000) const {
    return Client::Open(path_, {.compaction_threads = 1,
                                .tail_records_max = tail_records_max,
                                .tail_bytes_max = int64_t{1} << 40,
                                .aged_tail_records_min = 1'000'000});
  }

  // Records [first, first + kBatchRecords).
  static Status AddBatch(Collection& collection, int64_t first) {
    std::vector<std::string> ids, documents;
    std::vector<float> embeddings(kBatchRecords * kDimension);
    for (int64_t i = 0; i < kBatchRecords; ++i) {
      ids.push_back("id" + std::to_string(first + i));
      documents.push_back("document " + std::to_string(first + i) + std::string(500, 'x'));
      embeddings[static_cast<size_t>(i * kDimension)] = static_cast<float>(first + i);
    }
    return collection.Add({.ids = ids, .embeddings = {embeddings, kDimension}, .documents = documents}).status();
  }

  // Writes until the disk is full; how many records were acknowledged.
  static int64_t FillWithRecords(Collection& collection) {
    int64_t records = 0;
    while (true) {
      const Status added = AddBatch(collection, records);
      if (!added.ok()) {
        EXPECT_EQ(added.code(), StatusCode::kResourceExhausted) << added.ToString();
        EXPECT_THAT(added.message(), HasSubstr("log.sqlite3"));
        return records;
      }
      records += kBatchRecords;
    }
  }

  // Takes all room but `bytes_left`, until the file is deleted.
  static std::filesystem::path Ballast(int64_t bytes_left) {
    const std::filesystem::path path = std::filesystem::path(kSmallDiskPath) / "ballast";
    std::ofstream file(path, std::ios::binary);
    const std::string page(4'096, '\0');
    // A checkpoint of the log may take room at the same time, so the room is measured page by page.
    while (static_cast<int64_t>(std::filesystem::space(kSmallDiskPath).available) > bytes_left && file.good()) {
      file.write(page.data(), static_cast<std::streamsize>(page.size())).flush();
    }
    return path;
  }

  static void ExpectRecords(const Collection& collection, int64_t records) {
    ASSERT_OK_AND_ASSIGN(const int64_t count, collection.Count());
    EXPECT_EQ(count, records);
    ASSERT_OK_AND_ASSIGN(const GetResult all, collection.Get());
    ASSERT_EQ(all.size(), static_cast<size_t>(records));
    for (int64_t i = 0; i < records; ++i) {
      ASSERT_EQ(all.ids[static_cast<size_t>(i)], "id" + std::to_string(i));
      ASSERT_TRUE((*all.documents)[static_cast<size_t>(i)].starts_with("document " + std::to_string(i) + "x"));
    }
    if (records == 0) return;
    std::vector<float> query(kDimension);
    query[0] = static_cast<float>(records);
    ASSERT_OK_AND_ASSIGN(const QueryResult found,
                         collection.Query({.embeddings = {query, kDimension}, .n_results = 1}));
    EXPECT_EQ(found.ids[0], "id" + std::to_string(records - 1));
  }

  int64_t SegmentFolders() const {
    int64_t folders = 0;
    std::error_code error;  // there may be no folder yet
    for (std::filesystem::directory_iterator entry(path_ / "segments", error), end; !error && entry != end;
         entry.increment(error)) {
      ++folders;
    }
    return folders;
  }

  const std::filesystem::path path_ = std::filesystem::path(kSmallDiskPath) / "db";
};

TEST_F(FullDiskTest, WritesFailAndWorkAgainOnceThereIsRoom) {
  if (!OnSmallDisk()) return RunOnSmallDisk();
  const std::filesystem::path ballast = Ballast(/*bytes_left=*/12 << 20);
  ASSERT_OK_AND_ASSIGN(auto client, Open());
  ASSERT_OK_AND_ASSIGN(Collection collection, client->CreateCollection("records"));
  const int64_t records = FillWithRecords(collection);
  ASSERT_GT(records, kBatchRecords);
  ExpectRecords(collection, records);

  std::filesystem::remove(ballast);
  ASSERT_OK(AddBatch(collection, records));
  ExpectRecords(collection, records + kBatchRecords);
  ASSERT_OK(client->Close());
  client.reset();
  ASSERT_OK_AND_ASSIGN(client, Open());
  ASSERT_OK_AND_ASSIGN(collection, client->GetCollection("records"));
  ExpectRecords(collection, records + kBatchRecords);
}

TEST_F(FullDiskTest, ADatabaseThatFilledTheDiskOpensOnceThereIsRoom) {
  if (!OnSmallDisk()) return RunOnSmallDisk();
  const std::filesystem::path ballast = Ballast(/*bytes_left=*/12 << 20);
  ASSERT_OK_AND_ASSIGN(auto client, Open());
  ASSERT_OK_AND_ASSIGN(Collection collection, client->CreateCollection("records"));
  const int64_t records = FillWithRecords(collection);
  const Status closed = client->Close();  // checkpointing the log may fail for want of room, but loses nothing
  EXPECT_TRUE(closed.ok() || closed.code() == StatusCode::kResourceExhausted) << closed.ToString();
  client.reset();

  // SQLite needs a few pages to open a file.
  auto opened = Open();
  EXPECT_TRUE(opened.ok() || opened.status().code() == StatusCode::kResourceExhausted) << opened.status().ToString();
  if (!opened.ok()) {
    std::filesystem::remove(ballast);
    opened = Open();
  }
  ASSERT_OK(opened);
  ASSERT_OK_AND_ASSIGN(collection, (*opened)->GetCollection("records"));
  ExpectRecords(collection, records);
}

TEST_F(FullDiskTest, AFailedCompactionLeavesTheOldVersionAndNoGarbage) {
  if (!OnSmallDisk()) return RunOnSmallDisk();
  ASSERT_OK_AND_ASSIGN(const auto client, Open());
  ASSERT_OK_AND_ASSIGN(Collection collection, client->CreateCollection("records"));
  int64_t records = 0;
  for (; records < 2'000; records += kBatchRecords) ASSERT_OK(AddBatch(collection, records));
  ASSERT_OK(client->Compact(collection));
  ASSERT_EQ(SegmentFolders(), 1);
  for (; records < 4'000; records += kBatchRecords) ASSERT_OK(AddBatch(collection, records));

  // Less than a segment of 4,000 records takes, at different points of its writing.
  for (const int64_t bytes_left : {64 << 10, 256 << 10, 1 << 20, 2 << 20, 3 << 20}) {
    SCOPED_TRACE(std::to_string(bytes_left) + " bytes left");
    const std::filesystem::path ballast = Ballast(bytes_left);
    const Status compacted = client->Compact(collection);
    EXPECT_EQ(compacted.code(), StatusCode::kResourceExhausted) << compacted.ToString();
    EXPECT_THAT(compacted.message(), HasSubstr("segments/"));
    EXPECT_EQ(SegmentFolders(), 1);
    ASSERT_OK_AND_ASSIGN(const CollectionStats stats, client->Stats(collection));
    EXPECT_EQ(stats.version, 1u);
    ExpectRecords(collection, records);
    std::filesystem::remove(ballast);
  }

  ASSERT_OK(client->Compact(collection));
  EXPECT_EQ(SegmentFolders(), 1);
  ASSERT_OK(client->Verify(collection));
  ExpectRecords(collection, records);
  ASSERT_OK(AddBatch(collection, records));
}

TEST_F(FullDiskTest, TheBackgroundCompactorGoesOnOnceThereIsRoom) {
  if (!OnSmallDisk()) return RunOnSmallDisk();
  ASSERT_OK_AND_ASSIGN(const auto client, Open(/*tail_records_max=*/1'000));
  ASSERT_OK_AND_ASSIGN(Collection collection, client->CreateCollection("records"));
  int64_t records = 0;
  for (; records < 900; records += kBatchRecords) ASSERT_OK(AddBatch(collection, records));
  const std::filesystem::path ballast = Ballast(/*bytes_left=*/300 << 10);
  ASSERT_OK(AddBatch(collection, records));
  records += kBatchRecords;
  const Status idle = client->WaitUntilCompacted(collection);
  EXPECT_EQ(idle.code(), StatusCode::kResourceExhausted) << idle.ToString();
  EXPECT_EQ(SegmentFolders(), 0);
  ExpectRecords(collection, records);

  std::filesystem::remove(ballast);
  // It tries again by itself, a second after the first failure; Compact does not wait for that.
  ASSERT_OK(client->Compact(collection));
  ASSERT_OK(client->WaitUntilCompacted(collection));
  EXPECT_EQ(SegmentFolders(), 1);
  ExpectRecords(collection, records);
}

TEST_F(FullDiskTest, CreatingADatabaseFailsAndWorksOnceThereIsRoom) {
  if (!OnSmallDisk()) return RunOnSmallDisk();
  for (const int64_t bytes_left : {0, 8 << 10, 32 << 10}) {
    SCOPED_TRACE(std::to_string(bytes_left) + " bytes left");
    const std::filesystem::path ballast = Ballast(bytes_left);
    {
      const auto client = Open();
      if (!client.ok()) {
        EXPECT_EQ(client.status().code(), StatusCode::kResourceExhausted) << client.status().ToString();
      }
      EXPECT_TRUE(bytes_left > 0 || !client.ok());
    }
    std::filesystem::remove(ballast);
    ASSERT_OK_AND_ASSIGN(const auto client, Open());
    ASSERT_OK(client->GetOrCreateCollection("records"));
  }
}

}  // namespace
}  // namespace ochre
