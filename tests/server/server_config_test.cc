#include "server/server_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/support/must.h"

namespace ochre {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class ServerConfigTest : public testing::Test {
 protected:
  Result<ServerConfig> Parse(const std::vector<std::string>& arguments) const {
    return ParseServerConfig(arguments,
                             {.environment = [this](const std::string& name) { return Find(variables_, name); },
                              .read_file = [this](const std::string& path) -> Result<std::string> {
                                const auto found = Find(files_, path);
                                if (!found.has_value()) return Status::NotFound("cannot read ", path);
                                return *found;
                              }});
  }
  std::string MessageOf(const std::vector<std::string>& arguments) const {
    const Result<ServerConfig> config = Parse(arguments);
    EXPECT_FALSE(config.ok());
    return config.ok() ? "" : std::string(config.status().message());
  }

  std::map<std::string, std::string> variables_, files_;

 private:
  static std::optional<std::string> Find(const std::map<std::string, std::string>& texts, const std::string& name) {
    const auto found = texts.find(name);
    return found == texts.end() ? std::nullopt : std::optional(found->second);
  }
};

TEST_F(ServerConfigTest, WithoutAnythingItServesLoopback) {
  const ServerConfig config = Must(Parse({}));
  EXPECT_EQ(config.path, "ochre-data");
  EXPECT_EQ(config.http.address, "127.0.0.1");
  EXPECT_EQ(config.http.port, 8000);
  EXPECT_EQ(config.users, "");
  EXPECT_FALSE(config.without_authentication);
  EXPECT_FALSE(config.service.allow_reset);
  EXPECT_FALSE(config.database.writers_wait);
  EXPECT_EQ(config.database.quotas, Quotas());
}

TEST_F(ServerConfigTest, ArgumentsSetEverything) {
  const ServerConfig config = Must(Parse({"--path",
                                          "p",
                                          "--host",
                                          "::1",
                                          "--port",
                                          "1",
                                          "--tls-certificate",
                                          "c",
                                          "--tls-key",
                                          "k",
                                          "--users",
                                          "u",
                                          "--without-authentication",
                                          "--allow-reset",
                                          "--cors-origin",
                                          "https://App.example,http://localhost:3000",
                                          "--threads",
                                          "2",
                                          "--connections",
                                          "3",
                                          "--head-kb",
                                          "4",
                                          "--body-mb",
                                          "5",
                                          "--bodies-mb",
                                          "55",
                                          "--head-seconds",
                                          "6",
                                          "--body-seconds",
                                          "7",
                                          "--write-seconds",
                                          "8",
                                          "--tenant-rate",
                                          "9",
                                          "--collection-rate",
                                          "10",
                                          "--quotas",
                                          "chroma-cloud",
                                          "--log",
                                          "errors"}));
  EXPECT_EQ(config.path, "p");
  EXPECT_EQ(config.http.address, "::1");
  EXPECT_EQ(config.http.port, 1);
  EXPECT_EQ(config.http.tls_certificate, "c");
  EXPECT_EQ(config.http.tls_key, "k");
  EXPECT_EQ(config.users, "u");
  EXPECT_TRUE(config.without_authentication);
  EXPECT_TRUE(config.service.allow_reset);
  EXPECT_EQ(config.service.cors_origins, (std::vector<std::string>{"https://app.example", "http://localhost:3000"}));
  EXPECT_EQ(config.http.threads, 2);
  EXPECT_EQ(config.http.connections_max, 3);
  EXPECT_EQ(config.http.head_bytes_max, 4 << 10);
  EXPECT_EQ(config.http.body_bytes_max, 5 << 20);
  EXPECT_EQ(config.http.bodies_bytes_max, 55 << 20);
  EXPECT_EQ(config.http.head_seconds_max, std::chrono::seconds(6));
  EXPECT_EQ(config.http.body_seconds_max, std::chrono::seconds(7));
  EXPECT_EQ(config.http.write_seconds_max, std::chrono::seconds(8));
  EXPECT_EQ(config.service.tenant_requests_per_second, 9);
  EXPECT_EQ(config.service.collection_requests_per_second, 10);
  EXPECT_EQ(config.database.quotas, Quotas::ChromaCloud());
  EXPECT_EQ(config.log_level, RequestLog::Level::kErrors);
}

TEST_F(ServerConfigTest, ClientsAreToldOfBatchesThatFitTheLargestBody) {
  EXPECT_EQ(Must(Parse({})).service.batch_records_max, 43'690);
  EXPECT_EQ(Must(Parse({})).service.batch_records_max, ServiceOptions().batch_records_max);
  EXPECT_EQ(Must(Parse({"--body-mb", "60"})).service.batch_records_max, 10'240);
  EXPECT_EQ(Must(Parse({"--body-mb", "4096"})).service.batch_records_max, 699'050);
}

TEST_F(ServerConfigTest, LocalhostIsLoopback) {
  EXPECT_EQ(Must(Parse({"--host", "localhost"})).http.address, "127.0.0.1");
}

TEST_F(ServerConfigTest, NoPageOfAnotherOriginMayCallUnlessItsOriginIsNamed) {
  EXPECT_TRUE(Must(Parse({})).service.cors_origins.empty());
  for (const std::string text : {"app.example", "https://app.example/", "https://app.example/path", "https://", "://x",
                                 "https://a b", "https://a,nonsense"}) {
    EXPECT_THAT(MessageOf({"--cors-origin", text}), AllOf(HasSubstr("--cors-origin"), HasSubstr("scheme://host")))
        << text;
  }
}

TEST_F(ServerConfigTest, AnArgumentWinsOverTheEnvironmentAndThatOverTheFile) {
  files_["f.json"] = R"({"port": 1, "path": "of file", "host": "10.0.0.1", "allow-reset": true})";
  variables_ = {{"OCHRE_CONFIG", "f.json"}, {"OCHRE_PORT", "2"}, {"OCHRE_PATH", "of environment"}};
  const ServerConfig config = Must(Parse({"--port", "3"}));
  EXPECT_EQ(config.http.port, 3);
  EXPECT_EQ(config.path, "of environment");
  EXPECT_EQ(config.http.address, "10.0.0.1");
  EXPECT_TRUE(config.service.allow_reset);
  files_["g.json"] = R"({"port": 4})";
  variables_.erase("OCHRE_PORT");
  EXPECT_EQ(Must(Parse({"--config", "g.json"})).http.port, 4) << "the argument's file, not the environment's";
}

TEST_F(ServerConfigTest, QuotasAreAPresetRulesOrAFile) {
  files_["rules.json"] = R"({"num_records": 7})";
  EXPECT_EQ(Must(Parse({"--quotas", "rules.json"})).database.quotas.num_records, 7);
  EXPECT_EQ(Must(Parse({"--quotas", R"({"num_records": 8})"})).database.quotas.num_records, 8);
  files_["f.json"] = R"({"quotas": {"preset": "chroma-cloud", "num_records": 9}})";
  const ServerConfig config = Must(Parse({"--config", "f.json"}));
  EXPECT_EQ(config.database.quotas.num_records, 9);
  EXPECT_EQ(config.database.quotas.embedding_dimensions, Quotas::ChromaCloud().embedding_dimensions);
  EXPECT_EQ(config.service.batch_records_max, 9) << "clients are told";
}

TEST_F(ServerConfigTest, WhatIsWrongIsNamed) {
  EXPECT_THAT(MessageOf({"--prot", "1"}), HasSubstr("--prot"));
  EXPECT_THAT(MessageOf({"port", "1"}), HasSubstr("port"));
  EXPECT_THAT(MessageOf({"--port"}), AllOf(HasSubstr("--port"), HasSubstr("value")));
  EXPECT_THAT(MessageOf({"--port", "65536"}), AllOf(HasSubstr("--port"), HasSubstr("65536"), HasSubstr("65535")));
  EXPECT_THAT(MessageOf({"--threads", "0"}), AllOf(HasSubstr("--threads"), HasSubstr("[1, 1024]")));
  EXPECT_THAT(MessageOf({"--log", "some"}), AllOf(HasSubstr("--log"), HasSubstr("some"), HasSubstr("errors")));
  EXPECT_THAT(MessageOf({"--quotas", "few"}), HasSubstr("--quotas"));
  variables_["OCHRE_PORT"] = "http";
  EXPECT_THAT(MessageOf({}), AllOf(HasSubstr("$OCHRE_PORT"), HasSubstr("http")));
}

TEST_F(ServerConfigTest, WhatIsWrongInTheFileIsNamedWithTheFile) {
  const auto message_of = [&](const std::string& file) {
    files_["f.json"] = file;
    return MessageOf({"--config", "f.json"});
  };
  EXPECT_THAT(MessageOf({"--config", "nothing.json"}), HasSubstr("nothing.json"));
  EXPECT_THAT(message_of("[]"), HasSubstr("f.json is no JSON object"));
  EXPECT_THAT(message_of("{"), HasSubstr("f.json is no JSON object"));
  EXPECT_THAT(message_of(R"({"prot": 1})"), HasSubstr("prot in f.json"));
  EXPECT_THAT(message_of(R"({"port": "1"})"), HasSubstr("port in f.json"));
  EXPECT_THAT(message_of(R"({"port": 1.5})"), HasSubstr("port in f.json"));
  EXPECT_THAT(message_of(R"({"port": 99999})"), HasSubstr("port in f.json"));
  EXPECT_THAT(message_of(R"({"allow-reset": "yes"})"), HasSubstr("allow-reset in f.json"));
  EXPECT_THAT(message_of(R"({"path": {}})"), HasSubstr("path in f.json"));
  EXPECT_THAT(message_of(R"({"config": "g.json"})"), HasSubstr("config in f.json")) << "files name no files";
}

TEST_F(ServerConfigTest, WhatIsPrintedCanBeReadBack) {
  const ServerConfig config = Must(Parse({"--port", "9", "--users", "users.json", "--quotas", R"({"num_results": 5})",
                                          "--log", "none", "--without-authentication", "--tenant-rate", "100"}));
  files_["printed.json"] = ToJson(config);
  const ServerConfig read = Must(Parse({"--config", "printed.json"}));
  EXPECT_EQ(ToJson(read), ToJson(config));
  EXPECT_EQ(read.database.quotas, config.database.quotas);
  EXPECT_EQ(read.log_level, RequestLog::Level::kNone);
  EXPECT_TRUE(read.without_authentication);
}

TEST_F(ServerConfigTest, HelpNamesEveryOption) {
  const std::string usage = ServerUsage();
  const auto options = nlohmann::json::parse(ToJson(ServerConfig()));
  EXPECT_GT(options.size(), 15u);
  for (const auto& [name, value] : options.items()) EXPECT_THAT(usage, HasSubstr("--" + name + " "));
  EXPECT_THAT(usage, AllOf(HasSubstr("--config"), HasSubstr("default 8000"), HasSubstr("$OCHRE_PATH")));
}

}  // namespace
}  // namespace ochre
