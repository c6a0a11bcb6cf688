// CrossOrigin: which web pages may call the server (CORS, https://fetch.spec.whatwg.org/#http-cors-protocol).
#ifndef OCHRE_SERVER_CROSS_ORIGIN_H_
#define OCHRE_SERVER_CROSS_ORIGIN_H_

#include <string>
#include <string_view>
#include <vector>

#include "ochre/status.h"
#include "server/http_message.h"

namespace ochre {

// Browsers name the page's origin in a request to another one, and let the page see the answer if that allows it. They
// ask first (a preflight) before they send what a form could not. Immutable.
class CrossOrigin {
 public:
  // Of each of these origins, as browsers write them ("https://app.example:8443"), or of all ("*"). None: of no other
  // origin than the server's own.
  explicit CrossOrigin(std::vector<std::string> origins);

  // Whether the request changes something, or could, for a page that may not call the server: a form, or a script that
  // does not look at the answer, could otherwise use a server that only its user's machine can reach.
  bool Forbids(const HttpHead& head) const;

  // Whether a browser asks for leave that its page gets.
  bool IsGrantedPreflight(const HttpHead& head) const;

  // Says in the answer to such a request that the page may use the `methods` ("GET, POST") and the fields it named.
  void GrantPreflight(const HttpHead& head, const std::string& methods, HttpResponse& answer) const;

  // Says in any answer whether the page that asks may see it.
  void AddFields(const HttpHead& head, HttpResponse& answer) const;

 private:
  bool Allows(std::string_view origin) const;

  const std::vector<std::string> origins_;
  const bool all_;
};

// "ORIGIN,ORIGIN,...". InvalidArgument: one is neither an origin nor "*".
Result<std::vector<std::string>> ParseOrigins(std::string_view list);

}  // namespace ochre

#endif  // OCHRE_SERVER_CROSS_ORIGIN_H_
