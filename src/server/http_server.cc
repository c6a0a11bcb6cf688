// The only file that knows Boost.Asio, which takes long to compile.
#include "server/http_server.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/write.hpp>
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
#include "server/answer_head.h"
#include "server/body_budget.h"
#include "server/chunked_body.h"
#include "server/gunzip.h"
#include "server/http_head.h"
#include "server/spare_bodies.h"

namespace ochre {
namespace {

namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;
using boost::system::error_code;

// Read of a head at a time: most are smaller.
constexpr size_t kHeadReadBytes = 4 << 10;
// Read of a body at a time, and what a body takes of memory ahead of what has come of it: cleared first, it is still in
// the second-level cache when it is overwritten.
constexpr size_t kBodyReadBytes = 128 << 10;
// From here on a body's memory is worth keeping (SpareBodies): 64 page faults, some 50 us. A smaller body could hold
// megabytes of another's that a larger one needs.
constexpr size_t kLargeBodyBytes = 256 << 10;
// How long what a refused client still sends is read and thrown away. To close at once would make its system throw away
// the answer with it (RFC 9112, section 9.6).
constexpr std::chrono::seconds kDrainSeconds{5};

// Gives the memory back, which an assignment keeps.
void Free(std::string& text) { std::string().swap(text); }

HttpError TooSlow() { return {408, "ChromaError", "the request did not arrive in time"}; }

HttpError CutOff() { return {400, "ChromaError", "the request is no valid HTTP: it ends early"}; }

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

using PlainStream = asio::ip::tcp::socket;
using TlsStream = asio::ssl::stream<asio::ip::tcp::socket>;

}  // namespace

class HttpServer::Listener {
 public:
  Listener(Service& service, const RequestLog& log, const HttpServerOptions& options)
      : service_(service),
        log_(log),
        options_(options),
        body_budget_(options.bodies_bytes_max),
        acceptor_(asio::make_strand(context_)) {}
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
        : listener_(listener),
          stream_(std::forward<Arguments>(stream)...),
          deadline_(stream_.get_executor()),
          bytes_held_(listener.body_budget_) {
      error_code ignored;
      const auto endpoint = socket().remote_endpoint(ignored);
      remote_ = endpoint.address().to_string(ignored);
      socket().set_option(asio::ip::tcp::no_delay(true), ignored);
      socket().non_blocking(true, ignored);  // ReadRestOfBody
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
        error_code ignored;
        if (self->idle_) self->socket().close(ignored);
      });
    }

   private:
    static constexpr bool kIsTls = std::is_same_v<Stream, TlsStream>;

    std::shared_ptr<Session> Self() { return std::static_pointer_cast<Session>(shared_from_this()); }

    asio::ip::tcp::socket& socket() {
      if constexpr (kIsTls) {
        return stream_.next_layer();
      } else {
        return stream_;
      }
    }

    enum class Late { kAnswer, kClose };

    // What is waited for from here on fails after `patience`, with late_ set. Instead of the deadline before.
    void SetDeadline(std::chrono::seconds patience, Late late) {
      late_ = false;
      deadline_.expires_after(patience);
      deadline_.async_wait([weak = this->weak_from_this(), late, this](const error_code& error) {
        const auto self = weak.lock();
        // A later deadline may have been set while this one was on its way here.
        if (error || self == nullptr || deadline_.expiry() > Clock::now()) return;
        late_ = true;
        error_code ignored;
        // Writing, and TLS, are several operations of the socket after each other: only closing it ends them all.
        if (late == Late::kAnswer && !kIsTls) {
          socket().cancel(ignored);
        } else {
          socket().close(ignored);
        }
      });
    }
    void LiftDeadline() { deadline_.expires_at(Clock::time_point::max()); }

    std::string_view Received() const { return std::string_view(received_).substr(received_begin_); }
    void Consume(size_t bytes) {
      received_begin_ += bytes;
      if (received_begin_ < received_.size()) return;
      received_.clear();
      received_begin_ = 0;
    }

    // Reads what has come, up to `bytes_max`, behind Received(), and then calls `next`, with an error if it could not.
    template <typename Next>
    void Receive(size_t bytes_max, Next next) {
      received_.erase(0, received_begin_);
      received_begin_ = 0;
      const size_t before = received_.size();
      received_.resize(before + bytes_max);
      const auto then = [self = Self(), before, next = std::move(next)](const error_code& error, size_t count) {
        self->received_.resize(before + count);
        next(error);
      };
      // The deadline may have passed between two reads, when there was nothing to cancel.
      if (late_) return then(asio::error::operation_aborted, 0);
      stream_.async_read_some(asio::buffer(received_.data() + before, bytes_max), then);
    }

    void ShakeHands() {
      SetDeadline(listener_.options_.head_seconds_max, Late::kClose);
      stream_.async_handshake(asio::ssl::stream_base::server, [self = Self()](const error_code& error) {
        if (!error) self->ReadHead();  // else nobody is there, or somebody who does not speak TLS
      });
    }

    void ReadHead() {
      if (listener_.stopped_.load()) return;
      idle_ = true;
      head_scanned_ = 0;
      SetDeadline(listener_.options_.head_seconds_max, Late::kAnswer);
      ReadRestOfHead();
    }

    void ReadRestOfHead() {
      while (Received().starts_with("\r\n")) Consume(2);  // which some clients send after a body
      const auto bytes_max = static_cast<size_t>(listener_.options_.head_bytes_max);
      const HttpResult<size_t> size = FindHeadEnd(Received(), head_scanned_);
      if (!size.ok()) return RefuseHead(size.error());
      if (size.value() > bytes_max || (size.value() == 0 && Received().size() >= bytes_max)) {
        return RefuseHead({431, "ChromaError", "the request's head is larger than this server accepts"});
      }
      if (size.value() > 0) return OnHead(size.value());
      Receive(kHeadReadBytes, [this](const error_code& error) {
        if (!error) return ReadRestOfHead();
        // Nobody is there any more, or nobody has said anything: a connection that was kept alive ends so.
        if (Received().empty()) return Close();
        if (late_) return RefuseHead(TooSlow());
        if (error == asio::error::eof) return RefuseHead(CutOff());
        // Otherwise the connection broke.
      });
    }

    void BeginExchange() {
      idle_ = false;
      began_ = Clock::now();
      exchange_ = {.request_id = RequestLog::NewRequestId(),
                   .operation = "none",
                   .method = {},
                   .target = {},
                   .remote = remote_,
                   .user = {}};
      parsed_ = {};
      request_ = {};
    }

    void RefuseHead(const HttpError& error) {
      BeginExchange();
      Refuse(error);
    }

    void OnHead(size_t size) {
      BeginExchange();
      HttpResult<ParsedHead> parsed =
          Protect([&]() -> HttpResult<ParsedHead> { return ParseHttpHead(Received().substr(0, size)); });
      Consume(size);
      if (!parsed.ok()) return Refuse(parsed.error());
      parsed_ = std::move(parsed).value();
      exchange_.method = parsed_.method;
      exchange_.target = parsed_.head.target;
      request_.head = std::move(parsed_.head);
      request_.head.remote = remote_;
      keep_alive_ = parsed_.keep_alive;
      if (request_.head.method == HttpMethod::kOptions) return OnOptions();
      HttpResult<Service::Admission> admission =
          Protect([&]() -> HttpResult<Service::Admission> { return listener_.service_.Admit(request_.head); });
      if (!admission.ok()) {
        // A body is not worth reading, and what follows on this connection cannot be told apart from it.
        if (parsed_.has_body()) return Refuse(admission.error());
        return Respond(ToResponse(admission.error()));
      }
      admission_ = std::move(admission).value();
      exchange_.operation = admission_->match.route->operation;
      if (admission_->user != nullptr) exchange_.user = admission_->user->id;
      if (parsed_.content_length.value_or(0) > BodyBytesMax()) return Refuse(BodyTooLarge());
      if (!parsed_.expects_continue) return ReadBody();
      static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
      asio::async_write(stream_, asio::buffer(kContinue), [self = Self()](const error_code& error, size_t) {
        if (!error) self->ReadBody();
      });
    }

    void OnOptions() {
      HttpResult<HttpResponse> answer =
          Protect([&]() -> HttpResult<HttpResponse> { return listener_.service_.AnswerOptions(request_.head); });
      if (parsed_.has_body()) LeaveUnread();
      Respond(answer.ok() ? std::move(answer).value() : ToResponse(answer.error()));
    }

    size_t BodyBytesMax() const { return static_cast<size_t>(listener_.options_.body_bytes_max); }

    void ReadBody() {
      SetDeadline(listener_.options_.body_seconds_max, Late::kAnswer);
      if (parsed_.chunked) {
        chunks_.emplace(BodyBytesMax(), static_cast<size_t>(listener_.options_.head_bytes_max));
        return ReadRestOfChunks();
      }
      // Straight to where it will be parsed: a body of megabytes is not copied once more.
      const auto bytes = static_cast<size_t>(parsed_.content_length.value_or(0));
      const size_t read = std::min(bytes, Received().size());
      std::string& body = request_.body;
      if (bytes >= kLargeBodyBytes) body = listener_.spare_bodies_.Take();
      if (body.capacity() < bytes + kBodyPaddingBytes) body.clear();  // what is in it need not be copied
      const size_t begin = std::clamp(body.size(), read, bytes);
      if (!bytes_held_.TryHold(static_cast<int64_t>(begin))) return Refuse(TooManyBodies());
      body.reserve(bytes + kBodyPaddingBytes);
      body.resize(begin);
      std::memcpy(body.data(), Received().data(), read);
      Consume(read);
      body_read_ = read;
      ReadRestOfBody(bytes);
    }

    void ReadRestOfBody(size_t bytes) {
      std::string& body = request_.body;
      while (body_read_ < bytes) {
        if (body_read_ == body.size()) {
          const size_t size = std::min(bytes, body_read_ + kBodyReadBytes);
          if (!bytes_held_.TryHold(static_cast<int64_t>(size))) return Refuse(TooManyBodies());
          body.resize(size);
        }
        if (late_) return Refuse(TooSlow());
        const auto room = asio::buffer(body.data() + body_read_, body.size() - body_read_);
        if constexpr (!kIsTls) {
          // What has come already is taken without a turn of the event loop, which may go on in another thread.
          error_code error;
          const size_t count = socket().read_some(room, error);
          if (!error) {
            body_read_ += count;
            continue;
          }
          if (error != asio::error::would_block) return OnBodyError(error);
        }
        stream_.async_read_some(room, [self = Self(), bytes](const error_code& error, size_t count) {
          if (error) return self->OnBodyError(error);
          self->body_read_ += count;
          self->ReadRestOfBody(bytes);
        });
        return;
      }
      OnBody();
    }

    void ReadRestOfChunks() {
      std::string& body = request_.body;
      const HttpResult<size_t> read = Protect([&] { return chunks_->Read(Received(), body); });
      if (!read.ok()) return Refuse(read.error());
      Consume(read.value());
      if (!bytes_held_.TryHold(static_cast<int64_t>(body.size() + received_.capacity()))) {
        return Refuse(TooManyBodies());
      }
      if (chunks_->done()) return OnBody();
      Receive(kBodyReadBytes, [this](const error_code& error) {
        if (error) return OnBodyError(error);
        ReadRestOfChunks();
      });
    }

    void OnBodyError(const error_code& error) {
      if (late_) return Refuse(TooSlow());
      if (error == asio::error::eof) return Refuse(CutOff());
      // Otherwise the connection broke.
    }

    void OnBody() {
      LiftDeadline();
      exchange_.bytes_in = static_cast<int64_t>(request_.body.size());
      HttpResult<HttpResponse> answer = Protect([&]() -> HttpResult<HttpResponse> {
        if (IsGzip(request_.head)) {
          OCHRE_HTTP_ASSIGN_OR_RETURN(request_.body, Unpacked());
        }
        return listener_.service_.Serve(*admission_, request_);
      });
      ForgetBody();
      Respond(answer.ok() ? std::move(answer).value() : ToResponse(answer.error()));
    }

    HttpResult<std::string> Unpacked() {
      return Gunzip(request_.body, BodyBytesMax(), [this](size_t bytes) {
        return bytes_held_.TryHold(static_cast<int64_t>(request_.body.size() + bytes));
      });
    }

    void ForgetBody() {
      if (request_.body.capacity() >= kLargeBodyBytes) listener_.spare_bodies_.Keep(std::move(request_.body));
      Free(request_.body);
      bytes_held_.Hold(0);
      // Chunks leave more room behind than heads need.
      if (received_.empty()) Free(received_);
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

    // What follows on the connection is not known, so it closes after the answer.
    void LeaveUnread() {
      unread_ = true;
      keep_alive_ = false;
    }

    // For a request that is not read to its end.
    void Refuse(const HttpError& error) {
      LeaveUnread();
      ForgetBody();
      Respond(ToResponse(error));
    }

    void Respond(HttpResponse answer) {
      keep_alive_ = keep_alive_ && !listener_.stopped_.load();
      exchange_.status = answer.status;
      exchange_.bytes_out = static_cast<int64_t>(answer.body.size());
      listener_.service_.AddFields(request_.head, answer);
      answer.headers.emplace_back("x-request-id", exchange_.request_id);
      answer.headers.emplace_back("chroma-trace-id", exchange_.request_id);  // as Chroma's clients look for it
      answer_head_ = AnswerHead(answer, keep_alive_);
      if (parsed_.method != "HEAD") answer_body_ = std::move(answer.body);
      bytes_held_.Hold(static_cast<int64_t>(answer_body_.capacity()));
      SetDeadline(listener_.options_.write_seconds_max, Late::kClose);
      const std::array<asio::const_buffer, 2> parts = {asio::buffer(answer_head_), asio::buffer(answer_body_)};
      asio::async_write(stream_, parts, [self = Self()](const error_code& error, size_t) { self->OnSent(error); });
    }

    void OnSent(const error_code& error) {
      Free(answer_body_);
      bytes_held_.Hold(0);
      exchange_.duration = Clock::now() - began_;
      listener_.service_.metrics().Count(exchange_);
      listener_.log_.Write(exchange_);
      if (error) return;
      if (keep_alive_) return ReadHead();
      if (!unread_) return Close();
      if constexpr (!kIsTls) ShutDownSending();
      idle_ = true;
      SetDeadline(kDrainSeconds, Late::kClose);
      Drain();
    }

    void Drain() {
      received_.clear();
      received_begin_ = 0;
      Receive(kHeadReadBytes, [this](const error_code& error) {
        if (!error) return Drain();
        if constexpr (kIsTls) Close();
      });
    }

    void Close() {
      if constexpr (kIsTls) {
        SetDeadline(listener_.options_.write_seconds_max, Late::kClose);
        stream_.async_shutdown([self = Self()](const error_code&) {});
      } else {
        ShutDownSending();
      }
    }

    void ShutDownSending() {
      error_code ignored;
      socket().shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
    }

    Listener& listener_;
    Stream stream_;
    asio::steady_timer deadline_;
    bool late_ = false;     // the deadline has passed
    std::string received_;  // from received_begin_ on: what has come and belongs to nothing yet
    size_t received_begin_ = 0;
    size_t head_scanned_ = 0;  // of Received(), by FindHeadEnd
    std::string remote_;
    ParsedHead parsed_;  // but for its head, which is in request_
    HttpRequest request_;
    std::optional<Service::Admission> admission_;
    std::optional<ChunkedBody> chunks_;
    BodyBudget::Share bytes_held_;
    std::string answer_head_;
    std::string answer_body_;
    Exchange exchange_;
    Clock::time_point began_;
    size_t body_read_ = 0;  // bytes that request_.body has of it; behind them is room
    bool idle_ = true;
    bool unread_ = false;  // the request was refused before its end
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
  BodyBudget body_budget_;
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
