// UTF-8 validity.
#ifndef OCHRE_TYPES_UTF8_H_
#define OCHRE_TYPES_UTF8_H_

#include <string_view>

namespace ochre {

// Whether `text` is well-formed UTF-8 (no surrogates, nothing above U+10FFFF, shortest forms only). NUL is fine.
bool IsValidUtf8(std::string_view text);

}  // namespace ochre

#endif  // OCHRE_TYPES_UTF8_H_
