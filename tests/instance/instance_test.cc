#include "instance/instance.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "sqlite/connection.h"
#include "tests/support/expect_ok.h"
#include "tests/support/must.h"
#include "tests/support/temporary_directory.h"

namespace ochre {
namespace {

using std::filesystem::path;
using testing::HasSubstr;
using testing::IsEmpty;

void ExpectNotOpened(const path& directory, const ClientOptions& options, StatusCode code, const std::string& part) {
  const auto instance = Instance::Open(directory, options);
  ASSERT_FALSE(instance.ok());
  EXPECT_EQ(instance.status().code(), code) << instance.status().ToString();
  EXPECT_THAT(instance.status().message(), HasSubstr(part));
}

std::vector<std::string> NamesIn(const path& directory) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) names.push_back(entry.path().filename());
  return names;
}

std::shared_ptr<Instance> OpenInstance(const path& directory) { return Must(Instance::Open(directory, {})); }

int64_t CountCollections(Instance& instance) {
  return Must(Must(instance.Enter())->CountCollections(kDefaultTenant, kDefaultDatabase));
}

Status CreateCollection(Instance& instance, const std::string& name) {
  const NewCollection request = {.tenant = std::string(kDefaultTenant),
                                 .database = std::string(kDefaultDatabase),
                                 .name = name,
                                 .metadata = {},
                                 .configuration = {}};
  return Must(instance.Enter())->CreateCollection(request).status();
}

TEST(InstanceOpenTest, ADirectoryIsCreatedWithAllThatLeadsToIt) {
  const TemporaryDirectory directory;
  const path nested = directory.path() / "a" / "b";
  const auto instance = OpenInstance(nested);
  EXPECT_THAT(NamesIn(nested), testing::IsSupersetOf({"LOCK", "log.sqlite3", "system.sqlite3"}));
}

TEST(InstanceOpenTest, NothingIsCreatedIfThatIsNotWanted) {
  const TemporaryDirectory directory;
  const path missing = directory.path() / "missing";
  ExpectNotOpened(missing, {.create_if_missing = false}, StatusCode::kNotFound, missing.string());
  ExpectNotOpened(directory.path(), {.create_if_missing = false}, StatusCode::kNotFound, directory.path().string());
  EXPECT_THAT(NamesIn(directory.path()), IsEmpty());
}

TEST(InstanceOpenTest, AnExistingDatabaseNeedsNoCreation) {
  const TemporaryDirectory directory;
  ASSERT_OK(OpenInstance(directory.path())->Close());
  EXPECT_OK(Instance::Open(directory.path(), {.create_if_missing = false}));
}

TEST(InstanceOpenTest, WhatIsSomethingElseIsNamedAndLeftAsItIs) {
  const TemporaryDirectory directory;
  std::ofstream(directory.path() / "photo.jpg") << "pixels";
  ExpectNotOpened(directory.path(), {}, StatusCode::kFailedPrecondition, "photo.jpg");
  ExpectNotOpened(directory.path() / "photo.jpg", {}, StatusCode::kFailedPrecondition, "photo.jpg");
  EXPECT_THAT(NamesIn(directory.path()), testing::ElementsAre("photo.jpg"));
}

TEST(InstanceOpenTest, WhatAnInterruptedCreationLeftIsTakenUp) {
  const TemporaryDirectory directory;
  std::ofstream(directory.path() / "LOCK") << "1";
  std::ofstream(directory.path() / "log.sqlite3").flush();
  EXPECT_OK(Instance::Open(directory.path(), {}));
}

TEST(InstanceOpenTest, AFileOfANewerFormatIsNamed) {
  for (const std::string name : {"log.sqlite3", "system.sqlite3"}) {
    const TemporaryDirectory directory;
    ASSERT_OK(OpenInstance(directory.path())->Close());
    {
      ASSERT_OK_AND_ASSIGN(const auto connection, SqliteConnection::Open(directory.path() / name));
      ASSERT_OK(connection->Execute("PRAGMA user_version=1000"));
    }
    ExpectNotOpened(directory.path(), {}, StatusCode::kFailedPrecondition, name + ": format version 1000");
  }
}

TEST(InstanceOpenTest, ARefusedOpeningHoldsNoLock) {
  const TemporaryDirectory directory;
  ASSERT_OK(OpenInstance(directory.path())->Close());
  const path log = directory.path() / "log.sqlite3";
  const path aside = directory.path() / "aside.sqlite3";
  std::filesystem::copy_file(log, aside);
  std::filesystem::resize_file(log, 600);
  ExpectNotOpened(directory.path(), {}, StatusCode::kDataLoss, "log.sqlite3");
  std::filesystem::rename(aside, log);
  EXPECT_OK(Instance::Open(directory.path(), {}));
}

TEST(InstanceOpenTest, OptionsThatMakeNoSenseAreRefusedByNameAndValue) {
  const TemporaryDirectory directory;
  const auto refused = [&](const ClientOptions& options, const std::string& part) {
    ExpectNotOpened(directory.path(), options, StatusCode::kInvalidArgument, part);
    if (options.durability == Durability::kMemory) return;
    const auto in_memory = Instance::InMemory(options);
    EXPECT_EQ(in_memory.status().code(), StatusCode::kInvalidArgument);
    EXPECT_THAT(in_memory.status().message(), HasSubstr(part));
  };
  refused({.durability = Durability::kMemory}, "Client::InMemory()");
  refused({.compaction_threads = -1}, "compaction_threads is -1, but must be at least 0");
  refused({.tail_records_max = 0}, "tail_records_max is 0, but must be at least 1");
  refused({.tail_bytes_max = 0}, "tail_bytes_max is 0");
  refused({.aged_tail_records_min = 0}, "aged_tail_records_min is 0");
  refused({.aged_tail_seconds = -1}, "aged_tail_seconds is -1");
  refused({.tail_bytes_slowdown = 0}, "tail_bytes_slowdown is 0");
  refused({.quotas = {.num_results = -1}}, "num_results is -1, but must be at least 0");
  EXPECT_THAT(NamesIn(directory.path()), IsEmpty());
}

TEST(InstanceCloseTest, IsIdempotentAndEndsCalls) {
  ASSERT_OK_AND_ASSIGN(const auto instance, Instance::InMemory({}));
  EXPECT_EQ(CountCollections(*instance), 0);
  EXPECT_OK(instance->Close());
  EXPECT_OK(instance->Close());
  EXPECT_EQ(instance->Enter().status().code(), StatusCode::kFailedPrecondition);
}

TEST(InstanceCloseTest, ReleasesTheDirectoryThoughTheInstanceLivesOn) {
  const TemporaryDirectory directory;
  const auto closed = OpenInstance(directory.path());
  ASSERT_OK(CreateCollection(*closed, "kept"));
  ExpectNotOpened(directory.path(), {}, StatusCode::kFailedPrecondition, directory.path().string());
  ASSERT_OK(closed->Close());
  EXPECT_EQ(CountCollections(*OpenInstance(directory.path())), 1);
}

TEST(InstanceCloseTest, TheDestructorCloses) {
  const TemporaryDirectory directory;
  ASSERT_OK(CreateCollection(*OpenInstance(directory.path()), "kept"));
  EXPECT_EQ(CountCollections(*OpenInstance(directory.path())), 1);
}

// Every closer, not only the first, finds the database closed when its call returns.
TEST(InstanceCloseTest, EveryCloserWaitsForCallsThatAreUnderWay) {
  const TemporaryDirectory directory;
  const auto instance = OpenInstance(directory.path());
  std::atomic<int> returned = 0;
  std::vector<std::thread> closers;
  {
    ASSERT_OK_AND_ASSIGN(const Instance::Call call, instance->Enter());
    for (int i = 0; i < 4; ++i) {
      closers.emplace_back([&] {
        EXPECT_OK(instance->Close());
        ++returned;
      });
    }
    while (instance->Enter().ok()) std::this_thread::yield();  // until one of them has begun to close
    EXPECT_EQ(returned, 0);
    // What is under way works to its end, with the files open.
    const auto count = call->CountCollections(kDefaultTenant, kDefaultDatabase);
    EXPECT_OK(count);
    EXPECT_EQ(returned, 0);
  }
  for (std::thread& closer : closers) closer.join();
  EXPECT_OK(Instance::Open(directory.path(), {}));
}

TEST(InstanceCloseTest, CallsOfManyThreadsEitherWorkOrAreRefusedAsClosed) {
  ASSERT_OK_AND_ASSIGN(const auto instance, Instance::InMemory({}));
  std::atomic<int> worked = 0;
  std::vector<std::thread> callers;
  for (int i = 0; i < 4; ++i) {
    callers.emplace_back([&] {
      while (true) {
        const auto call = instance->Enter();
        if (!call.ok()) {
          EXPECT_EQ(call.status().code(), StatusCode::kFailedPrecondition);
          return;
        }
        EXPECT_OK((*call)->CountCollections(kDefaultTenant, kDefaultDatabase));
        ++worked;
      }
    });
  }
  while (worked < 100) std::this_thread::yield();
  EXPECT_OK(instance->Close());
  for (std::thread& caller : callers) caller.join();
}

}  // namespace
}  // namespace ochre
