// RunForked: calls a function in a child process, which may be killed, crash or hang.
#ifndef OCHRE_TESTS_FAULTS_FORKED_CHILD_H_
#define OCHRE_TESTS_FAULTS_FORKED_CHILD_H_

#include <chrono>
#include <functional>
#include <string>

namespace ochre {

struct ChildOutcome {
  bool hung = false;  // ended by us, because the time was over
  int signal = 0;     // 0: it exited
  int exit_code = 0;
  std::string output;  // what it wrote to stdout and stderr

  bool exited_with(int code) const { return !hung && signal == 0 && exit_code == code; }
};
// "exited with 3", "ended by signal 6", "hung", with the output.
std::string Describe(const ChildOutcome& outcome);

// The child exits with what `body` returns, by _exit. It is a copy of this process, which must have one thread and no
// database open.
ChildOutcome RunForked(std::chrono::seconds limit, const std::function<int()>& body);

}  // namespace ochre

#endif  // OCHRE_TESTS_FAULTS_FORKED_CHILD_H_
