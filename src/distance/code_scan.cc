#include "distance/code_scan.h"

#include <algorithm>
#include <cassert>
#include <limits>

namespace ochre {
namespace {

// Rows that each query passes over in turn: at 832 bytes (768 dimensions) a quarter of a second-level cache of 1 MB.
constexpr int64_t kBlockRows = 256;

// A selection takes some 10 ns a row kept, so it waits until there are as many as a few blocks add.
constexpr size_t kKeptMin = 1024;

constexpr int64_t kLineBytes = 64;
// Lines that are fetched of a code before it is read; the CPU's own prefetcher has noticed the sequence by then.
constexpr int64_t kLinesMax = 4;

template <typename ScanBlock>
std::vector<std::vector<uint32_t>> ScanInBlocks(std::span<const CodeQuery> queries, const CodeBounds& bounds,
                                                int64_t count, int64_t k, const ScanBlock& scan_block) {
  std::vector<CodeTopK> nearest;
  nearest.reserve(queries.size());
  for (const CodeQuery& query : queries) nearest.emplace_back(query, bounds, k);
  for (int64_t first = 0; first < count; first += kBlockRows) {
    const int64_t block_count = std::min(kBlockRows, count - first);
    for (size_t q = 0; q < queries.size(); ++q) scan_block(queries[q], first, block_count, nearest[q]);
  }
  std::vector<std::vector<uint32_t>> results;
  results.reserve(queries.size());
  for (CodeTopK& top_k : nearest) results.push_back(top_k.Take());
  return results;
}

}  // namespace

CodeTopK::CodeTopK(const CodeQuery& query, const CodeBounds& bounds, int64_t k)
    : query_(&query),
      bounds_(bounds),
      k_(k),
      // Not 4 * k up front: a huge k must not allocate ahead of the rows.
      kept_max_(std::max(kKeptMin, static_cast<size_t>(std::min<int64_t>(k, int64_t{1} << 40)) * 4)),
      limit_(std::numeric_limits<float>::infinity()) {
  assert(k >= 1);
}

void CodeTopK::Offer(std::span<const uint32_t> ordinals, std::span<const float> distances) {
  for (size_t i = 0; i < ordinals.size(); ++i) {
    if (distances[i] <= limit_) Add(distances[i], ordinals[i]);
  }
}

void CodeTopK::OfferRange(uint32_t first, std::span<const float> distances) {
  for (size_t i = 0; i < distances.size(); ++i) {
    if (distances[i] <= limit_) Add(distances[i], first + static_cast<uint32_t>(i));
  }
}

void CodeTopK::Add(float distance, uint32_t ordinal) {
  kept_.push_back({.distance = distance, .ordinal = ordinal});
  if (kept_.size() < kept_max_) return;
  DropUnreachable();
  // Where the bounds keep many, a selection has to be worth it again.
  kept_max_ = std::max(kept_max_, 2 * kept_.size());
}

void CodeTopK::DropUnreachable() {
  if (static_cast<int64_t>(kept_.size()) <= k_) return;
  const auto kth = kept_.begin() + static_cast<std::ptrdiff_t>(k_ - 1);
  std::nth_element(kept_.begin(), kth, kept_.end());
  limit_ = std::min(limit_, query_->Reach(kth->distance, bounds_));
  std::erase_if(kept_, [this](const Neighbor& neighbor) { return !(neighbor.distance <= limit_); });
}

std::vector<uint32_t> CodeTopK::Take() {
  DropUnreachable();
  std::vector<uint32_t> ordinals;
  ordinals.reserve(kept_.size());
  for (const Neighbor& neighbor : kept_) ordinals.push_back(neighbor.ordinal);
  std::sort(ordinals.begin(), ordinals.end());
  kept_.clear();
  return ordinals;
}

std::vector<std::vector<uint32_t>> ScanCandidateCodes(std::span<const CodeQuery> queries, const CodesSpan& codes,
                                                      const CodeBounds& bounds, std::span<const uint32_t> candidates,
                                                      int64_t k) {
  assert(std::adjacent_find(candidates.begin(), candidates.end(), std::greater_equal<>()) == candidates.end());
  std::vector<float> distances(static_cast<size_t>(kBlockRows));
  const int64_t fetched = std::min(codes.stride(), kLinesMax * kLineBytes);
  return ScanInBlocks(queries, bounds, static_cast<int64_t>(candidates.size()), k,
                      [&](const CodeQuery& query, int64_t first, int64_t count, CodeTopK& top_k) {
                        const auto block = candidates.subspan(static_cast<size_t>(first), static_cast<size_t>(count));
                        for (const uint32_t row : block) {
                          for (int64_t i = 0; i < fetched; i += kLineBytes) __builtin_prefetch(codes.Row(row) + i);
                        }
                        CodeDistancesToOrdinals(query, codes, block, distances.data());
                        top_k.Offer(block, std::span(distances).first(block.size()));
                      });
}

std::vector<std::vector<uint32_t>> ScanAllCodes(std::span<const CodeQuery> queries, const CodesSpan& codes,
                                                const CodeBounds& bounds, int64_t k) {
  std::vector<float> distances(static_cast<size_t>(kBlockRows));
  return ScanInBlocks(
      queries, bounds, codes.row_count, k, [&](const CodeQuery& query, int64_t first, int64_t count, CodeTopK& top_k) {
        CodeDistancesToRange(query, codes, first, count, distances.data());
        top_k.OfferRange(static_cast<uint32_t>(first), std::span(distances).first(static_cast<size_t>(count)));
      });
}

}  // namespace ochre
