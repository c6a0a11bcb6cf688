// Compares SearchGraph and SearchGraphByCodes with hnswlib's searchKnn on the same graph over the same rows, in one
// run.
//
//   graph_search_bench [rows] [dimension]      synthetic rows, 100000 x 100 unless told
//   OCHRE_BENCH_FVECS=base.fvecs graph_search_bench     rows from a file; its last 1000 are the queries
//
// The synthetic rows are easier than most real ones: clusters in 32 latent dimensions, mapped linearly, plus noise.
// Times are CPU time of the one thread, in interleaved batches, so that a busy machine slows both.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "bench/workload/graph_bench_data.h"
#include "bench/workload/graph_bench_graphs.h"
#include "distance/codes.h"
#include "distance/scan.h"
#include "distance/top_k.h"
#include "hnsw/graph_search.h"

namespace ochre {
namespace {

constexpr size_t kBatch = 50;  // queries that one side answers before the other has its turn
constexpr int kRounds = 5;     // passes over all queries; the fastest counts
constexpr int64_t kEfs[] = {10, 14, 20, 28, 40, 56, 80, 112, 160, 224, 320, 448, 640};
// What a search may reach beyond its k-th nearest, as a factor of the distance (not squared).
constexpr double kReaches[] = {1, 1.01, 1.02, 1.03, 1.04, 1.05, 1.06, 1.08, 1.10, 1.13, 1.16, 1.2, 1.25};

struct Measurement {
  double recall = 0;
  double queries_per_second = 0;
};

// A way to search, with a knob that trades speed for recall.
struct Engine {
  std::string name;
  std::vector<double> knobs;  // as many as the others'
  std::function<std::vector<uint32_t>(size_t query, double knob)> search;
  std::vector<Measurement> curve = {};
};

// Every engine at its next knob, in turn.
void Measure(const std::vector<std::vector<Neighbor>>& exact, size_t knob, std::vector<Engine>& engines) {
  for (Engine& engine : engines) engine.curve.emplace_back();
  for (int round = 0; round < kRounds; ++round) {
    std::vector<double> seconds(engines.size());
    std::vector<int64_t> hits(engines.size());
    for (size_t first = 0; first < exact.size(); first += kBatch) {
      const size_t last = std::min(first + kBatch, exact.size());
      for (size_t e = 0; e < engines.size(); ++e) {
        std::vector<std::vector<uint32_t>> found;
        const double start = ThreadSeconds();
        for (size_t q = first; q < last; ++q) found.push_back(engines[e].search(q, engines[e].knobs[knob]));
        seconds[e] += ThreadSeconds() - start;
        for (size_t q = first; q < last; ++q) {
          for (const Neighbor& neighbor : exact[q]) hits[e] += std::ranges::count(found[q - first], neighbor.ordinal);
        }
      }
    }
    for (size_t e = 0; e < engines.size(); ++e) {
      Measurement& measurement = engines[e].curve.back();
      const auto queries = static_cast<double>(exact.size());
      measurement.recall = static_cast<double>(hits[e]) / (queries * kK);
      measurement.queries_per_second = std::max(measurement.queries_per_second, queries / seconds[e]);
    }
  }
}

// The speed at `recall`, between the two measurements around it; 0 when there are none.
double SpeedAt(double recall, const std::vector<Measurement>& curve) {
  for (size_t i = 1; i < curve.size(); ++i) {
    const Measurement &low = curve[i - 1], &high = curve[i];
    if (low.recall > recall || high.recall < recall || high.recall == low.recall) continue;
    const double weight = (recall - low.recall) / (high.recall - low.recall);
    return std::exp((1 - weight) * std::log(low.queries_per_second) + weight * std::log(high.queries_per_second));
  }
  return 0;
}

void Run(const DataSet& data) {
  const AlignedRows rows(data.rows, data.dimension);
  HnswlibGraph hnswlib(data);
  std::printf("built by hnswlib in %.1f s\n", hnswlib.seconds);
  const Graph served_graph(FlattenHnswlib(hnswlib.index));
  const HnswGraph& graph = *served_graph.graph;
  const std::vector<PreparedQuery> queries = PrepareQueries(data);
  const auto exact = ScanAll(queries, rows.span(), kK);

  const ServedCodes int8(rows.span(), Quantization::kInt8), lvq4(rows.span(), Quantization::kLvq4);
  const auto by_codes = [&](const ServedCodes& served, size_t q, const GraphSearchOptions& options) {
    const CodeQuery query = served.quantizer.Prepare(queries[q]);
    const std::vector<uint32_t> candidates =
        Ordinals(SearchGraphByCodes(graph, served.codes, {&query, 1}, options)[0].neighbors);
    std::vector<float> distances(candidates.size());
    DistancesToOrdinals(queries[q], rows.span(), candidates, distances.data());
    TopK nearest(kK);
    nearest.Offer(candidates, distances);
    return Ordinals(nearest.Take());
  };
  const std::vector<double> efs(std::begin(kEfs), std::end(kEfs));
  const std::vector<double> reaches(std::begin(kReaches), std::end(kReaches));
  const auto fixed = [](double ef, int64_t k) {
    return GraphSearchOptions{.k = std::min(k, static_cast<int64_t>(ef)), .ef = static_cast<int64_t>(ef)};
  };
  const auto adaptive = [](double reach, int64_t k) {
    return GraphSearchOptions{.k = k, .ef = 2000, .reach = static_cast<float>(reach * reach), .reach_k = kK};
  };
  std::vector<Engine> engines = {
      {"hnswlib", efs,
       [&](size_t q, double ef) {
         hnswlib.index.setEf(static_cast<size_t>(ef));
         auto heap = hnswlib.index.searchKnn(data.queries.data() + q * static_cast<size_t>(data.dimension), kK);
         std::vector<uint32_t> ordinals;
         for (; !heap.empty(); heap.pop()) ordinals.push_back(static_cast<uint32_t>(heap.top().second));
         return ordinals;
       }},
      {"float32", efs,
       [&](size_t q, double ef) {
         return Ordinals(SearchGraph(graph, rows.span(), queries[q], fixed(ef, kK)).neighbors);
       }},
      {"int8, ef", efs, [&](size_t q, double ef) { return by_codes(int8, q, fixed(ef, 2 * kK)); }},
      {"int8", reaches, [&](size_t q, double reach) { return by_codes(int8, q, adaptive(reach, 2 * kK)); }},
      {"lvq4", reaches, [&](size_t q, double reach) { return by_codes(lvq4, q, adaptive(reach, 4 * kK)); }}};
  for (size_t knob = 0; knob < efs.size(); ++knob) {
    Measure(exact, knob, engines);
    for (const Engine& engine : engines) {
      std::printf("  %s %.3g: %.4f %.0f/s", engine.name.c_str(), engine.knobs[knob], engine.curve.back().recall,
                  engine.curve.back().queries_per_second);
    }
    std::printf("\n");
  }
  for (const double recall : {0.90, 0.95, 0.99}) {
    const double theirs = SpeedAt(recall, engines[0].curve);
    std::printf("recall %.2f, queries/s and ratio to hnswlib:", recall);
    for (const Engine& engine : engines) {
      const double ours = SpeedAt(recall, engine.curve);
      if (ours > 0) std::printf("  %s %.0f (%.2f)", engine.name.c_str(), ours, theirs > 0 ? ours / theirs : 0);
    }
    std::printf("\n");
  }
}

}  // namespace
}  // namespace ochre

int main(int argc, char** argv) { return ochre::RunWithData(argc, argv, 100'000, ochre::Run); }
