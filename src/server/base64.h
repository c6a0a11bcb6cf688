// Base64 (RFC 4648, section 4), the form in which clients may send embeddings.
#ifndef OCHRE_SERVER_BASE64_H_
#define OCHRE_SERVER_BASE64_H_

#include <string>
#include <string_view>

namespace ochre {

// Appends the bytes that `text` encodes. Padding may be left out. False, with `bytes` in any state: not base64.
bool AppendBase64Decoded(std::string_view text, std::string& bytes);

}  // namespace ochre

#endif  // OCHRE_SERVER_BASE64_H_
