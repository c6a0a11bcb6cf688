// The parts of a request that several handlers read: parameters of the query string, small JSON bodies, the collection.
#ifndef OCHRE_SERVER_REQUEST_PARTS_H_
#define OCHRE_SERVER_REQUEST_PARTS_H_

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string_view>

#include "server/http_error.h"
#include "server/route.h"

namespace ochre {

// "?limit=10": absent parameters are nullopt. 400: no number, or negative.
HttpResult<std::optional<int64_t>> QueryInteger(const RouteCall& call, std::string_view name);

// The value of a parameter as it is sent; nullopt: absent.
std::optional<std::string_view> QueryText(std::string_view query, std::string_view name);

// The body as one JSON object. 400: no JSON, or nested more than 100 deep; 422: no object.
HttpResult<nlohmann::json> JsonBody(const RouteCall& call);

// The collection whose id the path names. 400: no UUID. 404: there is none in that tenant and database.
HttpResult<CollectionPointer> CollectionOf(const RouteCall& call);

}  // namespace ochre

#endif  // OCHRE_SERVER_REQUEST_PARTS_H_
