// The real binary, killed while it is being written to.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "tests/server/raw_client.h"
#include "tests/support/temporary_directory.h"

namespace ochre {
namespace {

using Json = nlohmann::json;

const std::string kCollections = "/api/v2/tenants/default_tenant/databases/default_database/collections";

class ServerProcess {
 public:
  explicit ServerProcess(const std::filesystem::path& path) {
    int out[2];
    if (pipe(out) != 0) std::abort();
    child_ = fork();
    if (child_ == 0) {
      dup2(out[1], STDOUT_FILENO);
      close(out[0]);
      close(out[1]);
      execl(OCHRE_SERVER_BINARY, OCHRE_SERVER_BINARY, "--path", path.c_str(), "--port", "0", "--log", "none", nullptr);
      _exit(127);
    }
    close(out[1]);
    std::string line;
    for (char c; line.find('\n') == std::string::npos && read(out[0], &c, 1) == 1;) line += c;
    close(out[0]);
    // "... at http://127.0.0.1:41234, authentication off"
    port_ = static_cast<uint16_t>(std::atoi(line.c_str() + line.rfind(':') + 1));
  }
  ~ServerProcess() { End(SIGKILL); }

  uint16_t port() const { return port_; }

  // Its exit status, as waitpid has it; 0 if it has ended before.
  int End(int signal) {
    if (child_ <= 0) return 0;
    kill(child_, signal);
    int status = 0;
    waitpid(child_, &status, 0);
    child_ = -1;
    return status;
  }

 private:
  pid_t child_ = -1;
  uint16_t port_ = 0;
};

TEST(ServerKillTest, NoAcknowledgedWriteIsLost) {
  const TemporaryDirectory directory;
  std::string collection;
  std::set<std::string> acknowledged;
  for (int round = 0; round < 3; ++round) {
    ServerProcess server(directory.path() / "db");
    ASSERT_NE(server.port(), 0);
    if (round == 0) {
      const RawAnswer created = RawClient(server.port()).Ask("POST", kCollections, R"({"name": "docs"})");
      ASSERT_EQ(created.status, 200) << created.body;
      collection = kCollections + "/" + Json::parse(created.body)["id"].get<std::string>();
    }
    std::vector<std::set<std::string>> by_writer(3);
    std::vector<std::thread> writers;
    for (size_t w = 0; w < by_writer.size(); ++w) {
      writers.emplace_back([&, w] {
        RawClient client(server.port());
        for (int i = 0;; ++i) {
          const std::string id = std::to_string(round) + "-" + std::to_string(w) + "-" + std::to_string(i);
          const std::string body = R"({"ids": [")" + id + R"("], "embeddings": [[1, 2]], "documents": ["x"]})";
          if (client.Ask("POST", collection + "/add", body).status != 201) return;
          by_writer[w].insert(id);
        }
      });
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(150));
    server.End(SIGKILL);
    for (std::thread& writer : writers) writer.join();
    for (const auto& ids : by_writer) acknowledged.insert(ids.begin(), ids.end());
  }
  EXPECT_GT(acknowledged.size(), 10u);
  ServerProcess server(directory.path() / "db");
  const RawAnswer answer = RawClient(server.port()).Ask("POST", collection + "/get", R"({"include": ["documents"]})");
  ASSERT_EQ(answer.status, 200) << answer.body;
  const Json got = Json::parse(answer.body);
  const auto ids = got["ids"].get<std::set<std::string>>();
  for (const std::string& id : acknowledged) EXPECT_TRUE(ids.contains(id)) << id;
  // One more may be there for each writer of each round: what was written, and not yet answered.
  EXPECT_LE(ids.size(), acknowledged.size() + 9);
}

TEST(ServerKillTest, ASignalEndsItInOrder) {
  const TemporaryDirectory directory;
  for (const int signal : {SIGTERM, SIGINT}) {
    ServerProcess server(directory.path() / "db");
    ASSERT_EQ(RawClient(server.port()).Ask("GET", "/api/v2/heartbeat").status, 200);
    const int status = server.End(signal);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  }
}

}  // namespace
}  // namespace ochre
