#include "server/service.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "server/base64.h"
#include "server/http_head.h"

namespace ochre {
namespace {

// Clients may use up at once what they have left unused for this long.
constexpr double kBurstSeconds = 2;

double BurstOf(double per_second) { return std::max(1.0, per_second * kBurstSeconds); }

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

bool IsKnownEncoding(const HttpHead& head) {
  return head.content_encoding.empty() || EqualIgnoringCase(head.content_encoding, "identity") || IsGzip(head);
}

}  // namespace

Service::Service(Instance& instance, const ServiceOptions& options, std::unique_ptr<Authenticator> authenticator)
    : instance_(instance),
      options_(options),
      authenticator_(std::move(authenticator)),
      cross_origin_(options.cors_origins),
      tenant_rates_(options.tenant_requests_per_second, BurstOf(options.tenant_requests_per_second)),
      collection_rates_(options.collection_requests_per_second, BurstOf(options.collection_requests_per_second)) {}

bool IsGzip(const HttpHead& head) {
  return EqualIgnoringCase(head.content_encoding, "gzip") || EqualIgnoringCase(head.content_encoding, "x-gzip");
}

HttpResponse Service::AnswerOptions(const HttpHead& head) {
  // Browsers ask for leave without credentials.
  const bool preflight = cross_origin_.IsGrantedPreflight(head);
  if (!preflight && authenticator_ != nullptr) {
    const auto user = authenticator_->Authenticate(CredentialOf(head));
    if (!user.ok()) return ToResponse(ToHttpError(user.status()));
  }
  const std::string methods = AllowedMethods(head.target);
  if (methods.empty()) return ToResponse({404, "NotFoundError", "There is no such route"});
  HttpResponse answer = {.status = 204};
  answer.headers.emplace_back("Allow", methods);
  if (preflight) cross_origin_.GrantPreflight(head, methods, answer);
  return answer;
}

HttpResult<Service::Admission> Service::Admit(const HttpHead& head) {
  if (cross_origin_.Forbids(head)) {
    return Status(StatusCode::kPermissionDenied, "Pages of " + head.origin + " may not call this server");
  }
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
  if (!IsKnownEncoding(head)) {
    return HttpError{
        415, "ChromaError", "Of content encodings this server knows gzip alone", {{"Accept-Encoding", "gzip"}}};
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
  HttpResponse answer;
  if (request.head.method == HttpMethod::kOptions) {
    answer = AnswerOptions(request.head);
  } else if (const HttpResult<Admission> admission = Admit(request.head); admission.ok()) {
    answer = Serve(admission.value(), request);
  } else {
    answer = ToResponse(admission.error());
  }
  AddFields(request.head, answer);
  return answer;
}

}  // namespace ochre
