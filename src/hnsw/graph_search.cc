#include "hnsw/graph_search.h"

#include <algorithm>
#include <cassert>
#include <functional>

#include "hnsw/candidate_pool.h"
#include "hnsw/graph_format.h"
#include "hnsw/visited_set.h"

namespace ochre {

namespace {

// A new candidate's links are fetched when it is one of this many next to be expanded. Measured with
// bench/workload/graph_search_bench.cc.
constexpr size_t kLinksFetchedPlaces = 2;

constexpr size_t kLinksPerLine = 16;  // of 64 bytes

// One expansion order of layer 0. Walk::Add offers a node that was met, Walk::Next names the one to expand, and
// Walk::results holds the nearest that may be returned. This one is for searches in which every row may be: the
// candidates to expand and the results are the same nodes. LikelyNext guesses what Next will name after it: it is right
// unless something nearer is added.
class FreeWalk {
 public:
  void Reset(size_t ef) { pool_.Reset(ef); }
  // Whether the node will be expanded soon.
  bool Add(float distance, uint32_t node) { return pool_.Insert(CandidateKey(distance, node)) < kLinksFetchedPlaces; }
  bool Next(uint32_t* node) { return pool_.ExpandNext(node); }
  uint32_t LikelyNext() const { return pool_.LikelyNext(); }
  const CandidatePool& results() const { return pool_; }

 private:
  CandidatePool pool_;
};

// For searches in which only some rows may be returned: results are the ef nearest of these, while every node is a
// candidate for expansion as long as it is nearer than the worst result, or the results are not full. So the number of
// candidates has no bound but the rows: were it ef, the disallowed nodes around the query would push out the nodes
// behind which the allowed ones lie. A heap, because insertions in the middle of so many are too dear.
class FilteredWalk {
 public:
  void Reset(size_t ef, std::span<const uint64_t> allowed) {
    allowed_ = allowed;
    results_.Reset(ef);
    candidates_.clear();
  }
  bool Add(float distance, uint32_t node) {
    const uint64_t key = CandidateKey(distance, node);
    if (!results_.Accepts(key)) return false;
    if ((allowed_[node / 64] >> (node % 64) & 1) != 0) results_.Insert(key);
    candidates_.push_back(key);
    std::push_heap(candidates_.begin(), candidates_.end(), std::greater<>());
    return candidates_.front() == key;
  }
  bool Next(uint32_t* node) {
    // A result may be expanded although it is the worst (its key is equal), as in FreeWalk.
    if (candidates_.empty() || (results_.full() && candidates_.front() > results_.worst())) return false;
    std::pop_heap(candidates_.begin(), candidates_.end(), std::greater<>());
    *node = CandidateNode(candidates_.back());
    candidates_.pop_back();
    last_ = *node;
    return true;
  }
  // The node itself when there is no other.
  uint32_t LikelyNext() const { return candidates_.empty() ? last_ : CandidateNode(candidates_.front()); }
  const CandidatePool& results() const { return results_; }

 private:
  std::span<const uint64_t> allowed_;
  CandidatePool results_;
  std::vector<uint64_t> candidates_;  // a heap, the nearest first
  uint32_t last_ = 0;                 // that Next returned
};

// What a thread keeps from one search to the next, so that a search allocates nothing but its results.
struct Scratch {
  VisitedSet visited;
  std::vector<float> distances;
  FreeWalk free_walk;
  FilteredWalk filtered_walk;
};

class GraphSearch {
 public:
  GraphSearch(const HnswGraph& graph, const RowsSpan& rows, const PreparedQuery& query,
              const GraphSearchOptions& options, Scratch& scratch)
      : graph_(graph),
        rows_(rows),
        query_(query),
        options_(options),
        scratch_(scratch),
        places_(2 * static_cast<size_t>(graph.max_neighbors())) {
    scratch_.visited.Reset(graph.row_count());
    scratch_.distances.resize(places_);
  }

  template <typename Walk>
  GraphSearchResult Run(Walk& walk) {
    const Neighbor entry = DistanceTo(graph_.entry_point());
    const Neighbor start = DescendFrom(entry);
    // The entry point as well: every row can be reached from it (ConnectEveryRow in flat_graph.h), perhaps not from
    // where the descent ended.
    for (const Neighbor& node : {start, entry}) {
      scratch_.visited.Insert(std::span(&node.ordinal, 1), [&](uint32_t) { walk.Add(node.distance, node.ordinal); });
    }
    uint32_t node;
    while (walk.Next(&node)) {
      if (options_.distances_max > 0 && result_.distances >= options_.distances_max) {
        result_.complete = false;
        break;
      }
      FetchLinks(walk.LikelyNext());  // has the time of one expansion to arrive
      Expand(node, walk);
    }
    result_.neighbors = walk.results().Nearest(options_.k);
    return std::move(result_);
  }

 private:
  // Two phases, so that the cache misses of all new neighbors overlap: first find them and fetch their rows, then
  // compare them all with the query.
  template <typename Walk>
  void Expand(uint32_t node, Walk& walk) {
    const uint32_t* links = graph_.LinkPlaces(node);
    size_t count = 0;
    while (count < places_ && links[count] != kNoLink) ++count;
    const std::span<const uint32_t> met =
        scratch_.visited.Insert({links, count}, [this](uint32_t link) { FetchRow(link); });
    Measure(met);
    for (size_t i = 0; i < met.size(); ++i) {
      if (walk.Add(scratch_.distances[i], met[i])) FetchLinks(met[i]);
    }
  }

  // Follows the nearest link through the upper layers as long as it leads nearer.
  Neighbor DescendFrom(Neighbor nearest) {
    for (int32_t level = graph_.max_level(); level >= 1; --level) {
      for (bool moved = true; moved;) {
        moved = false;
        const std::span<const uint32_t> links = graph_.UpperLinks(nearest.ordinal, level);
        Measure(links);
        for (size_t i = 0; i < links.size(); ++i) {
          const Neighbor neighbor{.distance = scratch_.distances[i], .ordinal = links[i]};
          if (neighbor < nearest) {
            nearest = neighbor;
            moved = true;
          }
        }
      }
    }
    return nearest;
  }

  Neighbor DistanceTo(uint32_t node) {
    Measure(std::span(&node, 1));
    return {.distance = scratch_.distances[0], .ordinal = node};
  }

  // Into scratch_.distances.
  void Measure(std::span<const uint32_t> nodes) {
    DistancesToOrdinals(query_, rows_, nodes, scratch_.distances.data());
    result_.distances += static_cast<int64_t>(nodes.size());
  }

  // The first line only, which also finds its page; the kernel fetches the others in the order in which it needs them.
  void FetchRow(uint32_t node) const { __builtin_prefetch(rows_.Row(node)); }

  void FetchLinks(uint32_t node) const {
    const uint32_t* links = graph_.LinkPlaces(node);
    for (size_t i = 0; i < places_; i += kLinksPerLine) __builtin_prefetch(links + i);
  }

  const HnswGraph& graph_;
  const RowsSpan& rows_;
  const PreparedQuery& query_;
  const GraphSearchOptions& options_;
  Scratch& scratch_;
  const size_t places_;  // for links on layer 0
  GraphSearchResult result_;
};

// Not inlined, or the compiler would look up the thread's copy at each use instead of keeping its address.
[[gnu::noinline]] Scratch& ThreadScratch() {
  thread_local Scratch scratch;
  return scratch;
}

}  // namespace

GraphSearchResult SearchGraph(const HnswGraph& graph, const RowsSpan& rows, const PreparedQuery& query,
                              const GraphSearchOptions& options) {
  assert(options.k >= 1 && options.ef >= options.k);
  assert(rows.row_count == graph.row_count() && query.dimension() == rows.dimension);
  assert(options.allowed.empty() || static_cast<int64_t>(options.allowed.size()) * 64 >= rows.row_count);
  Scratch& scratch = ThreadScratch();
  const auto ef = static_cast<size_t>(std::min(options.ef, rows.row_count));  // never more room than rows
  GraphSearch search(graph, rows, query, options, scratch);
  if (options.allowed.empty()) {
    scratch.free_walk.Reset(ef);
    return search.Run(scratch.free_walk);
  }
  scratch.filtered_walk.Reset(ef, options.allowed);
  return search.Run(scratch.filtered_walk);
}

}  // namespace ochre
