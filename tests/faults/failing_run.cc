#include "tests/faults/failing_run.h"

#include "tests/faults/driver.h"

namespace ochre {
namespace {

class FailingRun {
 public:
  FailingRun(const std::vector<ExpectedDatabase>& states, AfterFailure after, bool failed_stay_away,
             OpenDatabase& database)
      : states_(states), after_(after), failed_stay_away_(failed_stay_away), database_(database) {}

  // What is wrong after step `i` failed with `failure`, or "". The step is done then.
  std::string LookAndRetry(size_t i, const Step& step, const Status& failure) {
    std::string problem;
    bool done = false;
    if (database_.client == nullptr) {
      problem = OpenAgain();
      if (!problem.empty()) return problem;
    }
    problem = Compare(i, done);
    if (!problem.empty()) return problem;
    const bool was_done = done;
    if (after_ == AfterFailure::kReopen) {
      problem = OpenAgain();
      if (problem.empty()) problem = Compare(i, done);
      if (!problem.empty()) return problem;
      if (was_done && !done) return "it was done, and after reopening it is not";
      if (!was_done && done && failed_stay_away_) return "it was not done, and after reopening it is";
    }
    if (done) return "";
    Status again = Execute(step, database_);
    if (again.code() == StatusCode::kFailedPrecondition) {
      problem = OpenAgain();
      if (problem.empty()) problem = Compare(i, done);
      if (!problem.empty()) return problem;
      if (done && failed_stay_away_) return "it was refused until reopened, and is done after that";
      again = done ? Status::Ok() : Execute(step, database_);
    }
    if (!again.ok()) return "tried again after " + failure.ToString() + ": " + again.ToString();
    return "";
  }

  std::string OpenAgain() {
    (void)database_.Close();  // may tell of the failure again
    const Status opened = database_.Open();
    return opened.ok() ? "" : "it cannot be opened again: " + opened.ToString();
  }

 private:
  // Whether step `i` is done; a problem if it is neither done nor undone.
  std::string Compare(size_t i, bool& done) {
    done = false;
    const std::string before = DifferenceOf(*database_.client, states_[i]);
    if (before.empty()) return "";
    done = true;
    const std::string after = DifferenceOf(*database_.client, states_[i + 1]);
    return after.empty() ? "" : "it is neither as before (" + before + ") nor as after it (" + after + ")";
  }

  const std::vector<ExpectedDatabase>& states_;
  const AfterFailure after_;
  const bool failed_stay_away_;
  OpenDatabase& database_;
};

}  // namespace

std::string RunThroughFailures(const std::vector<Step>& steps, const std::vector<ExpectedDatabase>& states,
                               AfterFailure after, bool failed_stay_away, OpenDatabase& database) {
  FailingRun run(states, after, failed_stay_away, database);
  for (size_t i = 0; i < steps.size(); ++i) {
    Mark("S" + std::to_string(i));
    const Status status = Execute(steps[i], database);
    if (!status.ok()) {
      PauseFaults(true);
      const std::string problem = run.LookAndRetry(i, steps[i], status);
      if (!problem.empty()) return Describe(steps[i]) + " failed with " + status.ToString() + ": " + problem;
      PauseFaults(false);
    }
    Mark("A" + std::to_string(i));
  }
  PauseFaults(true);
  const std::string problem = run.OpenAgain();
  Mark("E");
  return problem.empty() ? DifferenceAfterGoingOn(database, states.back()) : problem;
}

}  // namespace ochre
