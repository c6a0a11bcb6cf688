// Status and Result<T>: how every call reports success or what went wrong.
#ifndef OCHRE_STATUS_H_
#define OCHRE_STATUS_H_

#include <cassert>
#include <charconv>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "ochre/export.h"

namespace ochre {

// The numbers are those of gRPC and Abseil; they never change.
enum class StatusCode : int32_t {
  kOk = 0,
  kCancelled = 1,
  kUnknown = 2,          // of a write: an I/O error left it open whether it will be there after opening again
  kInvalidArgument = 3,  // the caller's value is wrong, whatever the state of the database
  kDeadlineExceeded = 4,
  kNotFound = 5,
  kAlreadyExists = 6,
  kPermissionDenied = 7,
  kResourceExhausted = 8,   // a disk, a quota or a bound is full
  kFailedPrecondition = 9,  // the right call in the wrong state
  kAborted = 10,
  kOutOfRange = 11,
  kUnimplemented = 12,
  kInternal = 13,     // a defect of Ochre
  kUnavailable = 14,  // try again
  kDataLoss = 15,     // a damaged file, which the message names
  kUnauthenticated = 16,
};

// "InvalidArgument" and so on.
OCHRE_EXPORT std::string_view StatusCodeName(StatusCode code);

namespace status_internal {

inline void Append(std::string& text, std::string_view piece) { text.append(piece); }
template <typename T>
requires std::is_arithmetic_v<T> &&
    (!std::same_as<T, bool>)&&(!std::same_as<T, char>)void Append(std::string& text, T number) {
  char digits[40];  // the longest shortest-form double has 24 characters
  const auto end = std::to_chars(digits, digits + sizeof(digits), number).ptr;
  text.append(digits, end);
}

template <typename... Pieces>
std::string Concatenate(const Pieces&... pieces) {
  std::string text;
  (Append(text, pieces), ...);
  return text;
}

}  // namespace status_internal

// The outcome of a call that returns no value. The factories concatenate strings and numbers:
//   Status::InvalidArgument("embeddings have dimension ", d, ", but this collection's is ", dimension)
class [[nodiscard]] OCHRE_EXPORT Status {
 public:
  Status() = default;  // ok
  Status(StatusCode code, std::string message) : code_(code), message_(std::move(message)) {}

  static Status Ok() { return Status(); }
  template <typename... Pieces>
  static Status InvalidArgument(const Pieces&... pieces) {
    return Status(StatusCode::kInvalidArgument, status_internal::Concatenate(pieces...));
  }
  template <typename... Pieces>
  static Status NotFound(const Pieces&... pieces) {
    return Status(StatusCode::kNotFound, status_internal::Concatenate(pieces...));
  }
  template <typename... Pieces>
  static Status AlreadyExists(const Pieces&... pieces) {
    return Status(StatusCode::kAlreadyExists, status_internal::Concatenate(pieces...));
  }
  template <typename... Pieces>
  static Status ResourceExhausted(const Pieces&... pieces) {
    return Status(StatusCode::kResourceExhausted, status_internal::Concatenate(pieces...));
  }
  template <typename... Pieces>
  static Status FailedPrecondition(const Pieces&... pieces) {
    return Status(StatusCode::kFailedPrecondition, status_internal::Concatenate(pieces...));
  }
  template <typename... Pieces>
  static Status Cancelled(const Pieces&... pieces) {
    return Status(StatusCode::kCancelled, status_internal::Concatenate(pieces...));
  }
  template <typename... Pieces>
  static Status DeadlineExceeded(const Pieces&... pieces) {
    return Status(StatusCode::kDeadlineExceeded, status_internal::Concatenate(pieces...));
  }
  template <typename... Pieces>
  static Status Internal(const Pieces&... pieces) {
    return Status(StatusCode::kInternal, status_internal::Concatenate(pieces...));
  }
  template <typename... Pieces>
  static Status Unavailable(const Pieces&... pieces) {
    return Status(StatusCode::kUnavailable, status_internal::Concatenate(pieces...));
  }
  template <typename... Pieces>
  static Status DataLoss(const Pieces&... pieces) {
    return Status(StatusCode::kDataLoss, status_internal::Concatenate(pieces...));
  }

  bool ok() const { return code_ == StatusCode::kOk; }
  StatusCode code() const { return code_; }
  const std::string& message() const { return message_; }
  // "InvalidArgument: embeddings have dimension 3, but this collection's is 4"; "Ok".
  std::string ToString() const;

  friend bool operator==(const Status&, const Status&) = default;

 private:
  StatusCode code_ = StatusCode::kOk;
  std::string message_;
};

// A value or the reason why there is none. Reading the value of a failed result is a defect of the caller.
template <typename T>
class [[nodiscard]] Result {
 public:
  // Implicit, so that a function returns either a value or a status as it is.
  Result(Status status) : status_(std::move(status)) { assert(!status_.ok()); }  // NOLINT(google-explicit-constructor)
  // NOLINTBEGIN(google-explicit-constructor)
  template <typename U = T>
  requires std::constructible_from<T, U&&> &&
      (!std::same_as<std::remove_cvref_t<U>, Status>)&&(!std::same_as<std::remove_cvref_t<U>, Result<T>>)
          Result(U&& value)
      : value_(std::forward<U>(value)) {}
  // NOLINTEND(google-explicit-constructor)

  bool ok() const { return value_.has_value(); }
  const Status& status() const { return status_; }

  T& value() & {
    assert(ok());
    return *value_;
  }
  const T& value() const& {
    assert(ok());
    return *value_;
  }
  T&& value() && {
    assert(ok());
    return *std::move(value_);
  }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

 private:
  Status status_;
  std::optional<T> value_;
};

}  // namespace ochre

#define OCHRE_STATUS_CONCAT_INNER(a, b) a##b
#define OCHRE_STATUS_CONCAT(a, b) OCHRE_STATUS_CONCAT_INNER(a, b)

// Returns from the enclosing function when `expression`, a Status, is not ok.
#define OCHRE_RETURN_IF_ERROR(expression)        \
  do {                                           \
    ::ochre::Status ochre_status = (expression); \
    if (!ochre_status.ok()) return ochre_status; \
  } while (false)

// OCHRE_ASSIGN_OR_RETURN(auto value, Call()): declares or assigns `lhs`, or returns the call's status.
#define OCHRE_ASSIGN_OR_RETURN(lhs, expression) \
  OCHRE_ASSIGN_OR_RETURN_INNER(OCHRE_STATUS_CONCAT(ochre_result_, __LINE__), lhs, expression)
#define OCHRE_ASSIGN_OR_RETURN_INNER(result, lhs, expression) \
  auto result = (expression);                                 \
  if (!result.ok()) return result.status();                   \
  lhs = std::move(result).value()

#endif  // OCHRE_STATUS_H_
