#include "storage/directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <string>
#include <vector>

#include "tests/support/expect_ok.h"
#include "tests/support/temporary_directory.h"

namespace {

std::vector<std::filesystem::path>& Synced() {
  static std::vector<std::filesystem::path> paths;
  return paths;
}

std::filesystem::path& Unsyncable() {
  static std::filesystem::path path;
  return path;
}

}  // namespace

// In place of the C library's: notes what is synced.
extern "C" int fsync(int descriptor) {
  std::error_code error;
  if (std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(descriptor), error) == Unsyncable()) {
    errno = EIO;
    return -1;
  }
  Synced().push_back(std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(descriptor), error));
  return static_cast<int>(syscall(SYS_fsync, descriptor));
}

namespace ochre {
namespace {

using testing::UnorderedElementsAre;

TEST(CreateDirectoryTest, SyncsTheNamesOfAllThatItCreates) {
  const TemporaryDirectory directory;
  const std::filesystem::path root = std::filesystem::canonical(directory.path());
  Synced().clear();
  ASSERT_OK(CreateDirectory(root / "a" / "b" / "c", /*sync=*/true));
  EXPECT_TRUE(std::filesystem::is_directory(root / "a" / "b" / "c"));
  EXPECT_THAT(Synced(), UnorderedElementsAre(root, root / "a", root / "a" / "b"));
}

TEST(CreateDirectoryTest, SyncsTheNameOfADirectoryThatIsThereAlready) {
  const TemporaryDirectory directory;
  const std::filesystem::path root = std::filesystem::canonical(directory.path());
  std::filesystem::create_directory(root / "a");
  Synced().clear();
  ASSERT_OK(CreateDirectory(root / "a", /*sync=*/true));
  EXPECT_THAT(Synced(), UnorderedElementsAre(root));
}

TEST(CreateDirectoryTest, ANameThatCannotBeSyncedIsTakenBackSoThatTheNextCallSyncsIt) {
  const TemporaryDirectory directory;
  const std::filesystem::path root = std::filesystem::canonical(directory.path());
  Unsyncable() = root / "a";  // which is to have b
  const Status status = CreateDirectory(root / "a" / "b" / "c", /*sync=*/true);
  Unsyncable().clear();
  EXPECT_EQ(status.code(), StatusCode::kUnavailable) << status.ToString();
  EXPECT_FALSE(std::filesystem::exists(root / "a" / "b"));
  Synced().clear();
  ASSERT_OK(CreateDirectory(root / "a" / "b" / "c", /*sync=*/true));
  EXPECT_THAT(Synced(), UnorderedElementsAre(root / "a", root / "a" / "b"));
}

TEST(CreateDirectoryTest, SyncsNothingIfThatIsNotWanted) {
  const TemporaryDirectory directory;
  Synced().clear();
  ASSERT_OK(CreateDirectory(directory.path() / "a", /*sync=*/false));
  EXPECT_TRUE(Synced().empty());
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
