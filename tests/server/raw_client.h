// RawClient: a TCP connection that says exactly what a test wants said.
#ifndef OCHRE_TESTS_SERVER_RAW_CLIENT_H_
#define OCHRE_TESTS_SERVER_RAW_CLIENT_H_

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace ochre {

struct RawAnswer {
  int status = 0;  // 0: the connection closed without one
  std::string head;
  std::string body;
};

class RawClient {
 public:
  explicit RawClient(uint16_t port) : socket_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const timeval patience = {.tv_sec = 20, .tv_usec = 0};
    setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    connected_ = connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
  }
  ~RawClient() { close(socket_); }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  bool connected() const { return connected_; }

  // False: the other end has closed.
  bool Send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<size_t>(sent));
    }
    return true;
  }

  // The next answer, whose body has the length that its head says.
  RawAnswer Receive(bool has_body = true) {
    RawAnswer answer;
    size_t end;
    while ((end = received_.find("\r\n\r\n")) == std::string::npos) {
      if (!ReceiveSome()) return answer;
    }
    answer.head = received_.substr(0, end);
    received_.erase(0, end + 4);
    answer.status = std::atoi(answer.head.c_str() + std::string_view("HTTP/1.1 ").size());
    const size_t length_at = answer.head.find("Content-Length: ");
    if (!has_body || length_at == std::string::npos) return answer;
    const auto length = static_cast<size_t>(std::atoll(answer.head.c_str() + length_at + 16));
    while (received_.size() < length && ReceiveSome()) {
    }
    answer.body = received_.substr(0, length);
    received_.erase(0, length);
    return answer;
  }

  RawAnswer Ask(std::string_view method, std::string_view target, std::string_view body = "",
                std::string_view headers = "") {
    std::string request = std::string(method) + " " + std::string(target) + " HTTP/1.1\r\nHost: x\r\n";
    if (!body.empty()) request += "Content-Type: application/json\r\n";
    request += "Content-Length: " + std::to_string(body.size()) + "\r\n" + std::string(headers) + "\r\n";
    if (!Send(request + std::string(body))) return {};
    return Receive(method != "HEAD");
  }

  // Whether anything comes, or the other end closes, within `patience`.
  bool HasSomething(std::chrono::milliseconds patience) {
    if (!received_.empty()) return true;
    pollfd waited = {.fd = socket_, .events = POLLIN, .revents = 0};
    return poll(&waited, 1, static_cast<int>(patience.count())) == 1;
  }

  // Whether the other end closes, instead of saying any more.
  bool IsClosed() { return received_.empty() && !ReceiveSome(); }

 private:
  bool ReceiveSome() {
    char bytes[4096];
    const ssize_t count = recv(socket_, bytes, sizeof(bytes), 0);
    if (count <= 0) return false;
    received_.append(bytes, static_cast<size_t>(count));
    return true;
  }

  int socket_;
  bool connected_ = false;
  std::string received_;
};

}  // namespace ochre

#endif  // OCHRE_TESTS_SERVER_RAW_CLIENT_H_
