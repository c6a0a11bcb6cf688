// HttpRequest and HttpResponse: one exchange as the handlers see it, whatever library reads the socket.
#ifndef OCHRE_SERVER_HTTP_MESSAGE_H_
#define OCHRE_SERVER_HTTP_MESSAGE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ochre {

enum class HttpMethod : uint8_t { kGet, kPost, kPut, kPatch, kDelete, kOptions, kOther };

// What precedes the body. A HEAD request is a kGet whose body the transport leaves out.
struct HttpHead {
  HttpMethod method = HttpMethod::kGet;
  std::string target = {};  // path and query, percent-encoded, as sent
  std::string host = {};    // as each of the fields below, empty: not sent
  std::string authorization = {};
  std::string chroma_token = {};                 // x-chroma-token
  std::optional<std::string> content_type = {};  // absent: not sent
  std::string content_encoding = {};
  std::string origin = {};             // the page that asks, said by browsers
  std::string requested_method = {};   // access-control-request-method
  std::string requested_headers = {};  // access-control-request-headers
  std::string remote = {};             // address of the other end, for the log
};

// What a body's capacity should have beside its size, for those who parse it: otherwise it is copied.
inline constexpr size_t kBodyPaddingBytes = 64;

struct HttpRequest {
  HttpHead head;
  std::string body;
};

struct HttpResponse {
  int status = 200;
  std::string_view content_type = "application/json";  // of static storage
  std::string body = {};
  std::vector<std::pair<std::string_view, std::string>> headers = {};  // besides content type and length
};

}  // namespace ochre

#endif  // OCHRE_SERVER_HTTP_MESSAGE_H_
