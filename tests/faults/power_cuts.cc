// Power cuts: a recorded run of the workload is replayed up to some point, and what a disk may hold then is opened.
#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <fstream>
#include <random>
#include <set>
#include <sstream>
#include <utility>

#include "tests/faults/campaign.h"
#include "tests/faults/disk_model.h"
#include "tests/faults/driver.h"
#include "tests/faults/failing_run.h"
#include "tests/faults/forked_child.h"
#include "tests/faults/oracle.h"

namespace ochre {
namespace {

constexpr std::chrono::seconds kChildLimit{60};
// Exit codes of the child that looks at an image.
constexpr int kDiffers = 1;
constexpr int kSaysDataLoss = 2;
// Of the points between two syncs, one in so many is tried: nothing becomes durable there, but more is at risk.
constexpr uint64_t kOtherPoints = 8;

using Image = std::map<std::string, std::optional<std::string>>;

std::string ReadFile(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// A damaged file by its name.
bool NamesDamage(const std::string& difference) {
  const size_t begin = difference.find("DataLoss: ");
  if (begin == std::string::npos) return false;
  const std::string_view message = std::string_view(difference).substr(begin);
  return message.find("segments/") != std::string_view::npos || message.find(".sqlite3") != std::string_view::npos ||
         message.find("the log") != std::string_view::npos;
}

size_t HashOf(const Image& image) {
  size_t hash = 0;
  for (const auto& [name, contents] : image) {
    hash = std::hash<std::string>()(name + std::to_string(hash));
    if (contents.has_value()) hash ^= std::hash<std::string>()(*contents) * 31;
  }
  return hash;
}

class PowerCuts {
 public:
  explicit PowerCuts(Campaign& campaign)
      : campaign_(campaign),
        steps_(MakeWorkload(campaign.seed(), campaign.Flag("big"))),
        states_(StatesOf(steps_)),
        root_(campaign.scratch() / "run"),
        image_path_(campaign.scratch() / "image") {}

  // Runs the workload once with its calls recorded, or takes the recording that the argument "trace" names.
  // `failing_sync`: that sync fails, as RunThroughFailures has it; 0: none. False: there are not as many.
  bool Record(int64_t failing_sync) {
    trace_path_ = campaign_.Text("trace", (campaign_.scratch() / "trace").string());
    bool failed = true;
    if (campaign_.Text("trace", "").empty()) {
      std::filesystem::remove_all(root_);
      std::filesystem::create_directories(root_);
      const int trace = open(trace_path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
      Progress& progress = FreshProgress();
      const ChildOutcome outcome = RunForked(kChildLimit, [&] {
        Arm({.root = root_.c_str(),
             .classes = kCallSync,
             .action = FaultPlan::Action::kFail,
             .nth = failing_sync,
             .error = EIO,
             .trace = trace});
        Mark("root " + root_.string());
        OpenDatabase database = {.path = root_ / "db", .durability = campaign_.durability()};
        if (failing_sync == 0) return RunSteps(steps_, database);
        const std::string problem =
            RunThroughFailures(steps_, states_, AfterFailure::kRetry, /*failed_stay_away=*/true, database);
        std::printf("%s", problem.c_str());
        return problem.empty() ? 0 : 1;
      });
      close(trace);
      failed = progress.counts.fired > 0;
      if (!outcome.exited_with(0)) {
        campaign_.Case("point=" + std::to_string(failing_sync), "the recorded run " + Describe(outcome));
        return failed;
      }
    }
    trace_ = ReadFile(trace_path_);
    calls_ = ParseTrace(trace_);
    return failed;
  }

  // Cuts the power at points of the recording: "cut" names one, else one in `stride` of those at syncs and of some
  // between. How many there are.
  int64_t Replay(int64_t failing_sync, uint64_t stride) {
    if (calls_.empty()) return 0;
    const bool by_directory = campaign_.Text("names", "by_directory") == "by_directory";
    // The recorded paths begin with the directory of the process that recorded them.
    DiskModel disk(std::string(calls_[0].bytes.substr(std::string_view("root ").size())),
                   by_directory ? NameRule::kByDirectory : NameRule::kJournalled);
    acknowledged_ = started_ = 0;
    tried_.clear();
    const int64_t only = campaign_.Number("cut", 0);
    int64_t cuts = 0;
    bool at_risk = failing_sync == 0;
    for (size_t i = 1; i < calls_.size() && !campaign_.has_failed_enough(); ++i) {
      if (calls_[i].record.kind == TraceRecord::Kind::kMark) {
        if (calls_[i].bytes == "E") break;
        Note(calls_[i].bytes);
        continue;
      }
      std::seed_seq seeds = {campaign_.seed(), static_cast<uint64_t>(failing_sync), uint64_t{i}};
      std::mt19937_64 random(seeds);
      const bool at_a_sync = calls_[i].is_sync() || calls_[i - 1].is_sync();
      const bool candidate = at_risk && (at_a_sync || random() % kOtherPoints == 0);
      if (candidate) ++cuts;
      if (only == 0 ? candidate && random() % stride == 0 : only == static_cast<int64_t>(i)) {
        Cut(disk, failing_sync, i);
      }
      at_risk = at_risk || calls_[i].is_failed_sync();
      disk.Apply(calls_[i]);
    }
    return cuts;
  }

 private:
  // "S3": step 3 is about to start; "A3": it is acknowledged; "E": the workload is done.
  void Note(std::string_view mark) {
    const size_t step = std::strtoull(std::string(mark.substr(1)).c_str(), nullptr, 10);
    if (mark[0] == 'S') started_ = step + 1;
    if (mark[0] == 'A') acknowledged_ = step + 1;
  }

  void Cut(const DiskModel& disk, int64_t failing_sync, size_t cut) {
    for (const Outage outage : kOutages) {
      const std::string name(OutageName(outage));
      if (campaign_.Text("outage", name) != name) continue;
      std::seed_seq seeds = {campaign_.seed(), uint64_t{cut}, static_cast<uint64_t>(outage)};
      std::mt19937_64 random(seeds);
      const Image image = disk.Image(outage, random);
      // Many points and outages leave the same, above all where nothing waits for a sync.
      if (!tried_.insert({HashOf(image), acknowledged_, started_}).second) continue;
      Write(image);
      std::string failure = Look();
      std::string which = failing_sync > 0 ? "point=" + std::to_string(failing_sync) + " " : "";
      which += "cut=" + std::to_string(cut) + " outage=" + name;
      if (!failure.empty()) which += " trace=" + KeepTrace();
      campaign_.Case(which, failure);
    }
  }

  void Write(const Image& image) const {
    std::filesystem::remove_all(image_path_);
    std::filesystem::create_directories(image_path_);
    for (const auto& [name, contents] : image) {
      if (!contents.has_value()) {
        std::filesystem::create_directory(image_path_ / name);
      } else {
        std::ofstream(image_path_ / name, std::ios::binary) << *contents;
      }
    }
  }

  // For the command that repeats a failure: another run would not make quite the same calls.
  std::string KeepTrace() const {
    const std::filesystem::path kept =
        std::filesystem::temp_directory_path() /
        ("ochre-trace-" + std::string(DurabilityName(campaign_.durability())) + "-" + std::to_string(getpid()));
    std::error_code error;
    std::filesystem::copy_file(trace_path_, kept, std::filesystem::copy_options::skip_existing, error);
    return kept.string();
  }

  // Opens the image in a child; what is wrong with it.
  std::string Look() {
    const ChildOutcome outcome = RunForked(kChildLimit, [&] {
      OpenDatabase database = {.path = image_path_ / "db", .durability = campaign_.durability()};
      const Status opened = database.Open();
      const std::string difference = !opened.ok()                                  ? "open: " + opened.ToString()
                                     : campaign_.durability() == Durability::kFull ? CompareExactly(database)
                                                                                   : CompareWithThePast(database);
      if (difference.empty()) return 0;
      std::printf("%s\n", difference.c_str());
      return NamesDamage(difference) ? kSaysDataLoss : kDiffers;
    });
    if (outcome.exited_with(0)) return "";
    if (outcome.exited_with(kSaysDataLoss) && campaign_.durability() == Durability::kNone) {
      campaign_.Note("damages named");
      return "";
    }
    std::string where = std::to_string(acknowledged_) + " steps";
    if (started_ > acknowledged_) where += " and in the " + Describe(steps_[acknowledged_]);
    return "after " + where + ", the restart " + Describe(outcome);
  }

  // Everything that was acknowledged, and the step under way or not.
  std::string CompareExactly(OpenDatabase& database) const {
    std::string difference = DifferenceOf(*database.client, states_[acknowledged_]);
    size_t state = acknowledged_;
    if (!difference.empty() && started_ > acknowledged_) {
      const std::string other = DifferenceOf(*database.client, states_[started_]);
      if (other.empty()) state = started_;
      difference = other.empty() ? "" : difference + "; with the step under way: " + other;
    }
    return difference.empty() ? DifferenceAfterGoingOn(database, states_[state]) : difference;
  }

  // Each collection is what it was at some time: a suffix of its writes may be lost, and so may a suffix of the
  // catalogue's changes.
  std::string CompareWithThePast(OpenDatabase& database) const {
    const auto listed = database.client->ListCollections();
    if (!listed.ok()) return "list: " + listed.status().ToString();
    std::map<std::string, std::shared_ptr<const ExpectedCollection>> found;
    for (const CollectionInfo& info : *listed) {
      const auto collection = database.client->GetCollection(info.name);
      if (!collection.ok()) return info.name + ": " + collection.status().ToString();
      const MetadataValue& tag = info.metadata.at("tag");
      std::string difference = "was never there";
      for (size_t i = started_ + 1; i-- > 0 && !difference.empty();) {
        for (const auto& [name, expected] : states_[i].collections()) {
          // The renaming may be lost and later writes not, so a collection is known by its space and tags.
          if (!SameChain(name, info.name) || expected->space != info.hnsw.space) continue;
          const std::string other = DifferenceOfRecords(*collection, *expected);
          if (other.find("get: ") == 0) return info.name + ": " + other;
          if (other.empty() || difference == "was never there") difference = other;
          if (!other.empty()) continue;
          found[info.name] = std::make_shared<const ExpectedCollection>(ExpectedCollection{
              .space = expected->space, .tag = *tag.get_if<int64_t>(), .records = expected->records});
          break;
        }
      }
      if (!difference.empty()) return info.name + " is in no state that it ever had; by the last one: " + difference;
    }
    ExpectedDatabase expected;
    expected.Set(std::move(found));
    // With kNone the catalogue may be lost as a whole; what its segments were is then left for whoever looks for it.
    return DifferenceAfterGoingOn(database, std::move(expected), campaign_.durability() != Durability::kNone);
  }
  static bool SameChain(const std::string& a, const std::string& b) {
    const auto renamed = [](const std::string& name) { return name == "beta" ? std::string("gamma") : name; };
    return renamed(a) == renamed(b);
  }

  Campaign& campaign_;
  const std::vector<Step> steps_;
  const std::vector<ExpectedDatabase> states_;
  const std::filesystem::path root_, image_path_;
  std::filesystem::path trace_path_;
  std::string trace_;
  std::vector<TracedCall> calls_;
  size_t acknowledged_ = 0, started_ = 0;               // steps, at the current point of the trace
  std::set<std::tuple<size_t, size_t, size_t>> tried_;  // hash of the image, and what must be in it
};

}  // namespace

int RunPowerCuts(Campaign& campaign) {
  PowerCuts cuts(campaign);
  cuts.Record(/*failing_sync=*/0);
  return campaign.Finish(cuts.Replay(/*failing_sync=*/0, static_cast<uint64_t>(campaign.Number("stride", 1))));
}

int RunFailedSyncs(Campaign& campaign) {
  PowerCuts cuts(campaign);
  int64_t points = 0;
  for (int64_t point = 1; !campaign.has_failed_enough() && campaign.Number("point", point) >= point; ++point) {
    if (!campaign.Tries(point)) continue;
    if (!cuts.Record(point)) break;
    points += cuts.Replay(point, static_cast<uint64_t>(campaign.Number("cut_stride", 1)));
  }
  return campaign.Finish(points);
}

}  // namespace ochre
