// Service: answers requests, whatever brings them: who is it, may they, which route, then its handler.
#ifndef OCHRE_SERVER_SERVICE_H_
#define OCHRE_SERVER_SERVICE_H_

#include <atomic>
#include <memory>

#include "gateway/authenticator.h"
#include "gateway/rate_limiter.h"
#include "instance/instance.h"
#include "server/cross_origin.h"
#include "server/http_error.h"
#include "server/http_message.h"
#include "server/metrics.h"
#include "server/route.h"
#include "server/service_options.h"

namespace ochre {

// Whether the body comes packed by gzip.
bool IsGzip(const HttpHead& head);

// Thread-safe. `instance` must outlive it.
class Service {
 public:
  // Without `authenticator` everyone may do everything.
  Service(Instance& instance, const ServiceOptions& options, std::unique_ptr<Authenticator> authenticator);

  // What is known of a request before its body.
  struct Admission {
    RouteMatch match;            // its query points into the target that was given
    const User* user = nullptr;  // null: authentication is off
  };

  // Decides by the head whether the rest of the request is worth reading: 401, 403, 404, 405, 410, 415, 429. `head`
  // must live as long as the admission.
  HttpResult<Admission> Admit(const HttpHead& head);

  // The answer to a request that was admitted by its head. The body may be changed.
  HttpResponse Serve(const Admission& admission, HttpRequest& request);

  // The answer to a request for what a route takes (OPTIONS), which is known by its head: 204, 401 or 404.
  HttpResponse AnswerOptions(const HttpHead& head);

  // Adds to an answer, of whatever kind, what every one has besides its own.
  void AddFields(const HttpHead& head, HttpResponse& answer) const { cross_origin_.AddFields(head, answer); }

  // All of these. A body in an encoding is not decoded.
  HttpResponse Answer(HttpRequest& request);

  // From here on the health check says that the server is not ready.
  void BeginShutdown() { stopping_.store(true); }
  bool stopping() const { return stopping_.load(); }

  const ServiceOptions& options() const { return options_; }
  ServerMetrics& metrics() { return metrics_; }

 private:
  HttpResult<Admission> AdmitRoute(const HttpHead& head, const User* user);
  Status TakeRate(const Admission& admission);

  Instance& instance_;
  const ServiceOptions options_;
  const std::unique_ptr<Authenticator> authenticator_;
  const CrossOrigin cross_origin_;
  RateLimiter tenant_rates_;
  RateLimiter collection_rates_;
  ServerMetrics metrics_;
  std::atomic<bool> stopping_ = false;
};

}  // namespace ochre

#endif  // OCHRE_SERVER_SERVICE_H_
