// SampleDatabase: a database on disk with a segment that has a graph, a small segment and a tail.
#ifndef OCHRE_TESTS_FORMAT_SAMPLE_DATABASE_H_
#define OCHRE_TESTS_FORMAT_SAMPLE_DATABASE_H_

#include <filesystem>
#include <string>
#include <vector>

#include "ochre/ochre.h"
#include "tests/support/temporary_directory.h"

namespace ochre {

inline constexpr std::string_view kSampleCollection = "sample";

// One read of the sample collection: its outcome, and all that it returned as bytes, to compare.
struct SampleAnswer {
  std::string read;  // which one
  Status status;
  std::string text;
};

// Everything that touches files: gets of everything, by id, by filter and by substring, searches in the graph and
// exact ones, with and without a filter.
std::vector<SampleAnswer> ReadEverything(const Collection& collection);

class SampleDatabase {
 public:
  SampleDatabase();

  const std::filesystem::path& path() const { return path_; }
  // "segments/<uuid>" of the segments, the larger one first.
  const std::vector<std::filesystem::path>& segments() const { return segments_; }
  // Every file of every segment, relative to path().
  std::vector<std::filesystem::path> SegmentFiles() const;
  // What ReadEverything gives while nothing is damaged.
  const std::vector<SampleAnswer>& answers() const { return answers_; }
  // What it gave before the tail was written.
  const std::vector<SampleAnswer>& answers_before_tail() const { return answers_before_tail_; }
  // A copy of the database as it was with the larger segment alone.
  const std::filesystem::path& older() const { return older_; }

  // Another copy of it, as it was made.
  void CopyTo(const std::filesystem::path& path) const;

 private:
  void Make();

  TemporaryDirectory directory_;
  std::filesystem::path path_, older_;
  std::vector<std::filesystem::path> segments_;
  std::vector<SampleAnswer> answers_, answers_before_tail_;
};

// How the tests open it: nothing is compacted while they look.
ClientOptions SampleOptions();

std::string ReadFile(const std::filesystem::path& path);
void WriteFile(const std::filesystem::path& path, std::string_view bytes);

}  // namespace ochre

#endif  // OCHRE_TESTS_FORMAT_SAMPLE_DATABASE_H_
