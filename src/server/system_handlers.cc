// Handlers of what concerns the server itself.
#include <chrono>
#include <nlohmann/json.hpp>

#include "server/handlers.h"
#include "server/json_text.h"
#include "server/openapi.h"
#include "server/service.h"
#include "sysdb/system_database.h"

namespace ochre {
namespace {

using Json = nlohmann::json;

// What every release of Chroma's server answers: the version of the API rather than of a program.
constexpr std::string_view kApiVersion = "1.0.0";

}  // namespace

Answer Heartbeat(RouteCall&) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  HttpResponse response = {.body = "{\"nanosecond heartbeat\":"};
  AppendJsonInteger(response.body, std::chrono::duration_cast<std::chrono::nanoseconds>(now).count());
  response.body += '}';
  return response;
}

Answer Version(RouteCall&) {
  HttpResponse response;
  AppendJsonString(response.body, kApiVersion);
  return response;
}

Answer Healthcheck(RouteCall& call) {
  const bool ready = !call.service.stopping();
  const Json health = {{"is_executor_ready", ready}, {"is_log_client_ready", ready}};
  return HttpResponse{.status = ready ? 200 : 503, .body = health.dump()};
}

Answer PreFlightChecks(RouteCall& call) {
  const Json checks = {{"max_batch_size", call.service.options().batch_records_max},
                       {"supports_base64_encoding", true}};
  return HttpResponse{.body = checks.dump()};
}

Answer Identity(RouteCall& call) {
  const Json identity =
      call.user == nullptr
          ? Json{{"user_id", ""}, {"tenant", kDefaultTenant}, {"databases", Json::array({kDefaultDatabase})}}
          : Json{{"user_id", call.user->id}, {"tenant", call.user->tenant}, {"databases", call.user->databases}};
  return HttpResponse{.body = identity.dump()};
}

Answer Reset(RouteCall& call) {
  if (!call.service.options().allow_reset) {
    return Status(StatusCode::kPermissionDenied, "Reset is disabled by config");
  }
  if (const Status reset = call.gateway.Reset(); !reset.ok()) return reset;
  return HttpResponse{.body = "true"};
}

Answer OpenApi(RouteCall&) { return HttpResponse{.body = OpenApiDocument()}; }

Answer Metrics(RouteCall& call) {
  return HttpResponse{.content_type = "text/plain; version=0.0.4; charset=utf-8",
                      .body = call.service.metrics().Print(call.gateway.Totals())};
}

Answer Unsupported(RouteCall&) {
  return Status(StatusCode::kUnimplemented, "This server does not support this operation");
}

}  // namespace ochre
