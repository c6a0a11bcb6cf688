#include "bench/workload/ann_bench/sweep.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <thread>

namespace ochre {
namespace {

using Clock = std::chrono::steady_clock;

// Queries that one contender answers before the next has its turn: a millisecond's worth or more, much longer than
// reading the clock takes, and short beside the moments for which other programs are busy.
constexpr int64_t kBatchQueries = 100;

double SecondsSince(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

// Untimed queries before each batch: the others have had the caches meanwhile, and a contender that shares memory with
// the one before would have it easier. After as many each has the caches as it would have them alone.
constexpr int64_t kWarmUpQueries = 200;

// Beyond this knob a curve that gained less than this recall in two steps has reached its end.
constexpr double kKnobOfEnd = 200;
constexpr double kRecallGainMin = 0.001;

// What one contender does at one of its knobs.
class Turn {
 public:
  Turn(const DataSet& data, Contender& contender, double knob)
      : data_(data),
        contender_(contender),
        knob_(knob),
        // With threads, so many more that starting them hardly counts.
        batch_(kBatchQueries * (contender.threads > 1 ? 4 * contender.threads : 1)),
        shortest_(static_cast<size_t>((data.queries().rows() + batch_ - 1) / batch_), HUGE_VAL),
        found_(static_cast<size_t>(data.queries().rows() * data.k())) {}

  int64_t batch() const { return batch_; }

  // Answers the batch that begins at `first`.
  Status Answer(int64_t first, int32_t round) {
    contender_.engine->SetKnob(knob_);
    const int64_t last = std::min(first + batch_, data_.queries().rows());
    // Where whole batches are timed, the first round is for the latency of single queries.
    const bool whole = contender_.is_batched && round > 0;
    // The queries before it, and before the first the last.
    const int64_t count = data_.queries().rows(), warm_up = std::min(kWarmUpQueries, count);
    std::vector<double> ignored;
    if (first < warm_up) OCHRE_RETURN_IF_ERROR(CallOneByOne(count - (warm_up - first), count, ignored));
    OCHRE_RETURN_IF_ERROR(CallOneByOne(std::max<int64_t>(0, first - warm_up), first, ignored));
    const auto start = Clock::now();
    if (whole) {
      OCHRE_RETURN_IF_ERROR(Call(first, last));
    } else if (contender_.threads == 1) {
      OCHRE_RETURN_IF_ERROR(CallOneByOne(first, last, latencies_));
    } else {
      OCHRE_RETURN_IF_ERROR(Share(first, last));
    }
    const double seconds = SecondsSince(start);
    double& shortest = shortest_[static_cast<size_t>(first / batch_)];
    if (whole || !contender_.is_batched) shortest = std::min(shortest, seconds);
    return Status::Ok();
  }

  void AddPoint() {
    const int64_t query_count = data_.queries().rows();
    double seconds = 0, recall = 0;
    for (const double shortest : shortest_) seconds += shortest;
    for (int64_t q = 0; q < query_count; ++q) recall += data_.Recall(q, Places(q, q + 1));
    const auto queries = static_cast<double>(query_count);
    CurvePoint point = {.knob = knob_,
                        .recall = recall / queries,
                        .queries_per_second = queries / seconds,
                        .p50_us = Percentile(latencies_, 0.5),
                        .p99_us = Percentile(latencies_, 0.99),
                        .distances_per_query = std::nullopt};
    if (contender_.threads == 1) {
      contender_.engine->SetKnob(knob_);
      point.distances_per_query = contender_.engine->DistancesPerQuery(data_.queries(), data_.k());
    }
    contender_.curve->push_back(point);
  }

 private:
  MatrixSpan Queries(int64_t first, int64_t last) const {
    const MatrixSpan all = data_.queries();
    return {
        all.values.subspan(static_cast<size_t>(first * all.columns), static_cast<size_t>((last - first) * all.columns)),
        all.columns};
  }
  std::span<uint32_t> Places(int64_t first, int64_t last) {
    return std::span(found_).subspan(static_cast<size_t>(first * data_.k()),
                                     static_cast<size_t>((last - first) * data_.k()));
  }

  Status Call(int64_t first, int64_t last) {
    return contender_.engine->Search(Queries(first, last), data_.k(), Places(first, last));
  }

  Status CallOneByOne(int64_t first, int64_t last, std::vector<double>& latencies) {
    auto before = Clock::now();
    for (int64_t q = first; q < last; ++q) {
      OCHRE_RETURN_IF_ERROR(Call(q, q + 1));
      const auto after = Clock::now();
      latencies.push_back(std::chrono::duration<double, std::micro>(after - before).count());
      before = after;
    }
    return Status::Ok();
  }

  Status Share(int64_t first, int64_t last) {
    const auto count = static_cast<size_t>(contender_.threads);
    std::vector<Status> statuses(count);
    std::vector<std::vector<double>> latencies(count);
    std::vector<std::thread> threads;
    for (int64_t t = 0; t < contender_.threads; ++t) {
      const int64_t begin = first + (last - first) * t / contender_.threads;
      const int64_t end = first + (last - first) * (t + 1) / contender_.threads;
      const auto place = static_cast<size_t>(t);
      threads.emplace_back([this, &statuses, &latencies, begin, end, place] {
        statuses[place] = CallOneByOne(begin, end, latencies[place]);
      });
    }
    for (std::thread& thread : threads) thread.join();
    for (size_t t = 0; t < count; ++t) {
      OCHRE_RETURN_IF_ERROR(statuses[t]);
      latencies_.insert(latencies_.end(), latencies[t].begin(), latencies[t].end());
    }
    return Status::Ok();
  }

  const DataSet& data_;
  Contender& contender_;
  const double knob_;
  const int64_t batch_;
  std::vector<double> shortest_;  // seconds, of each batch
  std::vector<uint32_t> found_;
  std::vector<double> latencies_;  // us
};

bool IsDone(const Contender& contender, size_t step) {
  const std::vector<CurvePoint>& curve = *contender.curve;
  if (step >= contender.knobs.size()) return true;
  if (!curve.empty() && curve.back().recall >= kRecallOfInterestMax) return true;
  return curve.size() >= 3 && curve.back().knob >= kKnobOfEnd &&
         curve.back().recall - curve[curve.size() - 3].recall < kRecallGainMin;
}

}  // namespace

Status Sweep(const DataSet& data, int32_t rounds, std::span<Contender> contenders) {
  for (size_t step = 0;; ++step) {
    std::vector<Turn> turns;
    for (Contender& contender : contenders) {
      if (!IsDone(contender, step)) turns.emplace_back(data, contender, contender.knobs[step]);
    }
    if (turns.empty()) return Status::Ok();
    // One round more for those who spend the first on latencies.
    for (int32_t round = 0; round <= rounds; ++round) {
      for (int64_t at = 0; at < data.queries().rows(); at += kBatchQueries) {
        for (size_t t = 0; t < turns.size(); ++t) {
          if (at % turns[t].batch() != 0) continue;
          // Each at another place: contenders that share memory would find in the caches what the one before them has
          // read for the same queries.
          const int64_t batch = turns[t].batch(), batches = (data.queries().rows() + batch - 1) / batch;
          const int64_t apart = batches * static_cast<int64_t>(t) / std::ssize(turns);
          OCHRE_RETURN_IF_ERROR(turns[t].Answer((at / batch + apart) % batches * batch, round));
        }
      }
    }
    for (Turn& turn : turns) turn.AddPoint();
  }
}

}  // namespace ochre
