#include "server/answer_head.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "ochre/status.h"

namespace ochre {
namespace {

constexpr std::array<std::pair<int, std::string_view>, 23> kReasons = {{{200, "OK"},
                                                                        {201, "Created"},
                                                                        {204, "No Content"},
                                                                        {400, "Bad Request"},
                                                                        {401, "Unauthorized"},
                                                                        {403, "Forbidden"},
                                                                        {404, "Not Found"},
                                                                        {405, "Method Not Allowed"},
                                                                        {408, "Request Timeout"},
                                                                        {409, "Conflict"},
                                                                        {410, "Gone"},
                                                                        {412, "Precondition Failed"},
                                                                        {413, "Content Too Large"},
                                                                        {415, "Unsupported Media Type"},
                                                                        {417, "Expectation Failed"},
                                                                        {422, "Unprocessable Content"},
                                                                        {429, "Too Many Requests"},
                                                                        {431, "Request Header Fields Too Large"},
                                                                        {500, "Internal Server Error"},
                                                                        {501, "Not Implemented"},
                                                                        {503, "Service Unavailable"},
                                                                        {504, "Gateway Timeout"},
                                                                        {505, "HTTP Version Not Supported"}}};

}  // namespace

std::string AnswerHead(const HttpResponse& answer, bool keep_alive) {
  const auto* const reason = std::ranges::find(kReasons, answer.status, [](const auto& known) { return known.first; });
  std::string head = status_internal::Concatenate("HTTP/1.1 ", answer.status, " ",
                                                  reason == kReasons.end() ? std::string_view() : reason->second,
                                                  "\r\nServer: ochre\r\n");
  // An answer without content says nothing about its type and length (RFC 9110, section 8.6).
  if (answer.status != 204) {
    head += status_internal::Concatenate("Content-Type: ", answer.content_type,
                                         "\r\nContent-Length: ", answer.body.size(), "\r\n");
  }
  for (const auto& [name, value] : answer.headers) head += status_internal::Concatenate(name, ": ", value, "\r\n");
  // Said to both versions of HTTP: in 1.0 it is not understood otherwise.
  head += keep_alive ? "Connection: keep-alive\r\n\r\n" : "Connection: close\r\n\r\n";
  return head;
}

}  // namespace ochre
