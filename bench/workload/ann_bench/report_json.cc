#include "bench/workload/ann_bench/report_json.h"

#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>

namespace ochre {
namespace {

using Json = nlohmann::ordered_json;

Json ToJson(const std::optional<double>& value) { return value.has_value() ? Json(*value) : Json(nullptr); }

Json ToJson(std::span<const CurvePoint> curve) {
  Json points = Json::array();
  for (const CurvePoint& point : curve) {
    Json json = {{"knob", point.knob},
                 {"recall", point.recall},
                 {"qps", point.queries_per_second},
                 {"p50_us", point.p50_us},
                 {"p99_us", point.p99_us}};
    if (point.distances_per_query.has_value()) json["distances_per_query"] = *point.distances_per_query;
    points.push_back(std::move(json));
  }
  return points;
}

Json SpeedsAtRecall(std::span<const CurvePoint> curve) {
  Json speeds = Json::object();
  for (const double recall : kReportedRecalls) {
    char key[8];
    std::snprintf(key, sizeof(key), "%.2f", recall);
    speeds[key] = ToJson(SpeedAtRecall(recall, curve));
  }
  return speeds;
}

Json ToJson(const EngineRun& run) {
  Json json = {{"engine", run.engine},
               {"threads", run.threads},
               {"build_seconds", ToJson(run.build_seconds)},
               {"build_threads", run.build_threads},
               {"memory_bytes_per_vector", ToJson(run.memory_bytes_per_vector)},
               {"mapped_bytes_per_vector", ToJson(run.mapped_bytes_per_vector)},
               {"disk_bytes_per_vector", ToJson(run.disk_bytes_per_vector)},
               {"open_ms", ToJson(run.open_ms)},
               {"curve", ToJson(run.curve)},
               {"qps_at_recall", SpeedsAtRecall(run.curve)}};
  const auto add_further_curve = [&](const std::string& name, std::span<const CurvePoint> curve) {
    if (curve.empty()) return;
    json[name + "_curve"] = ToJson(curve);
    json[name + "_qps_at_recall"] = SpeedsAtRecall(curve);
  };
  add_further_curve("target_recall", run.target_recall_curve);
  add_further_curve("batched", run.batched_curve);
  return json;
}

Json ToJson(const FilterRun& run) {
  return {{"kind", run.kind},
          {"selectivity", run.selectivity},
          {"plan_us", run.plan_us},
          {"scan_us", run.scan_us},
          {"graph_us", run.graph_us},
          {"graph_recall", run.graph_recall},
          {"api_us", run.api_us},
          {"recall", run.recall},
          {"enough_results", run.enough},
          {"plan_over_better", run.plan_us / run.BetterUs()}};
}

}  // namespace

std::string ToJson(const Report& report) {
  Json json = {{"data", report.data},
               {"rows", report.row_count},
               {"queries", report.query_count},
               {"dimension", report.dimension},
               {"space", report.space},
               {"k", report.k},
               {"max_neighbors", report.max_neighbors},
               {"ef_construction", report.ef_construction},
               {"quantization", report.quantization},
               {"kernels", report.kernels},
               {"forced_dispatch", report.forced_dispatch},
               {"runs", Json::array()},
               {"filters", Json::array()}};
  for (const EngineRun& run : report.runs) json["runs"].push_back(ToJson(run));
  for (const FilterRun& run : report.filters) json["filters"].push_back(ToJson(run));
  return json.dump(2) + "\n";
}

}  // namespace ochre
