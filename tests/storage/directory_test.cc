#include "storage/directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <new>
#include <string>
#include <vector>

#include "tests/storage/synced_files.h"
#include "tests/support/expect_ok.h"
#include "tests/support/failing_allocator.h"
#include "tests/support/temporary_directory.h"

namespace ochre {
namespace {

using testing::IsEmpty;
using testing::UnorderedElementsAre;

TEST(CreateDirectoryTest, SyncsTheNamesOfAllThatItCreates) {
  const TemporaryDirectory directory;
  const std::filesystem::path root = std::filesystem::canonical(directory.path());
  TakeSyncedFiles();
  ASSERT_OK(CreateDirectory(root / "a" / "b" / "c", /*sync=*/true));
  EXPECT_TRUE(std::filesystem::is_directory(root / "a" / "b" / "c"));
  EXPECT_THAT(TakeSyncedFiles(), UnorderedElementsAre(root, root / "a", root / "a" / "b"));
}

TEST(CreateDirectoryTest, SyncsTheNameOfADirectoryThatIsThereAlready) {
  const TemporaryDirectory directory;
  const std::filesystem::path root = std::filesystem::canonical(directory.path());
  std::filesystem::create_directory(root / "a");
  TakeSyncedFiles();
  ASSERT_OK(CreateDirectory(root / "a", /*sync=*/true));
  EXPECT_THAT(TakeSyncedFiles(), UnorderedElementsAre(root));
}

TEST(CreateDirectoryTest, ANameThatCannotBeSyncedIsTakenBackSoThatTheNextCallSyncsIt) {
  const TemporaryDirectory directory;
  const std::filesystem::path root = std::filesystem::canonical(directory.path());
  FailSyncsOf(root / "a");  // which is to have b
  const Status status = CreateDirectory(root / "a" / "b" / "c", /*sync=*/true);
  FailSyncsOf({});
  EXPECT_EQ(status.code(), StatusCode::kUnavailable) << status.ToString();
  EXPECT_FALSE(std::filesystem::exists(root / "a" / "b"));
  TakeSyncedFiles();
  ASSERT_OK(CreateDirectory(root / "a" / "b" / "c", /*sync=*/true));
  EXPECT_THAT(TakeSyncedFiles(), UnorderedElementsAre(root / "a", root / "a" / "b"));
}

TEST(CreateDirectoryTest, SyncsNothingIfThatIsNotWanted) {
  const TemporaryDirectory directory;
  TakeSyncedFiles();
  ASSERT_OK(CreateDirectory(directory.path() / "a", /*sync=*/false));
  EXPECT_THAT(TakeSyncedFiles(), IsEmpty());
}

TEST(CreateDirectoryTest, AFileInItsPlaceIsNamed) {
  const TemporaryDirectory directory;
  const std::filesystem::path file = directory.path() / "file";
  std::ofstream(file) << "text";
  for (const auto& path : {file, file / "below"}) {
    const Status status = CreateDirectory(path, /*sync=*/true);
    EXPECT_EQ(status.code(), StatusCode::kFailedPrecondition);
    EXPECT_THAT(status.message(), testing::HasSubstr(path.string()));
  }
}

// Three files, one of them in a directory, and a link to a directory elsewhere.
void Fill(const std::filesystem::path& path, const std::filesystem::path& elsewhere) {
  std::filesystem::create_directories(path / "inner");
  for (const char* name : {"a", ".hidden", "inner/b"}) std::ofstream(path / name) << name;
  std::filesystem::create_directory_symlink(elsewhere, path / "link");
}

TEST(ListDirectoryTest, SaysTheNames) {
  const TemporaryDirectory directory, elsewhere;
  Fill(directory.path() / "d", elsewhere.path());
  std::vector<std::string> names;
  EXPECT_EQ(ListDirectory(directory.path() / "d", names), 0);
  EXPECT_THAT(names, UnorderedElementsAre("a", ".hidden", "inner", "link"));
  EXPECT_EQ(ListDirectory(directory.path() / "none", names), ENOENT);
  EXPECT_EQ(ListDirectory(directory.path() / "d" / "a", names), ENOTDIR);
}

TEST(RemoveDirectoryTest, RemovesAllThatIsInItAndFollowsNoLink) {
  const TemporaryDirectory directory, elsewhere;
  std::ofstream(elsewhere.path() / "kept") << "x";
  Fill(directory.path() / "d", elsewhere.path());
  EXPECT_EQ(RemoveDirectory(directory.path() / "d"), 0);
  EXPECT_FALSE(std::filesystem::exists(directory.path() / "d"));
  EXPECT_TRUE(std::filesystem::exists(elsewhere.path() / "kept"));
  EXPECT_EQ(RemoveDirectory(directory.path() / "d"), 0) << "it is gone already";
}

TEST(RemoveDirectoryTest, ALackOfMemoryIsAnExceptionAndTheNextCallDoesTheRest) {
  const TemporaryDirectory directory, elsewhere;
  int64_t failures = 0;
  for (int64_t nth = 1;; ++nth) {
    const std::filesystem::path path = directory.path() / "d";
    Fill(path, elsewhere.path());
    std::vector<std::string> names;
    int error = 0;
    AllocationFailure failure({.nth = nth});
    try {
      error = ListDirectory(path, names);
      if (error == 0) error = RemoveDirectory(path);
    } catch (const std::bad_alloc&) {
      error = ENOMEM;
    }
    failure.Stop();
    if (!failure.happened()) break;
    ++failures;
    EXPECT_EQ(error, ENOMEM) << nth;
    EXPECT_EQ(RemoveDirectory(path), 0);
    EXPECT_FALSE(std::filesystem::exists(path));
  }
  EXPECT_GT(failures, 3);
}

}  // namespace
}  // namespace ochre
