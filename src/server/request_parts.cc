#include "server/request_parts.h"

#include <charconv>
#include <nlohmann/json.hpp>

#include "types/uuid.h"

namespace ochre {

using Json = nlohmann::json;

std::optional<std::string_view> QueryText(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const size_t end = query.find('&');
    const std::string_view pair = query.substr(0, end);
    if (pair.size() > name.size() && pair.starts_with(name) && pair[name.size()] == '=') {
      return pair.substr(name.size() + 1);
    }
    if (end == std::string_view::npos) break;
    query.remove_prefix(end + 1);
  }
  return std::nullopt;
}

HttpResult<std::optional<int64_t>> QueryInteger(const RouteCall& call, std::string_view name) {
  const auto text = QueryText(call.query, name);
  if (!text.has_value()) return std::optional<int64_t>();
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
  if (error != std::errc() || end != text->data() + text->size() || number < 0) {
    return Status::InvalidArgument("Failed to deserialize query string: ", name, ": expected an integer of at least 0");
  }
  return std::optional(number);
}

HttpResult<Json> JsonBody(const RouteCall& call) {
  // nlohmann/json copies and prints nested values by recursion; people nest a handful of levels.
  constexpr int kDepthMax = 100;
  bool too_deep = false;
  const auto bound_depth = [&](int depth, Json::parse_event_t, Json&) {
    too_deep |= depth > kDepthMax;
    return !too_deep;  // what is refused here is not built
  };
  Json json = Json::parse(call.request.body, bound_depth, /*allow_exceptions=*/false);
  if (too_deep) return Status::InvalidArgument("the request body is nested more than ", kDepthMax, " deep");
  if (json.is_discarded()) return Status::InvalidArgument("Failed to parse the request body as JSON");
  if (!json.is_object()) return Unprocessable("expected an object, not ", json.type_name());
  return json;
}

HttpResult<CollectionPointer> CollectionOf(const RouteCall& call) {
  const auto id = Uuid::Parse(call.path.collection);
  if (!id.has_value()) {
    return Status::InvalidArgument("Validation error: collection_id: Invalid collection ID format, expected UUID");
  }
  OCHRE_HTTP_ASSIGN_OR_RETURN(CollectionPointer collection,
                              call.gateway.GetCollection(call.path.tenant, call.path.database, *id));
  return collection;
}

}  // namespace ochre
