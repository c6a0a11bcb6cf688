// Strings over the border: single ones, and the JSON that is given as such.
#ifndef OCHRE_CAPI_TEXT_H_
#define OCHRE_CAPI_TEXT_H_

#include <optional>
#include <string_view>

#include "ochre/c.h"
#include "ochre/filter.h"
#include "ochre/metadata.h"
#include "ochre/status.h"

namespace ochre {

inline ochre_string ToC(std::string_view text) {
  return {text.data() == nullptr ? "" : text.data(), static_cast<int64_t>(text.size())};
}

// Null for {NULL, 0}. InvalidArgument: a negative size, a size without a pointer, no UTF-8; `name` begins the message.
Result<std::optional<std::string_view>> ToOptionalText(ochre_string text, std::string_view name);
// InvalidArgument also if there is none.
Result<std::string_view> ToText(ochre_string text, std::string_view name);

// None: matches all, the empty map.
Result<Filter> ToWhere(ochre_string json);
Result<Filter> ToWhereDocument(ochre_string json);
Result<Metadata> ToMetadata(ochre_string json);

}  // namespace ochre

#endif  // OCHRE_CAPI_TEXT_H_
