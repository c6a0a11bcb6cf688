#include "server/http_server.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <malloc.h>
#include <unistd.h>
#include <zlib.h>

#include <cctype>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
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

// The value of a field of an answer's head; empty: it has none.
std::string FieldOf(const RawAnswer& answer, const std::string& name) {
  const size_t begin = answer.head.find("\r\n" + name + ": ");
  if (begin == std::string::npos) return "";
  const size_t value = begin + name.size() + 4;
  return answer.head.substr(value, answer.head.find("\r\n", value) - value);
}

TEST_F(HttpServerTest, EachAnswerNamesItsRequestAsItsLogDoes) {
  int pipe_ends[2];
  ASSERT_EQ(pipe(pipe_ends), 0);
  const RequestLog log(pipe_ends[1], RequestLog::Level::kAll);
  instance_ = Must(Instance::InMemory({}));
  service_ = std::make_unique<Service>(*instance_, ServiceOptions(), nullptr);
  server_ = Must(HttpServer::Start(*service_, log, {.port = 0, .threads = 2}));
  std::set<std::string> ids;
  for (const std::string request :
       {"GET /api/v2/heartbeat HTTP/1.1\r\nHost: x\r\n\r\n", "GET /api/v2/nowhere HTTP/1.1\r\nHost: x\r\n\r\n",
        "PUT /api/v2/heartbeat HTTP/1.1\r\nHost: x\r\n\r\n", "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
        "GARBAGE\r\n\r\n"}) {
    RawClient client(port());
    ASSERT_TRUE(client.Send(request));
    const RawAnswer answer = client.Receive();
    const std::string id = FieldOf(answer, "chroma-trace-id");
    EXPECT_EQ(id.size(), 16u) << answer.head;
    EXPECT_EQ(FieldOf(answer, "x-request-id"), id);
    ids.insert(id);
  }
  EXPECT_EQ(ids.size(), 5u);
  server_->Stop();
  server_ = nullptr;
  close(pipe_ends[1]);
  std::string logged(16'384, '\0');
  logged.resize(static_cast<size_t>(read(pipe_ends[0], logged.data(), logged.size())));
  close(pipe_ends[0]);
  for (const std::string& id : ids) EXPECT_THAT(logged, HasSubstr("\"request_id\":\"" + id + "\""));
}

TEST_F(HttpServerTest, ARequestForTheMethodsIsAnsweredWithoutContent) {
  Start();
  RawClient client(port());
  const RawAnswer answer = client.Ask("OPTIONS", kCollections);
  EXPECT_EQ(answer.status, 204);
  EXPECT_EQ(FieldOf(answer, "Allow"), "GET, HEAD, POST, OPTIONS");
  EXPECT_EQ(FieldOf(answer, "Content-Length"), "");
  EXPECT_EQ(FieldOf(client.Ask("DELETE", kCollections), "Allow"), "GET, HEAD, POST, OPTIONS");
  EXPECT_EQ(client.Ask("OPTIONS", kCollections, "body").status, 204);
  EXPECT_TRUE(client.IsClosed()) << "the body was not read";
}

// As gzip packs it.
std::string Gzipped(const std::string& text) {
  z_stream stream = {};
  EXPECT_EQ(deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY), Z_OK);
  std::string packed(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

TEST_F(HttpServerTest, ABodyMayComePackedByGzipWithinTheLimits) {
  Start({.body_bytes_max = 1 << 20});
  RawClient client(port());
  const std::string gzip = "Content-Encoding: gzip\r\n";
  EXPECT_EQ(client.Ask("POST", kCollections, Gzipped(R"({"name": "docs"})"), gzip).status, 200);
  const std::string spaces(1 << 20, ' ');
  EXPECT_EQ(client.Ask("POST", kCollections, Gzipped(R"({"name": "more"})" + spaces), gzip).status, 413) << "a bomb";
  EXPECT_EQ(client.Ask("POST", kCollections, R"({"name": "more"})", gzip).status, 400);
  EXPECT_EQ(client.Ask("GET", kCollections + "/docs").status, 200);
  EXPECT_EQ(client.Ask("GET", kCollections + "/more").status, 404);
  const RawAnswer refused = client.Ask("POST", kCollections, R"({"name": "more"})", "Content-Encoding: br\r\n");
  EXPECT_EQ(refused.status, 415);
  EXPECT_EQ(FieldOf(refused, "Accept-Encoding"), "gzip");
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
  const std::vector<std::pair<std::string, int>> requests = {{"GARBAGE\r\n\r\n", 400},
                                                             {"GET / HTTP/9.9\r\n\r\n", 505},
                                                             {"GET /\r\n\r\n", 400},
                                                             {"GET / HTTP/1.1\n\n", 400},
                                                             {"\x16\x03\x01\x02", 400}};
  for (const auto& [request, status] : requests) {
    RawClient client(port());
    ASSERT_TRUE(client.Send(request));
    EXPECT_EQ(client.Receive().status, status) << request;
    EXPECT_TRUE(client.IsClosed()) << request;
  }
  ExpectServes();
}

// What is behind the end of a request that is not read to its end could be part of its body, or a request that whoever
// stands before this server has not seen.
TEST_F(HttpServerTest, ARequestThatIsRefusedUnreadIsTheLastOfItsConnection) {
  Start({.body_bytes_max = 1'000});
  const std::string inner = "GET /api/v2/version HTTP/1.1\r\nHost: x\r\n\r\n";
  const std::string length = "Content-Length: " + std::to_string(inner.size()) + "\r\n";
  struct Refused {
    std::string target, fields;
    int status;
  };
  const std::vector<Refused> requests = {
      {kCollections, "Transfer-Encoding: xchunked\r\n", 501},
      {kCollections, "Transfer-Encoding: chunked, identity\r\n", 501},
      {kCollections, "Transfer-Encoding: chunked\r\n" + length, 400},
      {kCollections, length + length, 400},
      {kCollections, "Content-Length: 0\r\n" + length, 400},
      {kCollections, "Content-Length: x\r\n", 400},
      {kCollections, "Transfer-Encoding : chunked\r\n", 400},
      {kCollections, "X: y\r\n z\r\n" + length, 400},
      {kCollections, "Expect: a-miracle\r\n" + length, 417},
      {kCollections, "Content-Length: 1001\r\n", 413},
      {kCollections, "Content-Type: text/plain\r\n" + length, 415},
      {kCollections, "Content-Type: text/plain\r\nTransfer-Encoding: chunked\r\n", 415},
      {kCollections, "Transfer-Encoding: chunked\r\n", 400},  // and then no chunk
      {"/api/v2/nowhere", length, 404},
      {"/api/v2/heartbeat", length, 405},
      {"/api/v1/collections", length, 410},
  };
  for (const Refused& refused : requests) {
    RawClient client(port());
    ASSERT_TRUE(client.Send("POST " + refused.target + " HTTP/1.1\r\nHost: x\r\n" + refused.fields + "\r\n" + inner));
    const RawAnswer answer = client.Receive();
    EXPECT_EQ(answer.status, refused.status) << refused.fields << answer.body;
    EXPECT_THAT(answer.head, HasSubstr("Connection: close")) << refused.fields;
    EXPECT_TRUE(client.IsClosed()) << refused.fields;
  }
  ExpectServes();
}

TEST_F(HttpServerTest, WhoeverIsRefusedWhileSendingStillGetsTheAnswer) {
  Start({.body_bytes_max = 1'000});
  const std::string body(8 << 20, 'x');  // more than the buffers of both sides hold
  for (const auto& [target, status] : {std::pair(kCollections, 413), std::pair(std::string("/api/v2/nowhere"), 404)}) {
    RawClient client(port());
    EXPECT_EQ(client.Ask("POST", target, body).status, status);
  }
  RawClient client(port());
  EXPECT_TRUE(
      client.Send("POST " + kCollections + " HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n"));
  EXPECT_TRUE(client.Send(body));
  EXPECT_EQ(client.Receive().status, 413);
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
  RawClient slow_head(port()), slow_body(port()), slow_chunk(port()), silent(port());
  ASSERT_TRUE(slow_head.Send("GET /api/v2/heart"));
  ASSERT_TRUE(slow_body.Send("POST " + kCollections + " HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"));
  ASSERT_TRUE(
      slow_chunk.Send("POST " + kCollections + " HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"));
  ExpectServes();
  for (RawClient* const client : {&slow_head, &slow_body, &slow_chunk}) {
    EXPECT_EQ(client->Receive().status, 408);
    EXPECT_TRUE(client->IsClosed());
  }
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

TEST_F(HttpServerTest, AllBodiesTogetherTakeNoMoreThanTheirLimit) {
  Start({.bodies_bytes_max = 20 << 20});
  RawClient first(port());
  const std::string path = MakeCollection(first);
  [[maybe_unused]] const size_t before = AllocatedBytes();
  const std::string part(3 << 20, ' ');
  std::vector<std::unique_ptr<RawClient>> clients;
  std::vector<RawAnswer> answers;
  for (int i = 0; i < 20; ++i) {  // 60 MB of bodies that do not end
    clients.push_back(std::make_unique<RawClient>(port()));
    const bool chunked = i % 2 == 1;
    ASSERT_TRUE(clients.back()->Send(
        "POST " + path + "/get HTTP/1.1\r\nHost: x\r\n" +
        (chunked ? "Transfer-Encoding: chunked\r\n\r\n400000\r\n" : "Content-Length: 4194304\r\n\r\n")));
    EXPECT_TRUE(clients.back()->Send(part));
  }
  size_t refused = 0;
  for (const auto& client : clients) {
    if (!client->HasSomething(std::chrono::milliseconds(refused < 14 ? 300 : 10))) continue;
    const RawAnswer answer = client->Receive();
    EXPECT_EQ(answer.status, 503);
    EXPECT_THAT(answer.head, HasSubstr("Retry-After: "));
    ++refused;
  }
  // Six of 3 MB fit, and what others have sent before they are refused may keep out one.
  EXPECT_GE(refused, 14);
  EXPECT_LE(refused, 16);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  // A string that grows has room for twice its bytes; that of the bodies with a length is taken at once, and untouched.
  EXPECT_LT(AllocatedBytes(), before + (48 << 20));
#endif
  ExpectServes();
  for (const auto& client : clients) client->Send(" ");
  clients.clear();
  while (service_->metrics().connections() > 1) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  EXPECT_EQ(first.Ask("POST", path + "/get", "{}" + part).status, 200) << "what was held is given back";
}

TEST_F(HttpServerTest, AnswersThatNobodyTakesCountAsWell) {
  Start({.bodies_bytes_max = 24 << 20, .write_seconds_max = std::chrono::seconds(2)});
  RawClient first(port());
  const std::string path = MakeCollection(first);
  const std::string document(16 << 20, 'x');
  ASSERT_EQ(first.Ask("POST", path + "/update", R"({"ids": ["a"], "documents": [")" + document + "\"]}").status, 200);
  RawClient idle(port());
  const std::string get = R"({"ids": ["a", "b"]})";
  ASSERT_TRUE(idle.Send("POST " + path + "/get HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(get.size()) +
                        "\r\n\r\n" + get));
  ASSERT_TRUE(idle.HasSomething(std::chrono::seconds(20)));
  EXPECT_EQ(first.Ask("POST", path + "/get", R"({"ids": ["b"]})" + std::string(8 << 20, ' ')).status, 503);
  while (service_->metrics().connections() > 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  RawClient later(port());
  EXPECT_EQ(later.Ask("POST", path + "/get", R"({"ids": ["b"]})" + std::string(8 << 20, ' ')).status, 200);
}

TEST_F(HttpServerTest, ChunkExtensionsWithoutEndAreRefusedAtTheirLimit) {
  Start();
  RawClient client(port());
  ASSERT_TRUE(client.Send("POST " + kCollections + " HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5;"));
  const std::string extension(1 << 20, 'x');
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(client.Send(extension));
  EXPECT_EQ(client.Receive().status, 431);
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
