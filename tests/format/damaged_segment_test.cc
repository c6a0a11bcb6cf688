// Newer files of segments, and what becomes of damaged ones: reads are right or say which file is wrong. Every kind of
// damage: tests/faults/damage_test.cc.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <xxhash.h>

#include <cstring>

#include "ochre/ochre.h"
#include "segment/manifest.h"
#include "storage/block_checksums.h"
#include "tests/format/sample_database.h"
#include "tests/support/expect_ok.h"

namespace ochre {
namespace {

using std::filesystem::path;
using testing::HasSubstr;

// Where a file of Ochre's own has its format version, and which one a newer Ochre would write.
constexpr size_t kVersionOffset = 8;
constexpr uint32_t kNewerVersion = 2, kNewerManifestVersion = 3;

class DamagedSegmentTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { sample_ = new SampleDatabase; }
  static void TearDownTestSuite() {
    delete sample_;
    sample_ = nullptr;
  }

  void SetUp() override { ASSERT_FALSE(HasFatalFailure()); }

  // Each test damages files of the one sample and mends them again: copying it takes longer than reading it.
  template <typename Check>
  void WithFile(const path& file, std::string_view bytes, const Check& check) {
    const std::string original = ReadFile(sample_->path() / file);
    WriteFile(sample_->path() / file, bytes);
    check();
    WriteFile(sample_->path() / file, original);
  }

  // The sample with `file` damaged: Verify names it, and every read is right or names it too.
  static void ExpectDetected(const path& file) {
    SCOPED_TRACE(file.string());
    ASSERT_OK_AND_ASSIGN(const auto client, Client::Open(sample_->path(), SampleOptions()));
    ASSERT_OK_AND_ASSIGN(const Collection collection, client->GetCollection(kSampleCollection));
    const std::vector<SampleAnswer> answers = ReadEverything(collection);
    for (size_t i = 0; i < answers.size(); ++i) {
      SCOPED_TRACE(answers[i].read);
      if (answers[i].status.ok()) {
        EXPECT_TRUE(answers[i].text == sample_->answers()[i].text) << "a wrong answer";
      } else {
        EXPECT_EQ(answers[i].status.code(), StatusCode::kDataLoss) << answers[i].status.ToString();
        EXPECT_THAT(answers[i].status.message(), HasSubstr(file.string()));
      }
    }
    const Status verified = client->Verify(collection);
    EXPECT_EQ(verified.code(), StatusCode::kDataLoss) << verified.ToString();
    EXPECT_THAT(verified.message(), HasSubstr(file.string()));
  }

  static void ExpectRefusedAsNewer(const path& file) {
    SCOPED_TRACE(file.string());
    ASSERT_OK_AND_ASSIGN(const auto client, Client::Open(sample_->path(), SampleOptions()));
    ASSERT_OK_AND_ASSIGN(const Collection collection, client->GetCollection(kSampleCollection));
    bool refused = false;
    const std::vector<SampleAnswer> answers = ReadEverything(collection);
    for (size_t i = 0; i < answers.size(); ++i) {
      SCOPED_TRACE(answers[i].read);
      if (answers[i].status.ok()) {
        EXPECT_TRUE(answers[i].text == sample_->answers()[i].text) << "a wrong answer";
      } else {
        refused = true;
        EXPECT_EQ(answers[i].status.code(), StatusCode::kFailedPrecondition) << answers[i].status.ToString();
        EXPECT_THAT(answers[i].status.message(), HasSubstr("newer"));
        EXPECT_THAT(answers[i].status.message(), HasSubstr(file.string()));
      }
    }
    EXPECT_TRUE(refused);
  }

  static SampleDatabase* sample_;
};

SampleDatabase* DamagedSegmentTest::sample_ = nullptr;

TEST_F(DamagedSegmentTest, ANewerManifestIsRefused) {
  const path file = sample_->segments()[0] / kManifestName;
  std::string bytes = ReadFile(sample_->path() / file);
  std::memcpy(bytes.data() + kVersionOffset, &kNewerManifestVersion, sizeof(kNewerManifestVersion));
  const uint64_t checksum = XXH3_64bits(bytes.data(), bytes.size() - sizeof(checksum));
  std::memcpy(bytes.data() + bytes.size() - sizeof(checksum), &checksum, sizeof(checksum));
  WithFile(file, bytes, [&] { ExpectRefusedAsNewer(file); });
}

TEST_F(DamagedSegmentTest, ANewerFileOfASegmentIsRefused) {
  const path manifest_file = sample_->segments()[0] / kManifestName;
  const std::string manifest_bytes = ReadFile(sample_->path() / manifest_file);
  for (const std::string_view name : {kIdsName, kRecordsName, kVectorsName, kGraphName, kColumnsName}) {
    const path file = sample_->segments()[0] / name;
    std::string bytes = ReadFile(sample_->path() / file);
    std::memcpy(bytes.data() + kVersionOffset, &kNewerVersion, sizeof(kNewerVersion));
    // The manifest vouches for it, as a newer Ochre's would.
    ASSERT_OK_AND_ASSIGN(Manifest manifest, Manifest::Parse(std::as_bytes(std::span(manifest_bytes)), "SEGMENT"));
    for (BlobInfo& info : manifest.files) {
      if (info.name != name) continue;
      BlockChecksums checksums;
      checksums.Append(std::as_bytes(std::span(bytes)));
      info.block_checksums = checksums.Finish();
    }
    WithFile(manifest_file, manifest.Serialize(), [&] { WithFile(file, bytes, [&] { ExpectRefusedAsNewer(file); }); });
  }
}

// What a compaction cannot read it must not lose; what it makes anew (the graph, the index) need not be whole.
TEST_F(DamagedSegmentTest, CompactingADamagedSegmentFailsOrMakesAWholeOne) {
  for (const path& file : sample_->SegmentFiles()) {
    SCOPED_TRACE(file.string());
    const TemporaryDirectory directory;
    const path copy = directory.path() / "db";
    sample_->CopyTo(copy);
    std::string bytes = ReadFile(copy / file);
    bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 4);
    WriteFile(copy / file, bytes);
    ASSERT_OK_AND_ASSIGN(const auto client, Client::Open(copy, SampleOptions()));
    ASSERT_OK_AND_ASSIGN(const Collection collection, client->GetCollection(kSampleCollection));
    const Status compacted = client->Compact(collection);
    if (compacted.ok()) {
      EXPECT_OK(client->Verify(collection));
      const auto all = ReadEverything(collection).front();
      EXPECT_OK(all.status);
      EXPECT_TRUE(all.text == sample_->answers().front().text);
    } else {
      EXPECT_EQ(compacted.code(), StatusCode::kDataLoss);
      EXPECT_THAT(compacted.message(), HasSubstr(file.string()));
      EXPECT_TRUE(std::filesystem::exists(copy / file));
    }
  }
}

// Damage is not made worse by looking at it.
TEST_F(DamagedSegmentTest, AMendedDatabaseIsWholeAgain) {
  const path file = sample_->segments()[0] / kManifestName;
  WithFile(file, "", [&] { ExpectDetected(file); });
  ASSERT_OK_AND_ASSIGN(const auto client, Client::Open(sample_->path(), SampleOptions()));
  ASSERT_OK_AND_ASSIGN(const Collection collection, client->GetCollection(kSampleCollection));
  ASSERT_OK(client->Verify(collection));
  const std::vector<SampleAnswer> answers = ReadEverything(collection);
  for (size_t i = 0; i < answers.size(); ++i) {
    EXPECT_OK(answers[i].status);
    EXPECT_TRUE(answers[i].text == sample_->answers()[i].text) << answers[i].read;
  }
}

// Each is whole, but in the other's place.
TEST_F(DamagedSegmentTest, TwoSegmentsWhoseFoldersWereSwappedAreNamed) {
  const path first = sample_->path() / sample_->segments()[0], second = sample_->path() / sample_->segments()[1];
  const path aside = sample_->path() / "aside";
  const auto swap = [&] {
    std::filesystem::rename(first, aside);
    std::filesystem::rename(second, first);
    std::filesystem::rename(aside, second);
  };
  swap();
  ExpectDetected(sample_->segments()[0] / kManifestName);
  swap();
}

TEST_F(DamagedSegmentTest, AFileThatIsNoneOfTheSegmentsIsNamedByVerify) {
  const path file = sample_->segments()[1] / "notes.txt";
  WriteFile(sample_->path() / file, "words");
  ExpectDetected(file);
  std::filesystem::remove(sample_->path() / file);
}

}  // namespace
}  // namespace ochre
