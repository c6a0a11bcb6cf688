#include "hnsw/hnsw_graph.h"

#include <algorithm>
#include <cassert>
#include <cstring>

#include "hnsw/graph_format.h"

namespace ochre {

namespace {

// The links among `places`: those before the first kNoLink.
std::span<const uint32_t> UsedPlaces(const uint32_t* places, int32_t count) {
  return {places, std::find(places, places + count, kNoLink)};
}

// The place of `node` among the `members` of a layer, or members.size(). Which nodes are on a layer is left to chance,
// so a member is near where it would be were they spread evenly: the search starts there and doubles its steps, which
// reads a line or two where one by halves reads a new one each time.
size_t FindMember(std::span<const uint32_t> members, uint32_t node, int64_t row_count) {
  const auto guess = static_cast<size_t>(uint64_t{node} * members.size() / static_cast<uint64_t>(row_count));
  size_t low = guess, high = guess, step = 8;  // members before `low` are less than `node`, from `high` on none is
  while (low > 0 && members[low - 1] >= node) {
    high = low - 1;
    low -= std::min(low, step);
    step *= 2;
  }
  while (high < members.size() && members[high] < node) {
    low = high + 1;
    high += std::min(members.size() - high, step);
    step *= 2;
  }
  const auto found = std::lower_bound(members.begin() + static_cast<std::ptrdiff_t>(low),
                                      members.begin() + static_cast<std::ptrdiff_t>(high), node);
  return found != members.end() && *found == node ? static_cast<size_t>(found - members.begin()) : members.size();
}

// Whether each of `record_count` records of `stride` places holds rows below `row_count` and then only kNoLink, with
// none in the last stride - links_max places. One pass without branches, which the compiler vectorises: opening a
// segment of a million rows checks 128 MB.
bool LinksAreValid(const uint32_t* places, uint64_t record_count, uint64_t stride, uint64_t links_max,
                   uint32_t row_count) {
  uint32_t wrong = 0;
  for (uint64_t record = 0; record < record_count; ++record, places += stride) {
    for (uint64_t i = 0; i < stride; ++i) {
      wrong |= static_cast<uint32_t>(places[i] >= row_count) & static_cast<uint32_t>(places[i] != kNoLink);
    }
    for (uint64_t i = 1; i < stride; ++i) {
      wrong |= static_cast<uint32_t>(places[i - 1] == kNoLink) & static_cast<uint32_t>(places[i] != kNoLink);
    }
    if (links_max < stride) wrong |= static_cast<uint32_t>(places[links_max] != kNoLink);
  }
  return wrong == 0;
}

bool AscendsBelow(std::span<const uint32_t> nodes, uint32_t row_count) {
  return std::adjacent_find(nodes.begin(), nodes.end(), std::greater_equal<>()) == nodes.end() &&
         nodes.back() < row_count;
}

// Hands out the sections of a file one after the other.
class SectionReader {
 public:
  explicit SectionReader(std::span<const std::byte> bytes) : bytes_(bytes), at_(sizeof(GraphHeader)) {}

  // The next section, of `count` numbers; null when the file ends before it does or when the gap before it is not zero.
  // Precondition: 4 * count does not overflow.
  const uint32_t* Next(uint64_t count) {
    const uint64_t start = RoundUpTo64(at_);
    if (start > bytes_.size() || count * sizeof(uint32_t) > bytes_.size() - start) return nullptr;
    for (; at_ < start; ++at_) {
      if (bytes_[at_] != std::byte{0}) return nullptr;
    }
    at_ = start + count * sizeof(uint32_t);
    return reinterpret_cast<const uint32_t*>(bytes_.data() + start);
  }

  bool AtEnd() const { return at_ == bytes_.size(); }

 private:
  std::span<const std::byte> bytes_;
  uint64_t at_;  // end of the last section
};

}  // namespace

Result<HnswGraph> HnswGraph::Parse(std::span<const std::byte> bytes, int64_t row_count, std::string_view name) {
  assert(reinterpret_cast<uintptr_t>(bytes.data()) % alignof(uint32_t) == 0);
  OCHRE_ASSIGN_OR_RETURN([[maybe_unused]] const FileHeader file,
                         CheckFileHeader(bytes, kGraphMagic, kGraphVersion, name));
  GraphHeader header;
  if (bytes.size() < sizeof(header)) return Status::DataLoss(name, " is damaged: it ends within its header");
  std::memcpy(&header, bytes.data(), sizeof(header));
  if (header.row_count < 1 || header.row_count > static_cast<uint64_t>(kGraphRowCountMax) ||
      header.row_count != static_cast<uint64_t>(row_count)) {
    return Status::DataLoss(name, " is damaged: it has ", header.row_count, " nodes, but the segment has ", row_count,
                            " rows");
  }
  if (header.max_neighbors < kMaxNeighborsMin || header.max_neighbors > kMaxNeighborsMax) {
    return Status::DataLoss(name, " is damaged: M is ", header.max_neighbors, ", which is not in [", kMaxNeighborsMin,
                            ", ", kMaxNeighborsMax, "]");
  }
  if (header.max_level > kMaxLevelMax) {
    return Status::DataLoss(name, " is damaged: its max level is ", header.max_level, ", above ", kMaxLevelMax);
  }
  const bool rest_is_zero = std::all_of(std::begin(header.zero), std::end(header.zero), [](auto v) { return v == 0; });
  if (header.file.field != 0 || !rest_is_zero) {
    return Status::DataLoss(name, " is damaged: its header has a value where version 1 has none");
  }

  // With these bounds no product below reaches 2^60.
  const auto rows = static_cast<uint32_t>(header.row_count);
  HnswGraph graph;
  graph.row_count_ = row_count;
  graph.max_neighbors_ = static_cast<int32_t>(header.max_neighbors);
  graph.entry_point_ = header.entry_point;
  graph.base_stride_ = BaseLinkStride(header.max_neighbors);

  SectionReader sections(bytes);
  graph.base_links_ = sections.Next(rows * graph.base_stride_);
  const uint32_t* layer_sizes = sections.Next(header.max_level);
  if (graph.base_links_ == nullptr || layer_sizes == nullptr) {
    return Status::DataLoss(name, " is damaged: it is too short for the links of ", rows, " nodes");
  }
  uint64_t member_count = 0;
  for (uint32_t i = 0; i < header.max_level; ++i) {
    if (layer_sizes[i] < 1 || layer_sizes[i] > rows) {
      return Status::DataLoss(name, " is damaged: layer ", i + 1, " has ", layer_sizes[i], " nodes of ", rows);
    }
    member_count += layer_sizes[i];
  }
  const uint32_t* members = sections.Next(member_count);
  const uint32_t* links = sections.Next(member_count * header.max_neighbors);
  if (members == nullptr || links == nullptr || !sections.AtEnd()) {
    return Status::DataLoss(name, " is damaged: its length does not fit the ", member_count,
                            " nodes of its upper layers");
  }
  if (!LinksAreValid(graph.base_links_, rows, graph.base_stride_, 2 * uint64_t{header.max_neighbors}, rows) ||
      !LinksAreValid(links, member_count, header.max_neighbors, header.max_neighbors, rows)) {
    return Status::DataLoss(name, " is damaged: it has links that name no row");
  }
  for (uint32_t i = 0; i < header.max_level; ++i) {
    const UpperLayer layer{.members = {members, layer_sizes[i]}, .links = links};
    if (!AscendsBelow(layer.members, rows)) {
      return Status::DataLoss(name, " is damaged: the nodes of layer ", i + 1, " do not ascend, or name no row");
    }
    graph.upper_layers_.push_back(layer);
    members += layer_sizes[i];
    links += uint64_t{layer_sizes[i]} * header.max_neighbors;
  }
  const bool has_entry_point = header.max_level == 0
                                   ? header.entry_point < rows
                                   : std::ranges::binary_search(graph.upper_layers_.back().members, header.entry_point);
  if (!has_entry_point) {
    return Status::DataLoss(name, " is damaged: its entry point ", header.entry_point, " is not on its top layer");
  }
  return graph;
}

std::span<const uint32_t> HnswGraph::Links(uint32_t node) const {
  assert(node < row_count_);
  return UsedPlaces(LinkPlaces(node), 2 * max_neighbors_);
}

std::span<const uint32_t> HnswGraph::UpperLinks(uint32_t node, int32_t level) const {
  assert(level >= 1 && level <= max_level());
  const UpperLayer& layer = upper_layers_[static_cast<size_t>(level - 1)];
  const size_t member = FindMember(layer.members, node, row_count_);
  if (member == layer.members.size()) return {};
  return UsedPlaces(layer.links + member * static_cast<size_t>(max_neighbors_), max_neighbors_);
}

}  // namespace ochre
