#include "server/chunked_body.h"

#include <algorithm>

#include "server/http_head.h"

namespace ochre {
namespace {

// So many hexadecimal digits are 64 bits.
constexpr int kSizeDigitsMax = 16;

HttpError Malformed(std::string_view what) {
  return {400, "ChromaError", "the request is no valid HTTP: " + std::string(what)};
}

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

HttpResult<size_t> ChunkedBody::Read(std::string_view bytes, std::string& body) {
  size_t read = 0;
  while (read < bytes.size() && state_ != State::kDone) {
    if (state_ == State::kData) {
      const size_t count = std::min<size_t>(chunk_size_, bytes.size() - read);
      body.append(bytes.substr(read, count));
      read += count;
      chunk_size_ -= count;
      if (chunk_size_ == 0) state_ = State::kDataEnd;
    } else if (auto error = ReadByte(bytes[read++])) {
      return *std::move(error);
    }
  }
  return read;
}

std::optional<HttpError> ChunkedBody::ReadByte(char c) {
  if (carriage_return_) {
    carriage_return_ = false;
    if (c != '\n') return Malformed("a line in a chunked body has a carriage return and no line feed");
    return EndLine();
  }
  if (c == '\r') {
    carriage_return_ = true;
    return std::nullopt;
  }
  switch (state_) {
    case State::kSize:
      if (c != ';' || size_digits_ == 0) return ReadDigit(c);
      state_ = State::kExtension;
      return CountExtra();
    case State::kExtension:
      if (!IsFieldValueCharacter(c)) return Malformed("a chunk extension has a control character");
      return CountExtra();
    case State::kTrailer:
      line_ += c;
      return CountExtra();
    default:
      return Malformed("a chunk is longer than its size says");
  }
}

std::optional<HttpError> ChunkedBody::ReadDigit(char c) {
  const int value = HexValue(c);
  if (value < 0 || size_digits_ == kSizeDigitsMax) return Malformed("the size of a chunk is no hexadecimal number");
  chunk_size_ = chunk_size_ << 4 | static_cast<uint64_t>(value);
  ++size_digits_;
  return std::nullopt;
}

std::optional<HttpError> ChunkedBody::EndLine() {
  switch (state_) {
    case State::kSize:
    case State::kExtension:
      if (size_digits_ == 0) return Malformed("a chunk has no size");
      size_digits_ = 0;
      if (chunk_size_ > body_bytes_max_ - body_bytes_) {
        return HttpError{413, "ChromaError", "the request's body is larger than this server accepts"};
      }
      body_bytes_ += chunk_size_;
      state_ = chunk_size_ == 0 ? State::kTrailer : State::kData;
      return std::nullopt;
    case State::kTrailer:
      if (line_.empty()) {
        state_ = State::kDone;
        return std::nullopt;
      }
      if (!IsFieldLine(line_)) return Malformed("a trailer is malformed");
      line_.clear();
      return std::nullopt;
    default:
      state_ = State::kSize;
      return std::nullopt;
  }
}

std::optional<HttpError> ChunkedBody::CountExtra() {
  if (++extra_bytes_ <= extra_bytes_max_) return std::nullopt;
  return HttpError{431, "ChromaError", "the request has more chunk extensions and trailers than this server accepts"};
}

}  // namespace ochre
