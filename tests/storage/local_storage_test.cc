#include "storage/local_storage.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>

#include "storage/sorted_table.h"
#include "tests/storage/blob_contents.h"
#include "tests/storage/synced_files.h"
#include "tests/storage/temporary_folder.h"

namespace ochre {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

// Lowers a limit of the process while in scope.
class LimitScope {
 public:
  LimitScope(decltype(RLIMIT_FSIZE) resource, rlim_t limit) : resource_(resource) {
    getrlimit(resource_, &before_);
    struct rlimit lowered = before_;
    lowered.rlim_cur = limit;
    setrlimit(resource_, &lowered);
  }
  ~LimitScope() { setrlimit(resource_, &before_); }

 private:
  const decltype(RLIMIT_FSIZE) resource_;
  struct rlimit before_;
};

// No file may grow beyond `bytes`; a write that would fails with EFBIG instead of killing the process.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)), limit_(RLIMIT_FSIZE, bytes) {}
  ~FileSizeLimit() { std::signal(SIGXFSZ, handler_); }

 private:
  void (*handler_)(int);
  LimitScope limit_;
};

class LocalStorageTest : public testing::Test {
 protected:
  TemporaryFolder folder_;
  LocalStorage storage_{folder_.path(), /*sync=*/true};
};

TEST_F(LocalStorageTest, ABlobIsAFileOfThatNameBelowTheRoot) {
  WriteBlob(storage_, "segments/u/ids.bin", "hello");
  std::ifstream file(folder_.path() / "segments/u/ids.bin", std::ios::binary);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), "hello");
}

TEST_F(LocalStorageTest, AFullDiskIsResourceExhaustedNamesTheFileAndLeavesNothing) {
  const FileSizeLimit limit(300'000);
  {
    auto writer = storage_.Create("s/big.bin");
    ASSERT_TRUE(writer.ok()) << writer.status().ToString();
    ASSERT_EQ((*writer)->Append(std::string(100'000, 'x')), Status::Ok());
    const Status status = (*writer)->Append(std::string(1'000'000, 'x'));
    EXPECT_EQ(status.code(), StatusCode::kResourceExhausted) << status.ToString();
    EXPECT_THAT(status.message(), HasSubstr("s/big.bin"));
    EXPECT_EQ((*writer)->Append(std::string_view("y")), status) << "after an error the writer only fails";
    EXPECT_EQ((*writer)->Finish().status(), status);
  }
  EXPECT_THAT(storage_.List("s").value(), IsEmpty());
}

TEST_F(LocalStorageTest, AFullDiskFoundByFinishLeavesNothing) {
  const FileSizeLimit limit(1'000);
  {
    auto writer = storage_.Create("s/big.bin");
    ASSERT_TRUE(writer.ok());
    ASSERT_EQ((*writer)->Append(std::string(100'000, 'x')), Status::Ok());  // still in the buffer
    EXPECT_EQ((*writer)->Finish().status().code(), StatusCode::kResourceExhausted);
  }
  EXPECT_THAT(storage_.List("s").value(), IsEmpty());
}

TEST_F(LocalStorageTest, AFullDiskUnderASortedTableLeavesNothing) {
  const FileSizeLimit limit(100'000);
  {
    auto table = SortedTableWriter::Create(storage_, "s/postings.sst");
    ASSERT_TRUE(table.ok()) << table.status().ToString();
    Status status = Status::Ok();
    for (int i = 10'000; status.ok() && i < 30'000; ++i) {
      status = (*table)->Add("key" + std::to_string(i), std::string(100, 'v'));
    }
    if (status.ok()) status = (*table)->Finish().status();
    EXPECT_EQ(status.code(), StatusCode::kResourceExhausted) << status.ToString();
    EXPECT_THAT(status.message(), HasSubstr("s/postings.sst"));
  }
  EXPECT_THAT(storage_.List("s").value(), IsEmpty());
}

TEST_F(LocalStorageTest, TooManyOpenFilesIsUnavailable) {
  WriteBlob(storage_, "a", "x");
  const int next_descriptor = open("/dev/null", O_RDONLY | O_CLOEXEC);
  ASSERT_GE(next_descriptor, 0);
  close(next_descriptor);
  const LimitScope limit(RLIMIT_NOFILE, static_cast<rlim_t>(next_descriptor));
  EXPECT_EQ(storage_.Map("a").status().code(), StatusCode::kUnavailable);
  EXPECT_EQ(storage_.Create("b").status().code(), StatusCode::kUnavailable);
}

TEST_F(LocalStorageTest, NeitherAMappedBlobNorAFinishedWriterHoldsAFileOpen) {
  const auto open_files = [] {
    return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), std::filesystem::directory_iterator());
  };
  const auto before = open_files();
  auto writer = storage_.Create("a");
  ASSERT_TRUE(writer.ok());
  ASSERT_EQ((*writer)->Append(std::string_view("x")), Status::Ok());
  ASSERT_TRUE((*writer)->Finish().ok());
  const auto blob = storage_.Map("a");
  ASSERT_TRUE(blob.ok());
  EXPECT_EQ(open_files(), before);
}

TEST_F(LocalStorageTest, TheRootMayEndInASlash) {
  LocalStorage storage(folder_.path().string() + "/", /*sync=*/true);
  WriteBlob(storage, "s/a", "x");
  EXPECT_EQ(storage.SyncFolder("s"), Status::Ok());
  EXPECT_THAT(storage.List("").value(), testing::ElementsAre("s"));
}

TEST_F(LocalStorageTest, AFinishedBlobAndEveryNameThatLeadsToItAreSynced) {
  const std::filesystem::path root = std::filesystem::canonical(folder_.path());
  TakeSyncedFiles();
  WriteBlob(storage_, "segments/u/ids.bin", "hello");
  EXPECT_THAT(TakeSyncedFiles(), ElementsAre(root / "segments/u/ids.bin"));
  EXPECT_TRUE(storage_.SyncFolder("segments/u").ok());
  EXPECT_THAT(TakeSyncedFiles(), UnorderedElementsAre(root / "segments/u", root / "segments", root));
}

TEST_F(LocalStorageTest, NothingIsSyncedIfThatIsNotWanted) {
  LocalStorage storage(folder_.path(), /*sync=*/false);
  TakeSyncedFiles();
  WriteBlob(storage, "segments/u/ids.bin", "hello");
  EXPECT_TRUE(storage.SyncFolder("segments/u").ok());
  EXPECT_THAT(TakeSyncedFiles(), IsEmpty());
}

TEST_F(LocalStorageTest, SyncingAFolderThatIsNotThereFails) {
  EXPECT_EQ(storage_.SyncFolder("nowhere").code(), StatusCode::kNotFound);
}

TEST_F(LocalStorageTest, NothingIsTouchedWhereTheGuardedRootIsAnother) {
  WriteBlob(storage_, "LOCK", "");
  WriteBlob(storage_, "s/a", "x");
  const int descriptor = open((folder_.path() / "LOCK").c_str(), O_RDONLY | O_CLOEXEC);
  LocalStorage guarded(folder_.path(), /*sync=*/true, *FileIdentity::Of(descriptor, folder_.path() / "LOCK"));
  EXPECT_TRUE(guarded.Map("s/a").ok());
  std::filesystem::remove(folder_.path() / "LOCK");
  WriteBlob(storage_, "LOCK", "");
  EXPECT_EQ(guarded.Map("s/a").status().code(), StatusCode::kFailedPrecondition);
  EXPECT_EQ(guarded.Create("s/b").status().code(), StatusCode::kFailedPrecondition);
  EXPECT_EQ(guarded.DeleteFolder("s").code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(storage_.List("s").value(), testing::ElementsAre("a"));
  close(descriptor);
}

TEST_F(LocalStorageTest, ListingAFileFails) {
  WriteBlob(storage_, "a", "x");
  EXPECT_FALSE(storage_.List("a").ok());
}

TEST_F(LocalStorageTest, RocksDbWritesNothingBesideTheTable) {
  const std::filesystem::path before = std::filesystem::current_path();
  TemporaryFolder elsewhere;
  std::filesystem::current_path(elsewhere.path());
  auto table = SortedTableWriter::Create(storage_, "s/t.sst");
  ASSERT_TRUE(table.ok());
  ASSERT_EQ((*table)->Add("k", "v"), Status::Ok());
  const auto info = (*table)->Finish();
  ASSERT_TRUE(info.ok());
  const auto blob = VerifiedBlob::Open(storage_, *info);
  ASSERT_TRUE(blob.ok());
  const auto reader = SortedTable::Open(**blob);
  ASSERT_TRUE(reader.ok());
  EXPECT_EQ((*reader)->Get("k").value(), "v");
  std::filesystem::current_path(before);

  EXPECT_TRUE(std::filesystem::is_empty(elsewhere.path()));
  EXPECT_THAT(storage_.List("").value(), testing::ElementsAre("s"));
  EXPECT_THAT(storage_.List("s").value(), testing::ElementsAre("t.sst"));
}

TEST_F(LocalStorageTest, ATableThatFailsDeletesNoFileOfTheSameNameInTheWorkingDirectory) {
  const std::filesystem::path before = std::filesystem::current_path();
  TemporaryFolder elsewhere;
  std::filesystem::current_path(elsewhere.path());
  std::ofstream("t.sst") << "the user's own";
  {
    auto table = SortedTableWriter::Create(storage_, "t.sst");
    ASSERT_TRUE(table.ok());
    EXPECT_EQ((*table)->Finish().status().code(), StatusCode::kInternal) << "a table needs a key";
  }
  std::filesystem::current_path(before);

  EXPECT_TRUE(std::filesystem::exists(elsewhere.path() / "t.sst"));
  EXPECT_THAT(storage_.List("").value(), IsEmpty());
}

}  // namespace
}  // namespace ochre
