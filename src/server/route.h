// Route: one method on one path, as data: the table of them drives dispatch, authorisation and the OpenAPI document.
#ifndef OCHRE_SERVER_ROUTE_H_
#define OCHRE_SERVER_ROUTE_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "gateway/authorization.h"
#include "gateway/gateway.h"
#include "server/http_error.h"
#include "server/http_message.h"
#include "server/service_options.h"

namespace ochre {

class Service;

// The decoded parameters of a path; those that it lacks are empty.
struct PathParameters {
  std::string tenant;
  std::string database;
  std::string collection;  // an id or a name
  std::string rest;        // anything else
};

// One request on its way to a handler.
struct RouteCall {
  Service& service;
  Gateway& gateway;
  HttpRequest& request;
  const PathParameters& path;
  std::string_view query;  // what follows "?"
  const User* user;        // null: authentication is off
};

using RouteHandler = HttpResult<HttpResponse> (*)(RouteCall& call);

struct Route {
  HttpMethod method;
  std::string_view path;       // "/api/v2/tenants/{tenant}": a segment in braces is a parameter
  std::string_view operation;  // its name in the OpenAPI document, in logs and in metrics
  std::string_view summary;
  Access access;
  Scope scope;
  std::string_view query_parameters = "";  // names, separated by spaces
  std::string_view request = "";           // the name of the body's schema in the OpenAPI document; empty: no body
  std::string_view response = "Empty";     // of the answer's
  int status = 200;                        // on success
  RouteHandler handler = nullptr;
};

// Every route, in the order of the OpenAPI document.
std::span<const Route> Routes();

// What a target leads to.
struct RouteMatch {
  const Route* route = nullptr;  // never null
  PathParameters path;
  std::string_view query;  // part of the target
};

// 400: the target is no valid percent-encoded UTF-8. 404: no route has this path. 405: none of this method. 410: of the
// API before this one.
HttpResult<RouteMatch> FindRoute(HttpMethod method, std::string_view target);

// "GET, HEAD, OPTIONS": the methods that the target's path takes; empty if no route has it. Of "*", all.
std::string AllowedMethods(std::string_view target);

std::string_view NameOf(HttpMethod method);

}  // namespace ochre

#endif  // OCHRE_SERVER_ROUTE_H_
