#include "capi/text.h"

#include <cstring>
#include <string>

#include "types/utf8.h"

namespace ochre {

Result<std::optional<std::string_view>> ToOptionalText(ochre_string text, std::string_view name) {
  if (text.size < 0) return Status::InvalidArgument(name, " has size ", text.size, ", but must have at least 0");
  if (text.data == nullptr) {
    if (text.size == 0) return std::optional<std::string_view>();
    return Status::InvalidArgument(name, " has size ", text.size, ", but its data is NULL");
  }
  const std::string_view view(text.data, static_cast<size_t>(text.size));
  if (!IsValidUtf8(view)) return Status::InvalidArgument(name, " is no valid UTF-8");
  return std::optional(view);
}

Result<std::string_view> ToText(ochre_string text, std::string_view name) {
  OCHRE_ASSIGN_OR_RETURN(const std::optional<std::string_view> view, ToOptionalText(text, name));
  if (!view.has_value()) return Status::InvalidArgument(name, " is NULL");
  return *view;
}

Result<Filter> ToWhere(ochre_string json) {
  OCHRE_ASSIGN_OR_RETURN(const std::optional<std::string_view> text, ToOptionalText(json, "where"));
  if (!text.has_value()) return Filter();
  return Filter::FromJson(*text);
}

Result<Filter> ToWhereDocument(ochre_string json) {
  OCHRE_ASSIGN_OR_RETURN(const std::optional<std::string_view> text, ToOptionalText(json, "where_document"));
  if (!text.has_value()) return Filter();
  return Filter::DocumentFromJson(*text);
}

Result<Metadata> ToMetadata(ochre_string json) {
  OCHRE_ASSIGN_OR_RETURN(const std::optional<std::string_view> text, ToOptionalText(json, "metadata_json"));
  if (!text.has_value()) return Metadata();
  return MetadataFromJson(*text);
}

}  // namespace ochre

extern "C" ochre_string ochre_string_from(const char* text) {
  if (text == nullptr) return {nullptr, 0};
  return {text, static_cast<int64_t>(std::strlen(text))};
}
