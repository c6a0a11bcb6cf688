#include "distance/scan.h"

#include <algorithm>
#include <cassert>

#include "distance/top_k.h"

namespace ochre {

namespace {

// A block of rows stays in the second-level cache (1 to 2 MB on current servers, 256 KB on small ones) while each query
// passes over it.
constexpr int64_t kBlockBytes = 128 * 1024;
// Bounds the buffer of distances; also the least that amortises the calls for a block (64 rows of 4 KB and more).
constexpr int64_t kBlockRowsMin = 64;
constexpr int64_t kBlockRowsMax = 1024;

int64_t BlockRows(int32_t dimension) {
  const int64_t row_bytes = RowStride(dimension) * static_cast<int64_t>(sizeof(float));
  return std::clamp(kBlockBytes / row_bytes, kBlockRowsMin, kBlockRowsMax);
}

// Calls scan_block(query, first, count, top_k) for each block of [0, count) and each query.
template <typename ScanBlock>
std::vector<std::vector<Neighbor>> ScanInBlocks(std::span<const PreparedQuery> queries, int32_t dimension,
                                                int64_t count, int64_t k, const ScanBlock& scan_block) {
  std::vector<TopK> nearest(queries.size(), TopK(k));
  const int64_t block_rows = BlockRows(dimension);
  for (int64_t first = 0; first < count; first += block_rows) {
    const int64_t block_count = std::min(block_rows, count - first);
    for (size_t q = 0; q < queries.size(); ++q) scan_block(queries[q], first, block_count, nearest[q]);
  }
  std::vector<std::vector<Neighbor>> results;
  results.reserve(queries.size());
  for (TopK& top_k : nearest) results.push_back(top_k.Take());
  return results;
}

}  // namespace

std::vector<std::vector<Neighbor>> ScanCandidates(std::span<const PreparedQuery> queries, const RowsSpan& rows,
                                                  std::span<const uint32_t> candidates, int64_t k) {
  assert(std::adjacent_find(candidates.begin(), candidates.end(), std::greater_equal<>()) == candidates.end());
  std::vector<float> distances(static_cast<size_t>(BlockRows(rows.dimension)));
  return ScanInBlocks(queries, rows.dimension, static_cast<int64_t>(candidates.size()), k,
                      [&](const PreparedQuery& query, int64_t first, int64_t count, TopK& top_k) {
                        const auto block = candidates.subspan(static_cast<size_t>(first), static_cast<size_t>(count));
                        DistancesToOrdinals(query, rows, block, distances.data());
                        top_k.Offer(block, std::span(distances).first(block.size()));
                      });
}

std::vector<std::vector<Neighbor>> ScanAll(std::span<const PreparedQuery> queries, const RowsSpan& rows, int64_t k) {
  std::vector<float> distances(static_cast<size_t>(BlockRows(rows.dimension)));
  return ScanInBlocks(queries, rows.dimension, rows.row_count, k,
                      [&](const PreparedQuery& query, int64_t first, int64_t count, TopK& top_k) {
                        DistancesToRange(query, rows, first, count, distances.data());
                        top_k.OfferRange(static_cast<uint32_t>(first),
                                         std::span(distances).first(static_cast<size_t>(count)));
                      });
}

}  // namespace ochre
