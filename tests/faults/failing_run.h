// RunThroughFailures: the steps of a workload in a process whose file calls fail, each failure looked at.
#ifndef OCHRE_TESTS_FAULTS_FAILING_RUN_H_
#define OCHRE_TESTS_FAULTS_FAILING_RUN_H_

#include <string>
#include <vector>

#include "tests/faults/oracle.h"
#include "tests/faults/workload.h"

namespace ochre {

enum class AfterFailure {
  kRetry,   // the same call again, in the same process
  kReopen,  // the database is closed and opened first, and must show what it was before the call or after it
};

// In a child with the shim armed. After each step that fails the shim pauses and the database is what it was before
// the step, or what it is after it, and the step succeeds when it is tried again; only if it says FailedPrecondition,
// because the log wants to be opened again, it is closed and opened before. Then the shim goes on. In the end
// everything is compared once more after reopening. Marks the trace as RunSteps does, and its end with "E": what is
// written after that belongs to the comparison.
//
// `failed_stay_away`: what was not there after a failed step, and is not tried again, is not there after reopening.
// Returns what is wrong, or "".
std::string RunThroughFailures(const std::vector<Step>& steps, const std::vector<ExpectedDatabase>& states,
                               AfterFailure after, bool failed_stay_away, OpenDatabase& database);

}  // namespace ochre

#endif  // OCHRE_TESTS_FAULTS_FAILING_RUN_H_
