// HttpError: why a request is answered with an error; HttpResult<T>: a value, or that.
#ifndef OCHRE_SERVER_HTTP_ERROR_H_
#define OCHRE_SERVER_HTTP_ERROR_H_

#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "ochre/status.h"
#include "server/http_message.h"

namespace ochre {

// `error` is one of the names by which Chroma's clients tell errors apart, after the status.
struct HttpError {
  int status = 500;
  std::string error;
  std::string message;
  std::vector<std::pair<std::string_view, std::string>> headers = {};  // of the answer, as HttpResponse's
};

// The error of a failed Status; its code decides.
HttpError ToHttpError(const Status& status);

// JSON of the wrong shape: a field is missing, or of a type that it cannot have.
template <typename... Pieces>
HttpError Unprocessable(const Pieces&... pieces) {
  return {422, "ChromaError",
          status_internal::Concatenate("Failed to deserialize the JSON body into the target type: ", pieces...)};
}

// Of the transport, in several places.
HttpError BodyTooLarge();
HttpError TooManyBodies();  // BodyBudget

// {"error": ..., "message": ...}
HttpResponse ToResponse(const HttpError& error);

template <typename T>
class HttpResult {
 public:
  // NOLINTBEGIN(google-explicit-constructor)
  HttpResult(T value) : value_(std::move(value)) {}
  HttpResult(HttpError error) : value_(std::move(error)) {}
  HttpResult(const Status& status) : value_(ToHttpError(status)) {}
  // NOLINTEND(google-explicit-constructor)

  bool ok() const { return value_.index() == 0; }
  const HttpError& error() const { return std::get<1>(value_); }
  T& value() & { return std::get<0>(value_); }
  const T& value() const& { return std::get<0>(value_); }
  T&& value() && { return std::get<0>(std::move(value_)); }

 private:
  std::variant<T, HttpError> value_;
};

template <typename T>
HttpError ErrorOf(const HttpResult<T>& result) {
  return result.error();
}
template <typename T>
HttpError ErrorOf(const Result<T>& result) {
  return ToHttpError(result.status());
}

}  // namespace ochre

// As OCHRE_ASSIGN_OR_RETURN, in functions that return an HttpResult; of a Result or an HttpResult.
#define OCHRE_HTTP_ASSIGN_OR_RETURN(lhs, expression) \
  OCHRE_HTTP_ASSIGN_OR_RETURN_INNER(OCHRE_STATUS_CONCAT(ochre_result_, __LINE__), lhs, expression)
#define OCHRE_HTTP_ASSIGN_OR_RETURN_INNER(result, lhs, expression) \
  auto result = (expression);                                      \
  if (!result.ok()) return ErrorOf(result);                        \
  lhs = std::move(result).value()

#endif  // OCHRE_SERVER_HTTP_ERROR_H_
