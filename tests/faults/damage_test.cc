// Damaged files: every read is right or says which file is wrong, whatever byte was changed, page lost or file
// replaced.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "ochre/ochre.h"
#include "segment/manifest.h"
#include "tests/faults/numbered_cases.h"
#include "tests/format/sample_database.h"
#include "tests/support/temporary_directory.h"

namespace ochre {
namespace {

using std::filesystem::path;

// Bytes that are changed together when disks and file systems fail.
constexpr size_t kPageBytes = 4'096;
// Of a file up to this size every byte is flipped; of a larger one the head of every page, the ends, and a sample.
constexpr size_t kSmallFileBytes = 4'096;
constexpr size_t kHeadBytes = 100;  // SQLite's header; more than its page headers, and our headers but for zeros
constexpr size_t kSampledBytes = 600;
constexpr size_t kPagesMax = 48;

// One damage to one file.
struct Damage {
  std::string what;
  path file;  // relative to the database
  // The file's bytes, changed. Null: the file is removed.
  std::function<std::string(std::string bytes)> apply;
};

std::vector<size_t> Sampled(std::vector<size_t> all, size_t count, std::mt19937_64& random) {
  std::shuffle(all.begin(), all.end(), random);
  if (all.size() > count) all.resize(count);
  std::sort(all.begin(), all.end());
  return all;
}

void AddFlips(const path& file, const std::string& bytes, std::mt19937_64& random, std::vector<Damage>& damages) {
  std::vector<bool> chosen(bytes.size(), bytes.size() <= kSmallFileBytes);
  for (size_t page = 0; page < std::min(bytes.size(), kPagesMax * kPageBytes); page += kPageBytes) {
    for (size_t i = page; i < std::min(bytes.size(), page + kHeadBytes); ++i) chosen[i] = true;
  }
  for (size_t i = bytes.size() - std::min(bytes.size(), kHeadBytes); i < bytes.size(); ++i) chosen[i] = true;
  for (size_t i = 0; i < std::min(bytes.size(), kSampledBytes); ++i) chosen[random() % bytes.size()] = true;
  for (size_t at = 0; at < bytes.size(); ++at) {
    if (!chosen[at]) continue;
    const auto mask = static_cast<char>(1 << random() % 8);
    damages.push_back({"flip of bit mask " + std::to_string(static_cast<uint8_t>(mask)) + " at byte " +
                           std::to_string(at) + " of " + std::to_string(bytes.size()),
                       file, [at, mask](std::string changed) {
                         changed[at] = static_cast<char>(changed[at] ^ mask);
                         return changed;
                       }});
  }
}

void AddLengths(const path& file, const std::string& bytes, std::mt19937_64& random, std::vector<Damage>& damages) {
  std::vector<size_t> boundaries;
  for (size_t size = 0; size < bytes.size(); size += kPageBytes) boundaries.push_back(size);
  std::vector<size_t> sizes = Sampled(boundaries, kPagesMax, random);
  for (const size_t size : {size_t{1}, size_t{15}, size_t{16}, size_t{63}, size_t{64}, size_t{100}, size_t{512}}) {
    if (size < bytes.size()) sizes.push_back(size);
  }
  sizes.insert(sizes.end(),
               {bytes.size() / 2, bytes.size() - 8, bytes.size() - 1, bytes.size() + 1, bytes.size() + kPageBytes});
  for (const size_t size : sizes) {
    damages.push_back(
        {std::to_string(size) + " bytes of " + std::to_string(bytes.size()), file, [size](std::string changed) {
           changed.resize(size);
           return changed;
         }});
  }
}

void AddPages(const path& file, const std::string& bytes, std::mt19937_64& random, std::vector<Damage>& damages) {
  std::vector<size_t> pages(bytes.size() / kPageBytes);
  for (size_t i = 0; i < pages.size(); ++i) pages[i] = i;
  const auto page_of = [&bytes](size_t page) { return bytes.substr(page * kPageBytes, kPageBytes); };
  for (const size_t page : Sampled(pages, kPagesMax, random)) {
    if (page_of(page) != std::string(kPageBytes, '\0')) {
      damages.push_back({"page " + std::to_string(page) + " zeroed", file, [page](std::string changed) {
                           changed.replace(page * kPageBytes, kPageBytes, kPageBytes, '\0');
                           return changed;
                         }});
    }
    const size_t other = random() % pages.size();
    if (page_of(page) == page_of(other)) continue;
    damages.push_back({"pages " + std::to_string(page) + " and " + std::to_string(other) + " swapped", file,
                       [page, other](std::string changed) {
                         std::swap_ranges(changed.begin() + static_cast<std::ptrdiff_t>(page * kPageBytes),
                                          changed.begin() + static_cast<std::ptrdiff_t>((page + 1) * kPageBytes),
                                          changed.begin() + static_cast<std::ptrdiff_t>(other * kPageBytes));
                         return changed;
                       }});
  }
}

void AddReplacement(const path& file, const std::string& bytes, const std::string& what, const path& other,
                    std::vector<Damage>& damages) {
  if (!std::filesystem::exists(other)) return;
  std::string replacement = ReadFile(other);
  if (replacement == bytes) return;
  damages.push_back({what, file, [replacement = std::move(replacement)](const std::string&) { return replacement; }});
}

class DamageTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { sample_ = new SampleDatabase; }
  static void TearDownTestSuite() {
    delete sample_;
    sample_ = nullptr;
  }

  void SetUp() override { ASSERT_FALSE(HasFatalFailure()); }

  // In an order that does not depend on the segments' random names.
  static std::vector<path> SegmentFiles() {
    std::vector<path> files;
    for (const path& segment : sample_->segments()) {
      std::vector<path> of_segment;
      for (const path& file : sample_->SegmentFiles()) {
        if (file.parent_path() == segment) of_segment.push_back(file);
      }
      std::sort(of_segment.begin(), of_segment.end());
      files.insert(files.end(), of_segment.begin(), of_segment.end());
    }
    return files;
  }

  static std::vector<Damage> DamagesOf(const std::vector<path>& files) {
    std::mt19937_64 random(1);
    std::vector<Damage> damages;
    for (const path& file : files) {
      const std::string bytes = ReadFile(sample_->path() / file);
      damages.push_back({"removal", file, nullptr});
      AddLengths(file, bytes, random, damages);
      AddPages(file, bytes, random, damages);
      AddFlips(file, bytes, random, damages);
      AddReplacement(file, bytes, "the older database's file", sample_->older() / file, damages);
      for (const path& segment : sample_->segments()) {
        AddReplacement(file, bytes, "another segment's file", sample_->path() / segment / file.filename(), damages);
      }
    }
    return damages;
  }

  // A copy of the sample, made anew where a case may have changed more than what it damaged.
  struct Copy {
    TemporaryDirectory directory;
    path database = directory.path() / "db";
    Copy() { sample_->CopyTo(database); }
    void Renew() {
      std::filesystem::remove_all(database);
      sample_->CopyTo(database);
    }
  };

  static bool Names(const Status& status, const std::string& name) {
    const bool is_of_files = status.code() == StatusCode::kDataLoss || status.code() == StatusCode::kFailedPrecondition;
    return is_of_files && status.message().find(name) != std::string::npos;
  }

  // What is wrong with how the database `where`, one of whose files is damaged, behaves: opens it, reads everything,
  // verifies it. `name` is what errors must contain. `is_judged_by_verify`: Verify must find the damage.
  static std::string WhatIsWrong(const path& where, const std::string& name, bool is_judged_by_verify,
                                 const std::vector<SampleAnswer>* other_right_answers = nullptr) {
    const auto client = Client::Open(where, SampleOptions());
    if (!client.ok()) return Names(client.status(), name) ? "" : "opening it: " + client.status().ToString();
    const auto collection = (*client)->GetCollection(kSampleCollection);
    if (!collection.ok()) {
      return Names(collection.status(), name) ? "" : "the collection: " + collection.status().ToString();
    }
    std::string wrong = WhatIsWrongOf(ReadEverything(*collection), sample_->answers(), name);
    if (!wrong.empty() && other_right_answers != nullptr) {
      wrong = WhatIsWrongOf(ReadEverything(*collection), *other_right_answers, name);
    }
    if (!wrong.empty()) return wrong;
    const Status verified = (*client)->Verify(*collection);
    if (verified.ok() && is_judged_by_verify) return "Verify finds nothing";
    if (!verified.ok() && !Names(verified, name)) return "Verify: " + verified.ToString();
    return "";
  }

  static std::string WhatIsWrongOf(const std::vector<SampleAnswer>& answers, const std::vector<SampleAnswer>& right,
                                   const std::string& name) {
    for (size_t i = 0; i < answers.size(); ++i) {
      const SampleAnswer& answer = answers[i];
      if (answer.status.ok() && answer.text != right[i].text) return "a wrong answer: " + answer.read;
      if (!answer.status.ok() && !Names(answer.status, name)) return answer.read + ": " + answer.status.ToString();
    }
    return "";
  }

  // Whether all of the segments' files are still there and as long as they should be, except `damaged`.
  static std::string WhatIsGone(const path& where, const path& damaged) {
    for (const path& file : sample_->SegmentFiles()) {
      if (file == damaged) continue;
      std::error_code error;
      const auto size = std::filesystem::file_size(where / file, error);
      if (error || size != std::filesystem::file_size(sample_->path() / file)) return file.string() + " was deleted";
    }
    return "";
  }

  static void Run(const std::vector<Damage>& damages, size_t short_count,
                  const std::function<std::string(Copy&, const Damage&)>& check) {
    std::unique_ptr<Copy> copy;
    RunCases({.count = damages.size(),
              .short_count = short_count,
              .megabytes_max = kMegabytesMax,
              .describe = [&](size_t i) { return damages[i].file.string() + ": " + damages[i].what; },
              .begin = [&] { copy = std::make_unique<Copy>(); },
              .run =
                  [&](size_t i) {
                    const path file = copy->database / damages[i].file;
                    if (damages[i].apply == nullptr) {
                      std::filesystem::remove(file);
                    } else {
                      WriteFile(file, damages[i].apply(ReadFile(sample_->path() / damages[i].file)));
                    }
                    return check(*copy, damages[i]);
                  }});
  }

  // The sample takes a hundredth of it, the stacks of its threads the rest.
  static constexpr int64_t kMegabytesMax = 400;

  static SampleDatabase* sample_;
};

SampleDatabase* DamageTest::sample_ = nullptr;

TEST_F(DamageTest, OfASegmentsFilesIsNamedByVerifyAndByEveryReadThatItTouches) {
  Run(DamagesOf(SegmentFiles()), 250, [](Copy& copy, const Damage& damage) {
    // The manifest of another segment names that one's files, so one of the folder's is named then.
    const std::string name = damage.file.filename() == kManifestName ? damage.file.parent_path() : damage.file;
    std::string wrong = WhatIsWrong(copy.database, name, /*is_judged_by_verify=*/true);
    if (wrong.empty()) wrong = WhatIsGone(copy.database, damage.file);
    WriteFile(copy.database / damage.file, ReadFile(sample_->path() / damage.file));
    return wrong;
  });
}

TEST_F(DamageTest, OfTheLogIsNamedOrHasNoEffect) {
  Run(DamagesOf({"log.sqlite3"}), 200, [](Copy& copy, const Damage&) {
    // An older log is what a power cut may leave with less than Durability::kFull: the last writes are not there.
    std::string wrong =
        WhatIsWrong(copy.database, "log.sqlite3", /*is_judged_by_verify=*/false, &sample_->answers_before_tail());
    if (wrong.empty()) wrong = WhatIsGone(copy.database, "");
    copy.Renew();
    return wrong;
  });
}

TEST_F(DamageTest, OfTheCatalogueIsNamedOrHasNoEffect) {
  Run(DamagesOf({"system.sqlite3"}), 200, [](Copy& copy, const Damage&) {
    std::string wrong = WhatIsWrong(copy.database, "system.sqlite3", /*is_judged_by_verify=*/false);
    if (wrong.empty()) wrong = WhatIsGone(copy.database, "");
    copy.Renew();
    return wrong;
  });
}

}  // namespace
}  // namespace ochre
