// The targets that the server parses of a request.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include "server/base64.h"
#include "server/chunked_body.h"
#include "server/gunzip.h"
#include "server/http_head.h"
#include "server/record_bodies.h"
#include "tests/fuzz/fuzz_targets.h"

namespace ochre {
namespace {

// RFC 4648 a character at a time; padding may be left out, what the last character has in excess may be anything.
std::optional<std::string> NaiveBase64(std::string_view text) {
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  if (text.size() % 4 == 0 && text.ends_with("==")) {
    text.remove_suffix(2);
  } else if (text.size() % 4 == 0 && text.ends_with('=')) {
    text.remove_suffix(1);
  }
  if (text.size() % 4 == 1) return std::nullopt;
  std::string bytes;
  uint32_t bits = 0;
  int bit_count = 0;
  for (const char character : text) {
    const size_t value = kAlphabet.find(character);
    if (value == std::string_view::npos) return std::nullopt;
    bits = bits << 6 | static_cast<uint32_t>(value);
    bit_count += 6;
    if (bit_count < 8) continue;
    bit_count -= 8;
    bytes.push_back(static_cast<char>(bits >> bit_count & 0xFF));
  }
  return bytes;
}

}  // namespace

// A head that is taken has no second reading: what decides where the request ends is there at most once.
void FuzzHttpHead(std::string_view input) {
  size_t scanned = 0;
  const HttpResult<size_t> end = FindHeadEnd(input, scanned);
  size_t scanned_by_bytes = 0;
  for (size_t size = 1; size <= std::min<size_t>(input.size(), 2'000); ++size) {
    const HttpResult<size_t> found = FindHeadEnd(input.substr(0, size), scanned_by_bytes);
    if (!found.ok()) break;
    if (found.value() == 0) continue;
    Require(found.value() == size, "a head ends when its last byte has come", input);
    Require(end.ok() && end.value() == size, "a head ends at the same byte however it comes", input);
    break;
  }
  if (!end.ok()) Require(end.error().status == 400, "what begins no head is refused as that", input);
  const std::string_view head = end.ok() && end.value() > 0 ? input.substr(0, end.value()) : input;
  const HttpResult<ParsedHead> parsed = ParseHttpHead(head);
  if (!parsed.ok()) {
    const int status = parsed.error().status;
    Require(status == 400 || status == 417 || status == 501 || status == 505, "a refusal says what of", input);
    return;
  }
  const ParsedHead& taken = parsed.value();
  Require(!(taken.chunked && taken.content_length.has_value()), "a body has one kind of end", input);
  Require(taken.head.target.find_first_of(std::string_view(" \r\n\t\0", 5)) == std::string::npos, "a target is a word",
          input);
  for (const std::string& field : {taken.head.host, taken.head.authorization, taken.head.chroma_token,
                                   taken.head.content_encoding, taken.head.origin, taken.head.requested_headers}) {
    Require(field.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos, "a field is one line", input);
  }
}

// However the bytes come, the body is the same.
void FuzzChunkedBody(std::string_view input) {
  constexpr size_t kBodyMax = 4'096, kExtraMax = 256;
  ChunkedBody at_once(kBodyMax, kExtraMax), by_bytes(kBodyMax, kExtraMax);
  std::string body, body_of_bytes;
  const HttpResult<size_t> read = at_once.Read(input, body);
  size_t taken = 0;
  int status = 200;
  while (taken < input.size() && !by_bytes.done() && status == 200) {
    const HttpResult<size_t> one = by_bytes.Read(input.substr(taken, 1), body_of_bytes);
    status = one.ok() ? 200 : one.error().status;
    taken += 1;
  }
  Require(body.size() <= kBodyMax, "a body is no larger than its limit", input);
  Require(body == body_of_bytes, "a body is the same however it comes", input);
  Require(status == (read.ok() ? 200 : read.error().status), "a refusal is the same however it comes", input);
  Require(at_once.done() == by_bytes.done(), "a body ends at the same byte however it comes", input);
  if (read.ok()) Require(read.value() == taken, "nothing behind the body is taken", input);
}

void FuzzGunzip(std::string_view input) {
  constexpr size_t kBodyMax = 1 << 20;
  const HttpResult<std::string> body = Gunzip(input, kBodyMax, [](size_t bytes) { return bytes <= kBodyMax + 1; });
  if (body.ok()) Require(body.value().size() <= kBodyMax, "a body is no larger than its limit", input);
}

void FuzzBase64(std::string_view input) {
  const auto size = Base64DecodedSize(input);
  const std::optional<std::string> naive = NaiveBase64(input);
  if (!size.has_value()) return Require(!naive.has_value(), "what has the length of no base64 is none", input);
  std::string apart(*size, '\0');
  const bool valid = DecodeBase64(input, reinterpret_cast<std::byte*>(apart.data()));
  std::string in_place(input);
  Require(DecodeBase64(in_place, reinterpret_cast<std::byte*>(in_place.data())) == valid,
          "base64 is decoded in place as elsewhere", input);
  Require(valid == naive.has_value(), "base64 is what the naive decoder takes", input);
  if (valid) Require(apart == *naive, "base64 is decoded as by the naive decoder", input);
  if (valid) Require(in_place.compare(0, *size, apart) == 0, "base64 is decoded in place as elsewhere", input);
}

void FuzzWriteBody(std::string_view input) {
  for (const OperationKind kind : {OperationKind::kAdd, OperationKind::kUpdate, OperationKind::kUpsert}) {
    std::string body(input);
    const HttpResult<WriteBody> write = ParseWriteBody(kind, body);
    if (!write.ok()) {
      Require(write.error().status == 400 || write.error().status == 422, "a refusal says what of", input);
      continue;
    }
    const MatrixSpan& embeddings = write.value().embeddings;
    double sum = 0;  // reads every float and every id, so that a sanitizer sees it
    for (int64_t row = 0; row < embeddings.rows(); ++row) {
      for (int64_t column = 0; column < embeddings.columns; ++column) sum += embeddings.Row(row)[column];
    }
    for (const std::string_view id : write.value().ids) sum += static_cast<double>(std::string(id).size());
    volatile double sink = sum;
    (void)sink;
  }
}

void FuzzReadBody(std::string_view input) {
  std::string body(input);
  const HttpResult<ReadBody> read = ParseReadBody(body);
  if (!read.ok()) {
    Require(read.error().status == 400 || read.error().status == 422, "a refusal says what of", input);
    return;
  }
  const ReadBody& taken = read.value();
  for (const auto& number : {taken.limit, taken.offset, taken.n_results}) {
    Require(number.value_or(0) >= 0, "a count is not negative", input);
  }
  if (taken.query_embeddings.has_value()) {
    Require(taken.dimension == 0 ? taken.query_embeddings->empty()
                                 : taken.query_embeddings->size() % static_cast<size_t>(taken.dimension) == 0,
            "queries are whole rows", input);
  }
}

}  // namespace ochre
