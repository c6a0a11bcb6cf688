#include "hnsw/calibration.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <functional>
#include <utility>

#include "distance/code_scan.h"
#include "distance/kernels.h"
#include "distance/scan.h"
#include "hnsw/graph_search.h"

namespace ochre {
namespace {

// With 200 queries of 10 neighbours each, recall 0.95 is known to about 0.005.
constexpr int64_t kQueriesMax = 200;
constexpr int64_t kRowsPerQuery = 100;  // fewer queries for small segments, so that calibrating costs little there too
constexpr int64_t kK = 10;
// Queries between two looks at `cancelled`: of a million rows they are compared with, in half a second.
constexpr size_t kQueriesPerCheck = 50;

constexpr float kEfs[] = {10, 20, 40, 80, 160, 320, 640};
// Factors of the distance itself, not squared. On hard word vectors recall 0.90 / 0.95 / 0.99 took 1.06 / 1.08 / 1.12.
constexpr float kReaches[] = {1.00f, 1.01f, 1.02f, 1.03f, 1.04f, 1.05f, 1.06f, 1.07f,
                              1.08f, 1.10f, 1.12f, 1.14f, 1.17f, 1.20f, 1.25f, 1.30f};
// Nothing is left to learn from larger knobs.
constexpr float kRecallEnough = 0.9995f;

// Queries as others may come, and what is right for them. Rows themselves would be too easy: the graph was built around
// each of them, so that searches for them find up to 0.1 more than searches for rows that it lacks. A row that is
// turned by 23 degrees towards another, random one (as seen from the mean) is as hard as these, within 0.015: measured
// at recall 0.8 to 0.99 with WordNet's glosses and two synthetic sets of 100 and 768 dimensions. Of vectors without any
// structure recall is still overestimated.
constexpr float kOfRow = 0.92f, kOfAnother = 0.39f;  // cosine and sine

// Of queries from elsewhere, searches missed 1.0 to 1.9 times what they miss of the sample (the three sets above,
// recall 0.9 to 0.999), and 1.0 to 1.5 times what a search with the ef misses that finds as much in the sample. So that
// what is promised is kept, this part of the misses is aimed at.
constexpr double kMissesForRecall = 0.6;
constexpr double kMissesForEf = 0.75;

double Aim(double recall, double misses) { return 1 - misses * (1 - recall); }

struct Sample {
  std::vector<PreparedQuery> queries;
  std::vector<CodeQuery> code_queries;
  std::vector<float> kth_distances;  // of each query's true k-th neighbour
};

// The k nearest of `candidates`, which ascend, by their float32 values.
std::vector<Neighbor> Nearest(const PreparedQuery& query, const RowsSpan& rows, std::span<const uint32_t> candidates) {
  return std::move(ScanCandidates({&query, 1}, rows, candidates, kK).front());
}

Status CheckCancelled(const std::atomic<bool>& cancelled) {
  if (!cancelled.load(std::memory_order_relaxed)) return Status::Ok();
  return Status::Cancelled("calibrating a graph was cancelled");
}

Result<Sample> DrawSample(const RowsSpan& rows, const Quantizer& quantizer, const CodesSpan& codes,
                          const CodeBounds& bounds, const std::atomic<bool>& cancelled) {
  Sample sample;
  const auto dimension = static_cast<size_t>(rows.dimension);
  std::vector<float> vector(dimension);
  const int64_t count = std::clamp<int64_t>(rows.row_count / kRowsPerQuery, 1, kQueriesMax);
  for (int64_t i = 0; i < count; ++i) {
    const float* row = rows.Row(i * rows.row_count / count);
    // Spread over all rows by the golden ratio, in another order.
    const auto other_row = static_cast<int64_t>(std::fmod(static_cast<double>(i) * 0.6180339887498949, 1.0) *
                                                static_cast<double>(rows.row_count));
    const float* other = rows.Row(other_row);
    // The mean is that of the normalised vectors in kCosine.
    const bool is_cosine = quantizer.space() == Space::kCosine;
    const float row_factor = is_cosine ? row[dimension] : 1.0f, other_factor = is_cosine ? other[dimension] : 1.0f;
    for (size_t j = 0; j < dimension; ++j) {
      const float mean = quantizer.mean()[j];
      vector[j] = mean + kOfRow * (row[j] * row_factor - mean) + kOfAnother * (other[j] * other_factor - mean);
    }
    sample.queries.emplace_back(quantizer.space(), vector.data(), rows.dimension);
    sample.code_queries.push_back(quantizer.Prepare(sample.queries.back()));
  }
  const std::span<const CodeQuery> all = sample.code_queries;
  for (size_t begin = 0; begin < all.size(); begin += kQueriesPerCheck) {
    OCHRE_RETURN_IF_ERROR(CheckCancelled(cancelled));
    const auto some = all.subspan(begin, std::min(kQueriesPerCheck, all.size() - begin));
    for (const std::vector<uint32_t>& nearest : ScanAllCodes(some, codes, bounds, kK)) {
      const PreparedQuery& query = sample.queries[sample.kth_distances.size()];
      sample.kth_distances.push_back(Nearest(query, rows, nearest).back().distance);
    }
  }
  return sample;
}

float MeasureRecall(const HnswGraph& graph, const RowsSpan& rows, const CodesSpan& codes, const Sample& sample,
                    const GraphSearchOptions& options) {
  const auto results = SearchGraphByCodes(graph, codes, sample.code_queries, options);
  int64_t found = 0;
  for (size_t q = 0; q < results.size(); ++q) {
    std::vector<uint32_t> candidates;
    for (const Neighbor& neighbor : results[q].neighbors) candidates.push_back(neighbor.ordinal);
    std::sort(candidates.begin(), candidates.end());
    for (const Neighbor& neighbor : Nearest(sample.queries[q], rows, candidates)) {
      found += neighbor.distance <= sample.kth_distances[q] ? 1 : 0;
    }
  }
  const auto wanted = static_cast<float>(std::min(kK, rows.row_count));
  return static_cast<float>(found) / (wanted * static_cast<float>(results.size()));
}

// Measures knob after knob until nothing is left to find. More never finds less, but for chance.
template <typename OptionsOf>
Result<std::vector<Calibration::Point>> Sweep(std::span<const float> knobs, const OptionsOf& options_of,
                                              const std::function<float(const GraphSearchOptions&)>& measure,
                                              const std::atomic<bool>& cancelled) {
  std::vector<Calibration::Point> points;
  for (const float knob : knobs) {
    OCHRE_RETURN_IF_ERROR(CheckCancelled(cancelled));
    const GraphSearchOptions options = options_of(knob);
    const float before = points.empty() ? 0.0f : points.back().recall;
    points.push_back({options.reach > 0 ? options.reach : knob, std::max(before, measure(options))});
    if (points.back().recall >= kRecallEnough) break;
  }
  return points;
}

// The knob at which the line through the points reaches `recall`; -1 beyond the last.
double KnobFor(std::span<const Calibration::Point> points, double recall) {
  for (size_t i = 0; i < points.size(); ++i) {
    if (static_cast<double>(points[i].recall) < recall) continue;
    if (i == 0 || points[i].recall == points[i - 1].recall) return static_cast<double>(points[i].knob);
    const double part = (recall - static_cast<double>(points[i - 1].recall)) /
                        (static_cast<double>(points[i].recall) - static_cast<double>(points[i - 1].recall));
    return std::lerp(static_cast<double>(points[i - 1].knob), static_cast<double>(points[i].knob), part);
  }
  return -1;
}

}  // namespace

float Calibration::ReachForRecall(double recall) const {
  return static_cast<float>(std::max(0.0, KnobFor(by_reach, Aim(recall, kMissesForRecall))));
}

int64_t Calibration::EfForRecall(double recall) const {
  if (by_ef.empty()) return kReachCandidatesMax;
  const double ef = KnobFor(by_ef, Aim(recall, kMissesForRecall));
  return static_cast<int64_t>(std::ceil(ef > 0 ? ef : static_cast<double>(by_ef.back().knob)));
}

float Calibration::ReachForEf(int64_t ef) const {
  if (by_ef.empty() || static_cast<float>(ef) > by_ef.back().knob) return 0;
  const auto above = std::find_if(by_ef.begin(), by_ef.end(),
                                  [ef](const Point& point) { return point.knob >= static_cast<float>(ef); });
  auto recall = static_cast<double>(above->recall);
  if (above != by_ef.begin()) {
    const Point& below = above[-1];
    // Misses fall with a power of ef, roughly: so by its logarithm.
    const double part = std::log(static_cast<double>(ef) / static_cast<double>(below.knob)) /
                        std::log(static_cast<double>(above->knob) / static_cast<double>(below.knob));
    recall = std::lerp(static_cast<double>(below.recall), recall, part);
  }
  return static_cast<float>(std::max(0.0, KnobFor(by_reach, Aim(recall, kMissesForEf))));
}

Result<Calibration> Calibrate(const HnswGraph& graph, const RowsSpan& rows, const Quantizer& quantizer,
                              const CodesSpan& codes, const CodeBounds& bounds, const std::atomic<bool>& cancelled) {
  assert(rows.row_count == graph.row_count() && codes.row_count == graph.row_count());
  OCHRE_ASSIGN_OR_RETURN(const Sample sample, DrawSample(rows, quantizer, codes, bounds, cancelled));
  const int64_t candidates = RerankCount(codes.quantization, kK);
  const auto measure = [&](const GraphSearchOptions& options) {
    return MeasureRecall(graph, rows, codes, sample, options);
  };
  const auto by_ef = [&](float ef) {
    const auto kept = static_cast<int64_t>(ef);
    return GraphSearchOptions{.k = std::min(candidates, kept), .ef = kept};
  };
  const auto by_reach = [&](float reach) {
    return GraphSearchOptions{.k = candidates, .ef = kReachCandidatesMax, .reach = reach * reach, .reach_k = kK};
  };
  Calibration calibration;
  OCHRE_ASSIGN_OR_RETURN(calibration.by_ef, Sweep(kEfs, by_ef, measure, cancelled));
  if (quantizer.space() == Space::kInnerProduct) return calibration;
  OCHRE_ASSIGN_OR_RETURN(calibration.by_reach, Sweep(kReaches, by_reach, measure, cancelled));
  return calibration;
}

}  // namespace ochre
