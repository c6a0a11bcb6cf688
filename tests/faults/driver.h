// What campaigns do to a process under test: arming the shim, and memory that tells how far it got.
#ifndef OCHRE_TESTS_FAULTS_DRIVER_H_
#define OCHRE_TESTS_FAULTS_DRIVER_H_

#include <atomic>
#include <string>
#include <vector>

#include "tests/faults/campaign.h"
#include "tests/faults/fault_shim.h"
#include "tests/faults/workload.h"

namespace ochre {

// Shared with the forked children: what they have written to it is there after they were killed.
struct Progress {
  std::atomic<int64_t> started;       // steps begun
  std::atomic<int64_t> acknowledged;  // steps that returned Ok
  FaultCounts counts;
};

// One for the process, zeroed by each call.
Progress& FreshProgress();

// In the child: what the shim is to do from now on. `plan.counts` is set.
void Arm(FaultPlan plan);
void PauseFaults(bool paused);
void Mark(const std::string& text);

// Classes by name: "write,sync". Aborts at an unknown one.
uint32_t CallClassesOf(const std::string& names);

// In the child: the steps one by one, noting progress and marking the trace with "S<i>" (about to start step i) and
// "A<i>" (acknowledged), then closes. The exit code: 0, or 1 with the status printed.
int RunSteps(const std::vector<Step>& steps, OpenDatabase& database);

}  // namespace ochre

#endif  // OCHRE_TESTS_FAULTS_DRIVER_H_
