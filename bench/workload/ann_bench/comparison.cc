#include "bench/workload/ann_bench/comparison.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace ochre {
namespace {

// The floors of one thread, recall@10.
struct Floors {
  std::optional<double> speed_at_95;  // times hnswlib's
  std::optional<double> speed_at_99;
  std::optional<double> speed_over_faiss;  // at recall 0.95, over its faster variant
  double memory;                           // of hnswlib's
};
constexpr Floors kWordVectors = {.speed_at_95 = 4, .speed_at_99 = 4.5, .speed_over_faiss = 1.5, .memory = 0.5};
constexpr Floors kLargeVectors = {
    .speed_at_95 = 4, .speed_at_99 = std::nullopt, .speed_over_faiss = std::nullopt, .memory = 0.33};
constexpr double kForcedDispatchSpeed = 2;
constexpr int32_t kWordVectorDimensionMax = 128;

constexpr double kBuildSpeed = 2;         // vectors a second, times hnswlib's
constexpr double kTwoThreadsSpeed = 1.7;  // of the build, times one thread's
constexpr double kRecallLoss = 0.005;     // at equal ef, behind hnswlib's graph
constexpr double kApiCostUs = 5;
constexpr double kOpenMs = 120;
constexpr double kPlanOverBetter = 2;

Floors FloorsOf(const Report& report) {
  Floors floors = kWordVectors;
  if (report.dimension > kWordVectorDimensionMax) floors = kLargeVectors;
  if (report.forced_dispatch) {
    floors.speed_at_95 = kForcedDispatchSpeed;
    floors.speed_at_99 = floors.speed_over_faiss = std::nullopt;
  }
  return floors;
}

std::string Text(const char* format, double value) {
  char text[64];
  std::snprintf(text, sizeof(text), format, value);
  return text;
}

class Comparer {
 public:
  explicit Comparer(const Report& report) : report_(report), floors_(FloorsOf(report)) {}

  std::vector<Comparison> Compare() {
    ours_ = report_.Find("ochre", 1);
    if (ours_ != nullptr) {
      if (const EngineRun* hnswlib = report_.Find("hnswlib", 1); hnswlib != nullptr) CompareWithHnswlib(*hnswlib);
      CompareWithFaiss();
      CompareWithCore();
      CompareBuilds();
      if (ours_->open_ms.has_value()) AddAtMost("cold open to the first result, ms", *ours_->open_ms, kOpenMs);
    }
    CompareFilters();
    return std::move(comparisons_);
  }

 private:
  void Add(std::string what, double value) { comparisons_.push_back({.what = std::move(what), .value = value}); }
  void AddAtLeast(std::string what, double value, std::optional<double> floor) {
    Add(std::move(what), value);
    comparisons_.back().at_least = floor;
  }
  void AddAtMost(std::string what, double value, double floor) {
    Add(std::move(what), value);
    comparisons_.back().at_most = floor;
  }

  void AddSpeeds(const std::string& what, const std::vector<CurvePoint>& ours, const EngineRun& theirs, bool floors) {
    for (const double recall : kReportedRecalls) {
      const auto our_speed = SpeedAtRecall(recall, ours), their_speed = SpeedAtRecall(recall, theirs.curve);
      if (!our_speed.has_value() || !their_speed.has_value()) continue;
      std::optional<double> floor;
      if (floors && recall == 0.95) floor = floors_.speed_at_95;
      if (floors && recall == 0.99) floor = floors_.speed_at_99;
      AddAtLeast(what + " at recall " + Text("%.2f", recall), *our_speed / *their_speed, floor);
    }
  }

  void CompareWithHnswlib(const EngineRun& hnswlib) {
    AddSpeeds("queries/s over hnswlib's", ours_->curve, hnswlib, true);
    AddSpeeds("  by target_recall", ours_->target_recall_curve, hnswlib, false);
    AddSpeeds("  in batched calls", ours_->batched_curve, hnswlib, false);
    if (const EngineRun* core = report_.Find("ochre_core", 1); core != nullptr) {
      AddSpeeds("  below the API", core->curve, hnswlib, false);
    }
    if (ours_->build_seconds.has_value() && hnswlib.build_seconds.has_value() && ours_->build_threads == 1) {
      AddAtLeast("build speed over hnswlib's, one thread", *hnswlib.build_seconds / *ours_->build_seconds, kBuildSpeed);
    }
    AddRecallLoss(hnswlib);
    if (ours_->memory_bytes_per_vector.has_value() && hnswlib.memory_bytes_per_vector.has_value()) {
      AddAtMost("memory of hnswlib's", *ours_->memory_bytes_per_vector / *hnswlib.memory_bytes_per_vector,
                floors_.memory);
    }
  }

  void AddRecallLoss(const EngineRun& hnswlib) {
    std::optional<double> loss;
    for (const CurvePoint& our : ours_->curve) {
      for (const CurvePoint& their : hnswlib.curve) {
        if (our.knob == their.knob) loss = std::max(loss.value_or(-1), their.recall - our.recall);
      }
    }
    if (!loss.has_value()) return;
    AddAtMost("recall behind hnswlib's at equal ef, worst", *loss, kRecallLoss);
  }

  void CompareWithFaiss() {
    const auto ours = SpeedAtRecall(0.95, ours_->curve);
    double best = 0;
    for (const char* engine : {"faiss_hnsw_flat", "faiss_hnsw_sq8"}) {
      const EngineRun* run = report_.Find(engine, 1);
      if (run != nullptr) best = std::max(best, SpeedAtRecall(0.95, run->curve).value_or(0));
    }
    if (!ours.has_value() || best == 0) return;
    AddAtLeast("queries/s over the better Faiss HNSW's at recall 0.95", *ours / best, floors_.speed_over_faiss);
  }

  // The median over the knobs, as a slow moment may hit one.
  void CompareWithCore() {
    const EngineRun* core = report_.Find("ochre_core", 1);
    if (core == nullptr) return;
    std::vector<double> costs;
    for (const CurvePoint& our : ours_->curve) {
      for (const CurvePoint& its : core->curve) {
        if (our.knob == its.knob) costs.push_back(1e6 / our.queries_per_second - 1e6 / its.queries_per_second);
      }
    }
    if (costs.empty()) return;
    AddAtMost("the API's cost a query, us", Percentile(costs, 0.5), kApiCostUs);
  }

  void CompareBuilds() {
    const EngineRun* two = report_.Find("ochre", 2);
    if (two == nullptr || !two->build_seconds.has_value() || !ours_->build_seconds.has_value()) return;
    if (two->build_threads != 2 || ours_->build_threads != 1) return;
    AddAtLeast("build speed of two threads over one", *ours_->build_seconds / *two->build_seconds, kTwoThreadsSpeed);
  }

  void CompareFilters() {
    if (report_.filters.empty()) return;
    double worst_plan = 0, worst_recall = 1, enough = 1;
    for (const FilterRun& run : report_.filters) {
      worst_plan = std::max(worst_plan, run.plan_us / run.BetterUs());
      worst_recall = std::min(worst_recall, run.recall);
      if (!run.enough) enough = 0;
    }
    AddAtMost("filtered: time of the plan over the better one's, worst", worst_plan, kPlanOverBetter);
    AddAtLeast("filtered: recall, worst", worst_recall, kFilterRecallMin);
    AddAtLeast("filtered: k results wherever k exist (1: yes)", enough, 1);
  }

  const Report& report_;
  const Floors floors_;
  const EngineRun* ours_ = nullptr;
  std::vector<Comparison> comparisons_;
};

}  // namespace

std::vector<Comparison> Compare(const Report& report) { return Comparer(report).Compare(); }

std::string ToTable(const std::vector<Comparison>& comparisons) {
  std::string table;
  for (const Comparison& comparison : comparisons) {
    char line[160];
    std::snprintf(line, sizeof(line), "%-56s %9.3f", comparison.what.c_str(), comparison.value);
    table += line;
    if (comparison.at_least.has_value()) table += "  (floor: at least " + Text("%g", *comparison.at_least) + ")";
    if (comparison.at_most.has_value()) table += "  (floor: at most " + Text("%g", *comparison.at_most) + ")";
    if (comparison.at_least.has_value() || comparison.at_most.has_value())
      table += comparison.met() ? "  met" : "  MISSED";
    table += '\n';
  }
  return table;
}

}  // namespace ochre
