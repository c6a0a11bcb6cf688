#include "tests/faults/forked_child.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

namespace ochre {
namespace {

void Require(bool condition, const char* what) {
  if (condition) return;
  std::perror(what);
  std::abort();
}

}  // namespace

std::string Describe(const ChildOutcome& outcome) {
  std::string text = outcome.hung         ? "hung"
                     : outcome.signal > 0 ? "ended by signal " + std::to_string(outcome.signal)
                                          : "exited with " + std::to_string(outcome.exit_code);
  if (!outcome.output.empty()) text += ": " + outcome.output;
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

ChildOutcome RunForked(std::chrono::seconds limit, const std::function<int()>& body) {
  std::fflush(nullptr);
  const int output = memfd_create("output", MFD_CLOEXEC);
  Require(output >= 0, "memfd_create");
  int ends[2];  // the child holds the end for writing, so that the other tells when it is gone
  Require(pipe2(ends, O_CLOEXEC) == 0, "pipe2");
  const pid_t child = fork();
  Require(child >= 0, "fork");
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);  // never outlives the campaign
    close(ends[0]);
    dup2(output, STDOUT_FILENO);
    dup2(output, STDERR_FILENO);
    const int code = body();
    std::fflush(nullptr);
    _exit(code);
  }
  close(ends[1]);
  ChildOutcome outcome;
  pollfd ended = {.fd = ends[0], .events = POLLIN, .revents = 0};
  const auto milliseconds = static_cast<int>(std::chrono::milliseconds(limit).count());
  if (poll(&ended, 1, milliseconds) == 0) {
    outcome.hung = true;
    Require(kill(child, SIGKILL) == 0, "kill");
  }
  int status = 0;
  Require(waitpid(child, &status, 0) == child, "waitpid");
  if (WIFSIGNALED(status)) outcome.signal = WTERMSIG(status);
  if (WIFEXITED(status)) outcome.exit_code = WEXITSTATUS(status);
  char buffer[4'096];
  off_t offset = 0;
  for (ssize_t count; (count = pread(output, buffer, sizeof(buffer), offset)) > 0; offset += count) {
    outcome.output.append(buffer, static_cast<size_t>(count));
  }
  close(ends[0]);
  close(output);
  return outcome;
}

}  // namespace ochre
