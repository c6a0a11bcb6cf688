// HttpServer over TLS.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <openssl/ssl.h>

#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "instance/instance.h"
#include "server/http_server.h"
#include "tests/server/raw_client.h"
#include "tests/server/tls_files.h"
#include "tests/storage/temporary_folder.h"
#include "tests/support/must.h"

namespace ochre {
namespace {

using testing::HasSubstr;

// One request over a connection of its own; its whole answer, or nothing if there was none.
class TlsClient {
 public:
  // Trusts `certificate` alone.
  TlsClient(uint16_t port, const std::string& certificate, int version_max = TLS1_3_VERSION)
      : context_(SSL_CTX_new(TLS_client_method()), &SSL_CTX_free) {
    SSL_CTX_load_verify_locations(context_.get(), certificate.c_str(), nullptr);
    SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
    SSL_CTX_set_max_proto_version(context_.get(), version_max);
    // Old versions are offered only when asked for so.
    SSL_CTX_set_security_level(context_.get(), version_max < TLS1_2_VERSION ? 0 : 1);
    connection_.reset(BIO_new_ssl_connect(context_.get()));
    BIO_set_conn_hostname(connection_.get(), ("127.0.0.1:" + std::to_string(port)).c_str());
    connected_ = BIO_do_connect(connection_.get()) == 1;
  }

  bool connected() const { return connected_; }

  std::string Ask(const std::string& request) {
    if (BIO_write(connection_.get(), request.data(), static_cast<int>(request.size())) <= 0) return {};
    std::string answer;
    char bytes[4096];
    for (int count; (count = BIO_read(connection_.get(), bytes, sizeof(bytes))) > 0;) {
      answer.append(bytes, static_cast<size_t>(count));
    }
    return answer;
  }

 private:
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
  std::unique_ptr<BIO, decltype(&BIO_free_all)> connection_{nullptr, &BIO_free_all};
  bool connected_ = false;
};

std::string Get(const std::string& target) {
  return "GET " + target + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
}

class TlsTest : public testing::Test {
 protected:
  Status Start(HttpServerOptions options) {
    options.port = 0;
    options.threads = 2;
    OCHRE_ASSIGN_OR_RETURN(server_, HttpServer::Start(service_, log_, options));
    return Status::Ok();
  }
  HttpServerOptions WithFiles() const { return {.tls_certificate = files_.certificate(), .tls_key = files_.key()}; }

  TemporaryFolder folder_;
  const TlsFiles files_{folder_.path(), "server"};
  const RequestLog log_{-1, RequestLog::Level::kNone};
  std::shared_ptr<Instance> instance_ = Must(Instance::InMemory({}));
  Service service_{*instance_, ServiceOptions(), nullptr};
  std::unique_ptr<HttpServer> server_;
};

TEST_F(TlsTest, AnswersThoseWhoTrustItsCertificate) {
  ASSERT_EQ(Start(WithFiles()), Status::Ok());
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TlsClient client(server_->port(), files_.certificate(), version);
    ASSERT_TRUE(client.connected());
    EXPECT_THAT(client.Ask(Get("/api/v2/version")), testing::AllOf(HasSubstr("200 OK"), HasSubstr("\"1.0.0\"")));
  }
  const TlsFiles others(folder_.path(), "others");
  EXPECT_FALSE(TlsClient(server_->port(), others.certificate()).connected());
}

TEST_F(TlsTest, ABodyOfMegabytesArrivesWhole) {
  ASSERT_EQ(Start(WithFiles()), Status::Ok());
  TlsClient client(server_->port(), files_.certificate());
  const std::string body = "{\"name\": \"tenant\"" + std::string(3 << 20, ' ') + "}";
  const std::string answer = client.Ask(
      "POST /api/v2/tenants HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: "
      "application/json\r\nContent-Length: " +
      std::to_string(body.size()) + "\r\n\r\n" + body);
  EXPECT_THAT(answer, HasSubstr("200 OK"));
  EXPECT_THAT(TlsClient(server_->port(), files_.certificate()).Ask(Get("/api/v2/tenants/tenant")), HasSubstr("200 OK"));
}

TEST_F(TlsTest, OldVersionsAreRefused) {
  ASSERT_EQ(Start(WithFiles()), Status::Ok());
  EXPECT_FALSE(TlsClient(server_->port(), files_.certificate(), TLS1_1_VERSION).connected());
}

TEST_F(TlsTest, WhoDoesNotSpeakTlsHarmsNobody) {
  HttpServerOptions options = WithFiles();
  options.head_seconds_max = std::chrono::seconds(1);
  ASSERT_EQ(Start(options), Status::Ok());
  RawClient plain(server_->port());
  EXPECT_EQ(plain.Ask("GET", "/api/v2/version").status, 0);
  RawClient silent(server_->port());
  EXPECT_TRUE(silent.IsClosed()) << "after a second";
  TlsClient client(server_->port(), files_.certificate());
  EXPECT_THAT(client.Ask(Get("/api/v2/heartbeat")), HasSubstr("200 OK"));
}

TEST_F(TlsTest, FilesThatCannotBeUsedAreNamed) {
  const std::string nothing = (folder_.path() / "nothing").string(), text = (folder_.path() / "text").string();
  std::ofstream(text) << "no certificate";
  const TlsFiles others(folder_.path(), "others");
  const auto message = [&](const std::string& certificate, const std::string& key) {
    const Status status = Start({.tls_certificate = certificate, .tls_key = key});
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
    return std::string(status.message());
  };
  EXPECT_THAT(message(nothing, files_.key()), HasSubstr(nothing));
  EXPECT_THAT(message(text, files_.key()), HasSubstr(text));
  EXPECT_THAT(message(files_.certificate(), nothing), HasSubstr(nothing));
  EXPECT_THAT(message(files_.certificate(), others.key()), HasSubstr(others.key()));
  EXPECT_THAT(message(files_.certificate(), ""), HasSubstr("both"));
  EXPECT_THAT(message("", files_.key()), HasSubstr("both"));
}

TEST_F(TlsTest, StopsWhileConnectionsAreOpen) {
  ASSERT_EQ(Start(WithFiles()), Status::Ok());
  TlsClient client(server_->port(), files_.certificate());
  ASSERT_TRUE(client.connected());
  RawClient silent(server_->port());
  server_->Stop(std::chrono::seconds(20));
  EXPECT_TRUE(silent.IsClosed());
}

}  // namespace
}  // namespace ochre
