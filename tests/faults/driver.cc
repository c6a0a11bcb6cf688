#include "tests/faults/driver.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <new>

namespace ochre {
namespace {

constexpr char kShimFile[] = "libochre_fault_shim.so";  // beside this program

template <typename Function>
Function* InShim(const char* name) {
  auto* const function = reinterpret_cast<Function*>(dlsym(RTLD_DEFAULT, name));
  if (function == nullptr) {
    std::fprintf(stderr, "%s is not preloaded\n", kShimFile);
    std::abort();
  }
  return function;
}

void Require(bool condition, const char* what) {
  if (condition) return;
  std::perror(what);
  std::abort();
}

FaultCounts* shared_counts = nullptr;

}  // namespace

Progress& FreshProgress() {
  static void* const memory =
      mmap(nullptr, sizeof(Progress), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  Require(memory != MAP_FAILED, "mmap");
  auto* const progress = new (memory) Progress{};
  shared_counts = &progress->counts;
  return *progress;
}

void Arm(FaultPlan plan) {
  plan.counts = shared_counts;
  InShim<FaultArmFunction>(kFaultArmName)(&plan);
}

void PauseFaults(bool paused) { InShim<FaultPauseFunction>(kFaultPauseName)(paused ? 1 : 0); }

void Mark(const std::string& text) {
  InShim<FaultMarkFunction>(kFaultMarkName)(text.data(), static_cast<int64_t>(text.size()));
}

uint32_t CallClassesOf(const std::string& names) {
  static const std::map<std::string, uint32_t> classes = {
      {"open", kCallOpen}, {"create", kCallCreate},     {"read", kCallRead},     {"write", kCallWrite},
      {"sync", kCallSync}, {"map", kCallMap},           {"rename", kCallRename}, {"unlink", kCallUnlink},
      {"list", kCallList}, {"truncate", kCallTruncate}, {"mkdir", kCallMkdir},   {"close", kCallClose}};
  uint32_t combined = 0;
  for (size_t begin = 0; begin <= names.size();) {
    const size_t end = std::min(names.find(',', begin), names.size());
    const auto found = classes.find(names.substr(begin, end - begin));
    if (found == classes.end()) {
      std::fprintf(stderr, "unknown class of calls in %s\n", names.c_str());
      std::abort();
    }
    combined |= found->second;
    begin = end + 1;
  }
  return combined;
}

int RunSteps(const std::vector<Step>& steps, OpenDatabase& database) {
  Progress* const progress =
      reinterpret_cast<Progress*>(reinterpret_cast<char*>(shared_counts) - offsetof(Progress, counts));
  for (size_t i = 0; i < steps.size(); ++i) {
    progress->started = static_cast<int64_t>(i) + 1;
    Mark("S" + std::to_string(i));
    if (const Status status = Execute(steps[i], database); !status.ok()) {
      std::printf("step %zu, %s: %s\n", i, Describe(steps[i]).c_str(), status.ToString().c_str());
      return 1;
    }
    Mark("A" + std::to_string(i));
    progress->acknowledged = static_cast<int64_t>(i) + 1;
  }
  const Status closed = database.Close();
  if (!closed.ok()) std::printf("close: %s\n", closed.ToString().c_str());
  return closed.ok() ? 0 : 1;
}

int RunDriver(int argc, char** argv) {
  const std::map<std::string, int (*)(Campaign&)> campaigns = {{"crash_points", RunCrashPoints},
                                                               {"power_cuts", RunPowerCuts},
                                                               {"failing_calls", RunFailingCalls},
                                                               {"failed_syncs", RunFailedSyncs},
                                                               {"recovery_crashes", RunRecoveryCrashes}};
  const std::string name = argc > 2 ? argv[2] : "";
  const auto found = campaigns.find(name);
  if (found == campaigns.end()) {
    std::fprintf(stderr, "unknown campaign \"%s\"; there are:", name.c_str());
    for (const auto& [known, run] : campaigns) std::fprintf(stderr, " %s", known.c_str());
    std::fprintf(stderr, "\n");
    return 2;
  }
  Campaign campaign(name, {argv + 3, argv + argc});
  return found->second(campaign);
}

namespace {

// AddressSanitizer's or ThreadSanitizer's library, which insists on being the first one, with a colon; empty without.
std::string SanitizerRuntime() {
  for (const char* symbol : {"__asan_init", "__tsan_init"}) {
    Dl_info info;
    void* const address = dlsym(RTLD_DEFAULT, symbol);
    if (address != nullptr && dladdr(address, &info) != 0) return std::string(info.dli_fname) + ":";
  }
  return "";
}

}  // namespace

void RunCampaign(const std::string& name, std::vector<std::string> arguments) {
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe");
  arguments.insert(arguments.begin(), {program.string(), std::string(kDriverArgument), name});
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  std::string preload = "LD_PRELOAD=" + SanitizerRuntime() + (program.parent_path() / kShimFile).string();
  std::vector<char*> environment = {preload.data()};
  for (char** variable = environ; *variable != nullptr; ++variable) environment.push_back(*variable);
  environment.push_back(nullptr);

  int ends[2];
  Require(pipe2(ends, O_CLOEXEC) == 0, "pipe2");
  posix_spawn_file_actions_t actions;
  Require(posix_spawn_file_actions_init(&actions) == 0, "posix_spawn_file_actions_init");
  Require(posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO) == 0, "adddup2");
  pid_t driver = 0;
  Require(posix_spawn(&driver, program.c_str(), &actions, nullptr, argv.data(), environment.data()) == 0,
          "posix_spawn");
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  std::string output;
  char buffer[4'096];
  for (ssize_t count; (count = read(ends[0], buffer, sizeof(buffer))) > 0;) {
    output.append(buffer, static_cast<size_t>(count));
  }
  close(ends[0]);
  int status = 0;
  Require(waitpid(driver, &status, 0) == driver, "waitpid");
  std::printf("%s", output.c_str());
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << output;
}

}  // namespace ochre
