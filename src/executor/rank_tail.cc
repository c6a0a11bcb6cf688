#include "executor/rank_tail.h"

#include <numeric>

#include "distance/code_scan.h"
#include "distance/top_k.h"
#include "executor/rank_planner.h"

namespace ochre {
namespace {

using Neighbors = std::vector<Neighbor>;

// Distances are computed this many at a time: enough to amortise a call, and all queries pass over rows (of 768 floats)
// that are still in the second-level cache.
constexpr size_t kBlockRows = 256;

// A run of records that lie in one chunk of the tail.
struct Block {
  size_t chunk;
  std::span<const uint32_t> rows;    // in the chunk
  std::span<const uint32_t> places;  // in the list of indexes
};

// Calls visit(block) for runs of the records indexes[place], place by place.
template <typename Visit>
void ForEachBlock(std::span<const uint32_t> indexes, std::span<const uint32_t> places, const Visit& visit) {
  std::vector<uint32_t> rows;
  for (size_t begin = 0; begin < places.size();) {
    const size_t chunk = LogTail::ChunkOf(indexes[places[begin]]);
    const size_t chunk_begin = LogTail::ChunkBegin(chunk);
    rows.clear();
    size_t end = begin;
    while (end < places.size() && end - begin < kBlockRows && LogTail::ChunkOf(indexes[places[end]]) == chunk) {
      rows.push_back(static_cast<uint32_t>(indexes[places[end]] - chunk_begin));
      ++end;
    }
    visit(Block{chunk, rows, places.subspan(begin, end - begin)});
    begin = end;
  }
}

std::vector<Neighbors> ScanRows(const LogTail& tail, std::span<const uint32_t> indexes,
                                std::span<const uint32_t> places, std::span<const PreparedQuery> queries, int64_t k) {
  std::vector<TopK> nearest(queries.size(), TopK(k));
  std::vector<float> distances(kBlockRows);
  ForEachBlock(indexes, places, [&](const Block& block) {
    const RowsSpan rows = tail.ChunkRows(block.chunk, LogTail::ChunkBegin(block.chunk + 1));
    for (size_t q = 0; q < queries.size(); ++q) {
      DistancesToOrdinals(queries[q], rows, block.rows, distances.data());
      nearest[q].Offer(block.places, std::span(distances).first(block.places.size()));
    }
  });
  std::vector<Neighbors> ranked;
  for (TopK& top_k : nearest) ranked.push_back(top_k.Take());
  return ranked;
}

// For each query the places of the records that may be among its nearest.
std::vector<std::vector<uint32_t>> ScanCodes(const LogTail& tail, std::span<const uint32_t> indexes,
                                             std::span<const uint32_t> places, std::span<const PreparedQuery> queries,
                                             int64_t k) {
  std::vector<CodeQuery> code_queries;
  std::vector<CodeTopK> nearest;
  code_queries.reserve(queries.size());
  nearest.reserve(queries.size());
  const CodeBounds bounds = tail.code_bounds();
  for (const PreparedQuery& query : queries) {
    code_queries.push_back(tail.quantizer().Prepare(query));
    nearest.emplace_back(code_queries.back(), bounds, k);
  }
  std::vector<float> distances(kBlockRows);
  ForEachBlock(indexes, places, [&](const Block& block) {
    const CodesSpan codes = tail.ChunkCodes(block.chunk, LogTail::ChunkBegin(block.chunk + 1));
    for (size_t q = 0; q < queries.size(); ++q) {
      CodeDistancesToOrdinals(code_queries[q], codes, block.rows, distances.data());
      nearest[q].Offer(block.places, std::span(distances).first(block.places.size()));
    }
  });
  std::vector<std::vector<uint32_t>> kept;
  for (CodeTopK& top_k : nearest) kept.push_back(top_k.Take());
  return kept;
}

}  // namespace

std::vector<std::vector<Neighbor>> RankTail(const LogTail& tail, std::span<const uint32_t> indexes,
                                            std::span<const PreparedQuery> queries, int64_t k) {
  std::vector<uint32_t> places(indexes.size());
  std::iota(places.begin(), places.end(), uint32_t{0});
  if (static_cast<int64_t>(indexes.size()) <= kScanRowsMax || !tail.has_codes()) {
    return ScanRows(tail, indexes, places, queries, k);
  }
  const std::vector<std::vector<uint32_t>> kept = ScanCodes(tail, indexes, places, queries, k);
  std::vector<Neighbors> ranked;
  for (size_t q = 0; q < queries.size(); ++q) {
    ranked.push_back(std::move(ScanRows(tail, indexes, kept[q], queries.subspan(q, 1), k).front()));
  }
  return ranked;
}

}  // namespace ochre
