// GoogleTest skips the tests of a suite that could not be set up, and CTest takes what is skipped for well. In every
// test program.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>

namespace ochre {
namespace {

class SuiteListener : public testing::EmptyTestEventListener {
  // A program that is aborted has failed whatever it printed.
  void OnTestSuiteEnd(const testing::TestSuite& suite) override {
    if (!suite.ad_hoc_test_result().Failed()) return;
    std::fprintf(stderr, "%s could not be set up or torn down\n", suite.name());
    std::abort();
  }
};

// Appended before main, which any number of listeners may be.
[[maybe_unused]] const bool appended = [] {
  testing::UnitTest::GetInstance()->listeners().Append(new SuiteListener());
  return true;
}();

}  // namespace
}  // namespace ochre
