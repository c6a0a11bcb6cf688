// ChunkedBody: takes a body that comes in chunks out of them, by the letter of RFC 9112, section 7.1.
#ifndef OCHRE_SERVER_CHUNKED_BODY_H_
#define OCHRE_SERVER_CHUNKED_BODY_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "server/http_error.h"

namespace ochre {

// The bytes may come in any pieces. Not thread-safe.
class ChunkedBody {
 public:
  // `body_bytes_max`: of the data. `extra_bytes_max`: of what comes beside it, chunk extensions and trailers, together;
  // they are checked for their form and thrown away.
  ChunkedBody(size_t body_bytes_max, size_t extra_bytes_max)
      : body_bytes_max_(body_bytes_max), extra_bytes_max_(extra_bytes_max) {}

  // Reads on in `bytes`, up to the end of the body and no further, and appends the data to `body`. Returns how many
  // bytes were read: all of them, unless the body is at its end. 400: these are no chunks. 413, 431: more than the
  // limits. After an error nothing more can be read.
  HttpResult<size_t> Read(std::string_view bytes, std::string& body);

  bool done() const { return state_ == State::kDone; }

 private:
  // One line or the data of a chunk: "5;name=value", "hello", "", "0", "trailer: value", "".
  enum class State { kSize, kExtension, kData, kDataEnd, kTrailer, kDone };

  std::optional<HttpError> ReadByte(char c);  // of a line
  std::optional<HttpError> ReadDigit(char c);
  std::optional<HttpError> EndLine();
  std::optional<HttpError> CountExtra();

  const size_t body_bytes_max_;
  const size_t extra_bytes_max_;
  State state_ = State::kSize;
  size_t body_bytes_ = 0;
  size_t extra_bytes_ = 0;
  uint64_t chunk_size_ = 0;  // of which so many bytes are still to come, in kData
  int size_digits_ = 0;
  bool carriage_return_ = false;  // the byte before was one, in a line
  std::string line_;              // a trailer, as far as it has come
};

}  // namespace ochre

#endif  // OCHRE_SERVER_CHUNKED_BODY_H_
