#include "executor/rank.h"

#include <algorithm>
#include <chrono>
#include <future>
#include <iterator>
#include <limits>
#include <numeric>
#include <span>
#include <thread>
#include <utility>

#include "distance/kernels.h"
#include "executor/merge_top_k.h"
#include "executor/rank_segment.h"
#include "executor/rank_tail.h"
#include "runtime/call_limit.h"

namespace ochre {
namespace {

using Neighbors = std::vector<Neighbor>;
using Winners = std::vector<std::vector<Hit>>;  // of each query

// A thread takes some 20 us to start, about as long as two easy queries.
constexpr int64_t kQueriesPerThreadMin = 4;

Result<std::vector<Hit>> ToHits(const CollectionView& view, int32_t segment, const Neighbors& neighbors) {
  OCHRE_ASSIGN_OR_RETURN(const IdTable* ids, view.segments[static_cast<size_t>(segment)].segment->Ids());
  std::vector<Hit> hits;
  hits.reserve(neighbors.size());
  // The rows are scattered: their cache misses overlap, those of the ids with what comes before the projection.
  for (const Neighbor& neighbor : neighbors) ids->PrefetchNumbers(Ordinal{neighbor.ordinal});
  for (const Neighbor& neighbor : neighbors) {
    hits.push_back({neighbor.distance, ids->offset_id(Ordinal{neighbor.ordinal}), {segment, neighbor.ordinal}});
    ids->PrefetchId(Ordinal{neighbor.ordinal});
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

// The segments, the largest first: it bounds best how far the others need to be searched.
std::vector<size_t> BySize(const CollectionView& view) {
  std::vector<size_t> order(view.segments.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return view.segments[a].segment->row_count() > view.segments[b].segment->row_count();
  });
  return order;
}

// The ranking of some of the queries, on this thread.
Result<Winners> RankQueries(const CollectionView& view, const MatchSet& matches, const VectorRanking& ranking,
                            std::span<const PreparedQuery> queries, int64_t k) {
  Winners winners(queries.size());
  const auto merge = [&](size_t q, std::vector<Hit> hits) {
    if (winners[q].empty()) {
      winners[q] = std::move(hits);
      return;
    }
    const std::vector<Hit> lists[] = {std::move(winners[q]), std::move(hits)};
    winners[q] = MergeTopK(lists, k);
  };
  // The tail first, as its answer is exact and cheap.
  if (!matches.tail.empty()) {
    const std::vector<Neighbors> found = RankTail(*view.tail, matches.tail, queries, k);
    for (size_t q = 0; q < queries.size(); ++q) merge(q, TailToHits(view, matches.tail, found[q]));
  }
  for (const size_t s : BySize(view)) {
    std::vector<float> bounds;
    for (const std::vector<Hit>& of_query : winners) {
      const bool is_full = static_cast<int64_t>(of_query.size()) == k;
      bounds.push_back(is_full ? of_query.back().distance : std::numeric_limits<float>::infinity());
    }
    OCHRE_ASSIGN_OR_RETURN(const std::vector<Neighbors> found,
                           RankSegment(view.segments[s], queries, bounds, *matches.segments[s], ranking, k));
    for (size_t q = 0; q < queries.size(); ++q) {
      OCHRE_ASSIGN_OR_RETURN(std::vector<Hit> hits, ToHits(view, static_cast<int32_t>(s), found[q]));
      merge(q, std::move(hits));
    }
  }
  return winners;
}

// Between two looks at the call's limit. Whoever interrupts a call is promised its end within 200 ms, and a program
// that is asked (capi/call.h) is asked every 50 ms.
constexpr std::chrono::milliseconds kPieceTime{50};
// What a query costs depends on rows, dimensions, ties and the plan, by factors of thousands, so it is measured: on a
// few queries first, and then on each piece. A piece is at most this many times the one before, which may have been
// lucky.
constexpr size_t kFirstPiece = 8;
constexpr double kGrowthMax = 4;

// How many queries the next piece has, after one of `count` that took `elapsed`.
size_t NextPiece(size_t count, std::chrono::duration<double> elapsed) {
  const double wanted =
      std::chrono::duration<double>(kPieceTime) / std::max(elapsed, std::chrono::duration<double>(1e-9));
  return std::max<size_t>(1, static_cast<size_t>(static_cast<double>(count) * std::min(wanted, kGrowthMax)));
}

// The same in pieces, as a call that may have to end early needs them.
Result<Winners> RankQueriesWithinLimit(const CollectionView& view, const MatchSet& matches,
                                       const VectorRanking& ranking, std::span<const PreparedQuery> queries,
                                       int64_t k) {
  if (CallLimit::Current() == nullptr) return RankQueries(view, matches, ranking, queries, k);
  size_t at_once = kFirstPiece;
  Winners winners;
  for (size_t begin = 0; begin < queries.size();) {
    OCHRE_RETURN_IF_ERROR(CallLimit::CheckCurrent());
    const auto started = std::chrono::steady_clock::now();
    const auto piece = queries.subspan(begin, std::min(at_once, queries.size() - begin));
    OCHRE_ASSIGN_OR_RETURN(Winners found, RankQueries(view, matches, ranking, piece, k));
    std::move(found.begin(), found.end(), std::back_inserter(winners));
    begin += piece.size();
    at_once = NextPiece(piece.size(), std::chrono::steady_clock::now() - started);
  }
  return winners;
}

int64_t ThreadsFor(const VectorRanking& ranking, int64_t query_count) {
  if (ranking.num_threads == 1) return 1;
  const int64_t cores = std::max<int64_t>(1, std::thread::hardware_concurrency());
  const int64_t wanted = ranking.num_threads == 0 ? cores : std::min<int64_t>(ranking.num_threads, cores);
  return std::clamp<int64_t>(query_count / kQueriesPerThreadMin, 1, wanted);
}

}  // namespace

Result<std::vector<std::vector<Hit>>> RankMatches(const CollectionView& view, const MatchSet& matches,
                                                  const VectorRanking& ranking, int64_t k) {
  std::vector<PreparedQuery> queries;
  queries.reserve(static_cast<size_t>(ranking.queries.rows()));
  for (int64_t q = 0; q < ranking.queries.rows(); ++q) {
    queries.emplace_back(ranking.space, ranking.queries.Row(q), static_cast<int32_t>(ranking.queries.columns));
  }
  const auto query_count = static_cast<int64_t>(queries.size());
  const int64_t threads = ThreadsFor(ranking, query_count);
  const CallLimit* const limit = CallLimit::Current();
  const auto rank_share = [&](int64_t thread) {
    const CallLimit::Scope scope(limit);
    const auto begin = static_cast<size_t>(query_count * thread / threads);
    const auto end = static_cast<size_t>(query_count * (thread + 1) / threads);
    return RankQueriesWithinLimit(view, matches, ranking, std::span(queries).subspan(begin, end - begin), k);
  };
  // The first share is this thread's own, as are those for which no thread is to be had.
  std::vector<std::future<Result<Winners>>> others;
  for (int64_t thread = 1; thread < threads; ++thread) {
    others.push_back(std::async(std::launch::async | std::launch::deferred, rank_share, thread));
  }
  OCHRE_ASSIGN_OR_RETURN(Winners winners, rank_share(0));
  for (auto& other : others) {
    OCHRE_ASSIGN_OR_RETURN(Winners share, other.get());
    std::move(share.begin(), share.end(), std::back_inserter(winners));
  }
  return winners;
}

}  // namespace ochre
