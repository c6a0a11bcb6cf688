// ServiceFixture: a Service over a database in memory, asked without sockets.
#ifndef OCHRE_TESTS_SERVER_SERVICE_FIXTURE_H_
#define OCHRE_TESTS_SERVER_SERVICE_FIXTURE_H_

#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "server/service.h"
#include "tests/support/must.h"

namespace ochre {

inline const std::string kDatabases = "/api/v2/tenants/default_tenant/databases";
inline const std::string kCollections = kDatabases + "/default_database/collections";
inline const std::string kNoCollection = kCollections + "/11111111-2222-3333-4444-555555555555";

class ServiceFixture : public testing::Test {
 protected:
  void Start(const ServiceOptions& options = {}, const ClientOptions& instance_options = {},
             std::unique_ptr<Authenticator> authenticator = nullptr) {
    instance_ = Must(Instance::InMemory(instance_options));
    service_ = std::make_unique<Service>(*instance_, options, std::move(authenticator));
  }

  // A body is sent as JSON.
  HttpResponse Ask(HttpMethod method, const std::string& target, const std::string& body = "",
                   const std::string& authorization = "", const std::string& chroma_token = "") {
    HttpRequest request;
    request.head.method = method;
    request.head.target = target;
    request.head.authorization = authorization;
    request.head.chroma_token = chroma_token;
    if (!body.empty()) request.head.content_type = "application/json";
    request.body = body;
    return service_->Answer(request);
  }
  HttpResponse Get(const std::string& target, const std::string& authorization = "") {
    return Ask(HttpMethod::kGet, target, "", authorization);
  }
  HttpResponse Post(const std::string& target, const std::string& body, const std::string& authorization = "") {
    return Ask(HttpMethod::kPost, target, body, authorization);
  }

  // Returns the path of a new collection.
  std::string MakeCollection(const std::string& name) {
    const HttpResponse created = Post(kCollections, "{\"name\": \"" + name + "\"}");
    EXPECT_EQ(created.status, 200) << created.body;
    return kCollections + "/" + nlohmann::json::parse(created.body)["id"].get<std::string>();
  }

  static std::string ErrorOf(const HttpResponse& response) { return nlohmann::json::parse(response.body)["error"]; }
  static std::string MessageOf(const HttpResponse& response) { return nlohmann::json::parse(response.body)["message"]; }

  std::shared_ptr<Instance> instance_;
  std::unique_ptr<Service> service_;
};

}  // namespace ochre

#endif  // OCHRE_TESTS_SERVER_SERVICE_FIXTURE_H_
