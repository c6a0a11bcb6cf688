// What README.md shows must be what is built and tested.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "tests/support/source_directory.h"

namespace ochre {
namespace {

std::string ReadAll(const std::string& name) {
  std::ifstream file(testing_support::SourceDirectory() / name);
  EXPECT_TRUE(file.good()) << name;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(ReadmeTest, ItsFirstCodeIsTheQuickstartExample) {
  const std::string readme = ReadAll("README.md");
  const std::string fence = "```cpp\n";
  const size_t begin = readme.find(fence);
  ASSERT_NE(begin, std::string::npos);
  const size_t code = begin + fence.size();
  EXPECT_EQ(readme.substr(code, readme.find("```", code) - code), ReadAll("examples/quickstart.cc"));
}

}  // namespace
}  // namespace ochre
