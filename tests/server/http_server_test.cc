#include "server/http_server.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <malloc.h>

#include <cctype>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "gateway/authorization.h"
#include "server/openapi.h"
#include "server/password_hash.h"
#include "server/route.h"
#include "tests/server/raw_client.h"
#include "tests/support/expect_ok.h"
#include "tests/support/must.h"

namespace ochre {
namespace {

using Json = nlohmann::json;
using testing::HasSubstr;

const std::string kCollections = "/api/v2/tenants/default_tenant/databases/default_database/collections";

// A server over a database in memory, on a free port.
class HttpServerTest : public testing::Test {
 protected:
  void Start(HttpServerOptions options = {}, std::unique_ptr<Authenticator> authenticator = nullptr) {
    options.port = 0;
    options.threads = 4;
    instance_ = Must(Instance::InMemory({}));
    service_ = std::make_unique<Service>(*instance_, ServiceOptions(), std::move(authenticator));
    server_ = Must(HttpServer::Start(*service_, log_, options));
  }

  uint16_t port() const { return server_->port(); }

  // Creates a collection with three records; returns the path to it.
  std::string MakeCollection(RawClient& client) {
    const RawAnswer created = client.Ask("POST", kCollections, R"({"name": "docs"})");
    EXPECT_EQ(created.status, 200) << created.body;
    const std::string path = kCollections + "/" + Json::parse(created.body)["id"].get<std::string>();
    const RawAnswer added = client.Ask("POST", path + "/add", R"({"ids": ["a", "b", "c"],
        "embeddings": [[0, 0], [1, 0], [5, 5]], "documents": ["x", "y", null], "metadatas": [{"k": 1}, {"k": 2}, null]})");
    EXPECT_EQ(added.status, 201) << added.body;
    return path;
  }

  // After whatever came before, others are served.
  void ExpectServes() {
    RawClient client(port());
    EXPECT_EQ(client.Ask("GET", "/api/v2/heartbeat").status, 200);
  }

  const RequestLog log_{-1, RequestLog::Level::kNone};
  std::shared_ptr<Instance> instance_;
  std::unique_ptr<Service> service_;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(HttpServerTest, RecordsGoInAndComeOutOverOneConnection) {
  Start();
  RawClient client(port());
  const std::string path = MakeCollection(client);
  EXPECT_EQ(client.Ask("GET", path + "/count").body, "3");
  const Json found = Json::parse(client
                                     .Ask("POST", path + "/query", R"({"query_embeddings": [[1, 0.1]], "n_results": 2,
      "include": ["documents", "distances"]})")
                                     .body);
  EXPECT_EQ(found["ids"], Json::parse(R"([["b", "a"]])"));
  EXPECT_EQ(found["documents"], Json::parse(R"([["y", "x"]])"));
  EXPECT_NEAR(found["distances"][0][0].get<double>(), 0.01, 1e-6);
  const Json got = Json::parse(client.Ask("POST", path + "/get", R"({"where": {"k": {"$gte": 2}}})").body);
  EXPECT_EQ(got["ids"], Json::parse(R"(["b"])"));
  EXPECT_EQ(client.Ask("POST", path + "/delete", R"({"ids": ["a"]})").status, 200);
  EXPECT_EQ(client.Ask("GET", path + "/count").body, "2");
}

TEST_F(HttpServerTest, EachAnswerNamesItsRequest) {
  Start();
  RawClient client(port());
  const auto id = [&] {
    const RawAnswer answer = client.Ask("GET", "/api/v2/heartbeat");
    return answer.head.substr(answer.head.find("x-request-id: "), 30);
  };
  EXPECT_NE(id(), id());
}

TEST_F(HttpServerTest, AHeadRequestHasNoBody) {
  Start();
  RawClient client(port());
  const RawAnswer answer = client.Ask("HEAD", "/api/v2/version");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(client.Ask("GET", "/api/v2/version").body, "\"1.0.0\"");
}

TEST_F(HttpServerTest, ARefusedRequestHarmsNeitherItsConnectionNorOthers) {
  Start();
  RawClient client(port());
  const std::string path = MakeCollection(client);
  const std::string deep(100'000, '[');
  std::string wide = R"({"where": {"$or": [)";
  for (int i = 0; i < 100'000; ++i) wide += std::string(i == 0 ? "" : ",") + R"({"k": 1})";
  wide += "]}}";
  const std::vector<std::pair<std::string, std::string>> requests = {
      {"/add", R"({"ids": [)"},
      {"/add", "[1, 2]"},
      {"/add", R"({"ids": ["d"], "embeddings": [[1, 2]]} x)"},
      {"/add", R"({"ids": ["d"], "embeddings": [[NaN, 2]]})"},
      {"/add", R"({"ids": ["d"], "embeddings": [[1e999, 2]]})"},
      {"/add", R"({"ids": ["d"], "embeddings": [[1, 2, 3]]})"},
      {"/add", "{\"ids\": [\"\xFF\"], \"embeddings\": [[1, 2]]}"},
      {"/add", R"({"embeddings": [[1, 2]]})"},
      {"/add", deep},
      {"/query", R"({"query_embeddings": [[1, 2]], "n_results": "many"})"},
      {"/get", R"({"where": )" + deep + "}"},
      {"/get", wide},
      {"/get", R"({"where": {"$nope": 1}})"},
  };
  for (const auto& [call, body] : requests) {
    const RawAnswer answer = client.Ask("POST", path + call, body);
    EXPECT_TRUE(answer.status == 400 || answer.status == 422) << answer.status << ": " << body.substr(0, 80);
    EXPECT_THAT(answer.body, HasSubstr("\"error\"")) << body.substr(0, 80);
  }
  EXPECT_EQ(client.Ask("GET", path + "/count").body, "3");
  ExpectServes();
}

TEST_F(HttpServerTest, WhatIsNotThereIsNotFoundAndWrongMethodsAreNotAllowed) {
  Start();
  RawClient client(port());
  EXPECT_EQ(client.Ask("GET", "/api/v2/nope").status, 404);
  EXPECT_EQ(client.Ask("DELETE", "/api/v2/heartbeat").status, 405);
  EXPECT_EQ(client.Ask("GET", "/api/v1/heartbeat").status, 410);
  EXPECT_EQ(client.Ask("GET", kCollections + "/nobody").status, 404);
}

TEST_F(HttpServerTest, WhatIsNoHttpIsAnsweredAndTheConnectionCloses) {
  Start();
  for (const std::string request : {"GARBAGE\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "GET /\r\n\r\n",
                                    "POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n", "\x16\x03\x01\x02\r\n\r\n"}) {
    RawClient client(port());
    ASSERT_TRUE(client.Send(request));
    EXPECT_EQ(client.Receive().status, 400) << request;
    EXPECT_TRUE(client.IsClosed()) << request;
  }
  ExpectServes();
}

TEST_F(HttpServerTest, TooMuchIsRefusedUnread) {
  Start({.head_bytes_max = 1'024, .body_bytes_max = 10'000});
  {
    RawClient client(port());
    EXPECT_EQ(client.Ask("GET", "/" + std::string(2'000, 'x')).status, 431);
    EXPECT_TRUE(client.IsClosed());
  }
  {
    RawClient client(port());
    ASSERT_TRUE(client.Send("POST " + kCollections + " HTTP/1.1\r\nHost: x\r\nContent-Length: 10001\r\n\r\n"));
    EXPECT_EQ(client.Receive().status, 413);
  }
  ExpectServes();
}

TEST_F(HttpServerTest, SlowSendersDoNotHoldTheirConnections) {
  Start({.head_seconds_max = std::chrono::seconds(1), .body_seconds_max = std::chrono::seconds(1)});
  RawClient slow_head(port()), slow_body(port()), silent(port());
  ASSERT_TRUE(slow_head.Send("GET /api/v2/heart"));
  ASSERT_TRUE(slow_body.Send("POST " + kCollections + " HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"));
  ExpectServes();
  EXPECT_TRUE(slow_head.Receive().status == 408 || slow_head.IsClosed());
  EXPECT_TRUE(slow_body.Receive().status == 408 || slow_body.IsClosed());
  EXPECT_TRUE(silent.IsClosed());
}

TEST_F(HttpServerTest, ABodyIsAskedForWhenTheClientWaits) {
  Start();
  RawClient client(port());
  const std::string body = R"({"name": "docs"})";
  ASSERT_TRUE(client.Send("POST " + kCollections + " HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n" +
                          "Expect: 100-continue\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n"));
  EXPECT_EQ(client.Receive(/*has_body=*/false).status, 100);
  ASSERT_TRUE(client.Send(body));
  EXPECT_EQ(client.Receive().status, 200);
}

TEST_F(HttpServerTest, LargeBodiesThatFollowEachOtherShareMemoryAndNothingElse) {
  Start();
  RawClient client(port());
  const std::string path = MakeCollection(client);
  const auto add = [&](const std::string& id, size_t bytes, char letter) {
    const std::string document(bytes, letter);
    const std::string body =
        R"({"ids": [")" + id + R"("], "embeddings": [[1, 2]], "documents": [")" + document + "\"]}";
    const RawAnswer added = client.Ask("POST", path + "/add", body);
    ASSERT_EQ(added.status, 201) << added.body;
    const RawAnswer got = client.Ask("POST", path + "/get", R"({"ids": [")" + id + R"("], "include": ["documents"]})");
    EXPECT_TRUE(Json::parse(got.body)["documents"][0] == document) << id;
  };
  add("first", 700'000, 'x');
  add("smaller", 400'000, 'y');
  add("larger", 1'500'000, 'z');
  add("small", 10, 'w');
}

TEST_F(HttpServerTest, ABodyMayComeInChunks) {
  Start();
  RawClient client(port());
  ASSERT_TRUE(client.Send("POST " + kCollections + " HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n" +
                          "Transfer-Encoding: chunked\r\n\r\n9\r\n{\"name\": \r\n7\r\n\"docs\"}\r\n0\r\n\r\n"));
  EXPECT_EQ(client.Receive().status, 200);
  EXPECT_EQ(client.Ask("GET", kCollections + "/docs").status, 200);
}

TEST_F(HttpServerTest, RequestsThatAreSentTogetherAreAnsweredInOrder) {
  Start();
  RawClient client(port());
  const auto create = [](const std::string& name) {
    const std::string body = "{\"name\": \"" + name + "\"}";
    return "POST " + kCollections +
           " HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
           "\r\n\r\n" + body;
  };
  ASSERT_TRUE(client.Send(create("first") + create("second") + "GET /api/v2/version HTTP/1.1\r\nHost: x\r\n\r\n"));
  EXPECT_THAT(client.Receive().body, HasSubstr("first"));
  EXPECT_THAT(client.Receive().body, HasSubstr("second"));
  EXPECT_EQ(client.Receive().body, "\"1.0.0\"");
}

TEST_F(HttpServerTest, ABodyThatEndsEarlyIsNotServed) {
  Start();
  {
    RawClient client(port());
    ASSERT_TRUE(client.Send("POST " + kCollections + " HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n" +
                            "Content-Length: 2000000\r\n\r\n{\"name\": \"docs\"}" + std::string(1'500'000, ' ')));
  }
  RawClient client(port());
  while (service_->metrics().connections() > 1) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  EXPECT_EQ(client.Ask("GET", kCollections + "/docs").status, 404);
}

// What this process has of memory, as malloc counts it: used, and mapped for large blocks.
size_t AllocatedBytes() {
  const auto counted = mallinfo2();
  return counted.uordblks + counted.hblkhd;
}

TEST_F(HttpServerTest, MemoryIsBackAfterRequestsThatAreRefused) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "sanitizers have an allocator of their own";
#endif
  Start({.body_bytes_max = 32 << 20, .body_seconds_max = std::chrono::seconds(1)});
  RawClient first(port());
  const std::string path = MakeCollection(first);
  std::string wide = R"({"where": {"$or": [)";
  for (int i = 0; i < 100'000; ++i) wide += std::string(i == 0 ? "" : ",") + R"({"k": 1})";
  wide += "]}}";
  const std::string deep = R"({"where": )" + std::string(4 << 20, '[');
  const std::string large =
      R"({"ids": ["d"], "embeddings": [["text"]], "documents": [")" + std::string(8 << 20, 'x') + "\"]}";
  const auto round = [&] {
    for (const std::string* const body : std::initializer_list<const std::string*>{&wide, &deep, &large}) {
      RawClient client(port());
      const RawAnswer answer = client.Ask("POST", path + (body == &large ? "/add" : "/get"), *body);
      EXPECT_TRUE(answer.status == 400 || answer.status == 422) << answer.status;
    }
    RawClient early(port()), slow(port());  // a body that ends early, one that never ends
    const std::string head = "POST " + path + "/get HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
    EXPECT_TRUE(early.Send(head + "Content-Length: 30000000\r\n\r\n" + large));
    EXPECT_TRUE(slow.Send(head + "Content-Length: 30000000\r\n\r\n" + large));
  };
  const auto wait_for_the_others = [&] {
    while (service_->metrics().connections() > 1) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  };
  round();  // after which every thread has its own buffers
  wait_for_the_others();
  const size_t before = AllocatedBytes();
  for (int i = 0; i < 3; ++i) round();
  wait_for_the_others();
  // Each round brings 40 MB. A little goes to threads that had no such request before.
  EXPECT_LT(AllocatedBytes(), before + (8 << 20));
  ExpectServes();
}

TEST_F(HttpServerTest, ConnectionsBeyondTheMostAreClosed) {
  Start({.connections_max = 500});
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 500; ++i) {
    clients.push_back(std::make_unique<RawClient>(port()));
    ASSERT_EQ(clients.back()->Ask("GET", "/api/v2/heartbeat").status, 200) << i;
  }
  RawClient one_more(port());
  EXPECT_EQ(one_more.Ask("GET", "/api/v2/heartbeat").status, 0);
  for (const auto& client : clients) EXPECT_EQ(client->Ask("GET", "/api/v2/version").status, 200);
  clients.clear();
  while (service_->metrics().connections() > 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  ExpectServes();
}

TEST_F(HttpServerTest, StoppingClosesIdleConnectionsAndReturns) {
  Start();
  RawClient idle(port());
  EXPECT_EQ(idle.Ask("GET", "/api/v2/heartbeat").status, 200);
  const uint16_t old_port = port();
  server_->Stop();
  EXPECT_TRUE(idle.IsClosed());
  EXPECT_FALSE(RawClient(old_port).connected());
  server_->Stop();
}

TEST_F(HttpServerTest, WritersAndReadersAtTheSameTime) {
  Start();
  RawClient first(port());
  const std::string path = MakeCollection(first);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      RawClient client(port());
      for (int i = 0; i < 25; ++i) {
        const std::string id = std::to_string(t) + "-" + std::to_string(i);
        EXPECT_EQ(client.Ask("POST", path + "/add", R"({"ids": [")" + id + R"("], "embeddings": [[1, 1]]})").status,
                  201);
        EXPECT_EQ(client.Ask("POST", path + "/get", R"({"ids": [")" + id + R"("]})").status, 200);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(first.Ask("GET", path + "/count").body, "103");
}

// A target that a path of the OpenAPI document fits, whatever its parameters are.
std::string TargetOf(std::string path) {
  for (size_t at; (at = path.find('{')) != std::string::npos;) {
    path.replace(at, path.find('}') - at + 1, "default_tenant");
  }
  return path;
}

TEST_F(HttpServerTest, WithoutACredentialEveryRouteIsRefused) {
  std::vector<User> users = Must(UsersFromJson(R"({"users": [{"id": "ada", "role": "reader", "tenant": "default_tenant",
      "databases": ["*"], "tokens": ["0123456789abcdef"]}]})"));
  Start({}, std::make_unique<Authenticator>(std::move(users), &VerifyPassword));
  const Json paths = Json::parse(OpenApiDocument())["paths"];
  ASSERT_EQ(paths.size() > 20, true) << paths.size();
  for (const auto& [path, operations] : paths.items()) {
    for (const auto& [method, operation] : operations.items()) {
      std::string name = method;
      for (char& letter : name) letter = static_cast<char>(std::toupper(letter));
      const std::string target = TargetOf(path), body = operation.contains("requestBody") ? "{}" : "";
      SCOPED_TRACE(name + " " + target);
      RawClient client(port());
      EXPECT_EQ(client.Ask(name, target, body).status, 401);
      RawClient other(port());
      EXPECT_EQ(other.Ask(name, target, body, "Authorization: Bearer 0123456789abcdeX\r\n").status, 401);
    }
  }
  RawClient client(port());
  for (const char* header : {"Authorization: Bearer 0123456789abcdef\r\n", "X-Chroma-Token: 0123456789abcdef\r\n"}) {
    EXPECT_EQ(client.Ask("GET", "/api/v2/heartbeat", "", header).status, 200) << header;
    EXPECT_EQ(client.Ask("GET", kCollections, "", header).status, 200) << header;
  }
  // A reader changes nothing.
  EXPECT_EQ(
      client.Ask("POST", kCollections, R"({"name": "docs"})", "Authorization: Bearer 0123456789abcdef\r\n").status,
      403);
}

TEST(HttpServerStartTest, APortThatIsTakenIsAFailedPrecondition) {
  const auto instance = Must(Instance::InMemory({}));
  Service service(*instance, {}, nullptr);
  const RequestLog log(-1, RequestLog::Level::kNone);
  const auto first = Must(HttpServer::Start(service, log, {.port = 0}));
  const auto second = HttpServer::Start(service, log, {.port = first->port()});
  EXPECT_EQ(second.status().code(), StatusCode::kFailedPrecondition);
  EXPECT_EQ(HttpServer::Start(service, log, {.address = "localhost"}).status().code(), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace ochre
