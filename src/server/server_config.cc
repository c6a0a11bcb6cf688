#include "server/server_config.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <utility>

#include "gateway/validate.h"
#include "server/cross_origin.h"
#include "types/quota_rules.h"

namespace ochre {
namespace {

using Json = nlohmann::ordered_json;  // in the order of the options

enum class Kind { kText, kNumber, kSwitch };

// The name of an option is that of its argument, without the dashes, and of its field in the file.
struct Option {
  std::string_view name;
  std::string_view variable;  // of the environment
  std::string_view value;     // as --help names it; empty for a switch
  std::string_view help;
  Kind kind;
  Status (*set)(ServerConfig& config, const std::string& text, const ConfigSources& sources);
  Json (*get)(const ServerConfig& config);
};

Result<int64_t> ToNumber(const std::string& text, int64_t min, int64_t max) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < min || number > max) {
    return Status::InvalidArgument("\"", text, "\" is no whole number in [", min, ", ", max, "]");
  }
  return number;
}

template <auto kMember, typename Part>
Status SetNumber(Part& part, const std::string& text, int64_t min, int64_t max) {
  OCHRE_ASSIGN_OR_RETURN(const int64_t number, ToNumber(text, min, max));
  part.*kMember = static_cast<std::remove_cvref_t<decltype(part.*kMember)>>(number);
  return Status::Ok();
}

template <auto kMember>
Status SetSeconds(ServerConfig& config, const std::string& text) {
  OCHRE_ASSIGN_OR_RETURN(const int64_t seconds, ToNumber(text, 1, 86'400));  // up to a day
  config.http.*kMember = std::chrono::seconds(seconds);
  return Status::Ok();
}

// More than any server answers a second.
constexpr int64_t kRateMax = 1'000'000'000;

constexpr std::pair<std::string_view, RequestLog::Level> kLevels[] = {
    {"none", RequestLog::Level::kNone}, {"errors", RequestLog::Level::kErrors}, {"all", RequestLog::Level::kAll}};

Status SetLog(ServerConfig& config, const std::string& text) {
  for (const auto& [name, level] : kLevels) {
    if (name != text) continue;
    config.log_level = level;
    return Status::Ok();
  }
  return Status::InvalidArgument("\"", text, "\" is not none, errors or all");
}

// The name of a preset, JSON, or a file that holds it.
Status SetQuotas(ServerConfig& config, const std::string& text, const ConfigSources& sources) {
  const Result<std::string> contents = sources.read_file(text);
  OCHRE_ASSIGN_OR_RETURN(config.database.quotas, ParseQuotas(contents.ok() ? *contents : text));
  return Status::Ok();
}

using Config = ServerConfig;
using Sources = ConfigSources;

constexpr Option kOptions[] = {
    {"path", "OCHRE_PATH", "DIRECTORY", "the database, made if it is not there", Kind::kText,
     [](Config& config, const std::string& text, const Sources&) {
       config.path = text;
       return Status::Ok();
     },
     [](const Config& config) -> Json { return config.path; }},
    {"host", "OCHRE_HOST", "ADDRESS", "numeric, or localhost", Kind::kText,
     [](Config& config, const std::string& text, const Sources&) {
       config.http.address = text == "localhost" ? "127.0.0.1" : text;
       return Status::Ok();
     },
     [](const Config& config) -> Json { return config.http.address; }},
    {"port", "OCHRE_PORT", "N", "0 takes one that is free", Kind::kNumber,
     [](Config& config, const std::string& text, const Sources&) {
       return SetNumber<&HttpServerOptions::port>(config.http, text, 0, 65'535);
     },
     [](const Config& config) -> Json { return config.http.port; }},
    {"tls-certificate", "OCHRE_TLS_CERTIFICATE", "FILE", "PEM, the chain with it; with a key: TLS 1.2 or newer only",
     Kind::kText,
     [](Config& config, const std::string& text, const Sources&) {
       config.http.tls_certificate = text;
       return Status::Ok();
     },
     [](const Config& config) -> Json { return config.http.tls_certificate; }},
    {"tls-key", "OCHRE_TLS_KEY", "FILE", "PEM", Kind::kText,
     [](Config& config, const std::string& text, const Sources&) {
       config.http.tls_key = text;
       return Status::Ok();
     },
     [](const Config& config) -> Json { return config.http.tls_key; }},
    {"users", "OCHRE_USERS", "FILE", "who may call; without it everyone on this machine may", Kind::kText,
     [](Config& config, const std::string& text, const Sources&) {
       config.users = text;
       return Status::Ok();
     },
     [](const Config& config) -> Json { return config.users; }},
    {"without-authentication", "", "", "listen beyond this machine without users: everyone may do everything",
     Kind::kSwitch,
     [](Config& config, const std::string& text, const Sources&) {
       config.without_authentication = text == "true";
       return Status::Ok();
     },
     [](const Config& config) -> Json { return config.without_authentication; }},
    {"allow-reset", "", "", "let POST /api/v2/reset delete everything", Kind::kSwitch,
     [](Config& config, const std::string& text, const Sources&) {
       config.service.allow_reset = text == "true";
       return Status::Ok();
     },
     [](const Config& config) -> Json { return config.service.allow_reset; }},
    {"cors-origin", "", "ORIGINS", "pages that may call, like https://app.example,http://localhost:3000, or * for all",
     Kind::kText,
     [](Config& config, const std::string& text, const Sources&) -> Status {
       OCHRE_ASSIGN_OR_RETURN(config.service.cors_origins, ParseOrigins(text));
       return Status::Ok();
     },
     [](const Config& config) -> Json {
       std::string list;
       for (const std::string& origin : config.service.cors_origins) list += (list.empty() ? "" : ",") + origin;
       return list;
     }},
    {"threads", "", "N", "requests that are served at a time", Kind::kNumber,
     [](Config& config, const std::string& text, const Sources&) {
       return SetNumber<&HttpServerOptions::threads>(config.http, text, 1, 1'024);
     },
     [](const Config& config) -> Json { return config.http.threads; }},
    {"connections", "", "N", "more are closed at once", Kind::kNumber,
     [](Config& config, const std::string& text, const Sources&) {
       return SetNumber<&HttpServerOptions::connections_max>(config.http, text, 1, 1'000'000);
     },
     [](const Config& config) -> Json { return config.http.connections_max; }},
    {"head-kb", "", "N", "the largest request line with headers, in KB", Kind::kNumber,
     [](Config& config, const std::string& text, const Sources&) {
       OCHRE_ASSIGN_OR_RETURN(const int64_t kilobytes, ToNumber(text, 1, 1'024));
       config.http.head_bytes_max = kilobytes << 10;
       return Status::Ok();
     },
     [](const Config& config) -> Json { return config.http.head_bytes_max >> 10; }},
    {"body-mb", "", "N", "the largest body, in MB", Kind::kNumber,
     [](Config& config, const std::string& text, const Sources&) {
       OCHRE_ASSIGN_OR_RETURN(const int64_t megabytes, ToNumber(text, 1, 4'096));
       config.http.body_bytes_max = megabytes << 20;
       return Status::Ok();
     },
     [](const Config& config) -> Json { return config.http.body_bytes_max >> 20; }},
    {"bodies-mb", "", "N", "all bodies together that are under way, in MB; past it: 503", Kind::kNumber,
     [](Config& config, const std::string& text, const Sources&) {
       OCHRE_ASSIGN_OR_RETURN(const int64_t megabytes, ToNumber(text, 1, 1 << 20));
       config.http.bodies_bytes_max = megabytes << 20;
       return Status::Ok();
     },
     [](const Config& config) -> Json { return config.http.bodies_bytes_max >> 20; }},
    {"head-seconds", "", "N", "for a head to arrive, from the last answer on", Kind::kNumber,
     [](Config& config, const std::string& text, const Sources&) {
       return SetSeconds<&HttpServerOptions::head_seconds_max>(config, text);
     },
     [](const Config& config) -> Json { return config.http.head_seconds_max.count(); }},
    {"body-seconds", "", "N", "for a body to arrive", Kind::kNumber,
     [](Config& config, const std::string& text, const Sources&) {
       return SetSeconds<&HttpServerOptions::body_seconds_max>(config, text);
     },
     [](const Config& config) -> Json { return config.http.body_seconds_max.count(); }},
    {"write-seconds", "", "N", "for an answer to be taken", Kind::kNumber,
     [](Config& config, const std::string& text, const Sources&) {
       return SetSeconds<&HttpServerOptions::write_seconds_max>(config, text);
     },
     [](const Config& config) -> Json { return config.http.write_seconds_max.count(); }},
    {"tenant-rate", "", "N", "requests a second to one tenant; 0: no bound", Kind::kNumber,
     [](Config& config, const std::string& text, const Sources&) {
       return SetNumber<&ServiceOptions::tenant_requests_per_second>(config.service, text, 0, kRateMax);
     },
     [](const Config& config) -> Json { return static_cast<int64_t>(config.service.tenant_requests_per_second); }},
    {"collection-rate", "", "N", "requests a second to one collection; 0: no bound", Kind::kNumber,
     [](Config& config, const std::string& text, const Sources&) {
       return SetNumber<&ServiceOptions::collection_requests_per_second>(config.service, text, 0, kRateMax);
     },
     [](const Config& config) -> Json { return static_cast<int64_t>(config.service.collection_requests_per_second); }},
    {"quotas", "", "QUOTAS", "none, chroma-cloud, a JSON object of rules, or a file that holds one", Kind::kText,
     &SetQuotas,
     [](const Config& config) -> Json {
       Json rules = Json::object();
       for (const QuotaRule& rule : kQuotaRules) {
         const std::optional<int64_t> limit = config.database.quotas.*rule.limit;
         if (limit.has_value()) rules[std::string(rule.name)] = *limit;
       }
       return rules;
     }},
    {"log", "", "none|errors|all", "which requests are logged, to standard error", Kind::kText,
     [](Config& config, const std::string& text, const Sources&) { return SetLog(config, text); },
     [](const Config& config) -> Json {
       return std::ranges::find(kLevels, config.log_level, [](const auto& level) { return level.second; })->first;
     }},
};

constexpr std::string_view kConfig = "config";
constexpr std::string_view kConfigVariable = "OCHRE_CONFIG";

const Option* Find(std::string_view name) {
  const auto* const found = std::ranges::find(kOptions, name, &Option::name);
  return found == std::end(kOptions) ? nullptr : found;
}

// `where`: "--port", "port in FILE" or "$OCHRE_PORT".
Status Set(const Option& option, const std::string& text, std::string_view where, const ConfigSources& sources,
           ServerConfig& config) {
  const Status status = option.set(config, text, sources);
  if (status.ok()) return status;
  return Status::InvalidArgument(where, ": ", status.message());
}

Status ReadConfigFile(const std::string& path, const ConfigSources& sources, ServerConfig& config) {
  OCHRE_ASSIGN_OR_RETURN(const std::string text, sources.read_file(path));
  const Json json = Json::parse(text, /*cb=*/nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return Status::InvalidArgument(path, " is no JSON object");
  for (const auto& [name, value] : json.items()) {
    const Option* const option = Find(name);
    const std::string where = name + " in " + path;
    if (option == nullptr) return Status::InvalidArgument(where, ": there is no such option; see --help");
    if (option->kind == Kind::kNumber && !value.is_number_integer()) {
      return Status::InvalidArgument(where, ": ", value.dump(), " is no whole number");
    }
    if (option->kind == Kind::kSwitch && !value.is_boolean()) {
      return Status::InvalidArgument(where, ": ", value.dump(), " is neither true nor false");
    }
    const bool is_object = name == "quotas" && value.is_object();
    if (option->kind == Kind::kText && !value.is_string() && !is_object) {
      return Status::InvalidArgument(where, ": ", value.dump(), " is no string");
    }
    OCHRE_RETURN_IF_ERROR(
        Set(*option, value.is_string() ? value.get<std::string>() : value.dump(), where, sources, config));
  }
  return Status::Ok();
}

struct Argument {
  const Option* option;  // null: the configuration file
  std::string value;
};

Result<std::vector<Argument>> Split(std::span<const std::string> arguments) {
  std::vector<Argument> split;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    const std::string_view name = argument.starts_with("--") ? std::string_view(argument).substr(2) : "";
    const Option* const option = Find(name);
    if (option == nullptr && name != kConfig) {
      return Status::InvalidArgument("there is no option ", argument, "; see --help");
    }
    if (option != nullptr && option->kind == Kind::kSwitch) {
      split.push_back({option, "true"});
    } else if (i + 1 == arguments.size()) {
      return Status::InvalidArgument(argument, " lacks its value; see --help");
    } else {
      split.push_back({option, arguments[++i]});
    }
  }
  return split;
}

}  // namespace

Result<ServerConfig> ParseServerConfig(std::span<const std::string> arguments, const ConfigSources& sources) {
  OCHRE_ASSIGN_OR_RETURN(const std::vector<Argument> split, Split(arguments));
  std::optional<std::string> file = sources.environment(std::string(kConfigVariable));
  for (const Argument& argument : split) {
    if (argument.option == nullptr) file = argument.value;
  }
  ServerConfig config;
  if (file.has_value()) OCHRE_RETURN_IF_ERROR(ReadConfigFile(*file, sources, config));
  for (const Option& option : kOptions) {
    if (option.variable.empty()) continue;
    const std::string variable(option.variable);
    if (const auto value = sources.environment(variable)) {
      OCHRE_RETURN_IF_ERROR(Set(option, *value, "$" + variable, sources, config));
    }
  }
  for (const Argument& argument : split) {
    if (argument.option == nullptr) continue;
    const std::string name = "--" + std::string(argument.option->name);
    OCHRE_RETURN_IF_ERROR(Set(*argument.option, argument.value, name, sources, config));
  }
  config.service.batch_records_max =
      std::min({std::max<int64_t>(1, config.http.body_bytes_max / ServiceOptions::kBytesOfARecord),
                static_cast<int64_t>(kBatchRecordsMax), config.database.quotas.num_records.value_or(INT64_MAX)});
  return config;
}

std::string ToJson(const ServerConfig& config) {
  Json json = Json::object();
  for (const Option& option : kOptions) json[std::string(option.name)] = option.get(config);
  return json.dump();
}

std::string ServerUsage() {
  std::string usage = "usage: ochre-server [option...]\n";
  const auto add = [&](std::string_view name, std::string_view value, const std::string& help) {
    std::string line = "  --" + std::string(name) + (value.empty() ? "" : " ") + std::string(value);
    line.resize(std::max<size_t>(line.size() + 2, 30), ' ');
    usage += line + help + "\n";
  };
  const ServerConfig defaults;
  for (const Option& option : kOptions) {
    std::string help(option.help);
    if (option.name == "quotas") {
      help += "; default none";
    } else if (const Json value = option.get(defaults); option.kind != Kind::kSwitch && value != "") {
      help += "; default " + (value.is_string() ? value.get<std::string>() : value.dump());
    }
    if (!option.variable.empty()) help += " ($" + std::string(option.variable) + ")";
    add(option.name, option.value, help);
  }
  add(kConfig, "FILE", "a JSON object with these options as fields ($" + std::string(kConfigVariable) + ")");
  add("help", "", "");
  return usage + "An argument wins over the environment, and that over the file.\n";
}

}  // namespace ochre
