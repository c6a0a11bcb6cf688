// The target that a request's path and query are.
#include <string_view>

#include "server/route.h"
#include "tests/fuzz/fuzz_targets.h"

namespace ochre {

void FuzzRoute(std::string_view input) {
  for (const HttpMethod method : {HttpMethod::kGet, HttpMethod::kPost}) {
    const HttpResult<RouteMatch> match = FindRoute(method, input);
    if (match.ok()) {
      Require(match.value().route != nullptr && match.value().route->method == method, "a match is a route", input);
      Require(!AllowedMethods(input).empty(), "what has a route has methods", input);
      continue;
    }
    const int status = match.error().status;
    Require(status == 400 || status == 404 || status == 405 || status == 410, "a refusal says what of", input);
  }
}

}  // namespace ochre
