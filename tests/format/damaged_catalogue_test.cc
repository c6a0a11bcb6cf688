// Missing, foreign and newer SQLite files, and directories that are no database: opening says which file is wrong.
// Every kind of damage: tests/faults/damage_test.cc.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

#include "ochre/ochre.h"
#include "tests/format/sample_database.h"
#include "tests/support/expect_ok.h"
#include "types/uuid.h"

namespace ochre {
namespace {

using std::filesystem::path;
using testing::HasSubstr;

// Where SQLite's header has the user version and the application id (https://sqlite.org/fileformat.html, section 1.3).
constexpr size_t kUserVersionOffset = 60;
constexpr size_t kApplicationIdOffset = 68;
constexpr size_t kSqliteHeaderBytes = 100;

void SetBigEndian32(std::string& bytes, size_t offset, uint32_t value) {
  for (int i = 0; i < 4; ++i) bytes[offset + static_cast<size_t>(i)] = static_cast<char>(value >> (24 - 8 * i));
}

class DamagedCatalogueTest : public testing::TestWithParam<const char*> {
 protected:
  static void SetUpTestSuite() { sample_ = new SampleDatabase; }
  static void TearDownTestSuite() {
    delete sample_;
    sample_ = nullptr;
  }

  void SetUp() override {
    sample_->CopyTo(path_);
    bytes_ = ReadFile(path_ / GetParam());
    ASSERT_GT(bytes_.size(), kSqliteHeaderBytes);
  }

  void Write(std::string_view bytes) const { WriteFile(path_ / GetParam(), bytes); }

  void ExpectRefused(StatusCode code, const std::string& message_part) const {
    const auto client = Client::Open(path_, SampleOptions());
    ASSERT_FALSE(client.ok());
    EXPECT_EQ(client.status().code(), code) << client.status().ToString();
    EXPECT_THAT(client.status().message(), HasSubstr(GetParam()));
    EXPECT_THAT(client.status().message(), HasSubstr(message_part));
  }

  // With the file as it was, nothing is lost: refusing to open it has changed nothing else.
  void ExpectWholeOnceMended() const {
    Write(bytes_);
    ASSERT_OK_AND_ASSIGN(const auto client, Client::Open(path_, SampleOptions()));
    ASSERT_OK_AND_ASSIGN(const Collection collection, client->GetCollection(kSampleCollection));
    ASSERT_OK(client->Verify(collection));
    const std::vector<SampleAnswer> answers = ReadEverything(collection);
    for (size_t i = 0; i < answers.size(); ++i) {
      EXPECT_OK(answers[i].status);
      EXPECT_TRUE(answers[i].text == sample_->answers()[i].text) << answers[i].read;
    }
  }

  TemporaryDirectory directory_;
  const path path_ = directory_.path() / "db";
  std::string bytes_;
  static SampleDatabase* sample_;
};

SampleDatabase* DamagedCatalogueTest::sample_ = nullptr;

INSTANTIATE_TEST_SUITE_P(, DamagedCatalogueTest, testing::Values("system.sqlite3", "log.sqlite3"),
                         [](const auto& file) { return std::string(file.param[0] == 's' ? "System" : "Log"); });

TEST_P(DamagedCatalogueTest, AnOverwrittenHeaderIsRefused) {
  std::string damaged = bytes_;
  std::fill_n(damaged.begin(), kSqliteHeaderBytes, '\xFF');
  Write(damaged);
  ExpectRefused(StatusCode::kDataLoss, "");
  ExpectWholeOnceMended();
}

TEST_P(DamagedCatalogueTest, AnEmptyFileIsRefused) {
  Write("");
  ExpectRefused(StatusCode::kDataLoss, "empty");
  ExpectWholeOnceMended();
}

TEST_P(DamagedCatalogueTest, AMissingFileIsRefused) {
  std::filesystem::remove(path_ / GetParam());
  ExpectRefused(StatusCode::kDataLoss, "missing");
  ExpectWholeOnceMended();
}

// Not even the log of a database that has no segments yet is taken for that of a new one.
TEST_P(DamagedCatalogueTest, AnEmptyFileIsRefusedBeforeTheFirstCompaction) {
  const TemporaryDirectory directory;
  {
    ASSERT_OK_AND_ASSIGN(const auto client, Client::Open(directory.path(), SampleOptions()));
    ASSERT_OK_AND_ASSIGN(Collection collection, client->CreateCollection("small"));
    const std::vector<float> embedding = {1, 2};
    ASSERT_OK(collection.Add({.ids = {"a"}, .embeddings = {embedding, 2}}));
  }
  const std::string bytes = ReadFile(directory.path() / GetParam());
  WriteFile(directory.path() / GetParam(), "");
  const auto refused = Client::Open(directory.path(), SampleOptions());
  ASSERT_EQ(refused.status().code(), StatusCode::kDataLoss) << refused.status().ToString();
  EXPECT_THAT(refused.status().message(), HasSubstr(GetParam()));
  WriteFile(directory.path() / GetParam(), bytes);
  ASSERT_OK_AND_ASSIGN(const auto client, Client::Open(directory.path(), SampleOptions()));
  ASSERT_OK_AND_ASSIGN(const Collection collection, client->GetCollection("small"));
  ASSERT_OK_AND_ASSIGN(const int64_t count, collection.Count());
  EXPECT_EQ(count, 1);
}

TEST_P(DamagedCatalogueTest, ANewerFormatIsRefused) {
  std::string newer = bytes_;
  SetBigEndian32(newer, kUserVersionOffset, 1'000);
  Write(newer);
  ExpectRefused(StatusCode::kFailedPrecondition, "newer Ochre");
  ExpectWholeOnceMended();
}

TEST_P(DamagedCatalogueTest, AnotherProgramsDatabaseIsRefused) {
  std::string other = bytes_;
  SetBigEndian32(other, kApplicationIdOffset, 12'345);
  Write(other);
  ExpectRefused(StatusCode::kDataLoss, "application id");
  ExpectWholeOnceMended();
}

// One bit of a segment's id, wherever the catalogue has it: then its folder looks like one that nothing names.
TEST(DamagedIdTest, NothingIsDeletedOnTheWordOfADamagedCatalogue) {
  const SampleDatabase sample;
  const std::string sound = ReadFile(sample.path() / "system.sqlite3");
  int damages = 0;
  for (const path& segment : sample.segments()) {
    const Uuid id = *Uuid::Parse(segment.filename().string());
    const std::string bytes(id.bytes.begin(), id.bytes.end());
    for (size_t offset = sound.find(bytes); offset != std::string::npos; offset = sound.find(bytes, offset + 1)) {
      SCOPED_TRACE("a bit of " + id.ToString() + " at offset " + std::to_string(offset));
      const TemporaryDirectory directory;
      const path copy = directory.path() / "db";
      sample.CopyTo(copy);
      std::string damaged = sound;
      damaged[offset + 3] = static_cast<char>(damaged[offset + 3] ^ 0x10);
      WriteFile(copy / "system.sqlite3", damaged);
      {
        const auto client = Client::Open(copy, SampleOptions());
        const auto collection = client.ok() ? (*client)->GetCollection(kSampleCollection) : client.status();
        if (collection.ok()) {
          const std::vector<SampleAnswer> answers = ReadEverything(*collection);
          for (size_t i = 0; i < answers.size(); ++i) {
            if (answers[i].status.ok()) {
              EXPECT_EQ(answers[i].text, sample.answers()[i].text) << answers[i].read;
            } else {
              EXPECT_EQ(answers[i].status.code(), StatusCode::kDataLoss) << answers[i].status.ToString();
              EXPECT_THAT(answers[i].status.message(), HasSubstr("system.sqlite3"));
            }
          }
          // It may be what remains of a deleted row, in space that is free: then all is well.
          const Status verified = (*client)->Verify(*collection);
          if (verified.ok()) continue;
          EXPECT_EQ(verified.code(), StatusCode::kDataLoss) << verified.ToString();
          (void)(*client)->Compact(*collection);  // which collects garbage afterwards, whatever comes of it
        }
        ++damages;
      }
      for (const path& file : sample.SegmentFiles()) EXPECT_TRUE(std::filesystem::exists(copy / file)) << file;
    }
  }
  EXPECT_GE(damages, 6) << "each id is in two tables and an index";
}

void ExpectNotOpened(const path& path, const ClientOptions& options, StatusCode code, const std::string& message_part) {
  const auto client = Client::Open(path, options);
  ASSERT_FALSE(client.ok());
  EXPECT_EQ(client.status().code(), code) << client.status().ToString();
  EXPECT_THAT(client.status().message(), HasSubstr(message_part));
}

TEST(OpenTest, ADirectoryOfSomethingElseIsLeftAlone) {
  const TemporaryDirectory directory;
  WriteFile(directory.path() / "thesis.tex", "words");
  ExpectNotOpened(directory.path(), {}, StatusCode::kFailedPrecondition, "thesis.tex");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(directory.path()), {}), 1);
}

TEST(OpenTest, AFileIsNoDatabase) {
  const TemporaryDirectory directory;
  const path file = directory.path() / "file";
  WriteFile(file, "words");
  ExpectNotOpened(file, {}, StatusCode::kFailedPrecondition, file.string());
  EXPECT_EQ(ReadFile(file), "words");
}

TEST(OpenTest, NothingIsCreatedUnlessAskedFor) {
  const TemporaryDirectory directory;
  const path missing = directory.path() / "db";
  ExpectNotOpened(missing, {.create_if_missing = false}, StatusCode::kNotFound, missing.string());
  EXPECT_FALSE(std::filesystem::exists(missing));
}

TEST(OpenTest, ADatabaseThatThisProcessHasOpenIsRefused) {
  const TemporaryDirectory directory;
  ASSERT_OK_AND_ASSIGN(auto client, Client::Open(directory.path()));
  ExpectNotOpened(directory.path(), {}, StatusCode::kFailedPrecondition, std::to_string(getpid()));
  ASSERT_OK(client->Close());
  EXPECT_OK(Client::Open(directory.path()));
}

TEST(OpenTest, ADatabaseThatAnotherProcessHasOpenIsRefused) {
  const TemporaryDirectory directory;
  ASSERT_OK_AND_ASSIGN(auto client, Client::Open(directory.path()));
  ASSERT_OK(client->Close());
  const std::string lock = directory.path() / "LOCK";
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const pid_t child = fork();
  if (child == 0) {
    // Only what is safe after fork() in a process that may have threads.
    const int descriptor = open(lock.c_str(), O_RDWR);
    if (descriptor < 0 || flock(descriptor, LOCK_EX) != 0 || write(ready[1], "x", 1) != 1) _exit(1);
    while (true) pause();
  }
  ASSERT_GT(child, 0);
  close(ready[1]);
  char byte;
  ASSERT_EQ(read(ready[0], &byte, 1), 1);
  ExpectNotOpened(directory.path(), {}, StatusCode::kFailedPrecondition, "open already");
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  close(ready[0]);
  EXPECT_OK(Client::Open(directory.path()));  // the lock ends with its process, however that ends
}

}  // namespace
}  // namespace ochre
