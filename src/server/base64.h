// Base64 (RFC 4648, section 4), the form in which clients may send embeddings.
#ifndef OCHRE_SERVER_BASE64_H_
#define OCHRE_SERVER_BASE64_H_

#include <cstddef>
#include <optional>
#include <string_view>

namespace ochre {

// How many bytes `text` encodes; nothing if no base64 is of this length. Padding may be left out.
std::optional<size_t> Base64DecodedSize(std::string_view text);

// Writes the Base64DecodedSize(text) bytes that `text` encodes; `bytes` may be where `text` begins, or before. False,
// with the bytes in any state: it is not base64.
bool DecodeBase64(std::string_view text, std::byte* bytes);

}  // namespace ochre

#endif  // OCHRE_SERVER_BASE64_H_
