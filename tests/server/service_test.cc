#include "server/service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "gateway/authorization.h"
#include "tests/server/service_fixture.h"
#include "tests/support/must.h"

namespace ochre {
namespace {

using Json = nlohmann::json;
using testing::HasSubstr;

const std::string kMalformed = R"({"ids": [)";

// ada may do everything, bob reads the default database, cid writes to another one, dot is of another tenant.
const char kUsers[] = R"({"users": [
    {"id": "ada", "role": "admin", "tenant": "*", "databases": ["*"], "tokens": ["ada-0123456789abcdef"]},
    {"id": "bob", "role": "reader", "tenant": "default_tenant", "databases": ["default_database"],
     "tokens": ["bob-0123456789abcdef"], "password_hash": "[secret: with colon]"},
    {"id": "cid", "role": "writer", "tenant": "default_tenant", "databases": ["other"],
     "tokens": ["cid-0123456789abcdef"]},
    {"id": "dot", "role": "writer", "tenant": "dots", "databases": ["*"], "tokens": ["dot-0123456789abcdef"]}]})";

bool VerifyBracketed(const std::string& password, const std::string& hash) { return hash == "[" + password + "]"; }

class ServiceTest : public ServiceFixture {
 protected:
  void StartWithUsers(const ServiceOptions& options = {}) {
    Start(options, {}, std::make_unique<Authenticator>(Must(UsersFromJson(kUsers)), &VerifyBracketed));
  }
};

// ---- Pages of other origins.

HttpHead PreflightOf(const std::string& target, const std::string& origin) {
  HttpHead head;
  head.method = HttpMethod::kOptions;
  head.target = target;
  head.host = "127.0.0.1:8000";
  head.origin = origin;
  head.requested_method = "POST";
  head.requested_headers = "x-chroma-token";
  return head;
}

std::string FieldOf(const HttpResponse& response, std::string_view name) {
  for (const auto& [field, value] : response.headers) {
    if (field == name) return value;
  }
  return "";
}

TEST_F(ServiceTest, APageMayAskForLeaveWithoutACredentialAndCallWithOne) {
  StartWithUsers({.cors_origins = {"https://app.example"}});
  HttpRequest preflight = {.head = PreflightOf(kCollections, "https://app.example"), .body = ""};
  const HttpResponse granted = service_->Answer(preflight);
  EXPECT_EQ(granted.status, 204);
  EXPECT_EQ(FieldOf(granted, "Access-Control-Allow-Origin"), "https://app.example");
  EXPECT_EQ(FieldOf(granted, "Access-Control-Allow-Methods"), "GET, HEAD, POST, OPTIONS");
  EXPECT_EQ(FieldOf(granted, "Access-Control-Allow-Headers"), "x-chroma-token");

  HttpRequest call = {.head = {.method = HttpMethod::kPost, .target = kCollections}, .body = R"({"name": "docs"})"};
  call.head.origin = "https://app.example";
  const HttpResponse refused = service_->Answer(call);
  EXPECT_EQ(refused.status, 401);
  EXPECT_EQ(FieldOf(refused, "Access-Control-Allow-Origin"), "https://app.example") << "the page may see why";
  EXPECT_NE(FieldOf(refused, "WWW-Authenticate"), "");
  call.head.authorization = "Bearer ada-0123456789abcdef";
  EXPECT_EQ(service_->Answer(call).status, 200);
}

TEST_F(ServiceTest, APageOfAnOriginThatIsNotNamedChangesNothing) {
  Start();
  for (const std::string content_type : {"application/json", ""}) {
    HttpRequest call = {.head = {.method = HttpMethod::kPost, .target = kCollections}, .body = R"({"name": "docs"})"};
    call.head.host = "127.0.0.1:8000";
    call.head.origin = "https://evil.example";
    if (!content_type.empty()) call.head.content_type = content_type;
    EXPECT_EQ(service_->Answer(call).status, 403);
  }
  EXPECT_EQ(Get(kCollections + "/docs").status, 404);
  HttpRequest preflight = {.head = PreflightOf(kCollections, "https://evil.example"), .body = ""};
  const HttpResponse answer = service_->Answer(preflight);
  EXPECT_EQ(FieldOf(answer, "Access-Control-Allow-Origin"), "");
  EXPECT_EQ(FieldOf(answer, "Access-Control-Allow-Methods"), "");
}

TEST_F(ServiceTest, TheMethodsOfAPathAreToldToThoseWhoMayCall) {
  StartWithUsers();
  EXPECT_EQ(Ask(HttpMethod::kOptions, kCollections).status, 401);
  const auto options = [&](const std::string& target) {
    return Ask(HttpMethod::kOptions, target, "", "Bearer bob-0123456789abcdef");
  };
  EXPECT_EQ(FieldOf(options(kCollections), "Allow"), "GET, HEAD, POST, OPTIONS");
  EXPECT_EQ(FieldOf(options(kNoCollection), "Allow"), "GET, HEAD, PUT, DELETE, OPTIONS");
  EXPECT_EQ(FieldOf(options(kNoCollection + "/add"), "Allow"), "POST, OPTIONS");
  EXPECT_EQ(FieldOf(options("*"), "Allow"), "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
  EXPECT_EQ(options("/api/v2/nowhere").status, 404);
  const HttpResponse wrong = Ask(HttpMethod::kDelete, kNoCollection + "/add", "", "Bearer ada-0123456789abcdef");
  EXPECT_EQ(wrong.status, 405);
  EXPECT_EQ(FieldOf(wrong, "Allow"), "POST, OPTIONS");
}

// ---- Who it is.

TEST_F(ServiceTest, ATokenIsTakenFromEitherHeader) {
  StartWithUsers();
  EXPECT_EQ(Get(kCollections, "Bearer ada-0123456789abcdef").status, 200);
  EXPECT_EQ(Get(kCollections, "bearer   ada-0123456789abcdef").status, 200) << "schemes ignore case";
  EXPECT_EQ(Ask(HttpMethod::kGet, kCollections, "", "", "ada-0123456789abcdef").status, 200);
  const HttpResponse identity = Get("/api/v2/auth/identity", "Bearer bob-0123456789abcdef");
  EXPECT_EQ(Json::parse(identity.body)["user_id"], "bob");
}

TEST_F(ServiceTest, ANameAndAPasswordAreTakenFromBasicCredentials) {
  StartWithUsers();
  EXPECT_EQ(Get(kCollections, "Basic Ym9iOnNlY3JldDogd2l0aCBjb2xvbg==").status, 200);  // bob:secret: with colon
  EXPECT_EQ(Get(kCollections, "Basic Ym9iOndyb25n").status, 401);                      // bob:wrong
  EXPECT_EQ(Get(kCollections, "Basic Ym9i").status, 401);                              // bob
  EXPECT_EQ(Get(kCollections, "Basic !").status, 401);
}

TEST_F(ServiceTest, WhateverIsNoCredentialIs401) {
  StartWithUsers();
  for (const char* authorization : {"", "Bearer", "Bearer ", "Bearer wrong", "ada-0123456789abcdef",
                                    "Digest ada-0123456789abcdef", "Basic ada-0123456789abcdef"}) {
    const HttpResponse refused = Get(kCollections, authorization);
    EXPECT_EQ(refused.status, 401) << authorization;
    EXPECT_EQ(ErrorOf(refused), "ChromaError");
    EXPECT_EQ(MessageOf(refused), "Permission denied.");
  }
}

// ---- What they may, which is asked before anything else.

TEST_F(ServiceTest, WithoutACredentialNothingElseIsLookedAt) {
  StartWithUsers();
  EXPECT_EQ(Post(kNoCollection + "/add", kMalformed).status, 401);
  EXPECT_EQ(Post("/api/v2/tenants/nobody/databases/none/collections", kMalformed).status, 401);
  EXPECT_EQ(Get("/nowhere").status, 401);
  EXPECT_EQ(Get("/api/v1/collections").status, 401);
  EXPECT_EQ(Ask(HttpMethod::kDelete, "/api/v2/version").status, 401);
  EXPECT_EQ(Get("/%zz").status, 401);
}

TEST_F(ServiceTest, WithoutTheRightNothingOfTheRequestIsLookedAt) {
  StartWithUsers();
  const std::string bob = "Bearer bob-0123456789abcdef", cid = "Bearer cid-0123456789abcdef",
                    dot = "Bearer dot-0123456789abcdef";
  for (const char* call : {"/add", "/upsert", "/update", "/delete"}) {
    EXPECT_EQ(Post(kNoCollection + call, kMalformed, bob).status, 403) << call << ": he only reads";
    EXPECT_EQ(Post(kNoCollection + call, kMalformed, cid).status, 403) << call << ": of another database";
    EXPECT_EQ(Post(kNoCollection + call, kMalformed, dot).status, 403) << call << ": of another tenant";
  }
  for (const char* call : {"/get", "/query"}) {
    EXPECT_EQ(Post(kNoCollection + call, kMalformed, bob).status, 404) << call << ": this he may";
    EXPECT_EQ(Post(kNoCollection + call, kMalformed, cid).status, 403) << call;
  }
  EXPECT_EQ(Get("/api/v2/tenants/nobody/databases/none/collections/x", dot).status, 403);
  EXPECT_EQ(Get(kDatabases, bob).status, 403) << "which databases there are";
  EXPECT_EQ(Post(kDatabases, kMalformed, bob).status, 403);
  EXPECT_EQ(Post("/api/v2/tenants", kMalformed, dot).status, 403);
  EXPECT_EQ(Post("/api/v2/reset", "", cid).status, 403);
}

TEST_F(ServiceTest, ACollectionOfAnotherDatabaseIsNotReachedByItsId) {
  StartWithUsers();
  const std::string ada = "Bearer ada-0123456789abcdef", cid = "Bearer cid-0123456789abcdef";
  const HttpResponse created = Post(kCollections, R"({"name": "docs"})", ada);
  const std::string id = Json::parse(created.body)["id"];
  EXPECT_EQ(Post(kDatabases, R"({"name": "other"})", ada).status, 200);
  const std::string through_other = kDatabases + "/other/collections/" + id;
  EXPECT_EQ(Get(through_other + "/count", cid).status, 404);
  EXPECT_EQ(Post(through_other + "/upsert", R"({"ids": ["a"], "embeddings": [[1]]})", cid).status, 404);
  EXPECT_EQ(Ask(HttpMethod::kPut, through_other, R"({"new_name": "mine"})", cid).status, 404);
  EXPECT_EQ(Get(kCollections + "/" + id + "/count", ada).body, "0");
}

// ---- How often.

TEST_F(ServiceTest, ATenantThatAsksTooOftenIs429) {
  Start({.tenant_requests_per_second = 0.001});  // a burst of one
  EXPECT_EQ(Get(kCollections).status, 200);
  const HttpResponse refused = Get(kCollections);
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(ErrorOf(refused), "ChromaError");
  EXPECT_THAT(MessageOf(refused), HasSubstr("Too many requests"));
  EXPECT_EQ(Get(kNoCollection + "/count").status, 429) << "whatever it asks for";
  EXPECT_EQ(Get("/api/v2/tenants/another").status, 404) << "another tenant is not concerned";
  EXPECT_EQ(Get("/api/v2/heartbeat").status, 200) << "nor is what concerns no tenant";
}

TEST_F(ServiceTest, ACollectionThatIsAskedTooOftenIs429AndOthersAreNot) {
  Start({.collection_requests_per_second = 0.001});
  const std::string first = MakeCollection("first"), second = MakeCollection("second");
  EXPECT_EQ(Get(first + "/count").status, 200);
  const HttpResponse refused = Get(first + "/count");
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(ErrorOf(refused), "ChromaError");
  EXPECT_EQ(Get(second + "/count").status, 200);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(Get(kCollections).status, 200) << "this concerns no collection";
}

TEST_F(ServiceTest, WhoMayNotAskUsesUpNobodysRequests) {
  StartWithUsers({.tenant_requests_per_second = 0.001});
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(Get(kCollections).status, 401);
    EXPECT_EQ(Get(kCollections, "Bearer dot-0123456789abcdef").status, 403);
  }
  EXPECT_EQ(Get(kCollections, "Bearer bob-0123456789abcdef").status, 200);
  EXPECT_EQ(Get(kCollections, "Bearer bob-0123456789abcdef").status, 429);
}

// ---- How much.

TEST_F(ServiceTest, ABrokenQuotaIs422AndWritesNothing) {
  Start({}, {.quotas = {.num_results = 5, .num_records = 1, .num_collections = 1}});
  const std::string path = MakeCollection("docs");
  const HttpResponse refused = Post(path + "/add", R"({"ids": ["a", "b"], "embeddings": [[1], [2]]})");
  EXPECT_EQ(refused.status, 422);
  EXPECT_EQ(ErrorOf(refused), "ChromaError");
  EXPECT_EQ(
      MessageOf(refused),
      "Quota exceeded: 'Number of records' exceeded quota limit for action 'Add': current usage of 2 exceeds limit "
      "of 1 (num_records)");
  EXPECT_EQ(Get(path + "/count").body, "0");
  EXPECT_EQ(Post(path + "/get", R"({"limit": 6})").status, 422);
  EXPECT_EQ(Post(path + "/query", R"({"query_embeddings": [[1]], "n_results": 6})").status, 422);
  EXPECT_EQ(Post(kCollections, R"({"name": "more"})").status, 422);
}

TEST_F(ServiceTest, AWriterAheadOfTheCompactorIsToldToBackOffAndGetsThroughInTheEnd) {
  Start({}, {.compaction_threads = 1, .tail_bytes_slowdown = 1, .writers_wait = false});
  const std::string path = MakeCollection("docs");
  EXPECT_EQ(Post(path + "/add", R"({"ids": ["a"], "embeddings": [[1]]})").status, 201);
  HttpResponse answer = Post(path + "/add", R"({"ids": ["b"], "embeddings": [[2]]})");
  EXPECT_EQ(answer.status, 429);
  EXPECT_EQ(ErrorOf(answer), "Backoff");
  EXPECT_THAT(MessageOf(answer), HasSubstr("Backoff and retry"));
  EXPECT_EQ(Get(path + "/count").body, "1");
  while (answer.status == 429) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    answer = Post(path + "/add", R"({"ids": ["b"], "embeddings": [[2]]})");
  }
  EXPECT_EQ(answer.status, 201);
  EXPECT_EQ(Get(path + "/count").body, "2");
}

}  // namespace
}  // namespace ochre
