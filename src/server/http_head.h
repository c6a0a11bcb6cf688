// ParseHttpHead: the head of an HTTP/1 request, by the letter of RFC 9112.
#ifndef OCHRE_SERVER_HTTP_HEAD_H_
#define OCHRE_SERVER_HTTP_HEAD_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "server/http_error.h"
#include "server/http_message.h"

namespace ochre {

// What two readers of one connection could understand differently is refused, never guessed: whoever stands before this
// server (a proxy, a balancer) and this server must agree on where each request ends.
struct ParsedHead {
  HttpHead head;                           // all but `remote`
  std::string method;                      // as sent
  std::optional<uint64_t> content_length;  // bytes of the body
  bool chunked = false;                    // the body comes in chunks, and content_length is nullopt
  bool keep_alive = true;                  // what the client wants
  bool expects_continue = false;           // it waits for "100 Continue" before it sends the body
  bool has_body() const { return chunked || content_length.value_or(0) > 0; }
};

// The size of the head that `bytes` begin with, its empty line with it; 0 if it is not there yet. `scanned`, 0 at
// first, is how far the calls before have looked. 400: these bytes begin no request, whatever follows.
HttpResult<size_t> FindHeadEnd(std::string_view bytes, size_t& scanned);

// `bytes` are all of a head. 400: it is none, or ambiguous: a length that is no number or given twice, a length and
// chunks, a field in two lines or twice that may come once, a control character, white space before a colon. 417: an
// expectation other than 100-continue. 501: a transfer coding other than chunked. 505: no HTTP/1.0 or HTTP/1.1.
HttpResult<ParsedHead> ParseHttpHead(std::string_view bytes);

bool EqualIgnoringCase(std::string_view a, std::string_view b);  // of ASCII

// No control character but the tab. What is not ASCII is opaque.
bool IsFieldValueCharacter(char c);

// Whether `line`, without its end, is a header field: "name: value". Of trailers nothing else is looked at.
bool IsFieldLine(std::string_view line);

}  // namespace ochre

#endif  // OCHRE_SERVER_HTTP_HEAD_H_
