#include "hnsw/graph_search.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <limits>
#include <optional>
#include <type_traits>

#include "hnsw/beam_search.h"
#include "hnsw/code_vectors.h"

namespace ochre {

namespace {

// Searches whose steps one thread interleaves. 4 answer 1.2 times as many queries a second as one after the other; 2
// gain half of that, and more do not fit the first-level cache.
constexpr size_t kInterleaved = 4;

// A filtered walk is judged after this many distances: by then it has come near the query.
constexpr int64_t kDistancesBeforeLook = 256;
// It computes about this many for each candidate that it keeps, if every node may be returned: the links of a node,
// less those that were visited before.
constexpr double kDistancesPerCandidate = 16;
// More of the nodes may be nearer to the query than those that were met first.
constexpr double kOverestimate = 4;

struct BaseLinks {
  const HnswGraph& graph;
  const uint32_t* Places(uint32_t node) const { return graph.LinkPlaces(node); }
  size_t place_count() const { return 2 * static_cast<size_t>(graph.max_neighbors()); }
};

struct RowVectors {
  const RowsSpan& rows;
  const PreparedQuery& query;
  // The first line only, which also finds its page; the kernel fetches the others in the order in which it needs them.
  void Fetch(uint32_t row) const { __builtin_prefetch(rows.Row(row)); }
  void Measure(std::span<const uint32_t> ordinals, float* distances) const {
    DistancesToOrdinals(query, rows, ordinals, distances);
  }
};

// What a thread keeps from one search to the next.
struct Scratch {
  BeamScratch beam;
  FixedWalk fixed_walk;
  AdaptiveWalk adaptive_walk;
  AdaptiveFilteredWalk adaptive_filtered_walk;
  FilteredWalk filtered_walk;
};

// Follows the nearest link through the upper layers as long as it leads nearer.
template <typename Vectors>
Neighbor Descend(const HnswGraph& graph, const Vectors& vectors, Neighbor nearest, BeamScratch& scratch,
                 int64_t* distances) {
  for (int32_t level = graph.max_level(); level >= 1; --level) {
    for (bool moved = true; moved;) {
      moved = false;
      const std::span<const uint32_t> links = graph.UpperLinks(nearest.ordinal, level);
      for (const uint32_t link : links) vectors.Fetch(link);
      scratch.distances.resize(std::max(scratch.distances.size(), links.size()));
      vectors.Measure(links, scratch.distances.data());
      *distances += static_cast<int64_t>(links.size());
      for (size_t i = 0; i < links.size(); ++i) {
        const Neighbor neighbor{.distance = scratch.distances[i], .ordinal = links[i]};
        if (neighbor < nearest) {
          nearest = neighbor;
          moved = true;
        }
      }
    }
  }
  return nearest;
}

// The search for one query.
template <typename Vectors, typename Walk>
class Search {
 public:
  Search(const HnswGraph& graph, const Vectors& vectors, const GraphSearchOptions& options, Walk& walk,
         BeamScratch& scratch, GraphSearchResult& result)
      : vectors_(vectors),
        links_{graph},
        options_(options),
        walk_(walk),
        result_(result),
        beam_(links_, vectors_, graph.row_count(), walk, scratch) {
    Neighbor entry{.distance = 0, .ordinal = graph.entry_point()};
    vectors_.Measure(std::span(&entry.ordinal, 1), &entry.distance);
    result_.distances = 1;
    beam_.AddStart(Descend(graph, vectors_, entry, scratch, &result_.distances));
    // The entry point as well: every row can be reached from it (ConnectEveryRow in flat_graph.h), perhaps not from
    // where the descent ended.
    beam_.AddStart(entry);
    beam_.Begin();
  }

  // False: the search gives up, since it has computed enough distances, or is going to.
  bool Meet() {
    if (options_.distances_max > 0 &&
        (result_.distances + beam_.distances() >= options_.distances_max || IsHopeless())) {
      result_.complete = false;
      return false;
    }
    beam_.Meet();
    return true;
  }

  // False: the search has ended.
  bool Settle() { return beam_.Settle(); }

  void Finish() {
    if constexpr (std::is_same_v<Walk, AdaptiveFilteredWalk>) {
      if (walk_.ran_out()) result_.complete = false;
    }
    result_.neighbors = walk_.results().Nearest(options_.k);
    result_.distances += beam_.distances();
  }

 private:
  // Whether so few of the nodes around the query may be returned that the walk will not end in time. Looked at once.
  bool IsHopeless() {
    if constexpr (std::is_same_v<Walk, FilteredWalk>) {
      if (has_looked_ || beam_.distances() < kDistancesBeforeLook) return false;
      has_looked_ = true;
      const double expected = kDistancesPerCandidate * static_cast<double>(options_.ef) * walk_.met_per_allowed();
      return expected > kOverestimate * static_cast<double>(options_.distances_max);
    }
    return false;
  }

  bool has_looked_ = false;
  const Vectors vectors_;
  const BaseLinks links_;
  const GraphSearchOptions& options_;
  Walk& walk_;
  GraphSearchResult& result_;
  BeamSearch<BaseLinks, Vectors, Walk> beam_;
};

// Not inlined, or the compiler would look up the thread's copy at each use instead of keeping its address.
[[gnu::noinline]] std::array<Scratch, kInterleaved>& ThreadScratch() {
  thread_local std::array<Scratch, kInterleaved> scratch;
  return scratch;
}

// Calls function(walk of the scratch that suits the options, made ready).
template <typename Function>
void WithWalk(const GraphSearchOptions& options, size_t query, int64_t row_count, Scratch& scratch,
              const Function& function) {
  const auto ef = static_cast<size_t>(std::min(options.ef, row_count));  // never more room than rows
  const float bound = options.bounds.empty() ? std::numeric_limits<float>::infinity() : options.bounds[query];
  const size_t reach_k = std::min(static_cast<size_t>(options.reach_k), ef);
  if (!options.allowed.empty() && options.reach > 0) {
    const size_t results_max = std::max(reach_k, std::min(static_cast<size_t>(options.k), ef));
    scratch.adaptive_filtered_walk.Reset(reach_k, options.reach, ef, bound, results_max, options.allowed);
    function(scratch.adaptive_filtered_walk);
  } else if (!options.allowed.empty()) {
    scratch.filtered_walk.Reset(ef, options.allowed);
    function(scratch.filtered_walk);
  } else if (options.reach > 0) {
    scratch.adaptive_walk.Reset(reach_k, options.reach, ef, bound);
    function(scratch.adaptive_walk);
  } else {
    scratch.fixed_walk.Reset(ef);
    function(scratch.fixed_walk);
  }
}

void CheckOptions([[maybe_unused]] const HnswGraph& graph, [[maybe_unused]] const GraphSearchOptions& options) {
  assert(options.k >= 1 && options.ef >= options.k);
  assert(options.reach == 0 || (options.reach >= 1 && options.reach_k >= 1 && options.reach_k <= options.ef));
  assert(options.allowed.empty() || static_cast<int64_t>(options.allowed.size()) * 64 >= graph.row_count());
}

template <typename Vectors>
void SearchOne(const HnswGraph& graph, const Vectors& vectors, const GraphSearchOptions& options, Scratch& scratch,
               GraphSearchResult& result) {
  WithWalk(options, 0, graph.row_count(), scratch, [&]<typename Walk>(Walk& walk) {
    Search<Vectors, Walk> search(graph, vectors, options, walk, scratch.beam, result);
    while (search.Meet() && search.Settle()) {
    }
    search.Finish();
  });
}

// Takes the steps of up to kInterleaved searches in turn; the place of one that ends goes to the next query.
template <typename Walk, typename WalkOf>
void SearchInterleaved(const HnswGraph& graph, const CodesSpan& codes, std::span<const CodeQuery> queries,
                       const GraphSearchOptions& options, const WalkOf& walk_of, std::span<GraphSearchResult> results) {
  std::array<Scratch, kInterleaved>& scratch = ThreadScratch();
  std::array<std::optional<Search<CodeVectors, Walk>>, kInterleaved> searches;
  size_t next = 0, running = 0;
  const auto start = [&](size_t slot) {
    searches[slot].reset();
    if (next == queries.size()) return;
    searches[slot].emplace(graph, CodeVectors{codes, queries[next]}, options, walk_of(scratch[slot], next),
                           scratch[slot].beam, results[next]);
    ++next;
    ++running;
  };
  for (size_t slot = 0; slot < kInterleaved; ++slot) start(slot);
  const auto end = [&](size_t slot) {
    searches[slot]->Finish();
    --running;
    start(slot);
  };
  std::array<bool, kInterleaved> met;
  while (running > 0) {
    for (size_t slot = 0; slot < kInterleaved; ++slot) {
      met[slot] = searches[slot].has_value() && searches[slot]->Meet();
      if (searches[slot].has_value() && !met[slot]) end(slot);
    }
    for (size_t slot = 0; slot < kInterleaved; ++slot) {
      if (met[slot] && !searches[slot]->Settle()) end(slot);
    }
  }
}

}  // namespace

GraphSearchResult SearchGraph(const HnswGraph& graph, const RowsSpan& rows, const PreparedQuery& query,
                              const GraphSearchOptions& options) {
  CheckOptions(graph, options);
  assert(rows.row_count == graph.row_count() && query.dimension() == rows.dimension);
  GraphSearchResult result;
  SearchOne(graph, RowVectors{rows, query}, options, ThreadScratch()[0], result);
  return result;
}

std::vector<GraphSearchResult> SearchGraphByCodes(const HnswGraph& graph, const CodesSpan& codes,
                                                  std::span<const CodeQuery> queries,
                                                  const GraphSearchOptions& options) {
  CheckOptions(graph, options);
  assert(codes.row_count == graph.row_count());
  std::vector<GraphSearchResult> results(queries.size());
  if (queries.size() == 1) {
    SearchOne(graph, CodeVectors{codes, queries[0]}, options, ThreadScratch()[0], results[0]);
    return results;
  }
  const auto interleave = [&]<typename Walk>(Walk Scratch::*walk) {
    SearchInterleaved<Walk>(
        graph, codes, queries, options,
        [&](Scratch& scratch, size_t query) -> Walk& {
          WithWalk(options, query, graph.row_count(), scratch, [](auto&) {});
          return scratch.*walk;
        },
        results);
  };
  if (!options.allowed.empty() && options.reach > 0) {
    interleave(&Scratch::adaptive_filtered_walk);
  } else if (!options.allowed.empty()) {
    interleave(&Scratch::filtered_walk);
  } else if (options.reach > 0) {
    interleave(&Scratch::adaptive_walk);
  } else {
    interleave(&Scratch::fixed_walk);
  }
  return results;
}

}  // namespace ochre
