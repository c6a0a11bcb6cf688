// HttpServer: reads requests from sockets, lets a Service answer them, and writes the answers.
#ifndef OCHRE_SERVER_HTTP_SERVER_H_
#define OCHRE_SERVER_HTTP_SERVER_H_

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "ochre/status.h"
#include "server/request_log.h"
#include "server/service.h"

namespace ochre {

struct HttpServerOptions {
  std::string address = "127.0.0.1";  // numeric
  uint16_t port = 8000;               // 0: one that is free

  // Files in PEM form: the certificate with those that vouch for it, and its key. With both, every connection is TLS of
  // version 1.2 or newer; with none, none is.
  std::string tls_certificate = {};
  std::string tls_key = {};

  // Each request that is being served takes one: those that wait for an fsync are committed together, so more threads
  // than cores are of use.
  int32_t threads = 16;

  int64_t connections_max = 1'024;      // more are closed at once
  int64_t head_bytes_max = 16 * 1'024;  // of the request line and the headers
  int64_t body_bytes_max = 256 << 20;   // of one body; 50,000 x 768 as base64

  // Of all bodies together that are under way: of requests, as far as they have come, and of answers, until they are
  // taken. Past it, requests are answered 503.
  int64_t bodies_bytes_max = 1 << 30;

  std::chrono::seconds head_seconds_max{30};  // from the end of an answer, too: connections that are kept alive
  std::chrono::seconds body_seconds_max{120};
  std::chrono::seconds write_seconds_max{120};
};

// Thread-safe.
class HttpServer {
 public:
  // Listens and serves from here on. `service` and `log` must outlive the server. FailedPrecondition: the address
  // cannot be listened on. InvalidArgument: no address, or no certificate or key that can be used.
  static Result<std::unique_ptr<HttpServer>> Start(Service& service, const RequestLog& log,
                                                   const HttpServerOptions& options);
  ~HttpServer();  // Stop()s

  uint16_t port() const;

  // Accepts no more, answers what was read, and returns when every connection is closed; after `patience` it closes
  // those that are left. Idempotent.
  void Stop(std::chrono::seconds patience = std::chrono::seconds(30));

 private:
  class Listener;
  explicit HttpServer(std::unique_ptr<Listener> listener);
  std::unique_ptr<Listener> listener_;
};

}  // namespace ochre

#endif  // OCHRE_SERVER_HTTP_SERVER_H_
