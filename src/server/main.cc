// ochre-server: Chroma's HTTP API over a database directory.
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/authorization.h"
#include "instance/instance.h"
#include "ochre/quotas.h"
#include "server/http_server.h"
#include "server/password_hash.h"
#include "server/request_log.h"
#include "server/service.h"

namespace ochre {
namespace {

constexpr std::string_view kUsage = R"(usage: ochre-server [option...]
  --path DIRECTORY   the database, made if it is not there; default ./ochre-data ($OCHRE_PATH)
  --host ADDRESS     numeric; default 127.0.0.1 ($OCHRE_HOST)
  --port PORT        default 8000; 0 takes one that is free ($OCHRE_PORT)
  --users FILE       who may call (docs/server.md); without it everyone on this machine may ($OCHRE_USERS)
  --without-authentication   listens on other addresses than loopback without --users: everyone may do everything
  --allow-reset      lets POST /api/v2/reset delete everything
  --threads N        requests that are served at a time; default 16
  --body-mb N        the largest body that is read, in megabytes; default 256
  --tenant-rate N, --collection-rate N   requests a second to one tenant, to one collection; default 0, no bound
  --quotas QUOTAS    none, chroma-cloud, a JSON object of rules, or the file that holds one; default none
  --log none|errors|all      which requests are logged, to standard error; default all
  --help
)";

// The largest rate that can be asked for: more than any server answers.
constexpr int64_t kRateMax = 1'000'000'000;

struct Arguments {
  std::string path = "ochre-data";
  std::string users;
  bool without_authentication = false;
  RequestLog::Level log_level = RequestLog::Level::kAll;
  // A writer that waited for the compactor would keep a thread from everybody else's requests.
  ClientOptions database = {.writers_wait = false};
  ServiceOptions service;
  HttpServerOptions http;
};

Result<int64_t> ToNumber(std::string_view name, const std::string& text, int64_t min, int64_t max) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < min || number > max) {
    return Status::InvalidArgument(name, " is \"", text, "\", but must be a number in [", min, ", ", max, "]");
  }
  return number;
}

Result<std::string> ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string contents{std::istreambuf_iterator<char>(file), {}};
  if (!file) return Status::NotFound("cannot read ", path);
  return contents;
}

// `value` names a preset, or is JSON, or a file that holds it.
Result<Quotas> ReadQuotas(const std::string& value) {
  const auto contents = ReadFile(value);
  return ParseQuotas(contents.ok() ? *contents : value);
}

Status SetLogLevel(const std::string& value, Arguments& arguments) {
  if (value == "none") {
    arguments.log_level = RequestLog::Level::kNone;
  } else if (value == "errors") {
    arguments.log_level = RequestLog::Level::kErrors;
  } else if (value == "all") {
    arguments.log_level = RequestLog::Level::kAll;
  } else {
    return Status::InvalidArgument("--log is \"", value, "\", but must be none, errors or all");
  }
  return Status::Ok();
}

Status SetValue(std::string_view name, const std::string& value, Arguments& arguments) {
  if (name == "--path") {
    arguments.path = value;
  } else if (name == "--host") {
    arguments.http.address = value;
  } else if (name == "--users") {
    arguments.users = value;
  } else if (name == "--port") {
    OCHRE_ASSIGN_OR_RETURN(const int64_t port, ToNumber(name, value, 0, 65'535));
    arguments.http.port = static_cast<uint16_t>(port);
  } else if (name == "--threads") {
    OCHRE_ASSIGN_OR_RETURN(const int64_t threads, ToNumber(name, value, 1, 1'024));
    arguments.http.threads = static_cast<int32_t>(threads);
  } else if (name == "--body-mb") {
    OCHRE_ASSIGN_OR_RETURN(const int64_t megabytes, ToNumber(name, value, 1, 4'096));
    arguments.http.body_bytes_max = megabytes << 20;
  } else if (name == "--tenant-rate") {
    OCHRE_ASSIGN_OR_RETURN(const int64_t rate, ToNumber(name, value, 0, kRateMax));
    arguments.service.tenant_requests_per_second = static_cast<double>(rate);
  } else if (name == "--collection-rate") {
    OCHRE_ASSIGN_OR_RETURN(const int64_t rate, ToNumber(name, value, 0, kRateMax));
    arguments.service.collection_requests_per_second = static_cast<double>(rate);
  } else if (name == "--quotas") {
    OCHRE_ASSIGN_OR_RETURN(arguments.database.quotas, ReadQuotas(value));
    arguments.service.batch_records_max =
        std::min(ServiceOptions().batch_records_max, arguments.database.quotas.num_records.value_or(INT64_MAX));
  } else if (name == "--log") {
    return SetLogLevel(value, arguments);
  } else {
    return Status::InvalidArgument("there is no option ", name, "; see --help");
  }
  return Status::Ok();
}

Result<Arguments> Parse(const std::vector<std::string>& given) {
  Arguments arguments;
  constexpr std::pair<const char*, std::string_view> kVariables[] = {
      {"OCHRE_PATH", "--path"}, {"OCHRE_HOST", "--host"}, {"OCHRE_PORT", "--port"}, {"OCHRE_USERS", "--users"}};
  for (const auto& [variable, option] : kVariables) {
    if (const char* value = std::getenv(variable)) OCHRE_RETURN_IF_ERROR(SetValue(option, value, arguments));
  }
  for (size_t i = 0; i < given.size(); ++i) {
    if (given[i] == "--allow-reset") {
      arguments.service.allow_reset = true;
    } else if (given[i] == "--without-authentication") {
      arguments.without_authentication = true;
    } else if (i + 1 == given.size()) {
      return Status::InvalidArgument(given[i], " is no option, or lacks its value; see --help");
    } else {
      OCHRE_RETURN_IF_ERROR(SetValue(given[i], given[i + 1], arguments));
      ++i;
    }
  }
  return arguments;
}

bool IsLoopback(std::string_view address) { return address.starts_with("127.") || address == "::1"; }

Result<std::unique_ptr<Authenticator>> MakeAuthenticator(const Arguments& arguments) {
  if (arguments.users.empty()) {
    if (IsLoopback(arguments.http.address) || arguments.without_authentication) {
      return std::unique_ptr<Authenticator>();
    }
    return Status::FailedPrecondition("listening on ", arguments.http.address,
                                      " would let everyone who reaches it do everything: give --users, or "
                                      "--without-authentication if that is meant");
  }
  OCHRE_ASSIGN_OR_RETURN(const std::string json, ReadFile(arguments.users));
  OCHRE_ASSIGN_OR_RETURN(std::vector<User> users, UsersFromJson(json));
  for (const User& user : users) {
    if (user.password_hash.empty() || IsStrongPasswordHash(user.password_hash)) continue;
    return Status::InvalidArgument("the password of user \"", user.id, "\" must be hashed by bcrypt or yescrypt");
  }
  return std::make_unique<Authenticator>(std::move(users), &VerifyPassword);
}

Status Serve(const Arguments& arguments) {
  // Before any thread starts, so that all inherit it: the signals wait for sigwait below.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);

  OCHRE_ASSIGN_OR_RETURN(auto authenticator, MakeAuthenticator(arguments));
  const bool authenticates = authenticator != nullptr;
  OCHRE_ASSIGN_OR_RETURN(const auto instance, Instance::Open(arguments.path, arguments.database));
  Service service(*instance, arguments.service, std::move(authenticator));
  const RequestLog log(STDERR_FILENO, arguments.log_level);
  OCHRE_ASSIGN_OR_RETURN(const auto server, HttpServer::Start(service, log, arguments.http));
  std::printf("ochre-server: %s at http://%s:%d, authentication %s\n", arguments.path.c_str(),
              arguments.http.address.c_str(), server->port(), authenticates ? "on" : "off");
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
    std::fwrite(ochre::kUsage.data(), 1, ochre::kUsage.size(), stdout);
    return 0;
  }
  const auto arguments = ochre::Parse(given);
  const ochre::Status status = arguments.ok() ? ochre::Serve(*arguments) : arguments.status();
  if (status.ok()) return 0;
  std::fprintf(stderr, "ochre-server: %s\n", status.ToString().c_str());
  return arguments.ok() ? 1 : 2;
}
