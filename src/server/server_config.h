// ServerConfig: what ochre-server is told by its arguments, its environment and a file.
#ifndef OCHRE_SERVER_SERVER_CONFIG_H_
#define OCHRE_SERVER_SERVER_CONFIG_H_

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "ochre/client.h"
#include "ochre/status.h"
#include "server/http_server.h"
#include "server/request_log.h"
#include "server/service_options.h"

namespace ochre {

struct ServerConfig {
  std::string path = "ochre-data";
  std::string users;  // the file that says who may call; empty: authentication is off
  bool without_authentication = false;
  RequestLog::Level log_level = RequestLog::Level::kAll;
  // A writer that waited for the compactor would keep a thread from everybody else's requests.
  ClientOptions database = {.writers_wait = false};
  ServiceOptions service;
  HttpServerOptions http;
};

// Where the configuration comes from, besides the arguments.
struct ConfigSources {
  std::function<std::optional<std::string>(const std::string& variable)> environment;
  std::function<Result<std::string>(const std::string& path)> read_file;
};

// An argument wins over the environment, which wins over the file that either names by "config". InvalidArgument: an
// option that there is not, or a value that it cannot have; the message names it and where it was given.
Result<ServerConfig> ParseServerConfig(std::span<const std::string> arguments, const ConfigSources& sources);

// All of it as a line of JSON, in the form of the file. It holds no secrets: files are named, not shown.
std::string ToJson(const ServerConfig& config);

// What --help prints.
std::string ServerUsage();

}  // namespace ochre

#endif  // OCHRE_SERVER_SERVER_CONFIG_H_
