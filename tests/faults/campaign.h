// Campaign: one series of faults with its arguments, its failures, and how to repeat them.
//
// A campaign runs in a process of its own, the driver: this test program started once more with the fault shim
// preloaded. The driver has one thread and forks a child for every case. `RunCampaign` starts it from a test.
#ifndef OCHRE_TESTS_FAULTS_CAMPAIGN_H_
#define OCHRE_TESTS_FAULTS_CAMPAIGN_H_

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "ochre/options.h"

namespace ochre {

// The environment says OCHRE_FAULTS=long: every point is tried, not a sample. scripts/test.sh --faults sets it.
bool IsLongCampaign();
// Of what is drawn at random: OCHRE_FAULTS_SEED, or 1.
uint64_t CampaignSeed();
// A file system in memory where there is one.
std::filesystem::path FaultsDirectory();

class Campaign {
 public:
  // `arguments` are "key=value"; what is not given has the default that the getter is asked with.
  Campaign(std::string name, const std::vector<std::string>& arguments);
  ~Campaign();  // removes the scratch directory
  Campaign(const Campaign&) = delete;
  Campaign& operator=(const Campaign&) = delete;

  std::string Text(std::string_view key, std::string_view otherwise) const;
  int64_t Number(std::string_view key, int64_t otherwise) const;
  bool Flag(std::string_view key) const { return Number(key, 0) != 0; }
  Durability durability() const;
  // The argument "seed", or CampaignSeed(). Workloads and samples are functions of it.
  uint64_t seed() const { return static_cast<uint64_t>(Number("seed", static_cast<int64_t>(seed_))); }

  // Which of the points 1, 2, ... are tried: the one that "point" names, or every "stride"-th, beginning at one that
  // follows from the seed.
  bool Tries(int64_t point) const;

  // A directory of this campaign alone, made on first use.
  const std::filesystem::path& scratch() const { return scratch_; }

  // Ends a case; "" is success. Prints a failure with the command that repeats it: `which` are the arguments that
  // single it out, "point=17".
  void Case(const std::string& which, const std::string& failure);
  // So many failures end a campaign: a broken build has thousands.
  bool has_failed_enough() const { return failed_ >= 10; }
  void Note(const std::string& what) { ++notes_[what]; }  // counted for the summary

  // Prints "crash_points durability=full: 640 points, 80 cases, 0 failed, 3.2 s"; the exit code.
  int Finish(int64_t points);

 private:
  const std::string name_;
  std::map<std::string, std::string, std::less<>> arguments_;
  const uint64_t seed_;
  const std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  std::filesystem::path scratch_;
  int64_t cases_ = 0;
  int64_t failed_ = 0;
  std::map<std::string, int64_t> notes_;
};

inline constexpr std::string_view kDriverArgument = "--driver";

// The driver's main(): faults_test --driver CAMPAIGN key=value...
int RunDriver(int argc, char** argv);

// Starts the driver with the shim and waits for it. Adds a test failure with its output unless it exits with 0.
void RunCampaign(const std::string& name, std::vector<std::string> arguments);

// Copies a database; a name that vanishes meanwhile is an error.
void CopyDirectory(const std::filesystem::path& from, const std::filesystem::path& to);

// ---- The campaigns, each in its file.
int RunCrashPoints(Campaign& campaign);      // crash_points.cc
int RunRecoveryCrashes(Campaign& campaign);  // crash_points.cc
int RunPowerCuts(Campaign& campaign);        // power_cuts.cc
int RunFailedSyncs(Campaign& campaign);      // power_cuts.cc
int RunFailingCalls(Campaign& campaign);     // failing_calls.cc

}  // namespace ochre

#endif  // OCHRE_TESTS_FAULTS_CAMPAIGN_H_
