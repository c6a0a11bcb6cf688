// What the HTTP server costs, each figure beside what it is measured against, in one run: server and client are threads
// of this process, on loopback, so both sides use the same collection.
// Usage: server_bench [directory]   (default: a new one below /tmp)
#include <malloc.h>
#include <openssl/evp.h>
#include <simdjson.h>
#include <time.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "bench/support/measure.h"
#include "examples/dictionary_search/wordnet.h"
#include "gateway/gateway.h"
#include "instance/instance.h"
#include "server/http_server.h"
#include "tests/server/raw_client.h"

namespace ochre {
namespace {

namespace fs = std::filesystem;

double CpuMicroseconds(clockid_t clock) {
  timespec now;
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) * 1e-3;
}

// What the other threads, which are the server's, used meanwhile.
double ServerCpuMicroseconds(const std::function<void()>& work) {
  const double all = CpuMicroseconds(CLOCK_PROCESS_CPUTIME_ID), own = CpuMicroseconds(CLOCK_THREAD_CPUTIME_ID);
  work();
  return (CpuMicroseconds(CLOCK_PROCESS_CPUTIME_ID) - all) - (CpuMicroseconds(CLOCK_THREAD_CPUTIME_ID) - own);
}

double Median(std::vector<double> samples) {
  std::nth_element(samples.begin(), samples.begin() + std::ssize(samples) / 2, samples.end());
  return samples[samples.size() / 2];
}

void Line(const std::string& what, double value, const char* unit, const std::string& against, bool met,
          const char* floor) {
  std::printf("%-46s %10.2f %-6s %-58s (floor: %s)  %s\n", what.c_str(), value, unit, against.c_str(), floor,
              met ? "met" : "MISSED");
  std::fflush(stdout);
}

std::string Text(const char* format, double a, double b) {
  char text[128];
  std::snprintf(text, sizeof(text), format, a, b);
  return text;
}

std::vector<float> RandomRows(size_t rows, size_t dimension, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> values(rows * dimension);
  for (float& value : values) value = normal(random);
  return values;
}

// As a client writes them.
std::string JsonOf(std::span<const float> row) {
  std::string json = "[";
  for (const float value : row) {
    char number[32];
    std::snprintf(number, sizeof(number), "%s%.9g", json.size() > 1 ? "," : "", static_cast<double>(value));
    json += number;
  }
  return json + "]";
}

// Little-endian float32, as Chroma's clients send them.
std::string ToBase64(std::span<const float> row) {
  std::string text(4 * ((row.size_bytes() + 2) / 3) + 1, '\0');  // EVP writes a zero behind it
  const int length =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), reinterpret_cast<const unsigned char*>(row.data()),
                      static_cast<int>(row.size_bytes()));
  text.resize(static_cast<size_t>(length));
  return text;
}

const std::string kCollections = "/api/v2/tenants/default_tenant/databases/default_database/collections";

std::string RequestOf(std::string_view method, const std::string& target, std::string_view body = {}) {
  std::string request = std::string(method) + " " + target + " HTTP/1.1\r\nHost: x\r\n";
  if (!body.empty()) request += "Content-Type: application/json\r\n";
  return request + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

void Ask(RawClient& client, const std::string& request) {
  if (!client.Send(request)) Fail(Status::Unavailable("the server has closed the connection"));
  const RawAnswer answer = client.Receive();
  if (answer.status / 100 != 2) Fail(Status::Internal("the server answered ", answer.status, ": ", answer.body));
}

class ServerBench {
 public:
  explicit ServerBench(const fs::path& directory) : instance_(Value(Instance::Open(directory, {}))) {
    HttpServerOptions options;
    options.port = 0;
    server_ = Value(HttpServer::Start(service_, log_, options));
  }
  ~ServerBench() {
    server_->Stop();
    Check(instance_->Close());
  }

  void Heartbeats() {
    RawClient client(server_->port());
    const std::string request = RequestOf("GET", "/api/v2/heartbeat");
    std::vector<double> samples;
    for (int i = 0; i < 5'000; ++i) samples.push_back(Microseconds([&] { Ask(client, request); }));
    const double median = Median(samples);
    Line("heartbeat, round trip, p50", median, "us", "", median <= 100, "<= 100 us");
  }

  // The glosses of WordNet with random vectors of 100 dimensions, the hardest case for a graph.
  void LoadGlosses() {
    const std::vector<Synset> synsets = Value(ReadWordNet());
    const std::vector<float> rows = RandomRows(synsets.size(), kGlossDimension, 3);
    glosses_ = MakeCollection("glosses", Space::kCosine);
    constexpr size_t kBatch = 1'000;
    for (size_t begin = 0; begin < synsets.size(); begin += kBatch) {
      const size_t end = std::min(begin + kBatch, synsets.size());
      std::vector<std::string> ids, documents;
      std::vector<Metadata> metadatas;
      for (size_t i = begin; i < end; ++i) {
        ids.push_back(synsets[i].id);
        documents.push_back(synsets[i].gloss);
        metadatas.push_back({{"pos", synsets[i].part_of_speech}, {"lexfile", synsets[i].lexicographer_file}});
      }
      Check(
          Gateway()
              ->Write(glosses_, OperationKind::kAdd,
                      {.ids = ids,
                       .embeddings = {std::span(rows).subspan(begin * kGlossDimension, (end - begin) * kGlossDimension),
                                      kGlossDimension},
                       .documents = documents,
                       .metadatas = metadatas})
              .status());
    }
    Check(Gateway()->Compact(glosses_));
  }

  void Queries() {
    RawClient client(server_->port());
    const std::vector<float> queries = RandomRows(1'000, kGlossDimension, 4);
    std::vector<double> over_http, in_process;
    for (int round = 0; round < 3; ++round) {
      for (size_t q = 0; q < 1'000; ++q) {
        const auto query = [&](size_t i) {
          return std::span(queries).subspan(i % 1'000 * kGlossDimension, kGlossDimension);
        };
        const std::string request = QueryRequestOf(query(q));
        over_http.push_back(Microseconds([&] { Ask(client, request); }));
        // Another one, or what this one reads would be in the caches.
        in_process.push_back(Microseconds([&] { Value(InProcess(query(q + 500))); }));
      }
    }
    const double median = Median(over_http) - Median(in_process);
    Line("query of 10 of 117,659, p50, more than", median, "us",
         Text("in process: %.0f us over HTTP, %.0f us in process", Median(over_http), Median(in_process)),
         median <= 250, "<= 250 us");
  }

  // New collections, so that no compaction takes part.
  void Adds() {
    constexpr size_t kRows = 1'000, kDimension = 768;
    const std::vector<float> rows = RandomRows(kRows, kDimension, 5);
    std::vector<std::string> ids;
    std::string json_ids, json_rows, base64_rows;
    for (size_t i = 0; i < kRows; ++i) {
      const auto row = std::span(rows).subspan(i * kDimension, kDimension);
      ids.push_back("record-" + std::to_string(i));
      json_ids += (i > 0 ? ",\"" : "\"") + ids.back() + "\"";
      json_rows += (i > 0 ? "," : "") + JsonOf(row);
      base64_rows += std::string(i > 0 ? ",\"" : "\"") + ToBase64(row) + "\"";
    }
    const std::string json = "{\"ids\":[" + json_ids + "],\"embeddings\":[" + json_rows + "]}";
    const std::string base64 = "{\"ids\":[" + json_ids + "],\"embeddings\":[" + base64_rows + "]}";

    RawClient client(server_->port());
    // Made once: freed in every round, requests would leave the in-process adds memory that needs no page faults.
    std::string json_request = RequestOf("POST", PathOf(CollectionId()) + "/add", json);
    std::string base64_request = RequestOf("POST", PathOf(CollectionId()) + "/add", base64);
    const size_t id_at = json_request.find(CollectionId().ToString());
    const simdjson::padded_string padded(json);
    std::vector<double> json_cpu, parse_cpu, base64_wall, base64_cpu, own_wall, own_cpu;
    simdjson::dom::parser parser;
    // Between the adds, so that the checkpoint that the one has left behind is not paid for by the next.
    const auto parse = [&] {
      const double before = CpuMicroseconds(CLOCK_THREAD_CPUTIME_ID);
      if (parser.parse(padded).error() != simdjson::SUCCESS) Fail(Status::Internal("simdjson cannot parse"));
      parse_cpu.push_back(CpuMicroseconds(CLOCK_THREAD_CPUTIME_ID) - before);
    };
    for (int round = 0; round < 31; ++round) {
      const auto add_over_http = [&](const std::string& name, std::string& request) {
        const std::string id = MakeCollection(name + std::to_string(round), Space::kL2).ToString();
        request.replace(id_at, id.size(), id);
        double wall = 0;
        const double cpu = ServerCpuMicroseconds([&] { wall = Microseconds([&] { Ask(client, request); }); });
        return std::pair(wall, cpu);
      };
      json_cpu.push_back(add_over_http("json", json_request).second);
      parse();
      const auto [wall, cpu] = add_over_http("base64-", base64_request);
      base64_wall.push_back(wall);
      base64_cpu.push_back(cpu);
      parse();
      const CollectionId id = MakeCollection("own" + std::to_string(round), Space::kL2);
      const double before = CpuMicroseconds(CLOCK_THREAD_CPUTIME_ID);
      own_wall.push_back(Microseconds([&] {
        Check(Gateway()
                  ->Write(id, OperationKind::kAdd, {.ids = ids, .embeddings = {rows, static_cast<int64_t>(kDimension)}})
                  .status());
      }));
      own_cpu.push_back(CpuMicroseconds(CLOCK_THREAD_CPUTIME_ID) - before);
    }
    const double json_ratio = Median(json_cpu) / Median(parse_cpu);
    Line("add of 1,000 x 768 as JSON, server CPU", json_ratio, "times",
         Text("%.1f ms against simdjson's %.1f ms", Median(json_cpu) / 1e3, Median(parse_cpu) / 1e3), json_ratio <= 3,
         "<= 3 x simdjson");
    const double base64_ratio = Median(base64_wall) / Median(own_wall);
    Line("the same as base64, time", base64_ratio, "times",
         Text("%.1f ms against %.1f ms in process", Median(base64_wall) / 1e3, Median(own_wall) / 1e3),
         base64_ratio <= 1.5, "<= 1.5 x in process");
    std::printf("  (server CPU %.1f ms; in process %.1f ms)\n", Median(base64_cpu) / 1e3, Median(own_cpu) / 1e3);
  }

  // One thread that keeps a request in flight on each connection: the client's own work comes out of the same cores.
  void Connections() {
    const std::vector<float> queries = RandomRows(64, kGlossDimension, 6);
    std::vector<std::string> requests;
    for (size_t q = 0; q < 64; ++q) {
      requests.push_back(QueryRequestOf(std::span(queries).subspan(q * kGlossDimension, kGlossDimension)));
    }
    std::vector<std::string> heartbeat = {RequestOf("GET", "/api/v2/heartbeat")};
    for (const auto& [what, asked] : {std::pair{"queries", &requests}, std::pair{"heartbeats", &heartbeat}}) {
      std::vector<double> ones, sixteens;
      for (int repeat = 0; repeat < 7; ++repeat) {
        ones.push_back(RequestsPerSecond(1, *asked));
        sixteens.push_back(RequestsPerSecond(16, *asked));
      }
      const double ratio = Median(sixteens) / Median(ones);
      Line(std::string("16 connections, ") + what + " a second", ratio, "times",
           Text("%.0f against one connection's %.0f", Median(sixteens), Median(ones)), ratio >= 1.6, ">= 1.6 x");
    }
  }

 private:
  static constexpr size_t kGlossDimension = 100;

  Instance::Call Gateway() { return Value(instance_->Enter()); }

  CollectionId MakeCollection(const std::string& name, Space space) {
    CollectionConfiguration configuration;
    configuration.hnsw.space = space;
    return Value(Gateway()->CreateCollection({.tenant = "default_tenant",
                                              .database = "default_database",
                                              .name = name,
                                              .metadata = {},
                                              .configuration = configuration}))
        ->id;
  }

  static std::string PathOf(CollectionId id) { return kCollections + "/" + id.ToString(); }

  std::string QueryRequestOf(std::span<const float> query) const {
    return RequestOf("POST", PathOf(glosses_) + "/query",
                     "{\"query_embeddings\":[" + JsonOf(query) +
                         "],\"n_results\":10,\"include\":[\"documents\",\"metadatas\",\"distances\"]}");
  }

  Result<QueryResult> InProcess(std::span<const float> query) {
    return Gateway()->Query(glosses_, {.embeddings = {query, static_cast<int64_t>(kGlossDimension)},
                                       .n_results = 10,
                                       .include = {.documents = true, .metadatas = true, .distances = true}});
  }

  double RequestsPerSecond(size_t connections, const std::vector<std::string>& requests) {
    std::vector<std::unique_ptr<RawClient>> clients;
    for (size_t c = 0; c < connections; ++c) clients.push_back(std::make_unique<RawClient>(server_->port()));
    constexpr size_t kRequests = 8'000;
    size_t sent = 0;
    const auto send = [&](RawClient& client) {
      if (!client.Send(requests[sent++ % requests.size()])) Fail(Status::Unavailable("a connection was closed"));
    };
    const double elapsed = Microseconds([&] {
      for (auto& client : clients) send(*client);
      for (size_t received = 0; received < kRequests; ++received) {
        RawClient& client = *clients[received % connections];
        if (client.Receive().status != 200) Fail(Status::Internal("a request failed"));
        if (sent < kRequests) send(client);
      }
    });
    return static_cast<double>(kRequests) / (elapsed / 1e6);
  }

  const std::shared_ptr<Instance> instance_;
  Service service_{*instance_, ServiceOptions(), nullptr};
  const RequestLog log_{-1, RequestLog::Level::kNone};
  std::unique_ptr<HttpServer> server_;
  CollectionId glosses_;
};

void Run(const fs::path& directory) {
  ServerBench bench(directory / "server");
  bench.Heartbeats();
  bench.Adds();
  bench.LoadGlosses();
  bench.Queries();
  bench.Connections();
}

}  // namespace
}  // namespace ochre

int main(int argc, char** argv) {
  namespace fs = std::filesystem;
  mallopt(M_ARENA_MAX, static_cast<int>(std::max(1u, std::thread::hardware_concurrency())));  // as ochre-server does
  const bool is_given = argc > 1;
  const fs::path directory =
      is_given ? fs::path(argv[1]) : fs::temp_directory_path() / ("server_bench-" + std::to_string(getpid()));
  fs::create_directories(directory);
  ochre::Run(directory);
  if (!is_given) fs::remove_all(directory);
}
