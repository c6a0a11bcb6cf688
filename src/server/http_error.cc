#include "server/http_error.h"

#include <string_view>

#include "server/json_text.h"
#include "types/refusal.h"
#include "types/utf8.h"

namespace ochre {

HttpError ToHttpError(const Status& status) {
  const std::string& message = status.message();
  switch (status.code()) {
    case StatusCode::kInvalidArgument:
    case StatusCode::kCancelled:
    case StatusCode::kAborted:
    case StatusCode::kOutOfRange:
      return {400, "InvalidArgumentError", message};
    case StatusCode::kUnauthenticated:
      return {401, "ChromaError", message};
    case StatusCode::kPermissionDenied:
      return {403, "ChromaError", message};
    case StatusCode::kNotFound:
      return {404, "NotFoundError", message};
    case StatusCode::kAlreadyExists:
      return {409, "ChromaError", message};
    case StatusCode::kFailedPrecondition:
      return {412, "ChromaError", message};
    case StatusCode::kResourceExhausted:
      if (message.starts_with(kQuotaExceeded)) return {422, "ChromaError", message};
      if (message.starts_with(kBackoff)) return {429, "Backoff", message};
      return {429, "ChromaError", message};
    case StatusCode::kUnimplemented:
      return {501, "ChromaError", message};
    case StatusCode::kUnavailable:
      return {503, "ChromaError", message};
    case StatusCode::kDeadlineExceeded:
      return {504, "ChromaError", message};
    default:
      return {500, "InternalError", message};
  }
}

namespace {

// A message may quote what the client sent, cut anywhere.
std::string Printable(std::string message) {
  if (IsValidUtf8(message)) return message;
  for (char& c : message) {
    if (static_cast<unsigned char>(c) >= 0x80) c = '?';
  }
  return message;
}

}  // namespace

HttpError BodyTooLarge() { return {413, "ChromaError", "the request's body is larger than this server accepts"}; }

HttpError TooManyBodies() {
  return {503, "ChromaError", "the server has as many bodies under way as it has memory for; try again"};
}

HttpResponse ToResponse(const HttpError& error) {
  HttpResponse response = {.status = error.status};
  response.body = "{\"error\":";
  AppendJsonString(response.body, error.error);
  response.body += ",\"message\":";
  AppendJsonString(response.body, Printable(error.message));
  response.body += '}';
  if (error.status == 401) response.headers.emplace_back("WWW-Authenticate", "Bearer, Basic realm=\"ochre\"");
  if (error.status == 429 || error.status == 503) response.headers.emplace_back("Retry-After", "1");  // seconds
  for (const auto& header : error.headers) response.headers.push_back(header);
  return response;
}

}  // namespace ochre
