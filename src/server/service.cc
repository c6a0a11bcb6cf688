#include "server/service.h"

#include <algorithm>
#include <cctype>
#include <string>
#include <string_view>
#include <utility>

#include "server/base64.h"

namespace ochre {
namespace {

// Clients may use up at once what they have left unused for this long.
constexpr double kBurstSeconds = 2;

double BurstOf(double per_second) { return std::max(1.0, per_second * kBurstSeconds); }

bool EqualIgnoringCase(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

Credential CredentialOf(const HttpHead& head) {
  const std::string_view authorization = head.authorization;
  const size_t space = authorization.find(' ');
  const std::string_view scheme = authorization.substr(0, space);
  std::string_view rest = space == std::string_view::npos ? std::string_view() : authorization.substr(space + 1);
  while (rest.starts_with(' ')) rest.remove_prefix(1);
  if (EqualIgnoringCase(scheme, "Bearer") && !rest.empty()) return {.token = std::string(rest)};
  if (EqualIgnoringCase(scheme, "Basic")) {
    std::string decoded;
    const std::optional<size_t> size = Base64DecodedSize(rest);
    decoded.resize(size.value_or(0));
    const bool valid = size.has_value() && DecodeBase64(rest, reinterpret_cast<std::byte*>(decoded.data()));
    const size_t colon = decoded.find(':');
    if (valid && colon != std::string::npos) {
      return {.user = decoded.substr(0, colon), .password = decoded.substr(colon + 1)};
    }
  }
  if (!head.chroma_token.empty()) return {.token = head.chroma_token};
  return {};
}

bool IsJson(std::string_view content_type) {
  std::string_view type = content_type.substr(0, content_type.find(';'));
  while (type.ends_with(' ')) type.remove_suffix(1);
  return EqualIgnoringCase(type, "application/json");
}

}  // namespace

Service::Service(Instance& instance, const ServiceOptions& options, std::unique_ptr<Authenticator> authenticator)
    : instance_(instance),
      options_(options),
      authenticator_(std::move(authenticator)),
      tenant_rates_(options.tenant_requests_per_second, BurstOf(options.tenant_requests_per_second)),
      collection_rates_(options.collection_requests_per_second, BurstOf(options.collection_requests_per_second)) {}

HttpResult<Service::Admission> Service::Admit(const HttpHead& head) {
  if (authenticator_ == nullptr) return AdmitRoute(head, nullptr);
  OCHRE_HTTP_ASSIGN_OR_RETURN(const User* const user, authenticator_->Authenticate(CredentialOf(head)));
  return AdmitRoute(head, user);
}

HttpResult<Service::Admission> Service::AdmitRoute(const HttpHead& head, const User* user) {
  Admission admission = {.match = {}, .user = user};
  OCHRE_HTTP_ASSIGN_OR_RETURN(admission.match, FindRoute(head.method, head.target));
  const Route& route = *admission.match.route;
  const PathParameters& path = admission.match.path;
  if (user != nullptr) {
    const Status allowed = Authorize(*user, route.access, route.scope, path.tenant, path.database);
    if (!allowed.ok()) return allowed;
  }
  if (const Status rate = TakeRate(admission); !rate.ok()) return rate;
  if (!route.request.empty() && head.content_type.has_value() && !IsJson(*head.content_type)) {
    return HttpError{415, "ChromaError", "Expected request with `Content-Type: application/json`"};
  }
  return admission;
}

Status Service::TakeRate(const Admission& admission) {
  const PathParameters& path = admission.match.path;
  if (path.tenant.empty()) return Status::Ok();
  OCHRE_RETURN_IF_ERROR(tenant_rates_.Take(path.tenant));
  if (path.collection.empty()) return Status::Ok();
  return collection_rates_.Take(path.tenant + '/' + path.database + '/' + path.collection);
}

HttpResponse Service::Serve(const Admission& admission, HttpRequest& request) {
  const auto gateway = instance_.Enter();
  if (!gateway.ok()) return ToResponse(ToHttpError(Status::Unavailable("the server is stopping")));
  RouteCall call = {.service = *this,
                    .gateway = **gateway,
                    .request = request,
                    .path = admission.match.path,
                    .query = admission.match.query,
                    .user = admission.user};
  HttpResult<HttpResponse> answer = admission.match.route->handler(call);
  return answer.ok() ? std::move(answer).value() : ToResponse(answer.error());
}

HttpResponse Service::Answer(HttpRequest& request) {
  const HttpResult<Admission> admission = Admit(request.head);
  if (!admission.ok()) return ToResponse(admission.error());
  return Serve(admission.value(), request);
}

}  // namespace ochre
