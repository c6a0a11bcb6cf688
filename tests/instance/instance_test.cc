#include "instance/instance.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

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
#include "tests/support/sqlite_observer.h"
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

TEST(InstanceOpenTest, APathThatCannotBeLookedAtIsNotTakenForAMissingFile) {
  for (const std::string name : {"log.sqlite3", "system.sqlite3"}) {
    const TemporaryDirectory directory;
    ASSERT_OK(OpenInstance(directory.path())->Close());
    std::filesystem::remove(directory.path() / name);
    std::filesystem::create_symlink(name, directory.path() / name);  // to itself: its size cannot be had
    ExpectNotOpened(directory.path(), {}, StatusCode::kFailedPrecondition, name + ": ");
  }
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

// Whether the catalogue is written while the log holds what is not on disk.
class CatalogueWrites : public SqliteObserver {
 public:
  std::atomic<int> count = 0;
  std::atomic<int> early = 0;
  std::atomic<bool> log_is_unsynced = false;

 protected:
  int OnWrite(const std::string& file) override {
    if (file.ends_with("log.sqlite3-wal")) log_is_unsynced = true;
    if (file.ends_with("system.sqlite3-wal")) {
      ++count;
      if (log_is_unsynced) ++early;
    }
    return SQLITE_OK;
  }
  int OnSync(const std::string& file) override {
    if (file.ends_with("log.sqlite3-wal")) log_is_unsynced = false;
    return SQLITE_OK;
  }
};

TEST(InstanceDurabilityTest, WithNormalDurabilityNoChangeOfTheCatalogueOvertakesAWrite) {
  const TemporaryDirectory directory;
  CatalogueWrites writes;
  const auto instance = Must(Instance::Open(directory.path(), {.durability = Durability::kNormal}));
  ASSERT_OK(CreateCollection(*instance, "first"));
  const std::string tenant(kDefaultTenant);
  const std::string database(kDefaultDatabase);
  const CollectionId first = Must(Must(instance->Enter())->GetCollection(tenant, database, "first"))->id;
  const std::vector<float> embedding = {1, 2};
  const auto write = [&] {
    Must(Must(instance->Enter())->Write(first, OperationKind::kUpsert, {.ids = {"a"}, .embeddings = {embedding, 2}}));
    EXPECT_TRUE(writes.log_is_unsynced);  // or else what follows shows nothing
  };
  write();
  writes.count = writes.early = 0;  // the first write fixes the dimension
  const std::vector<std::function<Status(Gateway&)>> changes = {
      [&](Gateway& gateway) { return gateway.CreateTenant("tenant"); },
      [&](Gateway& gateway) { return gateway.SetTenantResourceName("tenant", "resource"); },
      [&](Gateway& gateway) { return gateway.CreateDatabase(tenant, "other"); },
      [&](Gateway& gateway) { return gateway.DeleteDatabase(tenant, "other"); },
      [&](Gateway&) { return CreateCollection(*instance, "second"); },
      [&](Gateway& gateway) { return gateway.ModifyCollection(first, {.name = "third"}, ""); },
      [&](Gateway& gateway) { return gateway.DeleteCollection(tenant, database, "second"); },
      [&](Gateway& gateway) { return gateway.Reset(); },
  };
  for (size_t i = 0; i < changes.size(); ++i) {
    write();
    const int before = writes.count;
    SCOPED_TRACE(i);
    EXPECT_OK(changes[i](*Must(instance->Enter())));
    EXPECT_GT(writes.count, before);
    EXPECT_EQ(writes.early, 0);
  }
  ASSERT_OK(instance->Close());
}

// Runs `body` in a forked child, which then ends; what it returns is the child's exit status.
int StatusOfChild(const std::function<int()>& body) {
  const pid_t child = fork();
  if (child == 0) {
    alarm(20);  // rather than to hang
    _exit(body());
  }
  int status = -1;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return status;
}

TEST(InstanceForkTest, AChildIsRefusedAndLeavesTheParentsDatabaseAlone) {
  const TemporaryDirectory directory;
  auto instance = OpenInstance(directory.path());
  ASSERT_OK(CreateCollection(*instance, "before"));
  const auto names = NamesIn(directory.path());
  EXPECT_EQ(StatusOfChild([&] {
              if (instance->Enter().status().code() != StatusCode::kFailedPrecondition) return 1;
              if (instance->Close().code() != StatusCode::kFailedPrecondition) return 2;
              if (Instance::Open(directory.path(), {}).status().code() != StatusCode::kFailedPrecondition) return 3;
              instance.reset();
              return Instance::Open(directory.path(), {}).ok() ? 4 : 0;
            }),
            0);
  EXPECT_THAT(NamesIn(directory.path()), testing::UnorderedElementsAreArray(names));
  ASSERT_OK(CreateCollection(*instance, "after"));
  ASSERT_OK(instance->Close());
  EXPECT_EQ(CountCollections(*OpenInstance(directory.path())), 2);
}

TEST(InstanceForkTest, AChildThatLivesOnHoldsNoLock) {
  const TemporaryDirectory directory;
  auto instance = OpenInstance(directory.path());
  int closed[2];
  ASSERT_EQ(pipe(closed), 0);
  const pid_t child = fork();
  if (child == 0) {
    alarm(20);
    close(closed[1]);
    char byte;
    _exit(read(closed[0], &byte, 1) == 0 ? 0 : 1);  // once the parent has opened it again
  }
  close(closed[0]);
  ASSERT_OK(instance->Close());
  EXPECT_OK(Instance::Open(directory.path(), {}));
  close(closed[1]);
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST(InstanceOpenTest, ARelativePathStaysThatDirectoryWhenTheWorkingDirectoryChanges) {
  const TemporaryDirectory directory;
  const TemporaryDirectory elsewhere;
  const path before = std::filesystem::current_path();
  std::filesystem::current_path(directory.path());
  {
    const auto instance = OpenInstance("db");
    std::filesystem::current_path(elsewhere.path());
    ASSERT_OK(CreateCollection(*instance, "docs"));
    const CollectionId id =
        Must(Must(instance->Enter())->GetCollection(std::string(kDefaultTenant), std::string(kDefaultDatabase), "docs"))
            ->id;
    const std::vector<float> embedding = {1, 2};
    Must(Must(instance->Enter())->Write(id, OperationKind::kAdd, {.ids = {"a"}, .embeddings = {embedding, 2}}));
    ASSERT_OK(Must(instance->Enter())->Compact(id));
  }
  std::filesystem::current_path(before);
  EXPECT_THAT(NamesIn(elsewhere.path()), IsEmpty());
  const auto instance = OpenInstance(directory.path() / "db");
  const CollectionId id =
      Must(Must(instance->Enter())->GetCollection(std::string(kDefaultTenant), std::string(kDefaultDatabase), "docs"))
          ->id;
  EXPECT_OK(Must(instance->Enter())->Verify(id));
}

TEST(InstanceIdentityTest, AfterItsDirectoryWasRenamedReplacedOrDeletedCallsAreRefusedAndTheNewOneIsLeftAlone) {
  for (const bool replaced : {false, true}) {
    for (const bool deleted : {false, true}) {
      SCOPED_TRACE(testing::Message() << "deleted " << deleted << ", replaced " << replaced);
      const TemporaryDirectory directory;
      const path database = directory.path() / "db";
      const auto instance = OpenInstance(database);
      ASSERT_OK(CreateCollection(*instance, "docs"));
      if (deleted) {
        std::filesystem::remove_all(database);
      } else {
        std::filesystem::rename(database, directory.path() / "elsewhere");
      }
      if (replaced) ASSERT_OK(OpenInstance(database)->Close());
      std::filesystem::create_directories(database / "segments" / "11111111-1111-4111-8111-111111111111");
      const auto names = NamesIn(database);
      const Status refused = instance->Enter().status();
      EXPECT_EQ(refused.code(), StatusCode::kFailedPrecondition);
      EXPECT_THAT(refused.message(), HasSubstr(database.string()));
      EXPECT_OK(instance->Close());
      EXPECT_THAT(NamesIn(database), testing::UnorderedElementsAreArray(names));
      EXPECT_EQ(NamesIn(database / "segments").size(), 1u);
      if (!deleted) {
        EXPECT_EQ(CountCollections(*OpenInstance(directory.path() / "elsewhere")), 1);
      }
    }
  }
}

// Else what is acknowledged would be in files that nobody opens again.
TEST(InstanceIdentityTest, AfterItsFilesWereReplacedOrDeletedNothingIsCreated) {
  for (const std::string name : {"log.sqlite3", "log.sqlite3-wal", "system.sqlite3", "system.sqlite3-wal"}) {
    for (const bool replaced : {false, true}) {
      SCOPED_TRACE(testing::Message() << name << (replaced ? " replaced" : " deleted"));
      const TemporaryDirectory directory;
      const path database = directory.path() / "db";
      const auto instance = OpenInstance(database);
      ASSERT_OK(CreateCollection(*instance, "docs"));
      std::filesystem::rename(database / name, directory.path() / "aside");
      if (replaced) std::filesystem::copy_file(directory.path() / "aside", database / name);
      const Status refused = CreateCollection(*instance, "more");
      EXPECT_EQ(refused.code(), StatusCode::kFailedPrecondition) << refused.ToString();
      EXPECT_THAT(refused.message(), HasSubstr((database / name).string()));
      EXPECT_EQ(std::filesystem::exists(database / name), replaced) << "nothing was made in its place";
      (void)instance->Close();
      if (!replaced) std::filesystem::rename(directory.path() / "aside", database / name);
      EXPECT_EQ(CountCollections(*OpenInstance(database)), 1);
    }
  }
}

}  // namespace
}  // namespace ochre
