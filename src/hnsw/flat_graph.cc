#include "hnsw/flat_graph.h"

#include <algorithm>
#include <array>
#include <cassert>

namespace ochre {

namespace {

// Grows a tree of shortest paths over layer 0; tree links stay, all others may be replaced.
class PathTree {
 public:
  explicit PathTree(FlatGraph& graph) : graph_(graph), parents_(graph.row_count, kNoLink) {
    Grow(graph.entry_point, graph.entry_point);
  }

  bool Reaches(uint32_t node) const { return parents_[node] != kNoLink; }

  // Links `host`, which is reached, to `node`, which is not. False: every link of the host is needed.
  bool Link(uint32_t host, uint32_t node) {
    const std::span<uint32_t> places = graph_.BasePlaces(host);
    auto place = std::find(places.begin(), places.end(), kNoLink);
    if (place == places.end()) {
      place = std::find_if(places.begin(), places.end(), [&](uint32_t link) { return parents_[link] != host; });
    }
    if (place == places.end()) return false;
    *place = node;
    Grow(node, host);
    return true;
  }

 private:
  // Adds `node` and all that is reachable from it.
  void Grow(uint32_t node, uint32_t parent) {
    parents_[node] = parent;
    queue_.assign(1, node);
    for (size_t i = 0; i < queue_.size(); ++i) {
      for (const uint32_t link : graph_.BasePlaces(queue_[i])) {
        if (link == kNoLink) break;
        if (Reaches(link)) continue;
        parents_[link] = queue_[i];
        queue_.push_back(link);
      }
    }
  }

  FlatGraph& graph_;
  std::vector<uint32_t> parents_;  // kNoLink: not reached
  std::vector<uint32_t> queue_;
};

// Writes sections, each at a multiple of 64 bytes.
class SectionWriter {
 public:
  explicit SectionWriter(BlobWriter& writer) : writer_(writer) {}

  template <typename T>
  Status Append(std::span<const T> section) {
    static constexpr std::array<std::byte, 64> kGap = {};
    if (section.empty()) return Status::Ok();
    OCHRE_RETURN_IF_ERROR(writer_.Append(std::span(kGap).first(RoundUpTo64(size_) - size_)));
    OCHRE_RETURN_IF_ERROR(writer_.Append(std::as_bytes(section)));
    size_ = RoundUpTo64(size_) + section.size_bytes();
    return Status::Ok();
  }

 private:
  BlobWriter& writer_;
  uint64_t size_ = 0;
};

}  // namespace

void ConnectEveryRow(FlatGraph& graph) {
  PathTree tree(graph);
  for (uint32_t node = 0; node < graph.row_count; ++node) {
    for (const uint32_t host : graph.BasePlaces(node)) {
      if (tree.Reaches(node) || host == kNoLink) break;
      if (tree.Reaches(host)) tree.Link(host, node);
    }
  }
  // What is left only links to its like. Any host will do, and there always is one: a tree of r rows needs r - 1 of
  // their 2 * M * r places.
  uint32_t host = graph.entry_point;
  for (uint32_t node = 0; node < graph.row_count; ++node) {
    while (!tree.Reaches(node)) {
      if (!tree.Reaches(host) || !tree.Link(host, node)) host = (host + 1) % graph.row_count;
    }
  }
}

Status AppendGraph(const FlatGraph& graph, BlobWriter& writer) {
  assert(graph.row_count >= 1 && graph.upper_layers.size() <= kMaxLevelMax);
  assert(graph.base_links.size() == graph.row_count * BaseLinkStride(graph.max_neighbors));
  const GraphHeader header{.file = MakeFileHeader(kGraphMagic, kGraphVersion),
                           .row_count = graph.row_count,
                           .max_neighbors = graph.max_neighbors,
                           .max_level = static_cast<uint32_t>(graph.upper_layers.size()),
                           .entry_point = graph.entry_point,
                           .zero = {}};
  std::vector<uint32_t> sizes, members, links;
  for (const FlatGraph::UpperLayer& layer : graph.upper_layers) {
    assert(layer.links.size() == layer.members.size() * graph.max_neighbors);
    sizes.push_back(static_cast<uint32_t>(layer.members.size()));
    members.insert(members.end(), layer.members.begin(), layer.members.end());
    links.insert(links.end(), layer.links.begin(), layer.links.end());
  }
  SectionWriter sections(writer);
  OCHRE_RETURN_IF_ERROR(sections.Append(std::span(&header, 1)));
  OCHRE_RETURN_IF_ERROR(sections.Append(std::span(graph.base_links)));
  OCHRE_RETURN_IF_ERROR(sections.Append(std::span(std::as_const(sizes))));
  OCHRE_RETURN_IF_ERROR(sections.Append(std::span(std::as_const(members))));
  return sections.Append(std::span(std::as_const(links)));
}

}  // namespace ochre
