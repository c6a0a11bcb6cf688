// ChildProcess: this test program, started once more as another process.
#ifndef OCHRE_TESTS_CRASH_CHILD_PROCESS_H_
#define OCHRE_TESTS_CRASH_CHILD_PROCESS_H_

#include <sys/types.h>

#include <string>
#include <vector>

namespace ochre {

// A child begins at main() rather than as the copy that fork() makes, in which the locks of other threads would stay
// locked. main.cc reads what its first argument asks for.
class ChildProcess {
 public:
  // The child's descriptor kPipeDescriptor writes to pipe().
  static constexpr int kPipeDescriptor = 3;

  explicit ChildProcess(const std::vector<std::string>& arguments);
  ~ChildProcess();  // kills it if it still runs
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  // Reads end with the child.
  int pipe() const { return pipe_; }

  void Kill() const;  // SIGKILL: it gets no chance to do anything more
  // Waits for the end; the status as of waitpid.
  int Wait();

 private:
  pid_t pid_ = -1;
  int pipe_ = -1;
  bool ended_ = false;
};

}  // namespace ochre

#endif  // OCHRE_TESTS_CRASH_CHILD_PROCESS_H_
