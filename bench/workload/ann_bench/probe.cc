#include "bench/workload/ann_bench/probe.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <thread>
#include <utility>
#include <vector>

#include "bench/support/page_cache.h"

namespace ochre {
namespace {

constexpr int kProbes = 3;
constexpr double kKnob = 100;  // ef_search: the default of Ochre, and enough for some recall everywhere
constexpr const char* kFormat = "probe %lf %lf %lf";

Result<ProbeResult> RunOnce(std::span<const std::string> arguments) {
  int pipe_ends[2];
  if (pipe2(pipe_ends, O_CLOEXEC) != 0) return Status::Internal("pipe2: ", std::strerror(errno));
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, pipe_ends[1], STDOUT_FILENO);
  std::string program = "/proc/self/exe";
  std::vector<std::string> copies(arguments.begin(), arguments.end());
  std::vector<char*> argv = {program.data()};
  for (std::string& argument : copies) argv.push_back(argument.data());
  argv.push_back(nullptr);
  pid_t child = 0;
  const int error = posix_spawn(&child, program.c_str(), &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  close(pipe_ends[1]);
  std::string output;
  char buffer[256];
  for (ssize_t size = 0; error == 0 && (size = read(pipe_ends[0], buffer, sizeof(buffer))) > 0;) {
    output.append(buffer, static_cast<size_t>(size));
  }
  close(pipe_ends[0]);
  if (error != 0) return Status::Internal("posix_spawn: ", std::strerror(error));
  int status = 0;
  waitpid(child, &status, 0);
  ProbeResult result;
  const size_t line = output.find("probe ");
  if (status != 0 || line == std::string::npos ||
      std::sscanf(output.c_str() + line, kFormat, &result.open_ms, &result.private_bytes, &result.mapped_bytes) != 3) {
    return Status::Internal("the process that opens an index failed: ", output);
  }
  return result;
}

}  // namespace

void WaitForSteadyMemory() {
  for (int64_t before = -1, now = 0; now != before;) {
    before = std::exchange(now, MeasureResidentMemory().private_bytes);
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    now = MeasureResidentMemory().private_bytes;
  }
}

Status Probe(const EngineKind& kind, const std::filesystem::path& path, const IndexOptions& options,
             const MatrixSpan& queries, int64_t k) {
  EvictFromCache(path);
  const ResidentMemory before = MeasureResidentMemory();
  const auto start = std::chrono::steady_clock::now();
  OCHRE_ASSIGN_OR_RETURN(const auto engine, kind.open(path, options));
  engine->SetKnob(kKnob);
  std::vector<uint32_t> found(static_cast<size_t>(k));
  const auto width = static_cast<size_t>(queries.columns);
  for (int64_t q = 0; q < queries.rows(); ++q) {
    OCHRE_RETURN_IF_ERROR(engine->Search({{queries.Row(q), width}, queries.columns}, k, found));
    if (q > 0) continue;
    const std::chrono::duration<double, std::milli> opened = std::chrono::steady_clock::now() - start;
    std::printf("probe %f ", opened.count());
  }
  WaitForSteadyMemory();
  const ResidentMemory after = MeasureResidentMemory();
  std::printf("%" PRId64 " %" PRId64 "\n", after.private_bytes - before.private_bytes,
              after.mapped_bytes - before.mapped_bytes);
  return Status::Ok();
}

Result<ProbeResult> RunProbe(std::span<const std::string> arguments) {
  std::vector<ProbeResult> results;
  for (int i = 0; i < kProbes; ++i) {
    OCHRE_ASSIGN_OR_RETURN(results.emplace_back(), RunOnce(arguments));
  }
  std::sort(results.begin(), results.end(),
            [](const ProbeResult& a, const ProbeResult& b) { return a.open_ms < b.open_ms; });
  return results[kProbes / 2];
}

}  // namespace ochre
