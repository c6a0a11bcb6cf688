// The only file that knows Boost.Beast, which takes long to compile.
#include "server/http_server.h"

#include <algorithm>
#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/strand.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <boost/beast/version.hpp>
#include <cstring>
#include <exception>
#include <new>
#include <optional>
#include <set>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "runtime/mutex.h"
#include "server/spare_bodies.h"

namespace ochre {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using Clock = std::chrono::steady_clock;
using boost::system::error_code;

// Read of a body at a time, and what a body takes of memory ahead of what has come of it: cleared first, it is still in
// the second-level cache when it is overwritten.
constexpr size_t kBodyReadBytes = 128 << 10;
// The most that Beast reads at a time.
constexpr size_t kBeastReadBytes = 65'536;
// Behind a body, for those who parse it (HttpRequest::body).
constexpr size_t kBodyPaddingBytes = 64;
// From here on a body's memory is worth keeping (SpareBodies): 64 page faults, some 50 us. A smaller body could hold
// megabytes of another's that a larger one needs.
constexpr size_t kLargeBodyBytes = 256 << 10;

HttpMethod MethodOf(http::verb verb) {
  switch (verb) {
    case http::verb::get:
    case http::verb::head:
      return HttpMethod::kGet;
    case http::verb::post:
      return HttpMethod::kPost;
    case http::verb::put:
      return HttpMethod::kPut;
    case http::verb::patch:
      return HttpMethod::kPatch;
    case http::verb::delete_:
      return HttpMethod::kDelete;
    default:
      return HttpMethod::kOther;
  }
}

std::string ToString(beast::string_view text) { return std::string(text.data(), text.size()); }

// What a request that cannot be read is answered with.
HttpError ErrorOfReading(const error_code& error) {
  if (error == http::error::header_limit) {
    return {431, "ChromaError", "the request's head is larger than this server accepts"};
  }
  if (error == http::error::body_limit) {
    return {413, "ChromaError", "the request's body is larger than this server accepts"};
  }
  if (error == beast::error::timeout) return {408, "ChromaError", "the request did not arrive in time"};
  return {400, "ChromaError", "the request is no valid HTTP: " + error.message()};
}

// TLS 1.2 and newer, by the server's certificate and key.
Result<std::unique_ptr<asio::ssl::context>> MakeTlsContext(const HttpServerOptions& options) {
  if (options.tls_certificate.empty() && options.tls_key.empty()) return std::unique_ptr<asio::ssl::context>();
  if (options.tls_certificate.empty() || options.tls_key.empty()) {
    return Status::InvalidArgument("TLS needs both a certificate and a key, and only one of them is given");
  }
  auto context = std::make_unique<asio::ssl::context>(asio::ssl::context::tls_server);
  error_code error;
  context->set_options(asio::ssl::context::default_workarounds | asio::ssl::context::no_sslv2 |
                           asio::ssl::context::no_sslv3 | asio::ssl::context::no_tlsv1 | asio::ssl::context::no_tlsv1_1,
                       error);
  if (!error) context->use_certificate_chain_file(options.tls_certificate, error);
  if (error) {
    return Status::InvalidArgument(options.tls_certificate, " is no certificate in PEM form: ", error.message());
  }
  context->use_private_key_file(options.tls_key, asio::ssl::context::pem, error);
  if (error) {
    return Status::InvalidArgument(options.tls_key, " is no key in PEM form that fits ", options.tls_certificate, ": ",
                                   error.message());
  }
  return context;
}

using PlainStream = beast::tcp_stream;
using TlsStream = beast::ssl_stream<beast::tcp_stream>;

}  // namespace

class HttpServer::Listener {
 public:
  Listener(Service& service, const RequestLog& log, const HttpServerOptions& options)
      : service_(service), log_(log), options_(options), acceptor_(asio::make_strand(context_)) {}
  ~Listener() { Stop(std::chrono::seconds(0)); }

  Status Start() {
    OCHRE_ASSIGN_OR_RETURN(tls_, MakeTlsContext(options_));
    error_code error;
    const auto address = asio::ip::make_address(options_.address, error);
    if (error) return Status::InvalidArgument("\"", options_.address, "\" is no numeric address to listen on");
    const asio::ip::tcp::endpoint endpoint(address, options_.port);
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (error) {
      return Status::FailedPrecondition("cannot listen on ", options_.address, " port ", options_.port, ": ",
                                        error.message());
    }
    port_ = acceptor_.local_endpoint(error).port();
    Accept();
    for (int32_t i = 0; i < options_.threads; ++i) threads_.emplace_back([this] { context_.run(); });
    return Status::Ok();
  }

  uint16_t port() const { return port_; }

  void Stop(std::chrono::seconds patience) {
    if (stopped_.exchange(true)) return;
    service_.BeginShutdown();
    asio::post(acceptor_.get_executor(), [this] {
      error_code ignored;
      acceptor_.close(ignored);
    });
    // Not under the lock: a connection that ends meanwhile, held by nobody else any more, takes it itself.
    for (const std::shared_ptr<Connection>& connection : Connections()) connection->CloseIfIdle();
    {
      MutexLock lock(mutex_);
      const auto deadline = Clock::now() + patience;
      while (!connections_.empty() && Clock::now() < deadline) gone_.WaitFor(lock, deadline - Clock::now());
    }
    context_.stop();
    for (std::thread& thread : threads_) thread.join();
  }

 private:
  class Connection : public std::enable_shared_from_this<Connection> {
   public:
    virtual ~Connection() = default;
    // From any thread. A connection that is in the middle of a request closes after its answer.
    virtual void CloseIfIdle() = 0;
  };

  // One connection over a PlainStream or a TlsStream. Its handlers run one after the other.
  template <typename Stream>
  class Session : public Connection {
   public:
    // `stream...`: what a Stream is made of.
    template <typename... Arguments>
    explicit Session(Listener& listener, Arguments&&... stream)
        : listener_(listener), stream_(std::forward<Arguments>(stream)...) {
      error_code ignored;
      const auto endpoint = tcp().socket().remote_endpoint(ignored);
      remote_ = endpoint.address().to_string(ignored);
      tcp().socket().set_option(asio::ip::tcp::no_delay(true), ignored);
      tcp().socket().non_blocking(true, ignored);  // ReadRestOfBody
      listener_.Add(this);
    }
    ~Session() override { listener_.Remove(this); }

    void Begin() {
      asio::post(stream_.get_executor(), [self = Self()] {
        if constexpr (kIsTls) {
          self->ShakeHands();
        } else {
          self->ReadHead();
        }
      });
    }

    void CloseIfIdle() override {
      asio::post(stream_.get_executor(), [self = Self()] {
        if (self->idle_) self->tcp().close();
      });
    }

   private:
    static constexpr bool kIsTls = std::is_same_v<Stream, TlsStream>;

    std::shared_ptr<Session> Self() { return std::static_pointer_cast<Session>(shared_from_this()); }
    beast::tcp_stream& tcp() { return beast::get_lowest_layer(stream_); }

    void ShakeHands() {
      tcp().expires_after(listener_.options_.head_seconds_max);
      stream_.async_handshake(asio::ssl::stream_base::server, [self = Self()](const error_code& error) {
        if (!error) self->ReadHead();  // else nobody is there, or somebody who does not speak TLS
      });
    }

    void ReadHead() {
      if (listener_.stopped_.load()) return;
      idle_ = true;
      parser_.emplace();
      parser_->header_limit(static_cast<uint32_t>(listener_.options_.head_bytes_max));
      parser_->body_limit(static_cast<uint64_t>(listener_.options_.body_bytes_max));
      tcp().expires_after(listener_.options_.head_seconds_max);
      http::async_read_header(stream_, buffer_, *parser_,
                              [self = Self()](const error_code& error, size_t) { self->OnHead(error); });
    }

    void OnHead(const error_code& error) {
      idle_ = false;
      began_ = Clock::now();
      exchange_ = {.request_id = RequestLog::NewRequestId(),
                   .operation = "none",
                   .method = {},
                   .target = {},
                   .remote = remote_,
                   .user = {}};
      // Nobody is there any more, or nobody has said anything: a connection that was kept alive ends so.
      const bool silent = buffer_.size() == 0 && !parser_->got_some();
      if (error == http::error::end_of_stream || (error == beast::error::timeout && silent)) return Close();
      if (error && error != http::error::body_limit &&
          error.category() != http::make_error_code(http::error::bad_method).category() &&
          error != beast::error::timeout) {
        return;  // the connection broke
      }
      if (error) return Fail(ErrorOfReading(error));
      const auto& head = parser_->get();
      is_head_ = head.method() == http::verb::head;
      exchange_.method = ToString(head.method_string());
      exchange_.target = ToString(head.target());
      request_ = {};
      request_.head.method = MethodOf(head.method());
      request_.head.target = exchange_.target;
      request_.head.authorization = ToString(head[http::field::authorization]);
      request_.head.chroma_token = ToString(head["x-chroma-token"]);
      if (const auto type = head.find(http::field::content_type); type != head.end()) {
        request_.head.content_type = ToString(type->value());
      }
      request_.head.remote = remote_;
      keep_alive_ = head.keep_alive();
      HttpResult<Service::Admission> admission =
          Protect([&]() -> HttpResult<Service::Admission> { return listener_.service_.Admit(request_.head); });
      if (!admission.ok()) {
        // The body is not worth reading, so what follows on this connection cannot be told apart from it.
        if (!parser_->is_done()) keep_alive_ = false;
        return Respond(ToResponse(admission.error()));
      }
      admission_ = std::move(admission).value();
      exchange_.operation = admission_->match.route->operation;
      if (admission_->user != nullptr) exchange_.user = admission_->user->id;
      if (beast::iequals(head[http::field::expect], "100-continue")) return Continue();
      ReadBody();
    }

    void Continue() {
      auto response = std::make_shared<http::response<http::empty_body>>(http::status::continue_, 11);
      http::async_write(stream_, *response, [self = Self(), response](const error_code& error, size_t) {
        if (!error) self->ReadBody();
      });
    }

    void ReadBody() {
      tcp().expires_after(listener_.options_.body_seconds_max);
      const auto length = parser_->content_length();
      if (!length.has_value()) {  // in chunks
        // Beast reads as much at a time as its buffer has room for, which after a head is little.
        if (!parser_->is_done()) buffer_.reserve(kBeastReadBytes);
        http::async_read(stream_, buffer_, *parser_, [self = Self()](const error_code& error, size_t) {
          self->request_.body = std::move(self->parser_->get().body());
          self->OnBody(error);
        });
        return;
      }
      // Straight to where it will be parsed: a body of megabytes is not copied once more.
      const auto bytes = static_cast<size_t>(*length);
      const size_t read = std::min(bytes, buffer_.size());
      std::string& body = request_.body;
      if (bytes >= kLargeBodyBytes) body = listener_.spare_bodies_.Take();
      if (body.capacity() < bytes + kBodyPaddingBytes) body.clear();  // what is in it need not be copied
      body.reserve(bytes + kBodyPaddingBytes);
      body.resize(std::clamp(body.size(), read, bytes));
      std::memcpy(body.data(), buffer_.data().data(), read);
      buffer_.consume(read);
      body_read_ = read;
      ReadRestOfBody(bytes);
    }

    void ReadRestOfBody(size_t bytes) {
      std::string& body = request_.body;
      while (body_read_ < bytes) {
        if (body_read_ == body.size()) body.resize(std::min(bytes, body_read_ + kBodyReadBytes));
        const auto room = asio::buffer(body.data() + body_read_, body.size() - body_read_);
        if constexpr (!kIsTls) {
          // What has come already is taken without a turn of the event loop, which may go on in another thread.
          error_code error;
          const size_t count = tcp().socket().read_some(room, error);
          if (!error) {
            body_read_ += count;
            continue;
          }
          if (error != asio::error::would_block) return OnBodyEnd(error);
        }
        stream_.async_read_some(room, [self = Self(), bytes](const error_code& error, size_t count) {
          if (error) return self->OnBodyEnd(error);
          self->body_read_ += count;
          self->ReadRestOfBody(bytes);
        });
        return;
      }
      OnBody({});
    }

    void OnBodyEnd(const error_code& error) {
      OnBody(error == asio::error::eof ? http::make_error_code(http::error::partial_message) : error);
    }

    void OnBody(const error_code& error) {
      if (error) return Fail(ErrorOfReading(error));
      tcp().expires_never();
      exchange_.bytes_in = static_cast<int64_t>(request_.body.size());
      HttpResult<HttpResponse> answer =
          Protect([&]() -> HttpResult<HttpResponse> { return listener_.service_.Serve(*admission_, request_); });
      if (request_.body.capacity() >= kLargeBodyBytes) listener_.spare_bodies_.Keep(std::move(request_.body));
      request_.body = {};
      Respond(answer.ok() ? std::move(answer).value() : ToResponse(answer.error()));
    }

    // Exceptions end here: a request that takes more memory than there is costs its sender an answer, nobody else.
    template <typename Work>
    static std::invoke_result_t<Work> Protect(const Work& work) {
      try {
        return work();
      } catch (const std::bad_alloc&) {
        return ToHttpError(Status::ResourceExhausted("the server has not enough memory for this request"));
      } catch (const std::exception& exception) {
        return ToHttpError(Status::Internal(exception.what()));
      }
    }

    // What follows on the connection is not known.
    void Fail(const HttpError& error) {
      keep_alive_ = false;
      Respond(ToResponse(error));
    }

    void Respond(HttpResponse answer) {
      keep_alive_ = keep_alive_ && !listener_.stopped_.load();
      exchange_.status = answer.status;
      exchange_.bytes_out = static_cast<int64_t>(answer.body.size());
      auto response = std::make_shared<http::response<http::string_body>>();
      response->version(11);
      response->result(static_cast<unsigned>(answer.status));
      response->set(http::field::server, "ochre");
      response->set(http::field::content_type,
                    beast::string_view(answer.content_type.data(), answer.content_type.size()));
      response->set("x-request-id", exchange_.request_id);
      for (const auto& [name, value] : answer.headers) {
        response->set(beast::string_view(name.data(), name.size()), value);
      }
      response->keep_alive(keep_alive_);
      response->content_length(answer.body.size());
      if (!is_head_) response->body() = std::move(answer.body);
      tcp().expires_after(listener_.options_.write_seconds_max);
      http::async_write(stream_, *response,
                        [self = Self(), response](const error_code& error, size_t) { self->OnSent(error); });
    }

    void OnSent(const error_code& error) {
      exchange_.duration = Clock::now() - began_;
      listener_.service_.metrics().Count(exchange_);
      listener_.log_.Write(exchange_);
      if (error) return;
      if (keep_alive_) return ReadHead();
      Close();
    }

    void Close() {
      if constexpr (kIsTls) {
        tcp().expires_after(listener_.options_.write_seconds_max);
        stream_.async_shutdown([self = Self()](const error_code&) {});
      } else {
        error_code ignored;
        tcp().socket().shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
      }
    }

    Listener& listener_;
    Stream stream_;
    beast::flat_buffer buffer_;
    std::optional<http::request_parser<http::string_body>> parser_;
    std::string remote_;
    HttpRequest request_;
    std::optional<Service::Admission> admission_;
    Exchange exchange_;
    Clock::time_point began_;
    size_t body_read_ = 0;  // bytes that request_.body has of it; behind them is room
    bool idle_ = true;
    bool is_head_ = false;
    bool keep_alive_ = false;
  };

  void Accept() {
    acceptor_.async_accept(asio::make_strand(context_), [this](const error_code& error, asio::ip::tcp::socket socket) {
      if (!acceptor_.is_open()) return;
      if (!error && ConnectionCount() < options_.connections_max) {
        if (tls_ == nullptr) {
          std::make_shared<Session<PlainStream>>(*this, std::move(socket))->Begin();
        } else {
          std::make_shared<Session<TlsStream>>(*this, std::move(socket), *tls_)->Begin();
        }
      }  // otherwise the socket closes here
      Accept();
    });
  }

  // Those that are not ending.
  std::vector<std::shared_ptr<Connection>> Connections() {
    std::vector<std::shared_ptr<Connection>> connections;
    MutexLock lock(mutex_);
    for (Connection* connection : connections_) {
      if (auto shared = connection->weak_from_this().lock()) connections.push_back(std::move(shared));
    }
    return connections;
  }

  int64_t ConnectionCount() {
    MutexLock lock(mutex_);
    return static_cast<int64_t>(connections_.size());
  }

  void Add(Connection* connection) {
    service_.metrics().ConnectionOpened();
    MutexLock lock(mutex_);
    connections_.insert(connection);
  }

  void Remove(Connection* connection) {
    service_.metrics().ConnectionClosed();
    MutexLock lock(mutex_);
    connections_.erase(connection);
    if (connections_.empty()) gone_.NotifyAll();
  }

  Service& service_;
  const RequestLog& log_;
  const HttpServerOptions options_;
  uint16_t port_ = 0;
  std::unique_ptr<asio::ssl::context> tls_;  // null: plain
  std::atomic<bool> stopped_ = false;
  SpareBodies spare_bodies_;
  Mutex mutex_;  // held to look at the connections
  CondVar gone_;
  std::set<Connection*> connections_ OCHRE_GUARDED_BY(mutex_);
  asio::io_context context_;  // after what the handlers that it still holds use when it dies
  asio::ip::tcp::acceptor acceptor_;
  std::vector<std::thread> threads_;
};

Result<std::unique_ptr<HttpServer>> HttpServer::Start(Service& service, const RequestLog& log,
                                                      const HttpServerOptions& options) {
  auto listener = std::make_unique<Listener>(service, log, options);
  OCHRE_RETURN_IF_ERROR(listener->Start());
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(listener)));
}

HttpServer::HttpServer(std::unique_ptr<Listener> listener) : listener_(std::move(listener)) {}

HttpServer::~HttpServer() = default;

uint16_t HttpServer::port() const { return listener_->port(); }

void HttpServer::Stop(std::chrono::seconds patience) { listener_->Stop(patience); }

}  // namespace ochre
