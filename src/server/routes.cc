// The table of routes, and the search in it.
#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "server/handlers.h"
#include "server/route.h"
#include "types/utf8.h"

namespace ochre {
namespace {

// The prefixes of most paths.
#define OCHRE_TENANT "/api/v2/tenants/{tenant}"
#define OCHRE_DATABASE OCHRE_TENANT "/databases/{database}"
#define OCHRE_COLLECTION OCHRE_DATABASE "/collections/{collection_id}"

constexpr HttpMethod kGet = HttpMethod::kGet;
constexpr HttpMethod kPost = HttpMethod::kPost;

constexpr Route kRoutes[] = {
    {.method = kGet,
     .path = "/api/v2",
     .operation = "root",
     .summary = "The server's clock, as a sign of life",
     .access = Access::kRead,
     .scope = Scope::kNone,
     .response = "Heartbeat",
     .handler = Heartbeat},
    {.method = kGet,
     .path = "/api/v2/heartbeat",
     .operation = "heartbeat",
     .summary = "The server's clock, as a sign of life",
     .access = Access::kRead,
     .scope = Scope::kNone,
     .response = "Heartbeat",
     .handler = Heartbeat},
    {.method = kGet,
     .path = "/api/v2/version",
     .operation = "version",
     .summary = "The version of the API",
     .access = Access::kRead,
     .scope = Scope::kNone,
     .response = "Text",
     .handler = Version},
    {.method = kGet,
     .path = "/api/v2/healthcheck",
     .operation = "healthcheck",
     .summary = "Whether requests are served; 503 while the server stops",
     .access = Access::kRead,
     .scope = Scope::kNone,
     .response = "Health",
     .handler = Healthcheck},
    {.method = kGet,
     .path = "/api/v2/pre-flight-checks",
     .operation = "pre_flight_checks",
     .summary = "What clients should know before they send batches",
     .access = Access::kRead,
     .scope = Scope::kNone,
     .response = "PreFlightChecks",
     .handler = PreFlightChecks},
    {.method = kGet,
     .path = "/api/v2/auth/identity",
     .operation = "get_identity",
     .summary = "Whose credential this is, and what it covers",
     .access = Access::kRead,
     .scope = Scope::kNone,
     .response = "Identity",
     .handler = Identity},
    {.method = kPost,
     .path = "/api/v2/reset",
     .operation = "reset",
     .summary = "Deletes everything, if the server allows it",
     .access = Access::kAdmin,
     .scope = Scope::kServer,
     .response = "Boolean",
     .handler = Reset},

    {.method = kPost,
     .path = "/api/v2/tenants",
     .operation = "create_tenant",
     .summary = "Creates a tenant",
     .access = Access::kAdmin,
     .scope = Scope::kServer,
     .request = "CreateTenant",
     .handler = CreateTenant},
    {.method = kGet,
     .path = OCHRE_TENANT,
     .operation = "get_tenant",
     .summary = "A tenant",
     .access = Access::kRead,
     .scope = Scope::kTenant,
     .response = "Tenant",
     .handler = GetTenant},
    {.method = HttpMethod::kPatch,
     .path = OCHRE_TENANT,
     .operation = "update_tenant",
     .summary = "Sets a tenant's resource name, once",
     .access = Access::kAdmin,
     .scope = Scope::kAllDatabases,
     .request = "UpdateTenant",
     .handler = UpdateTenant},

    {.method = kPost,
     .path = OCHRE_TENANT "/databases",
     .operation = "create_database",
     .summary = "Creates a database",
     .access = Access::kWrite,
     .scope = Scope::kAllDatabases,
     .request = "CreateDatabase",
     .handler = CreateDatabase},
    {.method = kGet,
     .path = OCHRE_TENANT "/databases",
     .operation = "list_databases",
     .summary = "Databases, ordered by name",
     .access = Access::kRead,
     .scope = Scope::kAllDatabases,
     .query_parameters = "limit offset",
     .response = "Databases",
     .handler = ListDatabases},
    {.method = kGet,
     .path = OCHRE_DATABASE,
     .operation = "get_database",
     .summary = "A database",
     .access = Access::kRead,
     .scope = Scope::kDatabase,
     .response = "Database",
     .handler = GetDatabase},
    {.method = HttpMethod::kDelete,
     .path = OCHRE_DATABASE,
     .operation = "delete_database",
     .summary = "Deletes a database and its collections",
     .access = Access::kWrite,
     .scope = Scope::kDatabase,
     .handler = DeleteDatabase},

    {.method = kPost,
     .path = OCHRE_DATABASE "/collections",
     .operation = "create_collection",
     .summary = "Creates a collection, or gets the one of that name",
     .access = Access::kWrite,
     .scope = Scope::kDatabase,
     .request = "CreateCollection",
     .response = "Collection",
     .handler = CreateCollection},
    {.method = kGet,
     .path = OCHRE_DATABASE "/collections",
     .operation = "list_collections",
     .summary = "Collections, ordered by id",
     .access = Access::kRead,
     .scope = Scope::kDatabase,
     .query_parameters = "limit offset",
     .response = "Collections",
     .handler = ListCollections},
    {.method = kGet,
     .path = OCHRE_DATABASE "/collections_count",
     .operation = "count_collections",
     .summary = "How many collections there are",
     .access = Access::kRead,
     .scope = Scope::kDatabase,
     .response = "Integer",
     .handler = CountCollections},
    {.method = kGet,
     .path = OCHRE_DATABASE "/collections/by-id/{collection_id}",
     .operation = "get_collection_by_id",
     .summary = "A collection, by its id",
     .access = Access::kRead,
     .scope = Scope::kDatabase,
     .response = "Collection",
     .handler = GetCollectionById},
    {.method = kGet,
     .path = OCHRE_COLLECTION,
     .operation = "get_collection",
     .summary = "A collection; {collection_id} is its name",
     .access = Access::kRead,
     .scope = Scope::kDatabase,
     .response = "Collection",
     .handler = GetCollectionByName},
    {.method = HttpMethod::kPut,
     .path = OCHRE_COLLECTION,
     .operation = "update_collection",
     .summary = "Changes a collection's name, metadata or configuration",
     .access = Access::kWrite,
     .scope = Scope::kDatabase,
     .request = "UpdateCollection",
     .handler = UpdateCollection},
    {.method = HttpMethod::kDelete,
     .path = OCHRE_COLLECTION,
     .operation = "delete_collection",
     .summary = "Deletes a collection; {collection_id} is its name",
     .access = Access::kWrite,
     .scope = Scope::kDatabase,
     .handler = DeleteCollection},

    {.method = kPost,
     .path = OCHRE_COLLECTION "/add",
     .operation = "collection_add",
     .summary = "Inserts records whose ids are new",
     .access = Access::kWrite,
     .scope = Scope::kDatabase,
     .request = "AddRecords",
     .status = 201,
     .handler = AddRecords},
    {.method = kPost,
     .path = OCHRE_COLLECTION "/update",
     .operation = "collection_update",
     .summary = "Changes records that exist",
     .access = Access::kWrite,
     .scope = Scope::kDatabase,
     .request = "UpdateRecords",
     .handler = UpdateRecords},
    {.method = kPost,
     .path = OCHRE_COLLECTION "/upsert",
     .operation = "collection_upsert",
     .summary = "Changes records that exist, inserts the others",
     .access = Access::kWrite,
     .scope = Scope::kDatabase,
     .request = "AddRecords",
     .handler = UpsertRecords},
    {.method = kPost,
     .path = OCHRE_COLLECTION "/delete",
     .operation = "collection_delete",
     .summary = "Deletes records",
     .access = Access::kWrite,
     .scope = Scope::kDatabase,
     .request = "DeleteRecords",
     .response = "Deleted",
     .handler = DeleteRecords},
    {.method = kPost,
     .path = OCHRE_COLLECTION "/get",
     .operation = "collection_get",
     .summary = "Records, in order of insertion",
     .access = Access::kRead,
     .scope = Scope::kDatabase,
     .request = "GetRecords",
     .response = "Records",
     .handler = GetRecords},
    {.method = kPost,
     .path = OCHRE_COLLECTION "/query",
     .operation = "collection_query",
     .summary = "The records nearest to each query, nearest first",
     .access = Access::kRead,
     .scope = Scope::kDatabase,
     .query_parameters = "limit offset",
     .request = "QueryRecords",
     .response = "Neighbors",
     .handler = QueryRecords},
    {.method = kGet,
     .path = OCHRE_COLLECTION "/count",
     .operation = "collection_count",
     .summary = "How many records there are",
     .access = Access::kRead,
     .scope = Scope::kDatabase,
     .query_parameters = "read_level",
     .response = "Integer",
     .handler = CountRecords},
    {.method = kGet,
     .path = OCHRE_COLLECTION "/indexing_status",
     .operation = "indexing_status",
     .summary = "How much of the log is indexed",
     .access = Access::kRead,
     .scope = Scope::kDatabase,
     .response = "IndexingStatus",
     .handler = IndexingStatus},

    // Chroma's, of which this server has none; 501.
    {.method = kPost,
     .path = OCHRE_COLLECTION "/search",
     .operation = "collection_search",
     .summary = "Not supported",
     .access = Access::kRead,
     .scope = Scope::kDatabase,
     .response = "Error",
     .status = 501,
     .handler = Unsupported},
    {.method = kPost,
     .path = OCHRE_COLLECTION "/fork",
     .operation = "fork_collection",
     .summary = "Not supported",
     .access = Access::kWrite,
     .scope = Scope::kDatabase,
     .response = "Error",
     .status = 501,
     .handler = Unsupported},
    {.method = kGet,
     .path = OCHRE_COLLECTION "/fork_count",
     .operation = "fork_count",
     .summary = "Not supported",
     .access = Access::kRead,
     .scope = Scope::kDatabase,
     .response = "Error",
     .status = 501,
     .handler = Unsupported},
    {.method = kPost,
     .path = OCHRE_COLLECTION "/functions/attach",
     .operation = "attach_function",
     .summary = "Not supported",
     .access = Access::kWrite,
     .scope = Scope::kDatabase,
     .response = "Error",
     .status = 501,
     .handler = Unsupported},
    {.method = kGet,
     .path = OCHRE_COLLECTION "/functions/{name}",
     .operation = "get_attached_function",
     .summary = "Not supported",
     .access = Access::kRead,
     .scope = Scope::kDatabase,
     .response = "Error",
     .status = 501,
     .handler = Unsupported},
    {.method = kPost,
     .path = OCHRE_COLLECTION "/attached_functions/{name}/detach",
     .operation = "detach_function",
     .summary = "Not supported",
     .access = Access::kWrite,
     .scope = Scope::kDatabase,
     .response = "Error",
     .status = 501,
     .handler = Unsupported},
    {.method = kPost,
     .path = OCHRE_COLLECTION "/attached_functions/{name}/add_input",
     .operation = "add_input",
     .summary = "Not supported",
     .access = Access::kWrite,
     .scope = Scope::kDatabase,
     .response = "Error",
     .status = 501,
     .handler = Unsupported},
    {.method = kPost,
     .path = OCHRE_COLLECTION "/conditional/get",
     .operation = "conditional_get",
     .summary = "Not supported",
     .access = Access::kRead,
     .scope = Scope::kDatabase,
     .response = "Error",
     .status = 501,
     .handler = Unsupported},
    {.method = kPost,
     .path = OCHRE_COLLECTION "/conditional/commit",
     .operation = "conditional_commit",
     .summary = "Not supported",
     .access = Access::kWrite,
     .scope = Scope::kDatabase,
     .response = "Error",
     .status = 501,
     .handler = Unsupported},
    {.method = kGet,
     .path = "/api/v2/collections/{name}",
     .operation = "get_collection_by_crn",
     .summary = "Not supported",
     .access = Access::kRead,
     .scope = Scope::kServer,
     .response = "Error",
     .status = 501,
     .handler = Unsupported},

    {.method = kGet,
     .path = "/openapi.json",
     .operation = "openapi",
     .summary = "This document",
     .access = Access::kRead,
     .scope = Scope::kNone,
     .response = "Object",
     .handler = OpenApi},
    {.method = kGet,
     .path = "/metrics",
     .operation = "metrics",
     .summary = "Counters in Prometheus' text format",
     .access = Access::kRead,
     .scope = Scope::kServer,
     .response = "Text",
     .handler = Metrics},
};

#undef OCHRE_COLLECTION
#undef OCHRE_DATABASE
#undef OCHRE_TENANT

constexpr std::array<std::pair<HttpMethod, std::string_view>, 6> kMethodNames = {{{HttpMethod::kGet, "GET"},
                                                                                  {HttpMethod::kPost, "POST"},
                                                                                  {HttpMethod::kPut, "PUT"},
                                                                                  {HttpMethod::kPatch, "PATCH"},
                                                                                  {HttpMethod::kDelete, "DELETE"},
                                                                                  {HttpMethod::kOptions, "OPTIONS"}}};

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<std::string> PercentDecoded(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    if (text.size() - i < 3) return std::nullopt;
    const int high = HexValue(text[i + 1]);
    const int low = HexValue(text[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    decoded += static_cast<char>(high << 4 | low);
    i += 2;
  }
  if (!IsValidUtf8(decoded)) return std::nullopt;
  return decoded;
}

// The next segment of a path that begins with '/', taken off it.
std::string_view TakeSegment(std::string_view& path) {
  path.remove_prefix(1);
  const std::string_view segment = path.substr(0, path.find('/'));
  path.remove_prefix(segment.size());
  return segment;
}

bool IsParameter(std::string_view segment) { return segment.starts_with('{'); }

bool Matches(std::string_view pattern, std::string_view path) {
  while (!pattern.empty() && !path.empty()) {
    const std::string_view expected = TakeSegment(pattern);
    const std::string_view segment = TakeSegment(path);
    if (segment.empty() || (!IsParameter(expected) && expected != segment)) return false;
  }
  return pattern.empty() && path.empty();
}

// False: a segment cannot be decoded.
bool DecodeParameters(std::string_view pattern, std::string_view path, PathParameters& parameters) {
  while (!pattern.empty()) {
    const std::string_view name = TakeSegment(pattern);
    const std::string_view segment = TakeSegment(path);
    if (!IsParameter(name)) continue;
    std::optional<std::string> decoded = PercentDecoded(segment);
    if (!decoded.has_value()) return false;
    std::string& parameter = name == "{tenant}"          ? parameters.tenant
                             : name == "{database}"      ? parameters.database
                             : name == "{collection_id}" ? parameters.collection
                                                         : parameters.rest;
    parameter = *std::move(decoded);
  }
  return true;
}

}  // namespace

std::span<const Route> Routes() { return kRoutes; }

std::string_view NameOf(HttpMethod method) {
  for (const auto& [known, name] : kMethodNames) {
    if (known == method) return name;
  }
  return "other";
}

std::string AllowedMethods(std::string_view target) {
  const std::string_view path = target.substr(0, target.find('?'));
  std::string methods;
  for (const auto& [method, name] : kMethodNames) {
    const bool known = std::ranges::any_of(kRoutes, [&, m = method](const Route& route) {
      return route.method == m && (path == "*" || (path.starts_with('/') && Matches(route.path, path)));
    });
    if (!known) continue;
    methods += std::string(name) + ", ";
    if (method == HttpMethod::kGet) methods += "HEAD, ";
  }
  if (!methods.empty()) methods += NameOf(HttpMethod::kOptions);
  return methods;
}

HttpResult<RouteMatch> FindRoute(HttpMethod method, std::string_view target) {
  RouteMatch match;
  const size_t query = target.find('?');
  const std::string_view path = target.substr(0, query);
  if (query != std::string_view::npos) match.query = target.substr(query + 1);
  if (path == "/api/v1" || path.starts_with("/api/v1/")) {
    return HttpError{410, "Unimplemented", "The v1 API is deprecated. Please use /v2 apis"};
  }
  if (path.starts_with('/')) {
    for (const Route& route : kRoutes) {
      if (route.method != method || !Matches(route.path, path)) continue;
      match.route = &route;  // where a literal and a parameter both match, the literal comes first in the table
      break;
    }
  }
  if (match.route == nullptr) {
    std::string methods = AllowedMethods(target);
    if (methods.empty()) return HttpError{404, "NotFoundError", "There is no such route"};
    return HttpError{405, "ChromaError", "This route does not take this method", {{"Allow", std::move(methods)}}};
  }
  if (!DecodeParameters(match.route->path, path, match.path)) {
    return Status::InvalidArgument("the path is no percent-encoded UTF-8");
  }
  return match;
}

}  // namespace ochre
