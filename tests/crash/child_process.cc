#include "tests/crash/child_process.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
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

ChildProcess::ChildProcess(const std::vector<std::string>& arguments) {
  int ends[2];
  Require(pipe2(ends, O_CLOEXEC) == 0, "pipe2");
  pipe_ = ends[0];
  // dup2 onto itself would leave the close-on-exec flag set.
  if (ends[1] == kPipeDescriptor) Require(fcntl(ends[1], F_SETFD, 0) == 0, "fcntl");
  posix_spawn_file_actions_t actions;
  Require(posix_spawn_file_actions_init(&actions) == 0, "posix_spawn_file_actions_init");
  Require(posix_spawn_file_actions_adddup2(&actions, ends[1], kPipeDescriptor) == 0, "adddup2");
  std::vector<std::string> copies = arguments;
  std::string program = "/proc/self/exe";
  std::vector<char*> argv = {program.data()};
  for (std::string& argument : copies) argv.push_back(argument.data());
  argv.push_back(nullptr);
  Require(posix_spawn(&pid_, program.c_str(), &actions, nullptr, argv.data(), environ) == 0, "posix_spawn");
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
}

ChildProcess::~ChildProcess() {
  if (!ended_) {
    Kill();
    Wait();
  }
  close(pipe_);
}

void ChildProcess::Kill() const { Require(kill(pid_, SIGKILL) == 0, "kill"); }

int ChildProcess::Wait() {
  int status = 0;
  Require(waitpid(pid_, &status, 0) == pid_, "waitpid");
  ended_ = true;
  return status;
}

}  // namespace ochre
