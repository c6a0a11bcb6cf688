#include "server/metrics.h"

#include <algorithm>

#include "ochre/status.h"

namespace ochre {
namespace {

using status_internal::Concatenate;

void AppendHeader(std::string& text, std::string_view name, std::string_view type, std::string_view help) {
  text += Concatenate("# HELP ", name, " ", help, "\n# TYPE ", name, " ", type, "\n");
}

void AppendValue(std::string& text, std::string_view name, std::string_view type, std::string_view help,
                 int64_t value) {
  AppendHeader(text, name, type, help);
  text += Concatenate(name, " ", value, "\n");
}

}  // namespace

void ServerMetrics::Count(const Exchange& exchange) {
  const double seconds = std::chrono::duration<double>(exchange.duration).count();
  const auto bound = std::lower_bound(kBounds.begin(), kBounds.end(), seconds);
  MutexLock lock(mutex_);
  ++requests_[{exchange.operation, exchange.status}];
  Latency& latency = latencies_[exchange.operation];
  ++latency.counts[static_cast<size_t>(bound - kBounds.begin())];
  latency.sum_seconds += seconds;
  bytes_in_ += exchange.bytes_in;
  bytes_out_ += exchange.bytes_out;
}

std::string ServerMetrics::Print(const GatewayTotals& totals) const {
  std::string text;
  {
    MutexLock lock(mutex_);
    AppendHeader(text, "ochre_http_requests_total", "counter", "Answered requests.");
    for (const auto& [key, count] : requests_) {
      text += Concatenate("ochre_http_requests_total{operation=\"", key.first, "\",status=\"", key.second, "\"} ",
                          count, "\n");
    }
    AppendHeader(text, "ochre_http_request_seconds", "histogram", "From a request's head to the end of its answer.");
    for (const auto& [operation, latency] : latencies_) {
      int64_t count = 0;
      for (size_t i = 0; i < kBounds.size(); ++i) {
        count += latency.counts[i];
        text += Concatenate("ochre_http_request_seconds_bucket{operation=\"", operation, "\",le=\"", kBounds[i], "\"} ",
                            count, "\n");
      }
      count += latency.counts.back();
      text += Concatenate("ochre_http_request_seconds_bucket{operation=\"", operation, "\",le=\"+Inf\"} ", count, "\n");
      text += Concatenate("ochre_http_request_seconds_sum{operation=\"", operation, "\"} ", latency.sum_seconds, "\n");
      text += Concatenate("ochre_http_request_seconds_count{operation=\"", operation, "\"} ", count, "\n");
    }
    AppendValue(text, "ochre_http_request_bytes_total", "counter", "Bytes of request bodies.", bytes_in_);
    AppendValue(text, "ochre_http_response_bytes_total", "counter", "Bytes of answers' bodies.", bytes_out_);
  }
  AppendValue(text, "ochre_http_connections", "gauge", "Open connections.", connections());
  AppendValue(text, "ochre_collections_loaded", "gauge", "Collections used since the server started.",
              totals.collections);
  AppendValue(text, "ochre_records", "gauge", "Live records of loaded collections.", totals.records);
  AppendValue(text, "ochre_tail_records", "gauge", "Operations of loaded collections that no segment holds yet.",
              totals.tail_records);
  AppendValue(text, "ochre_tail_bytes", "gauge", "Their bytes.", totals.tail_bytes);
  AppendValue(text, "ochre_segments", "gauge", "Segments of loaded collections.", totals.segments);
  AppendValue(text, "ochre_segment_bytes", "gauge", "Their bytes on disk.", totals.segment_bytes);
  AppendValue(text, "ochre_compactions_total", "counter", "Compactions of loaded collections, ever.",
              totals.compactions);
  return text;
}

}  // namespace ochre
