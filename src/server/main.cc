// ochre-server: Chroma's HTTP API over a database directory.
#include <malloc.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "gateway/authorization.h"
#include "instance/instance.h"
#include "server/http_server.h"
#include "server/password_hash.h"
#include "server/request_log.h"
#include "server/server_config.h"
#include "server/service.h"

namespace ochre {
namespace {

Result<std::string> ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string contents{std::istreambuf_iterator<char>(file), {}};
  if (!file) return Status::NotFound("cannot read ", path);
  return contents;
}

std::optional<std::string> EnvironmentVariable(const std::string& name) {
  const char* const value = std::getenv(name.c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

bool IsLoopback(std::string_view address) { return address.starts_with("127.") || address == "::1"; }

Result<std::unique_ptr<Authenticator>> MakeAuthenticator(const ServerConfig& config) {
  if (config.users.empty()) {
    if (IsLoopback(config.http.address) || config.without_authentication) {
      return std::unique_ptr<Authenticator>();
    }
    return Status::FailedPrecondition("listening on ", config.http.address,
                                      " would let everyone who reaches it do everything: give --users, or "
                                      "--without-authentication if that is meant");
  }
  OCHRE_ASSIGN_OR_RETURN(const std::string json, ReadFile(config.users));
  OCHRE_ASSIGN_OR_RETURN(std::vector<User> users, UsersFromJson(json));
  for (const User& user : users) {
    if (user.password_hash.empty() || IsStrongPasswordHash(user.password_hash)) continue;
    return Status::InvalidArgument("the password of user \"", user.id, "\" must be hashed by bcrypt or yescrypt");
  }
  return std::make_unique<Authenticator>(std::move(users), &VerifyPassword);
}

Status Serve(const ServerConfig& config) {
  // malloc gives every thread a heap of its own, up to eight a core, and pages that one has touched already are no use
  // to the next request in another thread: adding 1,000 x 768 takes a fifth less time with one a core.
  mallopt(M_ARENA_MAX, static_cast<int>(std::max(1u, std::thread::hardware_concurrency())));
  // Before any thread starts, so that all inherit it: the signals wait for sigwait below.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);

  OCHRE_ASSIGN_OR_RETURN(auto authenticator, MakeAuthenticator(config));
  const bool authenticates = authenticator != nullptr;
  OCHRE_ASSIGN_OR_RETURN(const auto instance, Instance::Open(config.path, config.database));
  Service service(*instance, config.service, std::move(authenticator));
  const RequestLog log(STDERR_FILENO, config.log_level);
  log.WriteEvent("configuration", ToJson(config));
  OCHRE_ASSIGN_OR_RETURN(const auto server, HttpServer::Start(service, log, config.http));
  std::printf("ochre-server: %s at %s://%s:%d, authentication %s\n", config.path.c_str(),
              config.http.tls_certificate.empty() ? "http" : "https", config.http.address.c_str(), server->port(),
              authenticates ? "on" : "off");
  std::fflush(stdout);
  int received = 0;
  sigwait(&signals, &received);
  log.WriteEvent("stopping", "answering what was asked, accepting no more");
  server->Stop();
  return instance->Close();
}

}  // namespace
}  // namespace ochre

int main(int argc, char** argv) {
  const std::vector<std::string> given(argv + 1, argv + argc);
  if (given == std::vector<std::string>{"--help"}) {
    const std::string usage = ochre::ServerUsage();
    std::fwrite(usage.data(), 1, usage.size(), stdout);
    return 0;
  }
  const auto config =
      ochre::ParseServerConfig(given, {.environment = &ochre::EnvironmentVariable, .read_file = &ochre::ReadFile});
  const ochre::Status status = config.ok() ? ochre::Serve(*config) : config.status();
  if (status.ok()) return 0;
  std::fprintf(stderr, "ochre-server: %s\n", status.ToString().c_str());
  return config.ok() ? 1 : 2;
}
