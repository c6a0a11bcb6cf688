// What the service is told about itself, besides how to reach it.
#ifndef OCHRE_SERVER_SERVICE_OPTIONS_H_
#define OCHRE_SERVER_SERVICE_OPTIONS_H_

#include <cstdint>

namespace ochre {

struct ServiceOptions {
  bool allow_reset = false;

  // What clients are told to keep batches to. 5,461 is what Chroma's local server says, and older clients expect; it is
  // not enforced, since the bound on bodies is what protects the server.
  int64_t batch_records_max = 5'461;

  // Requests a second and at once, per tenant and per collection; 0: no bound.
  double tenant_requests_per_second = 0;
  double collection_requests_per_second = 0;
};

}  // namespace ochre

#endif  // OCHRE_SERVER_SERVICE_OPTIONS_H_
