#include "server/http_error.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

namespace ochre {
namespace {

using Json = nlohmann::json;

TEST(HttpErrorTest, EachCodeHasItsStatusAndName) {
  const struct {
    StatusCode code;
    int status;
    const char* error;
  } kExpected[] = {
      {StatusCode::kInvalidArgument, 400, "InvalidArgumentError"},
      {StatusCode::kCancelled, 400, "InvalidArgumentError"},
      {StatusCode::kAborted, 400, "InvalidArgumentError"},
      {StatusCode::kOutOfRange, 400, "InvalidArgumentError"},
      {StatusCode::kUnauthenticated, 401, "ChromaError"},
      {StatusCode::kPermissionDenied, 403, "ChromaError"},
      {StatusCode::kNotFound, 404, "NotFoundError"},
      {StatusCode::kAlreadyExists, 409, "ChromaError"},
      {StatusCode::kFailedPrecondition, 412, "ChromaError"},
      {StatusCode::kResourceExhausted, 429, "ChromaError"},
      {StatusCode::kUnknown, 500, "InternalError"},
      {StatusCode::kInternal, 500, "InternalError"},
      {StatusCode::kDataLoss, 500, "InternalError"},
      {StatusCode::kUnimplemented, 501, "ChromaError"},
      {StatusCode::kUnavailable, 503, "ChromaError"},
      {StatusCode::kDeadlineExceeded, 504, "ChromaError"},
  };
  for (const auto& expected : kExpected) {
    const HttpError error = ToHttpError(Status(expected.code, "why"));
    EXPECT_EQ(error.status, expected.status) << StatusCodeName(expected.code);
    EXPECT_EQ(error.error, expected.error) << StatusCodeName(expected.code);
    EXPECT_EQ(error.message, "why");
  }
}

TEST(HttpErrorTest, WhatIsExhaustedIsToldApart) {
  const HttpError quota = ToHttpError(Status::ResourceExhausted("Quota exceeded: 'Number of records' ..."));
  EXPECT_EQ(quota.status, 422);
  EXPECT_EQ(quota.error, "ChromaError");
  const HttpError backoff = ToHttpError(Status::ResourceExhausted("Backoff and retry: the tail ..."));
  EXPECT_EQ(backoff.status, 429);
  EXPECT_EQ(backoff.error, "Backoff");
  const HttpError rate = ToHttpError(Status::ResourceExhausted("Too many requests; backoff and try again"));
  EXPECT_EQ(rate.status, 429);
  EXPECT_EQ(rate.error, "ChromaError");
}

TEST(HttpErrorTest, ABodyIsJsonWhateverTheMessageQuotes) {
  const HttpResponse response = ToResponse({400, "InvalidArgumentError", "a \"quote\", \n, a cut \xc3"});
  EXPECT_EQ(response.status, 400);
  const Json body = Json::parse(response.body);
  EXPECT_EQ(body["error"], "InvalidArgumentError");
  EXPECT_EQ(body["message"], "a \"quote\", \n, a cut ?");
}

}  // namespace
}  // namespace ochre
