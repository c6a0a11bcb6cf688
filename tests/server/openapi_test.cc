#include "server/openapi.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "server/route.h"

namespace ochre {
namespace {

using Json = nlohmann::json;

std::string Lower(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
  return lower;
}

TEST(OpenApiTest, TheDocumentHasEveryRouteAndNoOther) {
  const Json document = Json::parse(OpenApiDocument());
  std::set<std::string> documented, served;
  for (const auto& [path, methods] : document["paths"].items()) {
    for (const auto& [method, operation] : methods.items()) documented.insert(method + " " + path);
  }
  for (const Route& route : Routes()) served.insert(Lower(NameOf(route.method)) + " " + std::string(route.path));
  EXPECT_EQ(documented, served);
  EXPECT_GT(served.size(), 25u);
}

TEST(OpenApiTest, EverySchemaThatIsReferredToIsThere) {
  const Json document = Json::parse(OpenApiDocument());
  const std::string text = document.dump();
  size_t references = 0;
  for (size_t at = 0; (at = text.find("#/components/schemas/", at)) != std::string::npos; ++references) {
    at += std::string_view("#/components/schemas/").size();
    const std::string name = text.substr(at, text.find('"', at) - at);
    EXPECT_TRUE(document["components"]["schemas"].contains(name)) << name;
  }
  EXPECT_GT(references, 0u);
}

TEST(RouteTest, TargetsLeadToRoutesWithTheirParametersDecoded) {
  const auto match = FindRoute(HttpMethod::kGet, "/api/v2/tenants/a%20b/databases/c/collections/d?limit=1");
  ASSERT_TRUE(match.ok()) << match.error().message;
  EXPECT_EQ(match.value().path.tenant, "a b");
  EXPECT_EQ(match.value().path.database, "c");
  EXPECT_EQ(match.value().path.collection, "d");
  EXPECT_EQ(match.value().query, "limit=1");
  EXPECT_EQ(FindRoute(HttpMethod::kGet, "/api/v2/tenants/%FF").error().status, 400);
  EXPECT_EQ(FindRoute(HttpMethod::kGet, "/").error().status, 404);
  EXPECT_EQ(FindRoute(HttpMethod::kDelete, "/api/v2/heartbeat").error().status, 405);
  EXPECT_EQ(FindRoute(HttpMethod::kGet, "/api/v1/collections").error().status, 410);
}

}  // namespace
}  // namespace ochre
