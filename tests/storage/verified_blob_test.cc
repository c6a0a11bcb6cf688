#include "storage/verified_blob.h"

#include <gmock/gmock.h>
#include <sys/mman.h>

#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "storage/local_storage.h"
#include "storage/memory_storage.h"
#include "tests/storage/blob_contents.h"
#include "tests/storage/temporary_folder.h"
#include "tests/support/ends_after.h"

namespace ochre {
namespace {

using testing::HasSubstr;

constexpr uint64_t kBlock = kChecksumBlockBytes;

// 3.5 blocks whose bytes tell their position.
std::string Contents() {
  std::string contents(3 * kBlock + kBlock / 2, '\0');
  for (size_t i = 0; i < contents.size(); ++i) contents[i] = static_cast<char>(i * 31 + i / 251);
  return contents;
}

class VerifiedBlobTest : public testing::Test {
 protected:
  VerifiedBlobTest() : contents_(Contents()), info_(WriteBlob(memory_, "s/data.bin", contents_)) {}

  // The blob with one byte changed.
  std::unique_ptr<const VerifiedBlob> OpenDamagedAt(uint64_t offset) {
    damaged_ = std::make_unique<DamagedStorage>("s/data.bin", contents_);
    damaged_->bytes()[offset] ^= std::byte{1};
    return VerifiedBlob::Open(*damaged_, info_).value();
  }

  MemoryStorage memory_;
  const std::string contents_;
  const BlobInfo info_;
  std::unique_ptr<DamagedStorage> damaged_;
};

// Notes what is asked of it ahead.
class NotingBlob : public Blob {
 public:
  using Range = std::pair<uint64_t, uint64_t>;

  NotingBlob(std::shared_ptr<const Blob> blob, std::vector<Range>* ranges) : blob_(std::move(blob)), ranges_(ranges) {}
  std::span<const std::byte> bytes() const override { return blob_->bytes(); }
  void ReadAhead(uint64_t offset, uint64_t length) const override { ranges_->emplace_back(offset, length); }

 private:
  const std::shared_ptr<const Blob> blob_;
  std::vector<Range>* const ranges_;
};

class NotingStorage : public MemoryStorage {
 public:
  Result<std::shared_ptr<const Blob>> Map(std::string_view name) const override {
    OCHRE_ASSIGN_OR_RETURN(auto blob, MemoryStorage::Map(name));
    return std::shared_ptr<const Blob>(std::make_shared<NotingBlob>(std::move(blob), &ranges));
  }
  mutable std::vector<NotingBlob::Range> ranges;
};

TEST(VerifiedBlobReadAheadTest, AsksForTheBlocksThatNobodyHasRead) {
  NotingStorage storage;
  const std::string contents = Contents();
  const BlobInfo info = WriteBlob(storage, "s/data.bin", contents);
  const auto blob = VerifiedBlob::Open(storage, info).value();
  blob->ReadAhead(kBlock + 5, 1);
  EXPECT_THAT(storage.ranges, testing::ElementsAre(NotingBlob::Range{kBlock, kBlock}));
  storage.ranges.clear();
  ASSERT_TRUE(blob->Read(kBlock, 1).ok());
  blob->ReadAhead(kBlock + 5, 1);
  EXPECT_THAT(storage.ranges, testing::IsEmpty());
  blob->ReadAhead(0, UINT64_MAX);  // no further than the blob reaches
  EXPECT_THAT(storage.ranges,
              testing::ElementsAre(NotingBlob::Range{0, kBlock}, NotingBlob::Range{2 * kBlock, kBlock + kBlock / 2}));
  storage.ranges.clear();
  blob->ReadAhead(contents.size(), 1);
  blob->ReadAhead(0, 0);
  EXPECT_THAT(storage.ranges, testing::IsEmpty());
}

TEST_F(VerifiedBlobTest, ReadGivesTheBytesOfAnyRange) {
  const auto blob = VerifiedBlob::Open(memory_, info_).value();
  EXPECT_EQ(blob->name(), "s/data.bin");
  EXPECT_EQ(blob->size(), contents_.size());
  for (const auto& [offset, length] : std::vector<std::pair<uint64_t, uint64_t>>{{0, 0},
                                                                                 {0, 1},
                                                                                 {kBlock - 1, 2},
                                                                                 {5, 3 * kBlock},
                                                                                 {contents_.size() - 1, 1},
                                                                                 {contents_.size(), 0},
                                                                                 {0, contents_.size()}}) {
    const auto bytes = blob->Read(offset, length);
    ASSERT_TRUE(bytes.ok()) << bytes.status().ToString();
    EXPECT_EQ(TextOf(*bytes), std::string_view(contents_).substr(offset, length)) << offset << " " << length;
  }
  EXPECT_EQ(TextOf(blob->ReadAll().value()), contents_);
  EXPECT_EQ(blob->Scrub(), Status::Ok());
}

TEST_F(VerifiedBlobTest, EveryReadThatTouchesADamagedBlockIsDataLossAndOthersAreFine) {
  for (const uint64_t damage : {uint64_t{0}, kBlock - 1, kBlock, 2 * kBlock + 17, uint64_t{contents_.size() - 1}}) {
    SCOPED_TRACE(damage);
    const auto blob = OpenDamagedAt(damage);
    const uint64_t bad = damage / kBlock;
    for (uint64_t first = 0; first <= 3; ++first) {
      for (uint64_t last = first; last <= 3; ++last) {
        // From the last byte of the first block to the first one of the last block.
        const uint64_t begin = std::min((first + 1) * kBlock, uint64_t{contents_.size()}) - 1;
        const uint64_t end = std::max(last * kBlock, begin) + 1;
        const auto bytes = blob->Read(begin, end - begin);
        const bool touches = first <= bad && bad <= last;
        EXPECT_EQ(bytes.ok(), !touches) << first << " to " << last;
        if (!bytes.ok()) {
          EXPECT_EQ(bytes.status().code(), StatusCode::kDataLoss);
          EXPECT_THAT(bytes.status().message(), HasSubstr("s/data.bin"));
          EXPECT_THAT(bytes.status().message(), HasSubstr(std::to_string(bad * kBlock)));
        }
      }
    }
    EXPECT_EQ(blob->Scrub().code(), StatusCode::kDataLoss);
  }
}

TEST_F(VerifiedBlobTest, ScrubFindsDamageThatCameAfterTheFirstRead) {
  const auto blob = OpenDamagedAt(0);
  damaged_->bytes()[0] ^= std::byte{1};  // healed
  ASSERT_TRUE(blob->ReadAll().ok());
  damaged_->bytes()[2 * kBlock] ^= std::byte{4};
  EXPECT_EQ(blob->Scrub().code(), StatusCode::kDataLoss);
}

TEST_F(VerifiedBlobTest, AScrubEndsBetweenTwoBlocksWithItsCall) {
  const auto blob = VerifiedBlob::Open(memory_, info_).value();
  for (int64_t looks = 0; looks <= 4; ++looks) {  // one a block
    const EndsAfter limit(looks);
    const CallLimit::Scope scope(&limit);
    EXPECT_EQ(blob->Scrub(), looks < 4 ? Status::Cancelled("enough") : Status::Ok()) << looks;
  }
}

TEST_F(VerifiedBlobTest, ARangeOutsideTheBlobIsDataLoss) {
  const auto blob = VerifiedBlob::Open(memory_, info_).value();
  const uint64_t size = contents_.size();
  for (const auto& [offset, length] : std::vector<std::pair<uint64_t, uint64_t>>{{0, size + 1},
                                                                                 {size, 1},
                                                                                 {size + 1, 0},
                                                                                 {~uint64_t{0}, 1},
                                                                                 {1, ~uint64_t{0}},
                                                                                 {~uint64_t{0}, ~uint64_t{0}}}) {
    EXPECT_EQ(blob->Read(offset, length).status().code(), StatusCode::kDataLoss) << offset << " " << length;
  }
}

TEST_F(VerifiedBlobTest, ABlobOfAnotherLengthIsDataLoss) {
  for (const std::string& other : {contents_.substr(1), contents_ + "x", std::string()}) {
    const DamagedStorage storage("s/data.bin", other);
    const Status status = VerifiedBlob::Open(storage, info_).status();
    EXPECT_EQ(status.code(), StatusCode::kDataLoss);
    EXPECT_THAT(status.message(), HasSubstr("s/data.bin"));
  }
}

TEST_F(VerifiedBlobTest, AMissingBlobIsDataLoss) {
  const MemoryStorage empty;
  const Status status = VerifiedBlob::Open(empty, info_).status();
  EXPECT_EQ(status.code(), StatusCode::kDataLoss);
  EXPECT_THAT(status.message(), HasSubstr("s/data.bin is missing"));
}

TEST_F(VerifiedBlobTest, TooFewOrTooManyChecksumsAreDataLoss) {
  BlobInfo info = info_;
  info.block_checksums.pop_back();
  EXPECT_EQ(VerifiedBlob::Open(memory_, info).status().code(), StatusCode::kDataLoss);
  info.block_checksums.resize(info_.block_checksums.size() + 1);
  EXPECT_EQ(VerifiedBlob::Open(memory_, info).status().code(), StatusCode::kDataLoss);
}

TEST_F(VerifiedBlobTest, AnEmptyBlobReadsAsNothing) {
  const auto blob = VerifiedBlob::Open(memory_, WriteBlob(memory_, "empty", "")).value();
  EXPECT_TRUE(blob->ReadAll().value().empty());
  EXPECT_EQ(blob->Read(0, 1).status().code(), StatusCode::kDataLoss);
  EXPECT_EQ(blob->Scrub(), Status::Ok());
}

TEST_F(VerifiedBlobTest, ThreadsMayTouchTheSameBlocksFirst) {
  const auto blob = VerifiedBlob::Open(memory_, info_).value();
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (uint64_t offset = 0; offset + 10 < contents_.size(); offset += 9'999) {
        const auto bytes = blob->Read(offset, 10);
        ASSERT_TRUE(bytes.ok());
        EXPECT_EQ(TextOf(*bytes), std::string_view(contents_).substr(offset, 10));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

// A page of a mapped file that is beyond its end is as one that the disk cannot read: touching it is SIGBUS.
TEST(MappedVerifiedBlobTest, WhatTheDiskCannotReadIsUnavailable) {
  const TemporaryFolder folder;
  LocalStorage storage(folder.path(), /*sync=*/false);
  const std::string contents = Contents();
  const BlobInfo info = WriteBlob(storage, "s/data.bin", contents);
  const auto blob = VerifiedBlob::Open(storage, info).value();
  std::filesystem::resize_file(folder.path() / "s/data.bin", kBlock);
  EXPECT_TRUE(blob->Read(5, kBlock - 5).ok());
  if (madvise(nullptr, 0, 22) != 0) GTEST_SKIP() << "this Linux has no MADV_POPULATE_READ";
  const auto bytes = blob->Read(kBlock - 1, 2);
  ASSERT_FALSE(bytes.ok());
  EXPECT_EQ(bytes.status().code(), StatusCode::kUnavailable);
  EXPECT_THAT(bytes.status().message(), HasSubstr("s/data.bin: cannot read its bytes 65536 to 131071"));
  EXPECT_EQ(blob->Scrub().code(), StatusCode::kUnavailable);
}

}  // namespace
}  // namespace ochre
