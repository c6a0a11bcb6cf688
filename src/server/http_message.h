// HttpRequest and HttpResponse: one exchange as the handlers see it, whatever library reads the socket.
#ifndef OCHRE_SERVER_HTTP_MESSAGE_H_
#define OCHRE_SERVER_HTTP_MESSAGE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ochre {

enum class HttpMethod : uint8_t { kGet, kPost, kPut, kPatch, kDelete, kOther };

// What precedes the body. A HEAD request is a kGet whose body the transport leaves out.
struct HttpHead {
  HttpMethod method = HttpMethod::kGet;
  std::string target;                       // path and query, percent-encoded, as sent
  std::string authorization;                // empty: not sent
  std::string chroma_token;                 // the header x-chroma-token; empty: not sent
  std::optional<std::string> content_type;  // absent: not sent
  std::string remote;                       // address of the other end, for the log
};

struct HttpRequest {
  HttpHead head;
  std::string body;  // parsed fastest when its capacity exceeds its size by 64 bytes
};

struct HttpResponse {
  int status = 200;
  std::string_view content_type = "application/json";  // of static storage
  std::string body = {};
  std::vector<std::pair<std::string_view, std::string>> headers = {};  // besides content type and length
};

}  // namespace ochre

#endif  // OCHRE_SERVER_HTTP_MESSAGE_H_
