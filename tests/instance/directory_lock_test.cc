#include "instance/directory_lock.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <utility>

#include "tests/support/expect_ok.h"
#include "tests/support/temporary_directory.h"

namespace ochre {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class DirectoryLockTest : public testing::Test {
 protected:
  void ExpectHeldBy(const std::string& process) {
    const auto lock = DirectoryLock::Acquire(directory_.path());
    ASSERT_FALSE(lock.ok());
    EXPECT_EQ(lock.status().code(), StatusCode::kFailedPrecondition);
    EXPECT_THAT(lock.status().message(),
                AllOf(HasSubstr(directory_.path().string()), HasSubstr("open already, by process " + process)));
  }

  const TemporaryDirectory directory_;
};

TEST_F(DirectoryLockTest, ASecondOneInTheProcessIsRefusedWithDirectoryAndProcess) {
  ASSERT_OK_AND_ASSIGN(const DirectoryLock lock, DirectoryLock::Acquire(directory_.path()));
  ExpectHeldBy(std::to_string(getpid()));
  ExpectHeldBy(std::to_string(getpid()));  // the refusal has released nothing
}

TEST_F(DirectoryLockTest, ItsEndReleasesIt) {
  { ASSERT_OK(DirectoryLock::Acquire(directory_.path())); }
  EXPECT_OK(DirectoryLock::Acquire(directory_.path()));
}

TEST_F(DirectoryLockTest, ItIsHeldByWhomItWasMovedTo) {
  std::optional<DirectoryLock> owner;
  {
    ASSERT_OK_AND_ASSIGN(DirectoryLock lock, DirectoryLock::Acquire(directory_.path()));
    owner = std::move(lock);
  }
  ExpectHeldBy(std::to_string(getpid()));
  owner.reset();
  EXPECT_OK(DirectoryLock::Acquire(directory_.path()));
}

TEST_F(DirectoryLockTest, AnotherProcessHoldsItUntilItDies) {
  int ready[2], end[2];
  ASSERT_EQ(pipe(ready), 0);
  ASSERT_EQ(pipe(end), 0);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {  // the test is single-threaded here, so that the copy may do what it likes
    close(end[1]);
    auto lock = DirectoryLock::Acquire(directory_.path());
    char byte = lock.ok() ? 'y' : 'n';
    const bool told = write(ready[1], &byte, 1) == 1;
    const bool ended = read(end[0], &byte, 1) == 0;
    _exit(told && ended ? 0 : 1);  // without releasing it
  }
  close(ready[1]);
  close(end[0]);
  char locked = 'n';
  ASSERT_EQ(read(ready[0], &locked, 1), 1);
  EXPECT_EQ(locked, 'y');
  ExpectHeldBy(std::to_string(child));
  close(end[1]);
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  close(ready[0]);
  EXPECT_TRUE(std::filesystem::exists(directory_.path() / "LOCK"));
  EXPECT_OK(DirectoryLock::Acquire(directory_.path()));
}

TEST_F(DirectoryLockTest, AFileThatADeadProcessLeftIsNoObstacleAndRenamedToItsNewHolder) {
  std::ofstream(directory_.path() / "LOCK") << "123456789012";  // longer than what will replace it
  ASSERT_OK_AND_ASSIGN(const DirectoryLock lock, DirectoryLock::Acquire(directory_.path()));
  std::string holder;
  std::getline(std::ifstream(directory_.path() / "LOCK"), holder);
  EXPECT_EQ(holder, std::to_string(getpid()));
}

TEST_F(DirectoryLockTest, AHolderThatLeftNoNumberIsUnknown) {
  const std::string path = directory_.path() / "LOCK";
  std::ofstream(path).close();
  FILE* const file = fopen(path.c_str(), "r+");
  ASSERT_NE(file, nullptr);
  ASSERT_EQ(flock(fileno(file), LOCK_EX), 0);
  ExpectHeldBy("(unknown)");
  fclose(file);
}

TEST_F(DirectoryLockTest, ADirectoryThatDoesNotExistIsNamed) {
  const std::filesystem::path missing = directory_.path() / "missing";
  const auto lock = DirectoryLock::Acquire(missing);
  ASSERT_EQ(lock.status().code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(lock.status().message(), HasSubstr(missing.string()));
}

}  // namespace
}  // namespace ochre
