#include "tests/faults/numbered_cases.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <numeric>
#include <random>
#include <string_view>

#include "tests/faults/campaign.h"
#include "tests/faults/forked_child.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define OCHRE_TESTS_SANITIZED 1
#else
#define OCHRE_TESTS_SANITIZED 0
#endif

namespace ochre {
namespace {

// Which cases the short form takes; the same in every run, so that what passed passes again.
constexpr uint64_t kSeed = 20'251'129;
// After so many failures the rest say nothing new.
constexpr int kFailuresMax = 20;
// Sanitizers slow everything down.
constexpr int kSlowness = OCHRE_TESTS_SANITIZED ? 10 : 1;
// Of a child, which ends itself by an alarm for each case.
constexpr std::chrono::hours kChildLimit(3);

// What a child tells its parent, in memory that both have mapped.
struct Progress {
  std::atomic<size_t> next;    // index in the list of cases: what runs, or will
  std::atomic<bool> has_text;  // `text` says what is wrong with case `next`
  char text[4'000];
};

std::vector<size_t> ChosenCases(const NumberedCases& cases) {
  if (!IsLongCampaign() && !cases.short_cases.empty()) return cases.short_cases;
  std::vector<size_t> chosen(cases.count);
  std::iota(chosen.begin(), chosen.end(), size_t{0});
  if (IsLongCampaign() || cases.count <= cases.short_count) return chosen;
  std::shuffle(chosen.begin(), chosen.end(), std::mt19937_64(kSeed));
  chosen.resize(cases.short_count);
  std::sort(chosen.begin(), chosen.end());
  return chosen;
}

std::string CommandFor(size_t number) {
  const testing::TestInfo* test = testing::UnitTest::GetInstance()->current_test_info();
  return "OCHRE_FAULTS_CASE=" + std::to_string(number) + " " +
         std::filesystem::read_symlink("/proc/self/exe").string() + " --gtest_filter=" + test->test_suite_name() + "." +
         test->name();
}

void LimitMemory(int64_t megabytes) {
  if (megabytes == 0 || OCHRE_TESTS_SANITIZED) return;  // their shadow memory is beyond any limit
  std::ifstream statm("/proc/self/statm");
  uint64_t pages = 0;
  statm >> pages;
  const rlim_t bytes = pages * static_cast<uint64_t>(sysconf(_SC_PAGESIZE)) + (static_cast<rlim_t>(megabytes) << 20);
  const rlimit limit = {bytes, bytes};
  if (setrlimit(RLIMIT_AS, &limit) != 0) std::abort();
}

// Runs the cases from progress.next on, until one is wrong.
int RunChild(const NumberedCases& cases, const std::vector<size_t>& chosen, Progress& progress) {
  const rlimit no_core = {0, 0};
  (void)setrlimit(RLIMIT_CORE, &no_core);
  cases.begin();
  LimitMemory(cases.megabytes_max);
  for (; progress.next < chosen.size(); ++progress.next) {
    alarm(static_cast<unsigned>(cases.seconds_max * kSlowness));
    std::string wrong;
    try {
      wrong = cases.run(chosen[progress.next]);
    } catch (const std::exception& exception) {
      wrong = std::string("an exception: ") + exception.what();
    }
    alarm(0);
    if (wrong.empty()) continue;
    std::snprintf(progress.text, sizeof(progress.text), "%s", wrong.c_str());
    progress.has_text = true;
    break;
  }
  return 0;
}

}  // namespace

void RunCases(const NumberedCases& cases) {
  if (const char* only = std::getenv("OCHRE_FAULTS_CASE"); only != nullptr) {
    const size_t number = std::strtoull(only, nullptr, 10);
    ASSERT_LT(number, cases.count);
    std::cout << "case " << number << ", " << cases.describe(number) << std::endl;
    cases.begin();
    const std::string wrong = cases.run(number);
    EXPECT_TRUE(wrong.empty()) << wrong;
    return;
  }
  const std::vector<size_t> chosen = ChosenCases(cases);
  ASSERT_FALSE(chosen.empty());
  std::cout << chosen.size() << " of " << cases.count << " cases, seed " << kSeed << std::endl;
  void* const memory = mmap(nullptr, sizeof(Progress), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(memory, MAP_FAILED);
  Progress& progress = *new (memory) Progress{};
  int failures = 0;
  for (; progress.next < chosen.size(); ++progress.next) {  // past the case that ended the last child
    progress.has_text = false;
    const ChildOutcome outcome = RunForked(kChildLimit, [&] { return RunChild(cases, chosen, progress); });
    if (progress.next == chosen.size()) break;
    const size_t number = chosen[progress.next];
    std::string wrong;
    if (progress.has_text) {
      wrong = progress.text;
    } else if (outcome.signal == SIGALRM) {
      wrong = "hangs: it took longer than " + std::to_string(cases.seconds_max * kSlowness) + " s";
    } else if (outcome.signal != 0 && cases.after_crash != nullptr) {
      wrong = cases.after_crash(number, outcome.output);
    } else {
      wrong = Describe(outcome);
    }
    if (wrong.empty()) continue;
    ADD_FAILURE() << "case " << number << ", " << cases.describe(number) << ":\n  " << wrong
                  << "\n  repeat with: " << CommandFor(number);
    if (++failures == kFailuresMax) {
      ADD_FAILURE() << "the cases after number " << number << " were left out";
      break;
    }
  }
  munmap(memory, sizeof(Progress));
}

}  // namespace ochre
