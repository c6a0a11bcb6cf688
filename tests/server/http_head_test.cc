#include "server/http_head.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace ochre {
namespace {

using testing::HasSubstr;

// A POST whose fields are those given besides host.
std::string HeadWith(const std::string& fields) { return "POST /x HTTP/1.1\r\nHost: h\r\n" + fields + "\r\n"; }

int StatusOf(const std::string& head) {
  const HttpResult<ParsedHead> parsed = ParseHttpHead(head);
  return parsed.ok() ? 200 : parsed.error().status;
}

ParsedHead Parsed(const std::string& head) {
  const HttpResult<ParsedHead> parsed = ParseHttpHead(head);
  EXPECT_TRUE(parsed.ok()) << head << (parsed.ok() ? "" : parsed.error().message);
  return parsed.ok() ? parsed.value() : ParsedHead();
}

TEST(HttpHeadTest, SaysWhatTheRequestIsAndHowItsBodyComes) {
  const ParsedHead parsed = Parsed(
      "PATCH /api/v2?x=%20 HTTP/1.1\r\nhOsT: example:80\r\nAuthorization:Bearer  t \r\nX-Chroma-Token:\t u\t\r\n"
      "Content-Type: application/json; charset=utf-8\r\nContent-Encoding: gzip\r\nOrigin: https://o\r\n"
      "Access-Control-Request-Method: PUT\r\nAccess-Control-Request-Headers: a, b\r\nX-Other: caf\xC3\xA9\r\n"
      "Content-Length: 0012\r\nExpect: 100-Continue\r\n\r\n");
  EXPECT_EQ(parsed.head.method, HttpMethod::kPatch);
  EXPECT_EQ(parsed.method, "PATCH");
  EXPECT_EQ(parsed.head.target, "/api/v2?x=%20");
  EXPECT_EQ(parsed.head.host, "example:80");
  EXPECT_EQ(parsed.head.authorization, "Bearer  t");
  EXPECT_EQ(parsed.head.chroma_token, "u");
  EXPECT_EQ(parsed.head.content_type, "application/json; charset=utf-8");
  EXPECT_EQ(parsed.head.content_encoding, "gzip");
  EXPECT_EQ(parsed.head.origin, "https://o");
  EXPECT_EQ(parsed.head.requested_method, "PUT");
  EXPECT_EQ(parsed.head.requested_headers, "a, b");
  EXPECT_EQ(parsed.content_length, 12);
  EXPECT_FALSE(parsed.chunked);
  EXPECT_TRUE(parsed.expects_continue);
  EXPECT_TRUE(parsed.keep_alive);
  EXPECT_TRUE(parsed.has_body());
}

TEST(HttpHeadTest, WhatIsNotSentIsAbsent) {
  const ParsedHead parsed = Parsed("HEAD / HTTP/1.1\r\nHost:\r\n\r\n");
  EXPECT_EQ(parsed.head.method, HttpMethod::kGet);
  EXPECT_EQ(parsed.method, "HEAD");
  EXPECT_EQ(parsed.head.host, "");
  EXPECT_EQ(parsed.head.content_type, std::nullopt);
  EXPECT_EQ(parsed.content_length, std::nullopt);
  EXPECT_FALSE(parsed.has_body());
  EXPECT_FALSE(parsed.expects_continue);
}

TEST(HttpHeadTest, AMethodThatIsNotKnownIsOneAllTheSame) {
  EXPECT_EQ(Parsed("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n").head.method, HttpMethod::kOptions);
  EXPECT_EQ(Parsed("BREW / HTTP/1.1\r\nHost: h\r\n\r\n").head.method, HttpMethod::kOther);
  EXPECT_EQ(Parsed("get / HTTP/1.1\r\nHost: h\r\n\r\n").head.method, HttpMethod::kOther);
}

TEST(HttpHeadTest, OfAUrlThePathCounts) {
  EXPECT_EQ(Parsed("GET http://h:1/a?b HTTP/1.1\r\nHost: h\r\n\r\n").head.target, "/a?b");
  EXPECT_EQ(Parsed("GET HTTPS://h HTTP/1.1\r\nHost: h\r\n\r\n").head.target, "/");
}

TEST(HttpHeadTest, AConnectionIsKeptAsItsVersionAndItsFieldsSay) {
  EXPECT_FALSE(Parsed(HeadWith("Connection: close\r\n")).keep_alive);
  EXPECT_FALSE(Parsed(HeadWith("Connection: te, Close\r\n")).keep_alive);
  EXPECT_FALSE(Parsed(HeadWith("Connection: te\r\nConnection: close\r\n")).keep_alive);
  EXPECT_TRUE(Parsed(HeadWith("Connection: closer\r\n")).keep_alive);
  EXPECT_FALSE(Parsed("GET / HTTP/1.0\r\n\r\n").keep_alive);
  EXPECT_TRUE(Parsed("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n").keep_alive);
  EXPECT_FALSE(Parsed("GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n").keep_alive);
}

TEST(HttpHeadTest, ABodyInChunksHasNoLength) {
  const ParsedHead parsed = Parsed(HeadWith("Transfer-Encoding: Chunked\r\n"));
  EXPECT_TRUE(parsed.chunked);
  EXPECT_TRUE(parsed.has_body());
  EXPECT_EQ(parsed.content_length, std::nullopt);
}

// What the two sides of a connection could understand differently.
TEST(HttpHeadTest, WhereARequestEndsIsNeverGuessed) {
  const std::vector<std::pair<std::string, int>> fields = {
      {"Transfer-Encoding: xchunked\r\n", 501},
      {"Transfer-Encoding: chunkedx\r\n", 501},
      {"Transfer-Encoding: chunked, chunked\r\n", 501},
      {"Transfer-Encoding: gzip, chunked\r\n", 501},
      {"Transfer-Encoding: chunked, identity\r\n", 501},
      {"Transfer-Encoding: identity\r\n", 501},
      {"Transfer-Encoding: \"chunked\"\r\n", 501},
      {"Transfer-Encoding: chunked;q=1\r\n", 501},
      {"Transfer-Encoding:\r\n", 501},
      {"Transfer-Encoding: \x0b"
       "chunked\r\n",
       400},
      {"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", 400},
      {"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", 400},
      {"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", 400},
      {"Content-Length: 5\r\nTransfer-Encoding: xchunked\r\n", 400},
      {"Content-Length: 5\r\nContent-Length: 5\r\n", 400},
      {"Content-Length: 5\r\ncontent-length: 6\r\n", 400},
      {"Content-Length: 5, 5\r\n", 400},
      {"Content-Length: +5\r\n", 400},
      {"Content-Length: -5\r\n", 400},
      {"Content-Length: 5 5\r\n", 400},
      {"Content-Length: 0x5\r\n", 400},
      {"Content-Length: 5.0\r\n", 400},
      {"Content-Length:\r\n", 400},
      {"Content-Length: 18446744073709551616\r\n", 400},
      {"Transfer-Encoding : chunked\r\n", 400},
      {"Transfer-Encoding\t: chunked\r\n", 400},
      {" Transfer-Encoding: chunked\r\n", 400},
      {"X: y\r\n Transfer-Encoding: chunked\r\n", 400},
      {"X: y\r\n\tz\r\n", 400},
      {"X: y\rTransfer-Encoding: chunked\r\n", 400},
      {"X: y\nTransfer-Encoding: chunked\r\n", 400},
      {std::string("X: y\0z\r\n", 8), 400},
      {"X: y\x7f\r\n", 400},
      {"X\x01: y\r\n", 400},
      {"X y: z\r\n", 400},
      {"X(y): z\r\n", 400},
      {": y\r\n", 400},
      {"X\r\n", 400},
      {"Caf\xC3\xA9: y\r\n", 400},
      {"Host: other\r\n", 400},
      {"Authorization: Bearer a\r\nAuthorization: Bearer b\r\n", 400},
      {"X-Chroma-Token: a\r\nX-Chroma-Token: b\r\n", 400},
      {"Content-Type: application/json\r\nContent-Type: text/plain\r\n", 400},
      {"Expect: a-miracle\r\n", 417},
  };
  for (const auto& [field, status] : fields) EXPECT_EQ(StatusOf(HeadWith(field)), status) << field;
  EXPECT_EQ(StatusOf("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"), 400);
  EXPECT_EQ(StatusOf("GET / HTTP/1.1\r\n\r\n"), 400) << "no host";
}

TEST(HttpHeadTest, ARequestLineHasThreePartsWithOneSpaceBetween) {
  for (const std::string line :
       {"GET", "GET /", "GET  / HTTP/1.1", "GET /  HTTP/1.1", " GET / HTTP/1.1", "GET / HTTP/1.1 ", "GET\t/\tHTTP/1.1",
        "GET /a b HTTP/1.1", "GET /\x01 HTTP/1.1", "GET /\r HTTP/1.1", "G(T / HTTP/1.1", "GET / http/1.1",
        "GET / HTTP/1.", "GET / HTTP/11", "GET / HTTP/1.1x", "GET / HTTP/1,1", "GET / HTTP/a.b", ""}) {
    EXPECT_EQ(StatusOf(line + "\r\nHost: h\r\n\r\n"), 400) << line;
  }
  for (const std::string version : {"HTTP/2.0", "HTTP/0.9", "HTTP/1.2", "HTTP/9.9"}) {
    EXPECT_EQ(StatusOf("GET / " + version + "\r\nHost: h\r\n\r\n"), 505) << version;
  }
}

TEST(HttpHeadTest, AnErrorNamesWhatIsWrong) {
  EXPECT_THAT(ParseHttpHead(HeadWith("Host: x\r\n")).error().message, HasSubstr("host comes twice"));
  EXPECT_THAT(ParseHttpHead(HeadWith("Content-Length: x\r\n")).error().message, HasSubstr("content-length"));
}

// The head that the bytes begin with, given one at a time as well as at once.
size_t EndOf(const std::string& bytes) {
  size_t scanned = 0;
  const HttpResult<size_t> at_once = FindHeadEnd(bytes, scanned);
  EXPECT_TRUE(at_once.ok());
  size_t scanned_in_pieces = 0;
  size_t found = 0;
  for (size_t size = 0; size <= bytes.size() && found == 0; ++size) {
    const HttpResult<size_t> end = FindHeadEnd(std::string_view(bytes).substr(0, size), scanned_in_pieces);
    EXPECT_TRUE(end.ok()) << size;
    if (end.ok()) found = end.value();
  }
  EXPECT_EQ(found, at_once.ok() ? at_once.value() : 0);
  return found;
}

TEST(HttpHeadTest, AHeadEndsWithAnEmptyLineHoweverItComes) {
  const std::string head = HeadWith("A: b\r\n");
  EXPECT_EQ(EndOf(head), head.size());
  EXPECT_EQ(EndOf(head + "GET / HTTP/1.1\r\n\r\n"), head.size());
  EXPECT_EQ(EndOf(head.substr(0, head.size() - 1)), 0);
  EXPECT_EQ(EndOf(""), 0);
}

TEST(HttpHeadTest, WhatCannotBecomeAHeadIsRefusedBeforeItsEnd) {
  for (const std::string bytes :
       {"\x16\x03\x01", " GET", "\n", "\r\n", "GET / HTTP/1.1\n", "GET / HTTP/1.1\r\nA: b\n"}) {
    size_t scanned = 0;
    EXPECT_FALSE(FindHeadEnd(bytes, scanned).ok()) << bytes;
  }
}

}  // namespace
}  // namespace ochre
