// ServerMetrics: what the server counts about its requests, in Prometheus' text format.
#ifndef OCHRE_SERVER_METRICS_H_
#define OCHRE_SERVER_METRICS_H_

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "gateway/gateway.h"
#include "runtime/mutex.h"

namespace ochre {

// One answered request.
struct Exchange {
  std::string request_id;
  std::string_view operation;  // of its route; "none": it had none. Of static storage
  std::string method;
  std::string target;
  std::string remote;
  std::string user;  // empty: none
  int status = 0;
  std::chrono::nanoseconds duration{0};  // from its head to the end of its answer
  int64_t bytes_in = 0;
  int64_t bytes_out = 0;
};

// Thread-safe.
class ServerMetrics {
 public:
  // Upper bounds of the latency histogram, in seconds, from a heartbeat's to a large batch's.
  static constexpr std::array<double, 12> kBounds = {0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005,
                                                     0.01,   0.025,   0.1,    0.5,   2.5,    10};

  void Count(const Exchange& exchange);
  void ConnectionOpened() { ++connections_; }
  void ConnectionClosed() { --connections_; }
  int64_t connections() const { return connections_.load(); }

  // These counters, and `totals`.
  std::string Print(const GatewayTotals& totals) const;

 private:
  struct Latency {
    std::array<int64_t, kBounds.size() + 1> counts = {};  // by bound; the last: above all
    double sum_seconds = 0;
  };

  std::atomic<int64_t> connections_ = 0;
  mutable Mutex mutex_;                                                                    // held to count or print
  std::map<std::pair<std::string_view, int>, int64_t> requests_ OCHRE_GUARDED_BY(mutex_);  // by operation and status
  std::map<std::string_view, Latency> latencies_ OCHRE_GUARDED_BY(mutex_);                 // by operation
  int64_t bytes_in_ OCHRE_GUARDED_BY(mutex_) = 0;
  int64_t bytes_out_ OCHRE_GUARDED_BY(mutex_) = 0;
};

}  // namespace ochre

#endif  // OCHRE_SERVER_METRICS_H_
