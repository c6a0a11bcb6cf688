// Runs the fuzz targets over tests/fuzz/corpus/<target>/ and over deterministic mutations of it.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "tests/fuzz/fuzz_targets.h"
#include "tests/support/source_directory.h"

namespace ochre {
namespace {

struct Target {
  const char* name;  // of the corpus folder, too
  void (*run)(std::string_view input);
};

std::vector<std::string> ReadCorpus(const Target& target) {
  const std::filesystem::path folder = testing_support::SourceDirectory() / "tests/fuzz/corpus" / target.name;
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());  // the order of a folder is no order
  std::vector<std::string> corpus;
  for (const auto& path : paths) {
    std::ifstream file(path, std::ios::binary);
    corpus.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  return corpus;
}

// What fuzzers do to an input, in small: changes, deletes, repeats and swaps bytes, and splices another input in.
std::string Mutate(std::mt19937_64& random, const std::vector<std::string>& corpus, std::string input) {
  // The bytes with a meaning in JSON or in a layout.
  constexpr std::string_view kBytes("{}[]\",:$#\\0129.e-+ntu\0\x01\x7f\x80\xff", 26);
  const size_t changes = 1 + random() % 4;
  for (size_t i = 0; i < changes && !input.empty(); ++i) {
    const size_t at = random() % input.size();
    const size_t size = std::min<size_t>(1 + random() % 16, input.size() - at);
    switch (random() % 6) {
      case 0:
        input[at] = kBytes[random() % kBytes.size()];
        break;
      case 1:
        input[at] = static_cast<char>(input[at] ^ (1 << random() % 8));
        break;
      case 2:
        input.erase(at, size);
        break;
      case 3:
        input.insert(at, input.substr(at, size));
        break;
      case 4:
        input.insert(at, 1, kBytes[random() % kBytes.size()]);
        break;
      default: {
        const std::string& other = corpus[random() % corpus.size()];
        if (other.empty()) break;
        input.insert(at, other.substr(random() % other.size(), 1 + random() % 64));
      }
    }
  }
  return input;
}

class ParsersTest : public testing::TestWithParam<Target> {};

TEST_P(ParsersTest, SurvivesItsCorpus) {
  const std::vector<std::string> corpus = ReadCorpus(GetParam());
  ASSERT_FALSE(corpus.empty()) << "no corpus for " << GetParam().name;
  GetParam().run("");
  for (const std::string& input : corpus) GetParam().run(input);
}

// Require() aborts and prints the input; the generator's seed is fixed.
TEST_P(ParsersTest, SurvivesMutationsOfItsCorpus) {
  constexpr int kMutations = 10'000;
  const std::vector<std::string> corpus = ReadCorpus(GetParam());
  ASSERT_FALSE(corpus.empty()) << "no corpus for " << GetParam().name;
  std::mt19937_64 random(1);
  for (int i = 0; i < kMutations; ++i) {
    GetParam().run(Mutate(random, corpus, corpus[random() % corpus.size()]));
  }
}

TEST_P(ParsersTest, SurvivesEveryTruncationOfItsCorpus) {
  for (const std::string& input : ReadCorpus(GetParam())) {
    for (size_t size = 0; size < input.size(); ++size) GetParam().run(std::string(input, 0, size));
  }
}

INSTANTIATE_TEST_SUITE_P(All, ParsersTest,
                         testing::Values(Target{"filter_json", FuzzFilterJson},
                                         Target{"metadata_json", FuzzMetadataJson},
                                         Target{"configuration_json", FuzzConfigurationJson},
                                         Target{"operation_batch", FuzzOperationBatch},
                                         Target{"filter_evaluation", FuzzFilterEvaluation}, Target{"regex", FuzzRegex},
                                         Target{"hnswlib_file", FuzzHnswlibFile}),
                         [](const testing::TestParamInfo<Target>& info) { return std::string(info.param.name); });

INSTANTIATE_TEST_SUITE_P(Segment, ParsersTest,
                         testing::Values(Target{"manifest", FuzzManifest}, Target{"ids", FuzzIds},
                                         Target{"records", FuzzRecords}, Target{"vectors", FuzzVectors},
                                         Target{"codes", FuzzCodes}, Target{"calibration", FuzzCalibration},
                                         Target{"graph", FuzzGraph}, Target{"columns", FuzzColumns},
                                         Target{"deletion_bitmap", FuzzDeletionBitmap}),
                         [](const testing::TestParamInfo<Target>& info) { return std::string(info.param.name); });

#ifdef OCHRE_HAS_FASTTEXT
INSTANTIATE_TEST_SUITE_P(FastText, ParsersTest, testing::Values(Target{"fasttext_file", FuzzFasttextFile}),
                         [](const testing::TestParamInfo<Target>& info) { return std::string(info.param.name); });
#endif

#ifdef OCHRE_HAS_SERVER
INSTANTIATE_TEST_SUITE_P(Server, ParsersTest,
                         testing::Values(Target{"http_head", FuzzHttpHead}, Target{"route", FuzzRoute},
                                         Target{"chunked_body", FuzzChunkedBody}, Target{"gunzip", FuzzGunzip},
                                         Target{"base64", FuzzBase64}, Target{"write_body", FuzzWriteBody},
                                         Target{"read_body", FuzzReadBody}),
                         [](const testing::TestParamInfo<Target>& info) { return std::string(info.param.name); });
#endif

}  // namespace
}  // namespace ochre
