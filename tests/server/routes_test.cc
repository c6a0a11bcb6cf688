// What each route answers: its status and its shape, and the errors that are its own.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "server/openapi.h"
#include "server/route.h"
#include "tests/server/service_fixture.h"

namespace ochre {
namespace {

using Json = nlohmann::json;
using testing::HasSubstr;

constexpr HttpMethod kGet = HttpMethod::kGet;
constexpr HttpMethod kPost = HttpMethod::kPost;
constexpr HttpMethod kPut = HttpMethod::kPut;
constexpr HttpMethod kPatch = HttpMethod::kPatch;
constexpr HttpMethod kDelete = HttpMethod::kDelete;

class RoutesTest : public ServiceFixture {
 protected:
  void SetUp() override { Start(); }

  // The answer to a request that succeeds, which has `status`.
  Json Answered(HttpMethod method, const std::string& target, const std::string& body = "", int status = 200) {
    const HttpResponse response = Ask(method, target, body);
    EXPECT_EQ(response.status, status) << NameOf(method) << " " << target << " " << body << ": " << response.body;
    EXPECT_EQ(response.content_type, "application/json") << target;
    return Json::parse(response.body, nullptr, /*allow_exceptions=*/false);
  }

  void ExpectRefused(HttpMethod method, const std::string& target, const std::string& body, int status,
                     const std::string& error, const std::string& message = "") {
    SCOPED_TRACE(std::string(NameOf(method)) + " " + target + " " + body);
    const HttpResponse response = Ask(method, target, body);
    EXPECT_EQ(response.status, status) << response.body;
    const Json json = Json::parse(response.body, nullptr, /*allow_exceptions=*/false);
    ASSERT_TRUE(json.is_object() && json.size() == 2 && json.contains("error")) << response.body;
    EXPECT_EQ(json["error"], error);
    EXPECT_THAT(json["message"], HasSubstr(message));
    EXPECT_NE(json["message"], "");
  }

  // Returns the path of a new collection of three records.
  std::string MakeRecords() {
    const std::string path = MakeCollection("docs");
    Answered(kPost, path + "/add",
             R"({"ids": ["a", "b", "c"], "embeddings": [[0, 0], [1, 0], [5, 5]], "documents": ["x", "y", null],
                 "metadatas": [{"k": 1}, {"k": 2.5, "on": true}, null], "uris": ["file:a", null, null]})",
             201);
    return path;
  }
};

// ---- The server itself.

TEST_F(RoutesTest, TheServerSaysThatItLivesAndWhatItIs) {
  for (const char* target : {"/api/v2", "/api/v2/heartbeat"}) {
    const Json heartbeat = Answered(kGet, target);
    EXPECT_EQ(heartbeat.size(), 1u);
    EXPECT_GT(heartbeat["nanosecond heartbeat"].get<int64_t>(), 1'500'000'000'000'000'000) << "after 2017";
  }
  EXPECT_EQ(Answered(kGet, "/api/v2/version"), "1.0.0");
  EXPECT_EQ(Answered(kGet, "/api/v2/pre-flight-checks"),
            Json::parse(R"({"max_batch_size": 43690, "supports_base64_encoding": true})"));
  EXPECT_EQ(Answered(kGet, "/api/v2/auth/identity"),
            Json::parse(R"({"user_id": "", "tenant": "default_tenant", "databases": ["default_database"]})"));
  EXPECT_EQ(Answered(kGet, "/openapi.json"), Json::parse(OpenApiDocument()));
}

TEST_F(RoutesTest, NumbersOfTheIndexAreTakenAsChromaTakesThem) {
  for (const std::string number : {"1", "513", "1000", "20000"}) {
    const Json made = Answered(
        kPost, kCollections,
        R"({"name": "c-)" + number + R"(", "metadata": {"hnsw:M": )" + number + R"(, "hnsw:search_ef": 20000}})");
    EXPECT_EQ(made["configuration_json"]["hnsw"]["max_neighbors"], std::stoi(number));
    EXPECT_EQ(made["configuration_json"]["hnsw"]["ef_search"], 20'000);
  }
}

TEST_F(RoutesTest, LegacyKeysSayNothingBesideASpannBlock) {
  const auto made = [&](const std::string& name, const std::string& configuration) {
    return Answered(kPost, kCollections,
                    R"({"name": ")" + name + R"(", "metadata": {"hnsw:search_ef": 33},)" + configuration +
                        "}")["configuration_json"]["hnsw"];
  };
  EXPECT_EQ(made("none", R"("configuration": null)")["ef_search"], 33);
  EXPECT_EQ(made("hnsw", R"("configuration": {"hnsw": {}})")["ef_search"], 33);
  const Json spann = made("spann", R"("configuration": {"spann": {"space": "cosine"}})");
  EXPECT_EQ(spann["ef_search"], 100);
  EXPECT_EQ(spann["space"], "cosine");
  EXPECT_EQ(made("default", R"("configuration": {"spann": {}})")["ef_search"], 100);
  EXPECT_EQ(made("schema", R"("schema": {"keys": {"#embedding": {"float_list": {"vector_index": {"enabled": true,
      "config": {"spann": {"space": "ip"}}}}}}})")["ef_search"],
            100);
}

TEST_F(RoutesTest, TheFunctionThatASchemaNamesCountsBeforePythonsDefault) {
  const std::string schema = R"("schema": {"keys": {"#embedding": {"float_list": {"vector_index": {"enabled": true,
      "config": {"embedding_function": {"type": "known", "name": "openai", "config": {}}}}}}}})";
  const auto configuration = [](const std::string& name) {
    return R"("configuration": {"embedding_function": {"type": "known", "name": ")" + name + R"(", "config": {}}},)";
  };
  const Json made = Answered(kPost, kCollections, R"({"name": "docs",)" + configuration("default") + schema + "}");
  EXPECT_EQ(made["configuration_json"]["embedding_function"]["name"], "openai");
  ExpectRefused(kPost, kCollections, R"({"name": "more",)" + configuration("cohere") + schema + "}", 400,
                "InvalidArgumentError", "Cannot set both collection config and schema simultaneously");
}

TEST_F(RoutesTest, TheHealthCheckFailsOnceTheServerStops) {
  EXPECT_EQ(Answered(kGet, "/api/v2/healthcheck"),
            Json::parse(R"({"is_executor_ready": true, "is_log_client_ready": true})"));
  service_->BeginShutdown();
  EXPECT_EQ(Answered(kGet, "/api/v2/healthcheck", "", 503),
            Json::parse(R"({"is_executor_ready": false, "is_log_client_ready": false})"));
}

TEST_F(RoutesTest, MetricsAreText) {
  MakeCollection("docs");
  const HttpResponse metrics = Get("/metrics");
  EXPECT_EQ(metrics.status, 200);
  EXPECT_THAT(metrics.content_type, HasSubstr("text/plain"));
  EXPECT_THAT(metrics.body, HasSubstr("# TYPE "));
}

TEST_F(RoutesTest, AResetIsAllowedOrForbidden) {
  ExpectRefused(kPost, "/api/v2/reset", "", 403, "ChromaError", "Reset is disabled by config");
  Start({.allow_reset = true});
  MakeCollection("docs");
  EXPECT_EQ(Answered(kPost, "/api/v2/reset"), true);
  EXPECT_EQ(Answered(kGet, kCollections), Json::array());
}

// ---- Tenants and databases.

TEST_F(RoutesTest, ATenantIsMadeAndNamedOnce) {
  EXPECT_EQ(Answered(kPost, "/api/v2/tenants", R"({"name": "acme"})"), Json::object());
  EXPECT_EQ(Answered(kGet, "/api/v2/tenants/acme"), Json::parse(R"({"name": "acme", "resource_name": null})"));
  EXPECT_EQ(Answered(kPatch, "/api/v2/tenants/acme", R"({"resource_name": "acme-inc"})"), Json::object());
  EXPECT_EQ(Answered(kGet, "/api/v2/tenants/acme")["resource_name"], "acme-inc");
  ExpectRefused(kPost, "/api/v2/tenants", R"({"name": "acme"})", 409, "ChromaError", "acme");
  ExpectRefused(kPost, "/api/v2/tenants", R"({"name": "a"})", 400, "InvalidArgumentError");
  ExpectRefused(kPatch, "/api/v2/tenants/acme", R"({"resource_name": "other"})", 409, "ChromaError");
  ExpectRefused(kGet, "/api/v2/tenants/nobody", "", 404, "NotFoundError", "nobody");
  ExpectRefused(kPatch, "/api/v2/tenants/nobody", R"({"resource_name": "x-y-z"})", 404, "NotFoundError", "nobody");
}

TEST_F(RoutesTest, ADatabaseIsMadeListedAndDeleted) {
  EXPECT_EQ(Answered(kPost, kDatabases, R"({"name": "second"})"), Json::object());
  const Json second = Answered(kGet, kDatabases + "/second");
  EXPECT_EQ(second.size(), 3u);
  EXPECT_EQ(second["name"], "second");
  EXPECT_EQ(second["tenant"], "default_tenant");
  EXPECT_EQ(second["id"].get<std::string>().size(), 36u);
  EXPECT_EQ(Answered(kGet, kDatabases).size(), 2u);
  EXPECT_EQ(Answered(kGet, kDatabases + "?limit=1&offset=1"), Json::array({second}));
  ExpectRefused(kGet, kDatabases + "?limit=x", "", 400, "InvalidArgumentError", "limit");
  ExpectRefused(kPost, kDatabases, R"({"name": "second"})", 409, "ChromaError", "second");
  EXPECT_EQ(Answered(kDelete, kDatabases + "/second"), Json::object());
  ExpectRefused(kGet, kDatabases + "/second", "", 404, "NotFoundError", "second");
  ExpectRefused(kDelete, kDatabases + "/second", "", 404, "NotFoundError", "second");
}

// ---- Collections.

TEST_F(RoutesTest, ACollectionIsShownWhole) {
  const Json made = Answered(kPost, kCollections,
                             R"({"name": "docs", "metadata": {"of": "glosses", "year": 2026},
                                 "configuration": {"hnsw": {"space": "cosine", "ef_search": 50}}})");
  std::vector<std::string> fields;
  for (const auto& [field, value] : made.items()) fields.push_back(field);
  EXPECT_THAT(fields, testing::UnorderedElementsAre("id", "name", "tenant", "database", "metadata", "dimension",
                                                    "configuration_json", "schema", "log_position", "version"));
  EXPECT_EQ(made["name"], "docs");
  EXPECT_EQ(made["tenant"], "default_tenant");
  EXPECT_EQ(made["database"], "default_database");
  EXPECT_EQ(made["metadata"], Json::parse(R"({"of": "glosses", "year": 2026})"));
  EXPECT_TRUE(made["dimension"].is_null()) << "until the first record";
  EXPECT_EQ(made["configuration_json"]["hnsw"]["space"], "cosine");
  EXPECT_EQ(made["configuration_json"]["hnsw"]["ef_search"], 50);
  EXPECT_TRUE(made["configuration_json"]["spann"].is_null());
  const Json& keys = made["schema"]["keys"];
  EXPECT_EQ(keys["#embedding"]["float_list"]["vector_index"]["enabled"], true);
  EXPECT_EQ(keys["#embedding"]["float_list"]["vector_index"]["config"]["source_key"], "#document");
  EXPECT_EQ(keys["#document"]["string"]["fts_index"]["enabled"], true);
  for (const char* type : {"string", "float_list", "sparse_vector", "int", "float", "bool"}) {
    EXPECT_TRUE(made["schema"]["defaults"].contains(type)) << type;
  }
  EXPECT_EQ(Answered(kGet, kCollections + "/docs"), made);
  EXPECT_EQ(Answered(kGet, kCollections + "/by-id/" + made["id"].get<std::string>()), made);
  EXPECT_EQ(Answered(kGet, kCollections), Json::array({made}));
  EXPECT_EQ(Answered(kPost, kCollections, R"({"name": "docs", "get_or_create": true})"), made);
}

TEST_F(RoutesTest, CollectionsAreCountedAndListedInPages) {
  EXPECT_EQ(Answered(kGet, kDatabases + "/default_database/collections_count"), 0);
  for (const char* name : {"first", "second", "third"}) MakeCollection(name);
  EXPECT_EQ(Answered(kGet, kDatabases + "/default_database/collections_count"), 3);
  const Json all = Answered(kGet, kCollections);
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(Answered(kGet, kCollections + "?limit=1&offset=1"), Json::array({all[1]}));
  EXPECT_EQ(Answered(kGet, kCollections + "?offset=3"), Json::array());
  ExpectRefused(kGet, kCollections + "?offset=-1", "", 400, "InvalidArgumentError", "offset");
  EXPECT_EQ(Answered(kGet, kDatabases + "/none/collections"), Json::array()) << "a database that is not there";
}

TEST_F(RoutesTest, ACollectionChangesByItsIdAndGoesByItsName) {
  const std::string path = MakeCollection("docs");
  EXPECT_EQ(Answered(kPut, path,
                     R"({"new_name": "texts", "new_metadata": {"of": "texts"},
                         "new_configuration": {"hnsw": {"ef_search": 77}}})"),
            Json::object());
  const Json changed = Answered(kGet, kCollections + "/texts");
  EXPECT_EQ(changed["metadata"], Json::parse(R"({"of": "texts"})"));
  EXPECT_EQ(changed["configuration_json"]["hnsw"]["ef_search"], 77);
  ExpectRefused(kGet, kCollections + "/docs", "", 404, "NotFoundError", "docs");
  ExpectRefused(kPut, path, R"({"new_configuration": {"hnsw": {"space": "ip"}}})", 422, "ChromaError", "space");
  ExpectRefused(kPut, kNoCollection, R"({"new_name": "other"})", 404, "NotFoundError");
  MakeCollection("taken");
  ExpectRefused(kPut, path, R"({"new_name": "taken"})", 409, "ChromaError");
  EXPECT_EQ(Answered(kDelete, kCollections + "/texts"), Json::object());
  ExpectRefused(kDelete, kCollections + "/texts", "", 404, "NotFoundError", "texts");
  ExpectRefused(kGet, path + "/count", "", 404, "NotFoundError");
}

TEST_F(RoutesTest, ACollectionThatCannotBeIsRefused) {
  MakeCollection("docs");
  ExpectRefused(kPost, kCollections, R"({"name": "docs"})", 409, "ChromaError", "docs");
  ExpectRefused(kPost, kCollections, R"({"name": "a"})", 400, "InvalidArgumentError");
  ExpectRefused(kPost, kCollections, R"({"name": "x-y", "metadata": {}})", 400, "InvalidArgumentError", "empty");
  ExpectRefused(kPost, kCollections, R"({"name": "x-y", "metadata": {"k": null}})", 422, "ChromaError", "null");
  ExpectRefused(kPost, kCollections, R"({"name": "x-y", "configuration": {"hnsw": {"nope": 1}}})", 422, "ChromaError",
                "nope");
  ExpectRefused(kPost, kCollections, R"({"name": "x-y", "configuration": {"hnsw": {"space": "l3"}}})", 422,
                "ChromaError", "l3");
  ExpectRefused(kPost, kCollections, R"({"name": "x-y", "configuration": {"hnsw": {}, "spann": {}}})", 400,
                "InvalidArgumentError", "Multiple vector index configurations");
  ExpectRefused(kPost, kCollections, R"({"name": "x-y", "schema": {"defaults": {}, "keys": {"#foo": {}}}})", 400,
                "InvalidArgumentError", "#foo");
  ExpectRefused(kPost, kDatabases + "/none/collections", R"({"name": "x-y"})", 400, "InvalidArgumentError");
  EXPECT_EQ(Answered(kGet, kCollections).size(), 1u) << "none of them is there";
}

// ---- Records.

TEST_F(RoutesTest, AnAddIs201AndTheOtherWrites200) {
  const std::string path = MakeCollection("docs");
  EXPECT_EQ(Answered(kPost, path + "/add", R"({"ids": ["a"], "embeddings": [[1, 2]]})", 201), Json::object());
  EXPECT_EQ(Answered(kPost, path + "/upsert", R"({"ids": ["a", "b"], "embeddings": [[1, 3], [0, 0]]})"),
            Json::object());
  EXPECT_EQ(Answered(kPost, path + "/update", R"({"ids": ["b"], "documents": ["text"]})"), Json::object());
  EXPECT_EQ(Answered(kGet, path + "/count"), 2);
  EXPECT_EQ(Answered(kGet, path + "/count?read_level=index_and_wal"), 2);
  EXPECT_EQ(Answered(kGet, kCollections + "/docs")["dimension"], 2);
  ExpectRefused(kGet, path + "/count?read_level=none", "", 400, "InvalidArgumentError", "read_level");
}

TEST_F(RoutesTest, AGetHasEveryColumnOrNull) {
  const std::string path = MakeRecords();
  EXPECT_EQ(Answered(kPost, path + "/get", R"({"ids": ["a", "c"]})"), Json::parse(R"({"ids": ["a", "c"],
      "embeddings": null, "documents": ["x", null], "uris": null, "metadatas": [{"k": 1}, null],
      "include": ["documents", "metadatas"]})"));
  EXPECT_EQ(Answered(kPost, path + "/get", R"({"where": {"k": {"$gt": 2}}, "where_document": {"$contains": "y"},
      "include": ["embeddings", "uris"]})"),
            Json::parse(R"({"ids": ["b"], "embeddings": [[1, 0]], "documents": null, "uris": [null],
      "metadatas": null, "include": ["embeddings", "uris"]})"));
  EXPECT_EQ(Answered(kPost, path + "/get", R"({"limit": 1, "offset": 1, "include": []})")["ids"], Json::array({"b"}));
  EXPECT_EQ(Answered(kPost, path + "/get", R"({"limit": 0})")["ids"], Json::array());
}

TEST_F(RoutesTest, AQueryHasAListForEachEmbedding) {
  const std::string path = MakeRecords();
  EXPECT_EQ(Answered(kPost, path + "/query", R"({"query_embeddings": [[0, 0], [5, 4]], "n_results": 2})"),
            Json::parse(R"({"ids": [["a", "b"], ["c", "b"]], "embeddings": null,
      "documents": [["x", "y"], [null, "y"]], "uris": null,
      "metadatas": [[{"k": 1}, {"k": 2.5, "on": true}], [null, {"k": 2.5, "on": true}]],
      "distances": [[0, 1], [1, 32]], "include": ["documents", "metadatas", "distances"]})"));
  EXPECT_EQ(Answered(kPost, path + "/query", R"({"query_embeddings": [[0, 0]], "ids": ["b", "c"], "n_results": 5,
      "where": {"on": true}, "include": ["embeddings"]})"),
            Json::parse(R"({"ids": [["b"]], "embeddings": [[[1, 0]]], "documents": null, "uris": null,
      "metadatas": null, "distances": null, "include": ["embeddings"]})"));
  EXPECT_EQ(Answered(kPost, path + "/query", R"({"query_embeddings": [[0, 0]], "n_results": 0})")["ids"],
            Json::parse("[[]]"));
}

TEST_F(RoutesTest, EmbeddingsMayBeBase64OfFloat32) {
  const std::string path = MakeCollection("docs");
  // 1.0 and -2.0, little-endian.
  Answered(kPost, path + "/add", R"({"ids": ["a"], "embeddings": ["AACAPwAAAMA="]})", 201);
  EXPECT_EQ(Answered(kPost, path + "/get", R"({"include": ["embeddings"]})")["embeddings"], Json::parse("[[1, -2]]"));
  ExpectRefused(kPost, path + "/add", R"({"ids": ["b"], "embeddings": ["AACAPw=A"]})", 400, "InvalidArgumentError",
                "base64");
  ExpectRefused(kPost, path + "/add", R"({"ids": ["b"], "embeddings": ["AACA"]})", 400, "InvalidArgumentError",
                "float32");
  ExpectRefused(kPost, path + "/add", R"({"ids": ["b", "c"], "embeddings": ["AACAPwAAAMA=", [1, 2]]})", 422,
                "ChromaError", "base64");
}

TEST_F(RoutesTest, ADeleteSaysHowMany) {
  const std::string path = MakeRecords();
  EXPECT_EQ(Answered(kPost, path + "/delete", "{}"), Json::parse(R"({"deleted": 0})")) << "nothing was asked for";
  EXPECT_EQ(Answered(kPost, path + "/delete", R"({"where": {"k": {"$gte": 1}}, "limit": 1})"),
            Json::parse(R"({"deleted": 1})"));
  EXPECT_EQ(Answered(kPost, path + "/delete", R"({"ids": ["c", "nobody"]})")["deleted"], 1);
  EXPECT_EQ(Answered(kGet, path + "/count"), 1);
}

TEST_F(RoutesTest, ADeleteByAnAndOfNothingIsRefusedAndDeletesNothing) {
  const std::string path = MakeRecords();
  const int64_t count = Answered(kGet, path + "/count");
  for (const char* body : {R"({"where": {"$and": []}})", R"({"where_document": {"$and": []}})",
                           R"({"where": {"$or": [{"k": 1}, {"$and": []}]}})"}) {
    ExpectRefused(kPost, path + "/delete", body, 400, "InvalidArgumentError", "$and of no conditions");
  }
  EXPECT_EQ(Answered(kGet, path + "/count"), count);
}

TEST_F(RoutesTest, TheIndexingStatusCountsOperations) {
  const std::string path = MakeCollection("docs");
  EXPECT_EQ(Answered(kGet, path + "/indexing_status")["op_indexing_progress"], 1.0);
  Answered(kPost, path + "/add", R"({"ids": ["a", "b"], "embeddings": [[1], [2]]})", 201);
  const Json status = Answered(kGet, path + "/indexing_status");
  EXPECT_EQ(status.size(), 4u);
  EXPECT_EQ(status["total_ops"], 2);
  EXPECT_EQ(status["num_unindexed_ops"].get<int64_t>() + status["num_indexed_ops"].get<int64_t>(), 2);
}

TEST_F(RoutesTest, ABodyOfTheWrongShapeIs422AndAValueThatCannotBeIs400) {
  const std::string path = MakeRecords();
  const std::string invalid = "InvalidArgumentError", shape = "ChromaError";
  const struct {
    const char* call;
    const char* body;
    int status;
    const char* message;
  } kRefused[] = {
      {"/add", "[]", 422, "object"},
      {"/add", R"({"embeddings": [[1, 2]]})", 422, "ids"},
      {"/add", R"({"ids": ["d"]})", 422, "embeddings"},
      {"/add", R"({"ids": [1], "embeddings": [[1, 2]]})", 422, "string"},
      {"/add", R"({"ids": ["d"], "embeddings": [["x", 2]]})", 422, "number"},
      {"/add", R"({"ids": ["d"], "embeddings": [[1, 2]], "documents": [7]})", 422, "documents"},
      {"/add", R"({"ids": ["d"], "embeddings": [[1, 2]], "metadatas": [{"k": {}}]})", 422, "metadatas"},
      {"/add", R"({"ids": ["d"], "embeddings": [[1, 2]], "metadatas": [{"k": null}]})", 422, "null"},
      {"/add", R"({"ids": ["d"], "embeddings": [[1, 2], [3, 4]]})", 400, ""},
      {"/add", R"({"ids": ["d", "d"], "embeddings": [[1, 2], [3, 4]]})", 400, ""},
      {"/add", R"({"ids": ["d", "e"], "embeddings": [[1, 2], [3]]})", 400, "dimension"},
      {"/add", R"({"ids": ["d"], "embeddings": [[1, 2, 3]]})", 400, "dimension"},
      {"/add", R"({"ids": ["d"], "embeddings": [[]]})", 400, "dimension"},
      {"/add", R"({"ids": [)", 400, "JSON"},
      {"/get", R"({"limit": -1})", 422, "limit"},
      {"/get", R"({"limit": 1.5})", 422, "limit"},
      {"/get", R"({"include": ["everything"]})", 422, "everything"},
      {"/get", R"({"where": {"k": {"$like": 1}}})", 400, ""},
      {"/get", R"({"where_document": {"$contains": 7}})", 400, ""},
      {"/query", R"({"n_results": 1})", 422, "query_embeddings"},
      {"/query", R"({"query_embeddings": [[1, 2, 3]]})", 400, "dimension"},
      {"/query", R"({"query_embeddings": ["AACAPwAAAMA="]})", 422, "query_embeddings"},
      {"/query", R"({"query_embeddings": [[1, 2]], "n_results": "two"})", 422, "n_results"},
      {"/update", R"({"documents": ["x"]})", 422, "ids"},
      {"/delete", R"({"limit": "x"})", 422, "limit"},
  };
  for (const auto& refused : kRefused) {
    ExpectRefused(kPost, path + refused.call, refused.body, refused.status, refused.status == 422 ? shape : invalid,
                  refused.message);
  }
  EXPECT_EQ(Answered(kGet, path + "/count"), 3);
  // Fields that nobody knows are no error.
  Answered(kPost, path + "/get", R"({"ids": ["a"], "colour": "ochre"})");
}

TEST_F(RoutesTest, RecordsOfNoCollectionAreNotFound) {
  for (const char* call : {"add", "upsert", "update", "delete", "get", "query"}) {
    ExpectRefused(kPost, kNoCollection + "/" + call,
                  R"({"ids": ["a"], "embeddings": [[1]], "query_embeddings": [[1]]})", 404, "NotFoundError");
    ExpectRefused(kPost, kCollections + "/docs/" + call, "{}", 400, "InvalidArgumentError", "UUID");
  }
  for (const char* call : {"count", "indexing_status"}) {
    ExpectRefused(kGet, kNoCollection + "/" + call, "", 404, "NotFoundError");
    ExpectRefused(kGet, kCollections + "/docs/" + call, "", 400, "InvalidArgumentError", "UUID");
  }
  ExpectRefused(kGet, kCollections + "/by-id/docs", "", 400, "InvalidArgumentError", "UUID");
}

// ---- What holds of all.

TEST_F(RoutesTest, WhatIsNotSupportedIs501) {
  int unsupported = 0;
  for (const Route& route : Routes()) {
    if (route.status != 501) continue;
    std::string target(route.path);
    for (const auto& [parameter, value] : {std::pair<std::string, std::string>{"{tenant}", "default_tenant"},
                                           {"{database}", "default_database"},
                                           {"{collection_id}", "11111111-2222-3333-4444-555555555555"},
                                           {"{name}", "x"}}) {
      if (const size_t at = target.find(parameter); at != std::string::npos) {
        target.replace(at, parameter.size(), value);
      }
    }
    ExpectRefused(route.method, target, route.method == kPost ? "{}" : "", 501, "ChromaError", "not support");
    ++unsupported;
  }
  EXPECT_EQ(unsupported, 10);
}

TEST_F(RoutesTest, EveryRouteWithABodyTakesJsonAlone) {
  int with_body = 0;
  for (const Route& route : Routes()) {
    if (route.request.empty()) continue;
    SCOPED_TRACE(route.operation);
    HttpRequest request;
    request.head.method = route.method;
    request.head.target = route.path;  // a parameter's name will do for its value: the head alone is looked at
    request.head.content_type = "text/plain";
    request.body = "{}";
    const HttpResponse refused = service_->Answer(request);
    EXPECT_EQ(refused.status, 415);
    EXPECT_EQ(ErrorOf(refused), "ChromaError");
    request.head.content_type = "application/json; charset=utf-8";
    EXPECT_NE(service_->Answer(request).status, 415);
    request.head.content_type.reset();
    EXPECT_NE(service_->Answer(request).status, 415) << "none is taken for JSON";
    ++with_body;
  }
  EXPECT_GE(with_body, 11);
}

TEST_F(RoutesTest, OtherPathsAndMethodsAreRefusedAsJson) {
  ExpectRefused(kGet, "/", "", 404, "NotFoundError");
  ExpectRefused(kGet, "/api/v2/nope", "", 404, "NotFoundError");
  ExpectRefused(kPost, "/api/v2/heartbeat", "", 405, "ChromaError");
  ExpectRefused(kDelete, "/api/v2/tenants/default_tenant", "", 405, "ChromaError");
  ExpectRefused(kGet, "/api/v1/collections", "", 410, "Unimplemented", "v1 API is deprecated");
}

}  // namespace
}  // namespace ochre
