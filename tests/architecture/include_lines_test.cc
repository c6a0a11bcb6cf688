// The table in docs/architecture.md, CMakeLists.txt and the #include lines must say the same.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support/source_directory.h"

namespace ochre {
namespace {

using testing::Contains;
using testing::IsEmpty;
using testing::Not;

using Arrows = std::map<std::string, std::set<std::string>>;  // from a folder to those that it may include

const std::filesystem::path kRoot = testing_support::SourceDirectory();

std::string ReadAll(const std::filesystem::path& path) {
  std::ifstream file(path);
  EXPECT_TRUE(file.good()) << path;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::vector<std::string> MatchesOf(const std::string& text, const std::regex& pattern) {
  std::vector<std::string> matches;
  for (std::sregex_iterator it(text.begin(), text.end(), pattern), end; it != end; ++it) matches.push_back((*it)[1]);
  return matches;
}

std::set<std::string> WordsOf(const std::string& text) {
  const auto words = MatchesOf(text, std::regex("([a-z_]+)"));
  return {words.begin(), words.end()};
}

// Rows "| `folder/` | what | a, b |" below the heading "## Folders".
Arrows TableOfDocs() {
  Arrows arrows;
  std::istringstream lines(ReadAll(kRoot / "docs/architecture.md"));
  const std::regex row(R"(\| `([a-z_]+)/` \|.*\| ([a-z_, -]+) \|)");
  bool in_section = false;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("## ")) in_section = line == "## Folders";
    std::smatch match;
    if (in_section && std::regex_match(line, match, row)) arrows[match[1]] = WordsOf(match[2]);
  }
  return arrows;
}

// ochre_component(folder DEPENDS a b LIBRARIES ...). Every component may depend on types: the table leaves it out.
Arrows TableOfCMake() {
  Arrows arrows;
  const std::string text = std::regex_replace(ReadAll(kRoot / "CMakeLists.txt"), std::regex("#[^\n]*"), "");
  const std::regex component(R"(ochre_component\((\w+)([^)]*)\))");
  for (std::sregex_iterator it(text.begin(), text.end(), component), end; it != end; ++it) {
    std::string rest = (*it)[2];
    rest = rest.substr(0, rest.find("LIBRARIES"));
    std::set<std::string> folders = WordsOf(rest);
    folders.erase("types");
    arrows[(*it)[1]] = folders;
  }
  return arrows;
}

std::vector<std::filesystem::path> SourcesIn(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> sources;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    const auto extension = entry.path().extension();
    if (extension == ".h" || extension == ".cc") sources.push_back(entry.path());
  }
  return sources;
}

TEST(IncludeLinesTest, TheTableHasARowForEveryFolderAndNoOther) {
  std::set<std::string> folders;
  for (const auto& entry : std::filesystem::directory_iterator(kRoot / "src")) folders.insert(entry.path().filename());
  std::set<std::string> rows;
  for (const auto& [folder, may_include] : TableOfDocs()) rows.insert(folder);
  EXPECT_EQ(rows, folders);
}

TEST(IncludeLinesTest, CMakeLinksWhatTheTableSays) { EXPECT_EQ(TableOfCMake(), TableOfDocs()); }

TEST(IncludeLinesTest, TheArrowsHaveNoCycle) {
  Arrows left = TableOfDocs();
  ASSERT_THAT(left, Not(IsEmpty()));
  // Takes away what includes nothing that is left, until nothing is.
  for (bool progress = true; progress;) {
    progress = false;
    for (auto it = left.begin(); it != left.end();) {
      const bool is_leaf = std::none_of(it->second.begin(), it->second.end(),
                                        [&](const std::string& folder) { return left.contains(folder); });
      it = is_leaf ? left.erase(it) : std::next(it);
      progress = progress || is_leaf;
    }
  }
  EXPECT_THAT(left, IsEmpty());
}

TEST(IncludeLinesTest, EverySourceIncludesOnlyWhatItsRowNames) {
  const Arrows table = TableOfDocs();
  const std::regex include_line(R"re(#include "([^"]+)")re");
  for (const auto& [folder, may_include] : table) {
    for (const auto& source : SourcesIn(kRoot / "src" / folder)) {
      for (const std::string& included : MatchesOf(ReadAll(source), include_line)) {
        const std::string target = included.substr(0, included.find('/'));
        const bool ours = table.contains(target);  // otherwise a library's, or include/ochre
        if (ours && target != folder && target != "types") {
          EXPECT_THAT(may_include, Contains(target)) << source << " includes " << included;
        }
      }
    }
  }
}

TEST(IncludeLinesTest, PublicHeadersIncludeTheStandardLibraryAndEachOtherOnly) {
  // No path and no ".h" between the angle brackets: neither a third-party nor a system header. In C, <stdint.h>.
  const std::regex allowed(R"re(<[a-z_]+>|<stdint\.h>|"ochre/[a-z_]+\.h")re");
  for (const auto& header : SourcesIn(kRoot / "include/ochre")) {
    for (const std::string& included : MatchesOf(ReadAll(header), std::regex("#include ([^\n]+)"))) {
      EXPECT_TRUE(std::regex_match(included, allowed)) << header << " includes " << included;
    }
  }
}

// Highway's inline functions depend on them: two files that differ are undefined behaviour, and crashed builds without
// optimisation. cmake/dependencies.cmake sets them for all.
TEST(IncludeLinesTest, NoFileChoosesHighwaysTargetsForItself) {
  for (const char* folder : {"src", "tests", "bench"}) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(kRoot / folder)) {
      if (entry.path().extension() != ".cc" && entry.path().extension() != ".h") continue;
      EXPECT_THAT(
          MatchesOf(ReadAll(entry.path()), std::regex("\n *# *(?:define|undef) +(HWY_(?:WANT|DISABLED)[A-Z0-9_]*)")),
          IsEmpty())
          << entry.path();
    }
  }
}

}  // namespace
}  // namespace ochre
