// Files whose contents were changed and whose checksums were made right again, as a defect or an attacker would: no
// checksum tells, so every number in them must be compared with what it is used for. Answers may be other ones; but no
// read crashes, runs on for ever or takes memory that the files do not justify.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "ochre/ochre.h"
#include "segment/manifest.h"
#include "storage/block_checksums.h"
#include "tests/faults/numbered_cases.h"
#include "tests/format/sample_database.h"
#include "tests/support/must.h"
#include "tests/support/temporary_directory.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace ochre {
namespace {

using std::filesystem::path;

// Numbers at which arithmetic on lengths goes wrong.
constexpr std::array<uint64_t, 15> kNumbers = {0,
                                               1,
                                               2,
                                               0x7F,
                                               0x80,
                                               0xFF,
                                               0xFFFF,
                                               0x7FFF'FFFF,
                                               0x8000'0000,
                                               0xFFFF'FFFF,
                                               0x1'0000'0000,
                                               0x7FFF'FFFF'FFFF'FFFF,
                                               0x8000'0000'0000'0000,
                                               0xFFFF'FFFF'FFFF'FFF8,
                                               0xFFFF'FFFF'FFFF'FFFF};
// Floats that are none, or larger than any sum bears.
constexpr std::array<uint32_t, 6> kFloats = {0x7FC0'0000, 0x7F80'0000, 0xFF80'0000,
                                             0x7F7F'FFFF, 0xFF7F'FFFF, 0x8000'0000};

template <typename T>
void Put(std::string& bytes, size_t at, T value) {
  at -= at % sizeof(T);
  if (at + sizeof(T) <= bytes.size()) std::memcpy(bytes.data() + at, &value, sizeof(T));
}

template <typename T>
T Get(const std::string& bytes, size_t at) {
  T value{};
  at -= at % sizeof(T);
  if (at + sizeof(T) <= bytes.size()) std::memcpy(&value, bytes.data() + at, sizeof(T));
  return value;
}

// One to three changes, of headers and ends more often than of what lies between.
std::string Changed(std::string bytes, std::mt19937_64& random) {
  for (uint64_t changes = 1 + random() % 3; changes > 0 && !bytes.empty(); --changes) {
    constexpr size_t kHead = 128, kEnd = 256;
    const uint64_t where = random() % 4;
    const size_t at = where == 0   ? random() % std::min(bytes.size(), kHead)
                      : where == 1 ? bytes.size() - 1 - random() % std::min(bytes.size(), kEnd)
                                   : random() % bytes.size();
    switch (random() % 8) {
      case 0:
        bytes[at] = static_cast<char>(random());
        break;
      case 1:
        Put(bytes, at, static_cast<uint32_t>(kNumbers[random() % kNumbers.size()]));
        break;
      case 2:
        Put(bytes, at, kNumbers[random() % kNumbers.size()]);
        break;
      case 3:
        Put(bytes, at, Get<uint64_t>(bytes, at) + random() % 5 - 2);
        break;
      case 4:
        Put(bytes, at, static_cast<uint32_t>(Get<uint32_t>(bytes, at) + random() % 200 - 100));
        break;
      case 5:
        Put(bytes, at, kFloats[random() % kFloats.size()]);
        break;
      case 6: {  // a piece of it in another place
        const size_t from = random() % bytes.size();
        const size_t size = std::min({1 + random() % 64, bytes.size() - at, bytes.size() - from});
        const std::string piece = bytes.substr(from, size);
        bytes.replace(at, size, piece);
        break;
      }
      default:
        if (random() % 6 == 0) {
          bytes.resize(random() % 2 == 0 ? at : bytes.size() + random() % 100);
        } else {
          bytes[at] = static_cast<char>(bytes[at] ^ (1 << random() % 8));
        }
    }
  }
  return bytes;
}

// The manifest as it would be had it been written with `bytes` in `file`.
std::string ManifestWith(const std::string& manifest_bytes, const path& file, const std::string& bytes) {
  Manifest manifest = Must(Manifest::Parse(std::as_bytes(std::span(manifest_bytes)), "SEGMENT"));
  for (BlobInfo& info : manifest.files) {
    if (info.name != file.filename()) continue;
    BlockChecksums checksums;
    checksums.Append(std::as_bytes(std::span(bytes)));
    info.block_checksums = checksums.Finish();
    info.length = bytes.size();
  }
  return manifest.Serialize();
}

// A manifest that vouches for itself again.
std::string WithChecksum(std::string manifest_bytes) {
  constexpr size_t kChecksumBytes = 8;
  if (manifest_bytes.size() < kChecksumBytes) return manifest_bytes;
  const size_t body = manifest_bytes.size() - kChecksumBytes;
  const uint64_t checksum = XXH3_64bits(manifest_bytes.data(), body);
  std::memcpy(manifest_bytes.data() + body, &checksum, kChecksumBytes);
  return manifest_bytes;
}

class ForgedFilesTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { sample_ = new SampleDatabase; }
  static void TearDownTestSuite() {
    delete sample_;
    sample_ = nullptr;
  }
  void SetUp() override { ASSERT_FALSE(HasFatalFailure()); }

  static std::string WhatIsWrong(const Status& status, const std::string& call) {
    const bool is_of_files = status.code() == StatusCode::kDataLoss || status.code() == StatusCode::kFailedPrecondition;
    if (status.ok() || is_of_files) return "";
    return call + ": " + status.ToString();
  }

  // Reads all there is, searches, verifies; `compacts`: writes and compacts too, and reads once more.
  static std::string UseAll(const path& where, bool compacts) {
    const auto client = Client::Open(where, SampleOptions());
    if (!client.ok()) return WhatIsWrong(client.status(), "open");
    auto collection = (*client)->GetCollection(kSampleCollection);
    if (!collection.ok()) return WhatIsWrong(collection.status(), "get collection");
    std::string wrong;
    const auto read = [&] {
      for (const SampleAnswer& answer : ReadEverything(*collection)) wrong += WhatIsWrong(answer.status, answer.read);
      const std::vector<float> query = {20, 40, 60, 80};
      const MatrixSpan embeddings = {query, 4};
      wrong += WhatIsWrong(collection->Query({.embeddings = embeddings, .target_recall = 0.9}).status(), "by recall");
      wrong += WhatIsWrong(collection->Query({.embeddings = embeddings, .n_results = 1'000'000}).status(), "many");
      wrong += WhatIsWrong(collection->Get({.where_document = Document().Matches("document [0-9]+1 of")}).status(),
                           "by expression");
    };
    read();
    wrong += WhatIsWrong((*client)->Verify(*collection), "verify");
    if (!wrong.empty() || !compacts) return wrong;
    const std::vector<float> embedding = {1, 2, 3, 4};
    wrong += WhatIsWrong(collection->Upsert({.ids = {"id5"}, .embeddings = {embedding, 4}}).status(), "upsert");
    wrong += WhatIsWrong(collection->Delete({.where = Key("number") == 77}).status(), "delete");
    wrong += WhatIsWrong((*client)->Compact(*collection), "compact");
    read();
    return wrong;
  }

  static SampleDatabase* sample_;
};

SampleDatabase* ForgedFilesTest::sample_ = nullptr;

TEST_F(ForgedFilesTest, OfASegmentAreRefusedOrReadWithinTheirBounds) {
  constexpr size_t kCases = 12'000, kShortCases = 250;
  constexpr size_t kCompactsEvery = 4;
  std::vector<path> files;  // by name: the segments' are random
  for (const path& segment : sample_->segments()) {
    for (const std::string_view name : {kManifestName, kIdsName, kRecordsName, kVectorsName, kCodesName, kGraphName,
                                        kCalibrationName, kPostingsName, kColumnsName}) {
      if (std::filesystem::exists(sample_->path() / segment / name)) files.push_back(segment / name);
    }
  }
  TemporaryDirectory directory;
  const path copy = directory.path() / "db";
  const auto renew = [&] {
    std::filesystem::remove_all(copy);
    sample_->CopyTo(copy);
  };
  RunCases({.count = kCases,
            .short_count = kShortCases,
            .megabytes_max = 500,
            .describe = [&](size_t i) { return files[i % files.size()].filename().string(); },
            .begin = renew,
            .run =
                [&](size_t i) {
                  std::mt19937_64 random(i);
                  const path& file = files[i % files.size()];
                  const path manifest = file.parent_path() / kManifestName;
                  const std::string bytes = Changed(ReadFile(sample_->path() / file), random);
                  const bool is_manifest = file.filename() == kManifestName;
                  if (!is_manifest) {
                    WriteFile(copy / file, bytes);
                    WriteFile(copy / manifest, ManifestWith(ReadFile(sample_->path() / manifest), file, bytes));
                  } else {
                    WriteFile(copy / manifest, WithChecksum(bytes));
                  }
                  const bool compacts = i / files.size() % kCompactsEvery == 0;
                  const std::string wrong = UseAll(copy, compacts);
                  if (compacts || !wrong.empty()) {
                    renew();
                  } else {
                    WriteFile(copy / file, ReadFile(sample_->path() / file));
                    WriteFile(copy / manifest, ReadFile(sample_->path() / manifest));
                  }
                  return wrong;
                },
            // RocksDB as Debian builds it asserts some of what it reads: of a forged table that ends the process.
            .after_crash = [&](size_t i, const std::string& output) -> std::string {
              const bool is_of_rocksdb =
                  files[i % files.size()].filename() == kPostingsName && output.find("rocksdb::") != std::string::npos;
              return is_of_rocksdb ? "" : output;
            }});
}

}  // namespace
}  // namespace ochre
