#include "server/gunzip.h"

#include <zlib.h>

#include <algorithm>
#include <cstdint>

#include "server/http_message.h"

namespace ochre {
namespace {

// The first memory that the result gets; it doubles from there. Most bodies are smaller, and a bomb wastes no more.
constexpr size_t kFirstBytes = 64 << 10;

// zlib counts in 32 bits.
constexpr size_t kBytesAtATime = 1 << 30;

constexpr int kWindowBits = 15 + 16;  // the largest window, and gzip's framing: see inflateInit2

struct Inflater {
  z_stream stream = {};
  bool begun = inflateInit2(&stream, kWindowBits) == Z_OK;

  Inflater() = default;
  ~Inflater() {
    if (begun) inflateEnd(&stream);
  }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
};

HttpError Damaged(std::string_view what) { return {400, "ChromaError", "the body is no gzip: " + std::string(what)}; }

}  // namespace

HttpResult<std::string> Gunzip(std::string_view compressed, size_t bytes_max,
                               const std::function<bool(size_t bytes)>& may_grow_to) {
  Inflater inflater;
  z_stream& stream = inflater.stream;
  if (!inflater.begun) return Status::ResourceExhausted("the server has not enough memory for this request");
  std::string body;
  size_t size = 0;  // of what is unpacked; behind it is room
  for (int result = Z_OK; result != Z_STREAM_END || !compressed.empty();) {
    if (result == Z_STREAM_END) inflateReset(&stream);  // another member
    if (size == body.size()) {
      if (size > bytes_max) return BodyTooLarge();
      const size_t room = std::min(std::max(2 * size, kFirstBytes), bytes_max + 1);  // one more tells that it is more
      if (!may_grow_to(room)) return TooManyBodies();
      body.reserve(room + kBodyPaddingBytes);
      body.resize(room);
    }
    const auto in = static_cast<uInt>(std::min(compressed.size(), kBytesAtATime));
    const auto out = static_cast<uInt>(std::min(body.size() - size, kBytesAtATime));
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(compressed.data()));  // which zlib does not change
    stream.avail_in = in;
    stream.next_out = reinterpret_cast<Bytef*>(body.data() + size);
    stream.avail_out = out;
    result = inflate(&stream, Z_NO_FLUSH);
    if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR) return Damaged("it is damaged");
    compressed.remove_prefix(in - stream.avail_in);
    size += out - stream.avail_out;
    if (result != Z_STREAM_END && compressed.empty() && stream.avail_out > 0) return Damaged("it ends early");
  }
  if (size > bytes_max) return BodyTooLarge();
  body.resize(size);
  return body;
}

}  // namespace ochre
