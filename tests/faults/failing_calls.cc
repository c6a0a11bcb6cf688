// Failing calls: the nth file call of a class fails, once or for good; the database is whole and goes on.
#include <cerrno>
#include <cstdio>

#include "tests/faults/campaign.h"
#include "tests/faults/driver.h"
#include "tests/faults/failing_run.h"
#include "tests/faults/forked_child.h"

namespace ochre {
namespace {

constexpr std::chrono::seconds kChildLimit{60};

struct Fault {
  const char* name;
  FaultPlan::Action action;
  int error;
};
constexpr Fault kFaults[] = {{"EIO", FaultPlan::Action::kFail, EIO},       {"ENOSPC", FaultPlan::Action::kFail, ENOSPC},
                             {"EMFILE", FaultPlan::Action::kFail, EMFILE}, {"ENOMEM", FaultPlan::Action::kFail, ENOMEM},
                             {"EINTR", FaultPlan::Action::kFail, EINTR},   {"short", FaultPlan::Action::kShorten, 0}};

}  // namespace

// Arguments: calls=write,sync (classes), fault=EIO, for_good=1.
int RunFailingCalls(Campaign& campaign) {
  const std::vector<Step> steps = MakeWorkload(campaign.seed(), campaign.Flag("big"));
  const std::vector<ExpectedDatabase> states = StatesOf(steps);
  const std::filesystem::path path = campaign.scratch() / "db";
  const uint32_t classes = CallClassesOf(campaign.Text("calls", "write"));
  const std::string fault_name = campaign.Text("fault", "EIO");
  const Fault* fault = nullptr;
  for (const Fault& candidate : kFaults) {
    if (fault_name == candidate.name) fault = &candidate;
  }
  if (fault == nullptr) {
    std::printf("unknown fault %s\n", fault_name.c_str());
    return 2;
  }
  int64_t points = 0;
  for (int64_t point = 1; !campaign.has_failed_enough() && campaign.Number("point", point) >= point; ++point) {
    if (!campaign.Tries(point)) continue;
    std::filesystem::remove_all(path);
    Progress& progress = FreshProgress();
    const ChildOutcome outcome = RunForked(kChildLimit, [&] {
      Arm({.root = campaign.scratch().c_str(),
           .classes = classes,
           .action = fault->action,
           .nth = point,
           .error = fault->error,
           .for_good = campaign.Flag("for_good")});
      OpenDatabase database = {.path = path, .durability = campaign.durability()};
      const std::string problem =
          RunThroughFailures(steps, states, point % 2 == 0 ? AfterFailure::kRetry : AfterFailure::kReopen,
                             /*failed_stay_away=*/(classes & kCallSync) != 0, database);
      if (problem.empty()) return 0;
      std::printf("%s\n", problem.c_str());
      return 1;
    });
    if (outcome.exited_with(0) && progress.counts.fired == 0) {  // past the last call
      points = progress.counts.calls;
      break;
    }
    campaign.Case("point=" + std::to_string(point), outcome.exited_with(0) ? "" : Describe(outcome));
  }
  return campaign.Finish(points);
}

}  // namespace ochre
