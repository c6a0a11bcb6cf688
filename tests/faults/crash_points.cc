// Crash points: the process is killed at each of its file calls in turn, and so is the recovery; then what was
// acknowledged must be there, and nothing in part.
#include <csignal>
#include <random>

#include "tests/faults/campaign.h"
#include "tests/faults/driver.h"
#include "tests/faults/forked_child.h"
#include "tests/faults/oracle.h"

namespace ochre {
namespace {

// A run takes some 50 ms, a machine may be busy.
constexpr std::chrono::seconds kChildLimit{60};

class CrashRun {
 public:
  explicit CrashRun(Campaign& campaign)
      : campaign_(campaign),
        steps_(MakeWorkload(campaign.seed(), campaign.Flag("big"))),
        states_(StatesOf(steps_)),
        path_(campaign.scratch() / "db") {}

  const std::filesystem::path& path() const { return path_; }

  // Runs the workload on a new database and kills it at call number `point`. False: it ended before. `failure` says
  // what else went wrong.
  bool RunAndKill(int64_t point, bool torn, std::string& failure) {
    std::filesystem::remove_all(path_);
    Progress& progress = FreshProgress();
    const ChildOutcome outcome = RunForked(kChildLimit, [&] {
      ArmKill(point, torn);
      OpenDatabase database = Database();
      return RunSteps(steps_, database);
    });
    acknowledged_ = static_cast<size_t>(progress.acknowledged);
    started_ = static_cast<size_t>(progress.started);
    calls_ = progress.counts.calls;
    if (outcome.exited_with(0)) return false;
    if (outcome.hung || outcome.signal != SIGKILL) failure = "the run " + Describe(outcome);
    return true;
  }

  // Opens what is there, reads every collection, closes, and is killed at call number `point`. False: it ended before.
  bool RecoverAndKill(int64_t point, bool torn, std::string& failure) {
    FreshProgress();
    const ChildOutcome outcome = RunForked(kChildLimit, [&] {
      ArmKill(point, torn);
      OpenDatabase database = Database();
      Status status = database.Open();
      if (status.ok()) status = ReadAll(*database.client);
      if (status.ok()) status = database.Close();
      if (!status.ok()) std::printf("%s\n", status.ToString().c_str());
      return status.ok() ? 0 : 1;
    });
    if (outcome.exited_with(0)) return false;
    if (outcome.hung || outcome.signal != SIGKILL) failure = "the recovery " + Describe(outcome);
    return true;
  }

  // What was acknowledged, or also the step under way, is there and goes on working; else what is wrong.
  std::string Verify() {
    const ChildOutcome outcome = RunForked(kChildLimit, [&] {
      OpenDatabase database = Database();
      const Status opened = database.Open();
      std::string difference = opened.ok() ? DifferenceOf(*database.client, states_[acknowledged_]) : opened.ToString();
      size_t state = acknowledged_;
      if (opened.ok() && !difference.empty() && started_ > acknowledged_) {
        const std::string other = DifferenceOf(*database.client, states_[started_]);
        if (other.empty()) state = started_;
        difference = other.empty() ? "" : difference + "; with the step under way: " + other;
      }
      if (difference.empty()) difference = DifferenceAfterGoingOn(database, states_[state]);
      if (difference.empty()) return 0;
      std::printf("%s\n", difference.c_str());
      return 1;
    });
    return outcome.exited_with(0) ? "" : "after " + Where() + " the restart " + Describe(outcome);
  }

  // "20 steps and in the compaction of alpha".
  std::string Where() const {
    std::string text = std::to_string(acknowledged_) + " steps";
    if (started_ > acknowledged_) text += " and in the " + Describe(steps_[acknowledged_]);
    return text;
  }
  int64_t calls() const { return calls_; }  // of the last RunAndKill

 private:
  OpenDatabase Database() const { return {.path = path_, .durability = campaign_.durability()}; }
  void ArmKill(int64_t point, bool torn) const {
    Arm({.root = campaign_.scratch().c_str(),
         .classes = torn ? uint32_t{kCallWrite} : kMutatingCalls,
         .action = torn ? FaultPlan::Action::kTear : FaultPlan::Action::kKill,
         .nth = point});
  }
  static Status ReadAll(const Client& client) {
    OCHRE_ASSIGN_OR_RETURN(const auto collections, client.ListCollections());
    for (const CollectionInfo& info : collections) {
      OCHRE_ASSIGN_OR_RETURN(const Collection collection, client.GetCollection(info.name));
      OCHRE_RETURN_IF_ERROR(collection.Get().status());
    }
    return Status::Ok();
  }

  Campaign& campaign_;
  const std::vector<Step> steps_;
  const std::vector<ExpectedDatabase> states_;
  const std::filesystem::path path_;
  size_t acknowledged_ = 0, started_ = 0;
  int64_t calls_ = 0;
};

}  // namespace

int RunCrashPoints(Campaign& campaign) {
  const bool torn = campaign.Flag("torn");
  CrashRun run(campaign);
  int64_t point = 1;
  while (!campaign.has_failed_enough()) {
    // The number of calls varies a little with the threads, so the end is where a run ends.
    if (campaign.Tries(point)) {
      std::string failure;
      if (!run.RunAndKill(point, torn, failure)) break;
      if (failure.empty()) failure = run.Verify();
      campaign.Case("point=" + std::to_string(point), failure);
    }
    ++point;
    if (campaign.Number("point", point) < point) break;
  }
  return campaign.Finish(run.calls());
}

int RunRecoveryCrashes(Campaign& campaign) {
  // How deep the chain of killed recoveries goes that follows on each first crash.
  constexpr int kChain = 10;
  CrashRun run(campaign);
  std::mt19937_64 random(campaign.seed());
  const std::filesystem::path saved = campaign.scratch() / "saved";
  int64_t points = 0;
  for (int64_t point = 1; !campaign.has_failed_enough(); ++point) {
    if (campaign.Number("point", point) < point) break;
    const bool torn = random() % 2 == 0;
    const uint64_t chain_seed = random();
    if (!campaign.Tries(point)) continue;
    const std::string first = "point=" + std::to_string(point);
    std::string failure;
    if (!run.RunAndKill(point, torn, failure)) break;
    if (!failure.empty()) campaign.Case(first, failure);
    CopyDirectory(run.path(), saved);
    int64_t second = 1;
    const int64_t stride = campaign.Number("recovery_stride", 1);
    for (; failure.empty(); second += stride) {
      CopyDirectory(saved, run.path());
      if (!run.RecoverAndKill(second, /*torn=*/false, failure)) break;
      ++points;
      if (failure.empty()) failure = run.Verify();
      campaign.Case(first, failure.empty() ? "" : "recovery killed at " + std::to_string(second) + ": " + failure);
    }
    std::mt19937_64 chain_random(chain_seed);
    CopyDirectory(saved, run.path());
    for (int i = 0; i < kChain && failure.empty(); ++i) {
      const auto at = static_cast<int64_t>(1 + chain_random() % static_cast<uint64_t>(second));
      run.RecoverAndKill(at, chain_random() % 2 == 0, failure);
    }
    if (failure.empty()) failure = run.Verify();
    campaign.Case(first, failure.empty() ? "" : "ten recoveries killed: " + failure);
  }
  return campaign.Finish(points);
}

}  // namespace ochre
