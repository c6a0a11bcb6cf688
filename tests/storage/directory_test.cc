#include "storage/directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/storage/synced_files.h"
#include "tests/support/expect_ok.h"
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

}  // namespace
}  // namespace ochre
