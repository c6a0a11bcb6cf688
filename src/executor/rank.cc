#include "executor/rank.h"

#include <algorithm>
#include <span>
#include <utility>

#include "distance/kernels.h"
#include "distance/scan.h"
#include "distance/top_k.h"
#include "executor/merge_top_k.h"
#include "executor/rank_planner.h"
#include "hnsw/graph_search.h"

namespace ochre {
namespace {

using Neighbors = std::vector<Neighbor>;

// Distances of the tail are computed this many at a time: enough to amortise a call, and all queries pass over rows
// (of 768 floats) that are still in the second-level cache.
constexpr size_t kTailBlockRows = 256;

// One bit a row, set for the rows of `ordinals`; built from whichever of them and their complement is smaller.
std::vector<uint64_t> ToBits(const Roaring& ordinals, int64_t row_count) {
  const auto words = static_cast<size_t>((row_count + 63) / 64);
  const bool mostly_set = static_cast<int64_t>(ordinals.cardinality()) > row_count / 2;
  std::vector<uint64_t> bits(words, mostly_set ? ~uint64_t{0} : 0);
  Roaring exceptions = ordinals;
  if (mostly_set) exceptions.flip(0, static_cast<uint64_t>(row_count));
  exceptions.iterate(
      [](uint32_t ordinal, void* context) {
        (*static_cast<std::vector<uint64_t>*>(context))[ordinal / 64] ^= uint64_t{1} << (ordinal % 64);
        return true;
      },
      &bits);
  return bits;
}

std::vector<Neighbors> ScanSegment(std::span<const PreparedQuery> queries, const RowsSpan& rows,
                                   const Roaring& ordinals, int64_t k) {
  if (static_cast<int64_t>(ordinals.cardinality()) == rows.row_count) return ScanAll(queries, rows, k);
  std::vector<uint32_t> candidates(ordinals.cardinality());
  ordinals.toUint32Array(candidates.data());
  return ScanCandidates(queries, rows, candidates, k);
}

// Searches the graph for each query, and scans for those whose search was given up or came back short.
Result<std::vector<Neighbors>> SearchSegment(const Segment& segment, std::span<const PreparedQuery> queries,
                                             const RowsSpan& rows, const Roaring& ordinals, int64_t k, int64_t ef) {
  OCHRE_ASSIGN_OR_RETURN(const HnswGraph* graph, segment.Graph());
  const auto match_count = static_cast<int64_t>(ordinals.cardinality());
  std::vector<uint64_t> allowed;
  if (match_count < rows.row_count) allowed = ToBits(ordinals, rows.row_count);
  const GraphSearchOptions options = {
      .k = k, .ef = ef, .allowed = allowed, .distances_max = GraphDistanceBudget(rows.row_count, match_count)};
  std::vector<Neighbors> found;
  for (const PreparedQuery& query : queries) {
    GraphSearchResult result = SearchGraph(*graph, rows, query, options);
    if (!result.complete || static_cast<int64_t>(result.neighbors.size()) < k) {
      found.push_back(std::move(ScanSegment({&query, 1}, rows, ordinals, k).front()));
    } else {
      found.push_back(std::move(result.neighbors));
    }
  }
  return found;
}

Result<std::vector<Neighbors>> RankSegment(const Segment& segment, std::span<const PreparedQuery> queries,
                                           const Roaring& ordinals, const VectorRanking& ranking, int64_t k_wanted) {
  const auto match_count = static_cast<int64_t>(ordinals.cardinality());
  if (match_count == 0) return std::vector<Neighbors>(queries.size());
  const int64_t k = std::min(k_wanted, match_count);
  const int64_t ef = std::max(ranking.ef_search, k);
  OCHRE_ASSIGN_OR_RETURN(const RowsSpan rows, segment.Rows());
  if (ranking.exact || !segment.has_graph() || ShouldScan(rows.row_count, match_count, ef)) {
    return ScanSegment(queries, rows, ordinals, k);
  }
  return SearchSegment(segment, queries, rows, ordinals, k, ef);
}

// Ranks tail[i] under the number i, so that ties fall in the order of `tail`, which is that of offset ids.
std::vector<Neighbors> RankTail(const LogTail& tail, std::span<const uint32_t> indexes,
                                std::span<const PreparedQuery> queries, int64_t k) {
  std::vector<TopK> nearest(queries.size(), TopK(k));
  std::vector<uint32_t> rows_of_block, numbers;
  std::vector<float> distances(kTailBlockRows);
  for (size_t begin = 0; begin < indexes.size();) {
    // A block is a run of records whose rows lie in one chunk.
    const size_t chunk = LogTail::ChunkOf(indexes[begin]);
    const auto chunk_begin = static_cast<uint32_t>(LogTail::ChunkBegin(chunk));
    rows_of_block.clear();
    numbers.clear();
    size_t end = begin;
    while (end < indexes.size() && end - begin < kTailBlockRows && LogTail::ChunkOf(indexes[end]) == chunk) {
      rows_of_block.push_back(indexes[end] - chunk_begin);
      numbers.push_back(static_cast<uint32_t>(end));
      ++end;
    }
    const RowsSpan rows = tail.ChunkRows(chunk, LogTail::ChunkBegin(chunk + 1));
    for (size_t q = 0; q < queries.size(); ++q) {
      DistancesToOrdinals(queries[q], rows, rows_of_block, distances.data());
      nearest[q].Offer(numbers, std::span(distances).first(numbers.size()));
    }
    begin = end;
  }
  std::vector<Neighbors> ranked;
  for (TopK& top_k : nearest) ranked.push_back(top_k.Take());
  return ranked;
}

Result<std::vector<Hit>> ToHits(const CollectionView& view, int32_t segment, const Neighbors& neighbors) {
  OCHRE_ASSIGN_OR_RETURN(const IdTable* ids, view.segments[static_cast<size_t>(segment)].segment->Ids());
  std::vector<Hit> hits;
  hits.reserve(neighbors.size());
  for (const Neighbor& neighbor : neighbors) {
    hits.push_back({neighbor.distance, ids->offset_id(Ordinal{neighbor.ordinal}), {segment, neighbor.ordinal}});
  }
  return hits;
}

std::vector<Hit> TailToHits(const CollectionView& view, std::span<const uint32_t> indexes, const Neighbors& neighbors) {
  std::vector<Hit> hits;
  hits.reserve(neighbors.size());
  for (const Neighbor& neighbor : neighbors) {
    const uint32_t index = indexes[neighbor.ordinal];
    hits.push_back({neighbor.distance, view.tail->record(index).offset_id, {RecordLocation::kTail, index}});
  }
  return hits;
}

}  // namespace

Result<std::vector<std::vector<Hit>>> RankMatches(const CollectionView& view, const MatchSet& matches,
                                                  const VectorRanking& ranking, int64_t k) {
  std::vector<PreparedQuery> queries;
  for (int64_t q = 0; q < ranking.queries.rows(); ++q) {
    queries.emplace_back(ranking.space, ranking.queries.Row(q), static_cast<int32_t>(ranking.queries.columns));
  }
  std::vector<std::vector<std::vector<Hit>>> lists(queries.size());  // by query, then by source
  for (size_t s = 0; s < view.segments.size(); ++s) {
    OCHRE_ASSIGN_OR_RETURN(const std::vector<Neighbors> found,
                           RankSegment(*view.segments[s].segment, queries, matches.segments[s], ranking, k));
    for (size_t q = 0; q < queries.size(); ++q) {
      OCHRE_ASSIGN_OR_RETURN(std::vector<Hit> hits, ToHits(view, static_cast<int32_t>(s), found[q]));
      lists[q].push_back(std::move(hits));
    }
  }
  if (!matches.tail.empty()) {
    const std::vector<Neighbors> found = RankTail(*view.tail, matches.tail, queries, k);
    for (size_t q = 0; q < queries.size(); ++q) lists[q].push_back(TailToHits(view, matches.tail, found[q]));
  }
  std::vector<std::vector<Hit>> winners;
  for (const auto& of_query : lists) winners.push_back(MergeTopK(of_query, k));
  return winners;
}

}  // namespace ochre
