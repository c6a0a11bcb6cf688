// NumberedCases: many cases of one test, run in child processes, so that a case that crashes, hangs or takes too much
// memory is a failure like any other.
#ifndef OCHRE_TESTS_FAULTS_NUMBERED_CASES_H_
#define OCHRE_TESTS_FAULTS_NUMBERED_CASES_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace ochre {

struct NumberedCases {
  // Cases are [0, count), all of which the long form runs (OCHRE_FAULTS=long, scripts/test.sh --faults). The short form
  // runs `short_cases`, or if there are none `short_count` of them, spread by a fixed seed.
  size_t count = 0;
  size_t short_count = 0;
  std::vector<size_t> short_cases = {};
  int seconds_max = 20;       // for one case; more is a hang
  int64_t megabytes_max = 0;  // of address space beyond what a child begins with; 0: no limit
  // What the case is, for messages.
  std::function<std::string(size_t)> describe;
  // Called in each child before its first case: what they share is made here.
  std::function<void()> begin = [] {};
  // Empty if all is well, or else what is wrong.
  std::function<std::string(size_t)> run;
  // Called in this process after a case ended its child by a signal, with what it printed: as `run`. Null: always
  // wrong.
  std::function<std::string(size_t, const std::string& output)> after_crash = nullptr;
};

// Adds a GoogleTest failure for each case that fails, with a command that repeats it: OCHRE_FAULTS_CASE=number runs
// that case alone and in this process, for a debugger. Precondition: this process has one thread and no database open.
void RunCases(const NumberedCases& cases);

}  // namespace ochre

#endif  // OCHRE_TESTS_FAULTS_NUMBERED_CASES_H_
