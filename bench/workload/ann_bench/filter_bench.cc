#include "bench/workload/ann_bench/filter_bench.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <functional>
#include <limits>
#include <memory>
#include <numeric>
#include <random>
#include <utility>

#include "distance/scan.h"
#include "executor/rank_segment.h"
#include "plan/logical_plan.h"

namespace ochre {
namespace {

constexpr int64_t kEf = 100;  // CollectionOptions::ef_search
constexpr int64_t kQueriesMax = 50;
constexpr float kNoBound = std::numeric_limits<float>::infinity();

// A graph that took so many times as long as the scan is not measured again: walking all of it takes seconds.
constexpr double kHopeless = 4;

// Of the permutation of the rows by some order, each row's place.
std::vector<int32_t> PlacesOf(const std::vector<int32_t>& order) {
  std::vector<int32_t> places(order.size());
  for (size_t i = 0; i < order.size(); ++i) places[static_cast<size_t>(order[i])] = static_cast<int32_t>(i);
  return places;
}

std::vector<int32_t> Ascending(int64_t count) {
  std::vector<int32_t> numbers(static_cast<size_t>(count));
  std::iota(numbers.begin(), numbers.end(), 0);
  return numbers;
}

// The numbers [0, count) by ascending distance.
std::vector<int32_t> OrderBy(const std::vector<double>& distances) {
  std::vector<int32_t> order = Ascending(std::ssize(distances));
  std::stable_sort(order.begin(), order.end(), [&](int32_t a, int32_t b) {
    return distances[static_cast<size_t>(a)] < distances[static_cast<size_t>(b)];
  });
  return order;
}

// What matches, in each form in which a plan takes it.
struct Matches {
  explicit Matches(int64_t row_count, const std::function<bool(size_t row)>& matches)
      : bits(static_cast<size_t>((row_count + 63) / 64)) {
    for (size_t row = 0; row < static_cast<size_t>(row_count); ++row) {
      if (!matches(row)) continue;
      ordinals.push_back(static_cast<uint32_t>(row));
      bits[row / 64] |= uint64_t{1} << (row % 64);
    }
    bitmap.addMany(ordinals.size(), ordinals.data());
    bitmap.runOptimize();
  }

  Roaring bitmap;
  std::vector<uint32_t> ordinals;
  std::vector<uint64_t> bits;
};

struct FilterCase {
  const char* kind;
  double selectivity;
  Filter condition;
  Matches matches;
};

FilterCase MakeCase(const char* kind, double selectivity, const FilterAttributes& attributes) {
  const auto row_count = static_cast<int64_t>(attributes.near.size());
  const auto count = std::clamp<int64_t>(std::llround(selectivity * static_cast<double>(row_count)), 1, row_count);
  const std::string_view name = kind;
  if (name == "anti-correlated") {
    const int64_t first = row_count - count;
    return {kind, selectivity, Key(kNearKey) >= first,
            Matches(row_count, [&](size_t row) { return attributes.near[row] >= first; })};
  }
  const bool is_random = name == "random";
  const std::vector<int32_t>& places = is_random ? attributes.random : attributes.near;
  return {kind, selectivity, Key(is_random ? kRandomKey : kNearKey) < count,
          Matches(row_count, [&](size_t row) { return places[row] < count; })};
}

class FilterBench {
 public:
  FilterBench(const DataSet& data, const OchreIndex& index, const SegmentSearcher& searcher, int32_t rounds)
      : data_(data),
        index_(index),
        searcher_(searcher),
        view_{searcher.SharedSegment(), std::make_shared<DeletionBitmap>(searcher.segment().row_count())},
        rounds_(rounds) {
    std::vector<double> distances;
    for (int64_t q = 0; q < data.queries().rows(); ++q) {
      const MatrixSpan queries = data.queries();
      const auto width = static_cast<size_t>(queries.columns);
      distances.push_back(ExactDistance(data.space(), {queries.Row(0), width}, {queries.Row(q), width}));
    }
    queries_ = OrderBy(distances);
    queries_.resize(std::min<size_t>(queries_.size(), kQueriesMax));
    for (const int32_t q : queries_) {
      prepared_.emplace_back(data.space(), data.queries().Row(q), static_cast<int32_t>(data.queries().columns));
    }
  }

  Result<FilterRun> Measure(const FilterCase& filter) {
    const auto match_count = std::ssize(filter.matches.ordinals);
    const int64_t k = std::min(data_.k(), match_count);
    FilterRun run = {.kind = filter.kind, .selectivity = filter.selectivity, .enough = true};
    double code_scan_us = HUGE_VAL;
    run.plan_us = run.scan_us = run.graph_us = run.api_us = HUGE_VAL;
    std::vector<std::vector<Neighbor>> exact(queries_.size()), by_graph(queries_.size());
    std::vector<std::vector<uint32_t>> by_api(queries_.size(), std::vector<uint32_t>(static_cast<size_t>(data_.k())));
    for (int32_t round = 0; round < rounds_; ++round) {
      OCHRE_RETURN_IF_ERROR(Time(run.plan_us, [&](size_t q) {
        const VectorRanking ranking = {.queries = Query(q), .space = data_.space(), .ef_search = kEf};
        return RankSegment(view_, {&prepared_[q], 1}, {&kNoBound, 1}, filter.matches.bitmap, ranking, k).status();
      }));
      OCHRE_RETURN_IF_ERROR(Time(run.scan_us, [&](size_t q) -> Status {
        OCHRE_ASSIGN_OR_RETURN(exact[q], searcher_.ScanRows(prepared_[q], filter.matches.ordinals, k));
        return Status::Ok();
      }));
      if (searcher_.has_codes()) {
        OCHRE_RETURN_IF_ERROR(Time(code_scan_us, [&](size_t q) {
          return searcher_.ScanCodes(prepared_[q], filter.matches.ordinals, k).status();
        }));
      }
      if (round == 0 || run.graph_us < kHopeless * run.scan_us) {
        OCHRE_RETURN_IF_ERROR(Time(run.graph_us, [&](size_t q) -> Status {
          OCHRE_ASSIGN_OR_RETURN(SegmentSearcher::Found found,
                                 searcher_.SearchGraph(prepared_[q], k, kEf, filter.matches.bits));
          by_graph[q] = std::move(found.neighbors);
          return Status::Ok();
        }));
      }
      OCHRE_RETURN_IF_ERROR(Time(run.api_us, [&](size_t q) {
        return QueryRows(
            index_.collection,
            {.embeddings = Query(q), .n_results = data_.k(), .where = filter.condition, .include = {.distances = true}},
            by_api[q]);
      }));
    }
    run.scan_us = std::min(run.scan_us, code_scan_us);
    for (size_t q = 0; q < queries_.size(); ++q) {
      const double kth_distance = data_.Distance(queries_[q], exact[q].back().ordinal);
      std::vector<uint32_t> graph_rows;
      for (const Neighbor& neighbor : by_graph[q]) graph_rows.push_back(neighbor.ordinal);
      const auto found_count = std::ssize(by_api[q]) - std::count(by_api[q].begin(), by_api[q].end(), kNoRow);
      run.recall += data_.Recall(queries_[q], by_api[q], kth_distance, k) / static_cast<double>(queries_.size());
      run.graph_recall += data_.Recall(queries_[q], graph_rows, kth_distance, k) / static_cast<double>(queries_.size());
      run.enough = run.enough && found_count >= k;
    }
    return run;
  }

 private:
  MatrixSpan Query(size_t q) const {
    const auto width = static_cast<size_t>(data_.queries().columns);
    return {{data_.queries().Row(queries_[q]), width}, data_.queries().columns};
  }

  // The shortest average time so far of a query.
  Status Time(double& shortest_us, const std::function<Status(size_t q)>& ask) {
    const auto start = std::chrono::steady_clock::now();
    for (size_t q = 0; q < queries_.size(); ++q) OCHRE_RETURN_IF_ERROR(ask(q));
    const std::chrono::duration<double, std::micro> all = std::chrono::steady_clock::now() - start;
    shortest_us = std::min(shortest_us, all.count() / static_cast<double>(queries_.size()));
    return Status::Ok();
  }

  const DataSet& data_;
  const OchreIndex& index_;
  const SegmentSearcher& searcher_;
  const SegmentView view_;  // nothing is deleted
  const int32_t rounds_;
  std::vector<int32_t> queries_;  // numbers of queries of data_
  std::vector<PreparedQuery> prepared_;
};

}  // namespace

Metadata FilterAttributes::OfRow(int64_t row) const {
  const auto place = static_cast<size_t>(row);
  return {{kRandomKey, int64_t{random[place]}}, {kNearKey, int64_t{near[place]}}};
}

FilterAttributes MakeFilterAttributes(const DataSet& data) {
  const int64_t row_count = data.base().rows();
  std::vector<int32_t> order = Ascending(row_count);
  std::mt19937_64 random(1);
  for (size_t i = order.size(); i-- > 1;) std::swap(order[i], order[random() % (i + 1)]);
  std::vector<double> distances;
  for (int64_t row = 0; row < row_count; ++row) distances.push_back(data.Distance(0, static_cast<uint32_t>(row)));
  return {.random = PlacesOf(order), .near = PlacesOf(OrderBy(distances))};
}

Result<std::vector<FilterRun>> MeasureFilters(const DataSet& data, const FilterAttributes& attributes,
                                              const OchreIndex& index, const SegmentSearcher& searcher,
                                              std::span<const double> selectivities, int32_t rounds) {
  FilterBench bench(data, index, searcher, rounds);
  std::vector<FilterRun> runs;
  for (const char* kind : {"random", "correlated", "anti-correlated"}) {
    for (const double selectivity : selectivities) {
      OCHRE_ASSIGN_OR_RETURN(FilterRun run, bench.Measure(MakeCase(kind, selectivity, attributes)));
      runs.push_back(std::move(run));
    }
  }
  return runs;
}

}  // namespace ochre
