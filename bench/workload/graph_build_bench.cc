// Compares BuildGraph (over int8 codes) with hnswlib's own building (over float32 rows), at the same M and
// ef_construction: rows a second, and recall of both graphs when both are searched the same way.
//
//   graph_build_bench [rows] [dimension]      synthetic rows, 50000 x 100 unless told
//   OCHRE_BENCH_FVECS=base.fvecs graph_build_bench     rows from a file; its last 1000 are the queries
//
// With one thread CPU time counts, so that a busy machine does not; with two, wall time has to.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "bench/workload/graph_bench_data.h"
#include "bench/workload/graph_bench_graphs.h"
#include "distance/scan.h"
#include "hnsw/graph_builder.h"
#include "hnsw/graph_search.h"

namespace ochre {
namespace {

constexpr int64_t kEfs[] = {20, 40, 80, 160, 320};

double WallSeconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// Of a search that re-ranks float32 rows, by codes on either graph.
double Recall(const Graph& graph, const ServedCodes& served, const RowsSpan& rows,
              const std::vector<PreparedQuery>& queries, const std::vector<std::vector<Neighbor>>& exact, int64_t ef,
              double& distances) {
  int64_t hits = 0, computed = 0;
  for (size_t q = 0; q < queries.size(); ++q) {
    const CodeQuery query = served.quantizer.Prepare(queries[q]);
    const auto result = SearchGraphByCodes(*graph.graph, served.codes, {&query, 1}, {.k = 2 * kK, .ef = ef});
    computed += result[0].distances;
    std::vector<uint32_t> candidates = Ordinals(result[0].neighbors);
    std::sort(candidates.begin(), candidates.end());
    const auto nearest = ScanCandidates({&queries[q], 1}, rows, candidates, kK);
    for (const Neighbor& found : nearest[0]) hits += found.distance <= exact[q].back().distance ? 1 : 0;
  }
  distances = static_cast<double>(computed) / static_cast<double>(queries.size());
  return static_cast<double>(hits) / static_cast<double>(kK * std::ssize(queries));
}

void Run(const DataSet& data) {
  const AlignedRows rows(data.rows, data.dimension);
  const auto row_count = static_cast<size_t>(rows.span().row_count);
  const HnswlibGraph hnswlib(data);
  const double theirs = hnswlib.seconds;

  const ServedCodes served(rows.span(), Quantization::kInt8);
  const std::atomic<bool> cancelled = false;
  const auto build = [&](int32_t threads) {
    const GraphBuildOptions options = {.max_neighbors = kM, .ef_construction = kEfConstruction, .num_threads = threads};
    Result<FlatGraph> flat = BuildGraph(served.quantizer, served.codes, options, nullptr, cancelled);
    if (!flat.ok()) std::abort();
    return *std::move(flat);
  };
  const double start = ThreadSeconds();
  double wall_start = WallSeconds();
  const FlatGraph flat = build(1);
  const double ours = ThreadSeconds() - start, ours_wall = WallSeconds() - wall_start;
  std::printf("one thread: hnswlib %.1f s, %.0f rows/s; ochre %.1f s, %.0f rows/s; ratio %.2f\n", theirs,
              static_cast<double>(row_count) / theirs, ours, static_cast<double>(row_count) / ours, theirs / ours);
  wall_start = WallSeconds();
  const FlatGraph flat_by_two = build(2);
  const double two_wall = WallSeconds() - wall_start;
  std::printf("two threads: %.1f s; %.2f times as fast as one (%.1f s); the same graph: %s\n", two_wall,
              ours_wall / two_wall, ours_wall, flat.base_links == flat_by_two.base_links ? "yes" : "NO");

  const std::vector<PreparedQuery> queries = PrepareQueries(data);
  const auto exact = ScanAll(queries, rows.span(), kK);
  const Graph their_graph(FlattenHnswlib(hnswlib.index)), our_graph(flat);
  double worst = 0;
  for (const int64_t ef : kEfs) {
    double their_distances, our_distances;
    const double their_recall = Recall(their_graph, served, rows.span(), queries, exact, ef, their_distances);
    const double our_recall = Recall(our_graph, served, rows.span(), queries, exact, ef, our_distances);
    std::printf("ef %4d:  hnswlib's recall %.4f, %.0f distances  ochre's recall %.4f, %.0f distances\n",
                static_cast<int>(ef), their_recall, their_distances, our_recall, our_distances);
    worst = std::max(worst, their_recall - our_recall);
  }
  std::printf("our graph's recall behind hnswlib's at equal ef: %.4f at most (floor 0.005)  %s\n", worst,
              worst <= 0.005 ? "met" : "MISSED");
}

}  // namespace
}  // namespace ochre

int main(int argc, char** argv) { return ochre::RunWithData(argc, argv, 50'000, ochre::Run); }
