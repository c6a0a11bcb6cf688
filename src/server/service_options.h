// What the service is told about itself, besides how to reach it.
#ifndef OCHRE_SERVER_SERVICE_OPTIONS_H_
#define OCHRE_SERVER_SERVICE_OPTIONS_H_

#include <cstdint>
#include <string>
#include <vector>

namespace ochre {

struct ServiceOptions {
  bool allow_reset = false;

  std::vector<std::string> cors_origins = {};  // CrossOrigin's

  // What clients are told to keep batches to: some of Chroma's refuse larger ones themselves. It is not enforced, since
  // the bound on bodies is what protects the server. 256 MB, HttpServerOptions' largest body, by kBytesOfARecord.
  int64_t batch_records_max = 43'690;

  // By which ParseServerConfig works out the above: 768 dimensions as base64, and 2 KB of document and metadata.
  static constexpr int64_t kBytesOfARecord = 6 << 10;

  // Requests a second and at once, per tenant and per collection; 0: no bound.
  double tenant_requests_per_second = 0;
  double collection_requests_per_second = 0;
};

}  // namespace ochre

#endif  // OCHRE_SERVER_SERVICE_OPTIONS_H_
