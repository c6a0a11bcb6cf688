#include "server/http_head.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace ochre {
namespace {

HttpError Malformed(std::string_view what) {
  return {400, "ChromaError", "the request is no valid HTTP: " + std::string(what)};
}

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// RFC 9110, section 5.6.2.
bool IsTokenCharacter(char c) {
  return IsDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

bool IsToken(std::string_view text) { return !text.empty() && std::ranges::all_of(text, IsTokenCharacter); }

bool IsTargetCharacter(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte > 0x20 && byte != 0x7f;
}

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string_view Trimmed(std::string_view text) {
  const auto is_blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

struct MethodName {
  std::string_view name;
  HttpMethod method;
};
constexpr std::array<MethodName, 7> kMethods = {{{"GET", HttpMethod::kGet},
                                                 {"HEAD", HttpMethod::kGet},
                                                 {"POST", HttpMethod::kPost},
                                                 {"PUT", HttpMethod::kPut},
                                                 {"PATCH", HttpMethod::kPatch},
                                                 {"DELETE", HttpMethod::kDelete},
                                                 {"OPTIONS", HttpMethod::kOptions}}};

// The fields that are looked at. Each may come once: of two, this server might take another than whoever is before it.
// But for "connection", a list whose parts may come in fields of their own.
enum Field : size_t {
  kHost,
  kContentLength,
  kTransferEncoding,
  kExpect,
  kAuthorization,
  kChromaToken,
  kContentType,
  kContentEncoding,
  kOrigin,
  kRequestedMethod,
  kRequestedHeaders,
  kFieldCount
};
constexpr std::array<std::string_view, kFieldCount> kFieldNames = {"host",
                                                                   "content-length",
                                                                   "transfer-encoding",
                                                                   "expect",
                                                                   "authorization",
                                                                   "x-chroma-token",
                                                                   "content-type",
                                                                   "content-encoding",
                                                                   "origin",
                                                                   "access-control-request-method",
                                                                   "access-control-request-headers"};
struct Fields {
  std::array<std::optional<std::string_view>, kFieldCount> values;
  bool close = false;  // of "connection"
  bool keep_alive = false;

  const std::optional<std::string_view>& operator[](Field field) const { return values[field]; }
};

std::string_view TakeLine(std::string_view& bytes) {
  const size_t end = bytes.find("\r\n");
  const std::string_view line = bytes.substr(0, end);
  bytes.remove_prefix(end == std::string_view::npos ? bytes.size() : end + 2);
  return line;
}

// "POST /path HTTP/1.1", with one space between its parts. `minor`: 0 or 1.
std::optional<HttpError> ParseRequestLine(std::string_view line, ParsedHead& parsed, int& minor) {
  const size_t first = line.find(' ');
  const size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) return Malformed("it begins with no request line");
  const std::string_view method = line.substr(0, first);
  std::string_view target = line.substr(first + 1, last - first - 1);
  const std::string_view version = line.substr(last + 1);
  if (!IsToken(method)) return Malformed("its method is no token");
  if (target.empty() || !std::ranges::all_of(target, IsTargetCharacter)) return Malformed("its target is malformed");
  if (version.size() != 8 || !version.starts_with("HTTP/") || !IsDigit(version[5]) || version[6] != '.' ||
      !IsDigit(version[7])) {
    return Malformed("it names no version of HTTP");
  }
  if (version != "HTTP/1.1" && version != "HTTP/1.0") {
    return HttpError{505, "ChromaError", "this server speaks HTTP/1.1 and HTTP/1.0"};
  }
  minor = version.back() - '0';
  // Proxies send the whole URL.
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!EqualIgnoringCase(target.substr(0, scheme.size()), scheme)) continue;
    const size_t path = target.find('/', scheme.size());
    target = path == std::string_view::npos ? "/" : target.substr(path);
  }
  parsed.method = method;
  parsed.head.target = target;
  parsed.head.method = HttpMethod::kOther;
  for (const MethodName& known : kMethods) {
    if (known.name == method) parsed.head.method = known.method;
  }
  return std::nullopt;
}

// Whether `list`, separated by commas, has `token`.
bool HasToken(std::string_view list, std::string_view token) {
  while (!list.empty()) {
    const size_t comma = list.find(',');
    if (EqualIgnoringCase(Trimmed(list.substr(0, comma)), token)) return true;
    if (comma == std::string_view::npos) break;
    list.remove_prefix(comma + 1);
  }
  return false;
}

std::optional<HttpError> ParseFields(std::string_view lines, Fields& fields) {
  while (!lines.empty()) {
    const std::string_view line = TakeLine(lines);
    if (line.empty()) break;
    if (line.front() == ' ' || line.front() == '\t') return Malformed("a header field goes on in a second line");
    if (!IsFieldLine(line)) return Malformed("a header field is malformed");
    const size_t colon = line.find(':');
    const std::string_view name = line.substr(0, colon);
    const std::string_view value = Trimmed(line.substr(colon + 1));
    if (EqualIgnoringCase(name, "connection")) {
      fields.close |= HasToken(value, "close");
      fields.keep_alive |= HasToken(value, "keep-alive");
    }
    const auto field = std::ranges::find_if(kFieldNames, [&](auto known) { return EqualIgnoringCase(name, known); });
    if (field == kFieldNames.end()) continue;
    auto& place = fields.values[static_cast<size_t>(field - kFieldNames.begin())];
    if (place.has_value()) {
      return Malformed(status_internal::Concatenate("the header field ", *field, " comes twice"));
    }
    place = value;
  }
  return std::nullopt;
}

// How long the body is.
std::optional<HttpError> ParseFraming(const Fields& fields, int minor, ParsedHead& parsed) {
  if (fields[kTransferEncoding].has_value()) {
    if (minor == 0) return Malformed("HTTP/1.0 has no transfer-encoding");
    if (fields[kContentLength].has_value()) return Malformed("it has both a content-length and a transfer-encoding");
    if (!EqualIgnoringCase(*fields[kTransferEncoding], "chunked")) {
      return HttpError{501, "ChromaError", "of transfer-encodings this server knows chunked alone"};
    }
    parsed.chunked = true;
  }
  if (fields[kContentLength].has_value()) {
    const std::string_view text = *fields[kContentLength];
    uint64_t length = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), length);
    if (error != std::errc() || end != text.data() + text.size()) {  // no sign either, as it is unsigned
      return Malformed("its content-length is no number of bytes");
    }
    parsed.content_length = length;
  }
  return std::nullopt;
}

}  // namespace

bool EqualIgnoringCase(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return Lower(x) == Lower(y); });
}

bool IsFieldValueCharacter(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
}

bool IsFieldLine(std::string_view line) {
  const size_t colon = line.find(':');
  return colon != std::string_view::npos && IsToken(line.substr(0, colon)) &&
         std::ranges::all_of(line.substr(colon + 1), IsFieldValueCharacter);
}

HttpResult<size_t> FindHeadEnd(std::string_view bytes, size_t& scanned) {
  // Said at once to those who speak something else, a TLS handshake for example, and wait for an answer.
  if (!bytes.empty() && !IsTokenCharacter(bytes.front())) return Malformed("it begins with no method");
  while (scanned < bytes.size()) {
    const size_t newline = bytes.find('\n', scanned);
    if (newline == std::string_view::npos) {
      scanned = bytes.size();
      break;
    }
    if (newline == 0 || bytes[newline - 1] != '\r') return Malformed("a line ends without a carriage return");
    scanned = newline + 1;
    if (bytes.substr(0, scanned).ends_with("\r\n\r\n")) return scanned;
  }
  return size_t{0};
}

HttpResult<ParsedHead> ParseHttpHead(std::string_view bytes) {
  ParsedHead parsed;
  int minor = 1;
  if (auto error = ParseRequestLine(TakeLine(bytes), parsed, minor)) return *std::move(error);
  Fields fields;
  if (auto error = ParseFields(bytes, fields)) return *std::move(error);
  if (minor == 1 && !fields[kHost].has_value()) return Malformed("it lacks the header field host");
  if (auto error = ParseFraming(fields, minor, parsed)) return *std::move(error);
  parsed.keep_alive = !fields.close && (minor == 1 || fields.keep_alive);
  if (fields[kExpect].has_value()) {
    if (!EqualIgnoringCase(*fields[kExpect], "100-continue")) {
      return HttpError{417, "ChromaError", "of expectations this server knows 100-continue alone"};
    }
    parsed.expects_continue = minor == 1 && parsed.has_body();
  }
  HttpHead& head = parsed.head;
  head.host = fields[kHost].value_or("");
  head.authorization = fields[kAuthorization].value_or("");
  head.chroma_token = fields[kChromaToken].value_or("");
  if (fields[kContentType].has_value()) head.content_type = *fields[kContentType];
  head.content_encoding = fields[kContentEncoding].value_or("");
  head.origin = fields[kOrigin].value_or("");
  head.requested_method = fields[kRequestedMethod].value_or("");
  head.requested_headers = fields[kRequestedHeaders].value_or("");
  return parsed;
}

}  // namespace ochre
