#include "hnsw/graph_builder.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <new>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

#include "hnsw/beam_search.h"
#include "hnsw/code_vectors.h"
#include "hnsw/duplicate_groups.h"
#include "hnsw/growing_graph.h"
#include "hnsw/neighbor_selector.h"
#include "runtime/worker_team.h"

namespace ochre {

namespace {

// A batch is at most this part of the nodes that are there: so few of a node's neighbours are in its own batch, where
// it does not see them, that recall does not suffer.
constexpr size_t kBatchPart = 50;
// Bounds what a batch's links take until they are applied, some 4 MB.
constexpr size_t kBatchMax = 8'192;
// Groups of nodes, or lists of links, that a worker takes at a time: a millisecond or less, so that the others need not
// wait for long.
constexpr int64_t kGrain = 2;

constexpr uint64_t kLevelSeed = 100;  // any number, but always the same: it decides the bytes of the graph

// SplitMix64 (Steele et al. 2014): as good as random, and the same whenever a row is asked for.
uint64_t Mix(uint64_t value) {
  value += 0x9E3779B97F4A7C15;
  value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
  value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
  return value ^ (value >> 31);
}

uint8_t LevelOf(uint32_t row, int32_t max_neighbors) {
  // In (0, 1], with 53 bits.
  const double uniform = static_cast<double>((Mix(row ^ (kLevelSeed << 32)) >> 11) + 1) * 0x1p-53;
  const double level = -std::log(uniform) / std::log(static_cast<double>(max_neighbors));
  return static_cast<uint8_t>(std::min(level, static_cast<double>(kMaxLevelMax)));
}

// One layer as a BeamSearch walks it.
struct LayerLinks {
  const GrowingGraph& graph;
  int32_t layer;
  const uint32_t* Places(uint32_t node) const { return graph.Places(node, layer); }
  size_t place_count() const { return graph.place_count(layer); }
};

// `node` was linked to `target`, and `target` should link back.
struct BackLink {
  int32_t layer;
  uint32_t target;
  float distance;
  uint32_t node;

  friend bool operator<(const BackLink& a, const BackLink& b) {
    return std::tie(a.layer, a.target, a.distance, a.node) < std::tie(b.layer, b.target, b.distance, b.node);
  }
};

// Searches along layer 0 whose steps a worker interleaves, so that the cache misses of one overlap the work of others
// (graph_search.cc has measured how many).
constexpr size_t kInterleaved = 4;

// What one search has for itself.
struct SearchPlace {
  explicit SearchPlace(const Quantizer& quantizer) : query(quantizer.MakeRowQuery()) {}

  CodeQuery query;
  FixedWalk walk;
  BeamScratch beam;
};

// What a worker has for itself.
struct Workplace {
  Workplace(const Quantizer& quantizer, const CodesSpan& codes) : selector(quantizer, codes) {
    for (size_t i = 0; i < kInterleaved; ++i) searches.emplace_back(quantizer);
  }

  NeighborSelector selector;
  std::vector<SearchPlace> searches;  // kInterleaved
  std::vector<uint32_t> rows;
  std::vector<float> distances;
  std::vector<Neighbor> neighbors;
  std::vector<BackLink> back_links;
};

class Builder {
 public:
  Builder(const Quantizer& quantizer, const CodesSpan& codes, const GraphBuildOptions& options,
          const InheritedGraph* inherited, const std::atomic<bool>& cancelled)
      : quantizer_(quantizer),
        codes_(codes),
        options_(options),
        cancelled_(cancelled),
        inherited_(inherited != nullptr && inherited->graph != nullptr ? *inherited : InheritedGraph()),
        duplicates_(FindDuplicates(codes)),
        team_(options.num_threads) {
    NumberInheritedNodes();
    ChooseRepresentatives();
    graph_.emplace(static_cast<uint32_t>(options.max_neighbors), Levels());
    for (int32_t worker = 0; worker < team_.size(); ++worker) workplaces_.emplace_back(quantizer, codes);
  }

  Result<FlatGraph> Build() {
    OCHRE_RETURN_IF_ERROR(Inherit());
    const std::vector<uint32_t> order = InsertionOrder();
    size_t done = 0;
    if (linked_count_ == 0) {
      entry_point_ = order[0];
      linked_count_ = done = 1;
    }
    while (done < order.size()) {
      // A node above all others has none to find it by: it is inserted alone and is the entry point from then on.
      const bool is_higher = graph_->level(order[done]) > graph_->level(entry_point_);
      const size_t batch = is_higher ? 1 : std::clamp(linked_count_ / kBatchPart, size_t{1}, kBatchMax);
      const size_t count = std::min(batch, order.size() - done);
      OCHRE_RETURN_IF_ERROR(InsertBatch(std::span(order).subspan(done, count)));
      if (is_higher) entry_point_ = order[done];
      done += count;
      linked_count_ += count;
    }
    HangDuplicates();
    FlatGraph flat = graph_->Flatten(entry_point_);
    ConnectEveryRow(flat);
    return flat;
  }

 private:
  // ---- What is inherited

  int32_t InheritedLevel(uint32_t row) const {
    return inherited_node_[row] == kNoLink ? -1 : inherited_level_[inherited_node_[row]];
  }

  void NumberInheritedNodes() {
    inherited_node_.assign(static_cast<size_t>(codes_.row_count), kNoLink);
    if (inherited_.graph == nullptr) return;
    assert(static_cast<int64_t>(inherited_.row_of_node.size()) == inherited_.graph->row_count());
    for (uint32_t node = 0; node < inherited_.row_of_node.size(); ++node) {
      if (inherited_.row_of_node[node] != kNoLink) inherited_node_[inherited_.row_of_node[node]] = node;
    }
    inherited_level_.assign(inherited_.row_of_node.size(), 0);
    for (int32_t layer = 1; layer <= inherited_.graph->max_level(); ++layer) {
      for (const uint32_t node : inherited_.graph->UpperMembers(layer)) {
        inherited_level_[node] = static_cast<uint8_t>(layer);
      }
    }
  }

  // Of rows with the same code the one that is highest in the inherited graph stands for all, or else the first.
  void ChooseRepresentatives() {
    std::vector<uint32_t> chosen = duplicates_.first_of;
    for (const uint32_t row : duplicates_.others) {
      uint32_t& best = chosen[duplicates_.first_of[row]];
      if (InheritedLevel(row) > InheritedLevel(best)) best = row;
    }
    representative_.resize(chosen.size());
    for (size_t row = 0; row < chosen.size(); ++row) representative_[row] = chosen[duplicates_.first_of[row]];
    duplicate_count_.assign(chosen.size(), 0);
    for (uint32_t row = 0; row < representative_.size(); ++row) {
      if (representative_[row] != row) ++duplicate_count_[representative_[row]];
    }
  }

  bool IsRepresentative(uint32_t row) const { return representative_[row] == row; }

  std::vector<uint8_t> Levels() const {
    std::vector<uint8_t> levels(representative_.size(), 0);
    for (uint32_t row = 0; row < levels.size(); ++row) {
      if (!IsRepresentative(row)) continue;
      const int32_t inherited = InheritedLevel(row);
      levels[row] = inherited >= 0 ? static_cast<uint8_t>(inherited) : LevelOf(row, options_.max_neighbors);
    }
    return levels;
  }

  // Gives every inherited node its links, under the new names.
  Status Inherit() {
    if (inherited_.graph == nullptr) return Status::Ok();
    // The inherited nodes by the row that stands for them; several for rows that came to have the same code.
    std::vector<std::pair<uint32_t, uint32_t>> nodes;
    for (uint32_t node = 0; node < inherited_.row_of_node.size(); ++node) {
      const uint32_t row = inherited_.row_of_node[node];
      if (row != kNoLink) nodes.emplace_back(representative_[row], node);
    }
    std::sort(nodes.begin(), nodes.end());
    std::vector<size_t> begins;
    for (size_t i = 0; i < nodes.size(); ++i) {
      if (i == 0 || nodes[i].first != nodes[i - 1].first) begins.push_back(i);
    }
    begins.push_back(nodes.size());
    OCHRE_RETURN_IF_ERROR(Share(std::ssize(begins) - 1, [&](int64_t i, Workplace& place) {
      const auto first = nodes.begin() + static_cast<std::ptrdiff_t>(begins[static_cast<size_t>(i)]);
      const auto last = nodes.begin() + static_cast<std::ptrdiff_t>(begins[static_cast<size_t>(i) + 1]);
      for (int32_t layer = 0; layer <= graph_->level(first->first); ++layer) {
        place.rows.clear();
        bool bypassed = false;
        for (auto node = first; node != last; ++node) bypassed |= CollectLinks(node->second, layer, place.rows);
        AdoptLinks(first->first, layer, bypassed, place);
      }
    }));
    std::vector<uint32_t> rows;
    for (size_t i = 0; i + 1 < begins.size(); ++i) rows.push_back(nodes[begins[i]].first);
    HideStranded(rows);
    for (const uint32_t row : rows) {
      if (graph_->Links(row, 0).empty()) continue;  // it is inserted like a new one
      if (linked_count_ == 0 || graph_->level(row) > graph_->level(entry_point_)) entry_point_ = row;
      ++linked_count_;
    }
    return Status::Ok();
  }

  // Takes away all links to those of the inherited `rows` that have none themselves on layer 0, and their own above it:
  // they are inserted like new ones, and no search may meet a node before its batch is through.
  void HideStranded(const std::vector<uint32_t>& rows) {
    std::vector<bool> is_stranded(representative_.size(), false);
    const auto mark = [&] {
      bool any = false;
      for (const uint32_t row : rows) {
        if (is_stranded[row] || !graph_->Links(row, 0).empty()) continue;
        for (int32_t layer = 1; layer <= graph_->level(row); ++layer) graph_->Write(row, layer, {});
        is_stranded[row] = any = true;
      }
      return any;
    };
    std::vector<Neighbor>& neighbors = workplaces_.front().neighbors;
    while (mark()) {  // again, because this may strand others
      for (const uint32_t row : rows) {
        for (int32_t layer = 0; layer <= graph_->level(row); ++layer) {
          neighbors.clear();
          graph_->Read(row, layer, neighbors);
          const auto leads_nowhere = [&](const Neighbor& other) { return is_stranded[other.ordinal]; };
          if (std::erase_if(neighbors, leads_nowhere) > 0) graph_->Write(row, layer, neighbors);
        }
      }
    }
  }

  // Appends what `node` linked to, and for links to nodes that are gone what these linked to. True: there were such.
  bool CollectLinks(uint32_t node, int32_t layer, std::vector<uint32_t>& rows) const {
    const auto links = [&](uint32_t of) {
      return layer == 0 ? inherited_.graph->Links(of) : inherited_.graph->UpperLinks(of, layer);
    };
    bool bypassed = false;
    const auto add = [&](uint32_t other) {
      const uint32_t row = inherited_.row_of_node[other];
      if (row == kNoLink) return false;
      rows.push_back(representative_[row]);
      return true;
    };
    for (const uint32_t link : links(node)) {
      if (add(link)) continue;
      bypassed = true;
      for (const uint32_t behind : links(link)) add(behind);
    }
    return bypassed;
  }

  void AdoptLinks(uint32_t row, int32_t layer, bool bypassed, Workplace& place) {
    std::vector<uint32_t>& rows = place.rows;
    std::sort(rows.begin(), rows.end());
    rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
    // A row that took over another's place may be on fewer layers.
    std::erase_if(rows, [&](uint32_t other) { return other == row || graph_->level(other) < layer; });
    place.distances.resize(std::max(place.distances.size(), rows.size()));
    CodeQuery& query = place.searches.front().query;
    quantizer_.PrepareFromCode(codes_.Row(row), &query);
    CodeDistancesToOrdinals(query, codes_, rows, place.distances.data());
    place.neighbors.clear();
    for (size_t i = 0; i < rows.size(); ++i) {
      place.neighbors.push_back({.distance = place.distances[i], .ordinal = rows[i]});
    }
    std::sort(place.neighbors.begin(), place.neighbors.end());
    const size_t capacity = Capacity(row, layer);
    if (bypassed || place.neighbors.size() > capacity) place.selector.Select(place.neighbors, capacity);
    graph_->Write(row, layer, place.neighbors);
  }

  // ---- What is inserted

  // The rows that are not linked yet. The highest first, so that the upper layers are complete before the many follow;
  // within a level in an order that has nothing to do with the data, as neighbours in one batch do not see each other.
  std::vector<uint32_t> InsertionOrder() const {
    std::vector<std::pair<uint64_t, uint32_t>> keys;
    for (uint32_t row = 0; row < representative_.size(); ++row) {
      const bool is_linked = linked_count_ > 0 && (row == entry_point_ || !graph_->Links(row, 0).empty());
      if (!IsRepresentative(row) || is_linked) continue;
      const uint64_t depth = kMaxLevelMax - static_cast<uint64_t>(graph_->level(row));
      keys.emplace_back(depth << 56 | Mix(row) >> 8, row);
    }
    std::sort(keys.begin(), keys.end());
    std::vector<uint32_t> order;
    order.reserve(keys.size());
    for (const auto& [key, row] : keys) order.push_back(row);
    return order;
  }

  Status InsertBatch(std::span<const uint32_t> batch) {
    const int64_t groups = (std::ssize(batch) + int64_t{kInterleaved} - 1) / int64_t{kInterleaved};
    OCHRE_RETURN_IF_ERROR(Share(groups, [&](int64_t i, Workplace& place) {
      const size_t begin = static_cast<size_t>(i) * kInterleaved;
      FindNeighbors(batch.subspan(begin, std::min(kInterleaved, batch.size() - begin)), place);
    }));
    std::vector<BackLink>& back_links = back_links_;
    back_links.clear();
    for (Workplace& place : workplaces_) {
      back_links.insert(back_links.end(), place.back_links.begin(), place.back_links.end());
      place.back_links.clear();
    }
    std::sort(back_links.begin(), back_links.end());  // whoever found them
    std::vector<size_t>& begins = begins_;
    begins.clear();
    for (size_t i = 0; i < back_links.size(); ++i) {
      if (i == 0 || back_links[i].layer != back_links[i - 1].layer ||
          back_links[i].target != back_links[i - 1].target) {
        begins.push_back(i);
      }
    }
    begins.push_back(back_links.size());
    return Share(std::ssize(begins) - 1, [&](int64_t i, Workplace& place) {
      const size_t begin = begins[static_cast<size_t>(i)], end = begins[static_cast<size_t>(i) + 1];
      LinkBack(std::span(back_links).subspan(begin, end - begin), place);
    });
  }

  using Search = BeamSearch<LayerLinks, CodeVectors, FixedWalk>;

  // Chooses the links of up to kInterleaved nodes, on every layer that they are on.
  void FindNeighbors(std::span<const uint32_t> nodes, Workplace& place) {
    const LayerLinks base{*graph_, 0};
    std::optional<CodeVectors> vectors[kInterleaved];
    std::optional<Search> searches[kInterleaved];
    for (size_t i = 0; i < nodes.size(); ++i) {
      vectors[i].emplace(CodeVectors{codes_, place.searches[i].query});
      const Neighbor start = FindNeighborsAbove(nodes[i], *vectors[i], place.searches[i], place);
      BeginSearch(base, *vectors[i], start, place.searches[i], searches[i]);
    }
    for (bool any = true; any;) {
      any = false;
      for (size_t i = 0; i < nodes.size(); ++i) {
        if (searches[i].has_value()) searches[i]->Meet();
      }
      for (size_t i = 0; i < nodes.size(); ++i) {
        if (!searches[i].has_value()) continue;
        if (searches[i]->Settle()) {
          any = true;
        } else {
          searches[i].reset();
        }
      }
    }
    for (size_t i = 0; i < nodes.size(); ++i) ChooseLinks(nodes[i], 0, place.searches[i], place);
  }

  // The same on the upper layers alone; returns where to begin on layer 0.
  Neighbor FindNeighborsAbove(uint32_t node, const CodeVectors& vectors, SearchPlace& search, Workplace& place) {
    quantizer_.PrepareFromCode(codes_.Row(node), &search.query);
    Neighbor nearest{.distance = 0, .ordinal = entry_point_};
    vectors.Measure(std::span(&nearest.ordinal, 1), &nearest.distance);
    int32_t layer = graph_->level(entry_point_);
    for (; layer > graph_->level(node); --layer) nearest = Descend(layer, vectors, nearest, place);
    for (; layer >= 1; --layer) {
      std::optional<Search> beam;
      const LayerLinks links{*graph_, layer};
      BeginSearch(links, vectors, nearest, search, beam);
      do {
        beam->Meet();
      } while (beam->Settle());
      nearest = ChooseLinks(node, layer, search, place);
    }
    return nearest;
  }

  void BeginSearch(const LayerLinks& links, const CodeVectors& vectors, const Neighbor& start, SearchPlace& search,
                   std::optional<Search>& beam) const {
    search.walk.Reset(static_cast<size_t>(std::max(options_.ef_construction, options_.max_neighbors)));
    beam.emplace(links, vectors, codes_.row_count, search.walk, search.beam);
    beam->AddStart(start);
    beam->Begin();
  }

  // Links `node` to what its search has found, of which it returns the nearest.
  Neighbor ChooseLinks(uint32_t node, int32_t layer, const SearchPlace& search, Workplace& place) {
    search.walk.results().CopyTo(place.neighbors);
    const Neighbor nearest = place.neighbors.front();
    place.selector.Select(place.neighbors, static_cast<size_t>(options_.max_neighbors));
    graph_->Write(node, layer, place.neighbors);
    for (const Neighbor& neighbor : place.neighbors) {
      place.back_links.push_back(
          {.layer = layer, .target = neighbor.ordinal, .distance = neighbor.distance, .node = node});
    }
    return nearest;
  }

  // Follows the nearest link on `layer` as long as it leads nearer.
  Neighbor Descend(int32_t layer, const CodeVectors& vectors, Neighbor nearest, Workplace& place) const {
    place.distances.resize(std::max(place.distances.size(), graph_->place_count(layer)));
    for (bool moved = true; moved;) {
      moved = false;
      const std::span<const uint32_t> links = graph_->Links(nearest.ordinal, layer);
      for (const uint32_t link : links) vectors.Fetch(link);
      vectors.Measure(links, place.distances.data());
      for (size_t i = 0; i < links.size(); ++i) {
        const Neighbor neighbor{.distance = place.distances[i], .ordinal = links[i]};
        if (!(neighbor < nearest)) continue;
        nearest = neighbor;
        moved = true;
      }
    }
    return nearest;
  }

  // Adds the links of one node on one layer to those that it has, and chooses anew where they are too many.
  void LinkBack(std::span<const BackLink> back_links, Workplace& place) {
    const auto [layer, target] = std::pair(back_links.front().layer, back_links.front().target);
    place.neighbors.clear();
    graph_->Read(target, layer, place.neighbors);
    for (const BackLink& link : back_links) {
      place.neighbors.push_back({.distance = link.distance, .ordinal = link.node});
    }
    const size_t capacity = Capacity(target, layer);
    if (place.neighbors.size() > capacity) {
      std::sort(place.neighbors.begin(), place.neighbors.end());
      place.selector.Select(place.neighbors, capacity);
    }
    graph_->Write(target, layer, place.neighbors);
  }

  // ---- Rows with the same code

  // Links that a node of layer 0 gives up for the rows that hang on it: an eighth of them, at least one.
  size_t ReservedPlaces(uint32_t row) const {
    return std::min(size_t{duplicate_count_[row]}, std::max(size_t{1}, graph_->place_count(0) / 8));
  }

  size_t Capacity(uint32_t row, int32_t layer) const {
    return graph_->place_count(layer) - (layer == 0 ? ReservedPlaces(row) : 0);
  }

  // Each takes the first free place of the tree that hangs on its representative, and links back to where it hangs.
  void HangDuplicates() {
    std::vector<uint32_t> tree;  // of one representative, in breadth-first order
    size_t parent = 0, children = 0;
    std::vector<std::pair<uint32_t, uint32_t>> duplicates;  // (representative, row)
    for (uint32_t row = 0; row < representative_.size(); ++row) {
      if (!IsRepresentative(row)) duplicates.emplace_back(representative_[row], row);
    }
    std::sort(duplicates.begin(), duplicates.end());
    for (const auto& [representative, row] : duplicates) {
      if (tree.empty() || tree.front() != representative) {
        tree.assign(1, representative);
        parent = children = 0;
      }
      // A duplicate keeps one place for the link to its parent.
      const size_t room = parent == 0 ? ReservedPlaces(representative) : graph_->place_count(0) - 1;
      if (children == room) {
        ++parent;
        children = 0;
      }
      graph_->AddBaseLink(tree[parent], {.distance = 0, .ordinal = row});
      graph_->AddBaseLink(row, {.distance = 0, .ordinal = tree[parent]});
      tree.push_back(row);
      ++children;
    }
  }

  // ---- Work

  // Calls work(i, workplace) for each i in [0, count), on all workers.
  template <typename Work>
  Status Share(int64_t count, const Work& work) {
    std::atomic<bool> out_of_memory = false;
    team_.Share(count, kGrain, [&](int64_t begin, int64_t end, int32_t worker) {
      if (cancelled_.load(std::memory_order_relaxed)) return;
      try {
        for (int64_t i = begin; i < end; ++i) work(i, workplaces_[static_cast<size_t>(worker)]);
      } catch (const std::bad_alloc&) {
        out_of_memory = true;
      }
    });
    if (out_of_memory) throw std::bad_alloc();
    if (!cancelled_.load(std::memory_order_relaxed)) return Status::Ok();
    return Status::Cancelled("building a graph of ", codes_.row_count, " rows was cancelled");
  }

  const Quantizer& quantizer_;
  const CodesSpan& codes_;
  const GraphBuildOptions options_;
  const std::atomic<bool>& cancelled_;
  const InheritedGraph inherited_;
  std::vector<uint32_t> inherited_node_;  // of each row; kNoLink: it is new
  std::vector<uint8_t> inherited_level_;  // of each inherited node
  const DuplicateGroups duplicates_;
  std::vector<uint32_t> representative_;   // of each row: the one with its code that is linked to others
  std::vector<uint32_t> duplicate_count_;  // of each row: how many it represents beside itself
  std::optional<GrowingGraph> graph_;
  uint32_t entry_point_ = 0;
  size_t linked_count_ = 0;  // nodes that can be found
  std::vector<BackLink> back_links_;
  std::vector<size_t> begins_;
  std::vector<Workplace> workplaces_;
  WorkerTeam team_;
};

}  // namespace

Result<FlatGraph> BuildGraph(const Quantizer& quantizer, const CodesSpan& codes, const GraphBuildOptions& options,
                             const InheritedGraph* inherited, const std::atomic<bool>& cancelled) {
  assert(codes.row_count >= 1 && codes.quantization == Quantization::kInt8);
  assert(options.max_neighbors >= static_cast<int32_t>(kMaxNeighborsMin) &&
         options.max_neighbors <= static_cast<int32_t>(kMaxNeighborsMax) && options.ef_construction >= 1 &&
         options.num_threads >= 1);
  if (codes.row_count > kGraphRowCountMax) {
    return Status::InvalidArgument("a graph has at most ", kGraphRowCountMax, " rows, not ", codes.row_count);
  }
  try {
    return Builder(quantizer, codes, options, inherited, cancelled).Build();
  } catch (const std::bad_alloc&) {
    return Status::ResourceExhausted("not enough memory to build a graph of ", codes.row_count, " rows");
  }
}

}  // namespace ochre
