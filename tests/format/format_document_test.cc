// docs/format.md names the magic and version of every file of a segment as they are written.
#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "ochre/ochre.h"
#include "tests/support/expect_ok.h"
#include "tests/support/source_directory.h"
#include "tests/support/temporary_directory.h"

namespace ochre {
namespace {

std::string ReadAll(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

TEST(FormatDocumentTest, MagicAndVersionOfEveryFileAreDocumented) {
  const TemporaryDirectory directory;
  ASSERT_OK_AND_ASSIGN(const auto client, Client::Open(directory.path(), {.durability = Durability::kNone}));
  ASSERT_OK_AND_ASSIGN(Collection collection, client->CreateCollection("test"));
  constexpr int kRows = 5'000;  // the fewest that have a graph
  std::vector<std::string> ids;
  std::vector<float> values;
  for (int i = 0; i < kRows; ++i) {
    ids.push_back(std::to_string(i));
    values.insert(values.end(), {static_cast<float>(i % 71), static_cast<float>(i / 71)});
  }
  ASSERT_OK(collection.Add({.ids = ids, .embeddings = {values, 2}}));
  ASSERT_OK(client->Compact(collection));

  const std::string document = ReadAll(testing_support::SourceDirectory() / "docs" / "format.md");
  int files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory.path() / "segments")) {
    if (!entry.is_regular_file()) continue;
    const std::string name = entry.path().filename().string();
    if (name == "postings.sst") continue;  // RocksDB's format
    SCOPED_TRACE(name);
    const std::string bytes = ReadAll(entry.path());
    ASSERT_GE(bytes.size(), 12u);
    uint32_t version = 0;
    std::memcpy(&version, bytes.data() + 8, sizeof(version));
    const size_t section = document.find("\n## " + name + "\n");
    ASSERT_NE(section, std::string::npos);
    const std::string text = document.substr(section, document.find("\n## ", section + 1) - section);
    EXPECT_NE(text.find("magic `" + bytes.substr(0, 8) + "`"), std::string::npos);
    EXPECT_NE(text.find("format version, " + std::to_string(version)), std::string::npos);
    ++files;
  }
  EXPECT_EQ(files, 8);  // SEGMENT, ids, records, vectors, codes, graph, calibration, columns
}

}  // namespace
}  // namespace ochre
