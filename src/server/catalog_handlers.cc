// Handlers of what concerns tenants, databases and collections.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "gateway/collection_schema.h"
#include "server/collection_json.h"
#include "server/handlers.h"
#include "server/json_text.h"
#include "server/request_parts.h"

namespace ochre {
namespace {

using Json = nlohmann::json;

HttpResponse Respond(const Json& json) {
  return {.body = json.dump(-1, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace)};
}

HttpResponse Empty() { return {.body = "{}"}; }

const Json* Given(const Json& body, std::string_view field) {
  const auto member = body.find(field);
  return member == body.end() || member->is_null() ? nullptr : &*member;
}

HttpResult<std::optional<std::string>> OptionalText(const Json& body, std::string_view field) {
  const Json* const value = Given(body, field);
  if (value == nullptr) return std::optional<std::string>();
  if (!value->is_string()) return Unprocessable(field, ": expected a string, not ", value->type_name());
  return std::optional(value->get<std::string>());
}

HttpResult<std::string> Text(const Json& body, std::string_view field) {
  OCHRE_HTTP_ASSIGN_OR_RETURN(auto text, OptionalText(body, field));
  if (!text.has_value()) return Unprocessable("missing field `", field, "`");
  return *std::move(text);
}

HttpResult<std::optional<Metadata>> OptionalMetadata(const Json& body, std::string_view field, bool drop_nulls) {
  const Json* const value = Given(body, field);
  if (value == nullptr) return std::optional<Metadata>();
  Result<Metadata> metadata = MetadataFromJson(value->dump());
  if (!metadata.ok()) return Unprocessable(field, ": ", metadata.status().message());
  for (const auto& [key, entry] : *metadata) {
    if (entry.is_null() && !drop_nulls) return Unprocessable(field, ": the value under \"", key, "\" is null");
  }
  std::erase_if(*metadata, [](const auto& entry) { return entry.second.is_null(); });
  if (metadata->empty()) return Status::InvalidArgument("Metadata cannot be empty");
  return std::optional(*std::move(metadata));
}

struct Page {
  std::optional<int64_t> limit;
  int64_t offset;
};

HttpResult<Page> PageOf(const RouteCall& call) {
  OCHRE_HTTP_ASSIGN_OR_RETURN(const auto limit, QueryInteger(call, "limit"));
  OCHRE_HTTP_ASSIGN_OR_RETURN(const auto offset, QueryInteger(call, "offset"));
  return Page{limit, offset.value_or(0)};
}

HttpResult<CollectionConfiguration> ConfigurationOf(const Json& body) {
  CollectionConfiguration configuration;
  if (const Json* const given = Given(body, "configuration")) {
    if (given->is_object() && Given(*given, "hnsw") != nullptr && Given(*given, "spann") != nullptr) {
      return Status::InvalidArgument("Multiple vector index configurations provided");
    }
    Result<CollectionConfiguration> parsed = ConfigurationFromJson(given->dump());
    if (!parsed.ok()) return Unprocessable("configuration: ", parsed.status().message());
    configuration = *std::move(parsed);
    configuration.schema = "null";  // a schema has a field of its own
  }
  if (const Json* const schema = Given(body, "schema")) {
    if (const Status applied = ApplySchema(schema->dump(), configuration); !applied.ok()) return applied;
  }
  return configuration;
}

}  // namespace

Answer CreateTenant(RouteCall& call) {
  OCHRE_HTTP_ASSIGN_OR_RETURN(const Json body, JsonBody(call));
  OCHRE_HTTP_ASSIGN_OR_RETURN(const std::string name, Text(body, "name"));
  if (const Status created = call.gateway.CreateTenant(name); !created.ok()) return created;
  return Empty();
}

Answer GetTenant(RouteCall& call) {
  OCHRE_HTTP_ASSIGN_OR_RETURN(const TenantRecord tenant, call.gateway.GetTenant(call.path.tenant));
  const auto& resource_name = tenant.resource_name;
  return Respond({{"name", tenant.name}, {"resource_name", resource_name.has_value() ? Json(*resource_name) : Json()}});
}

Answer UpdateTenant(RouteCall& call) {
  OCHRE_HTTP_ASSIGN_OR_RETURN(const Json body, JsonBody(call));
  OCHRE_HTTP_ASSIGN_OR_RETURN(const std::string name, Text(body, "resource_name"));
  if (const Status set = call.gateway.SetTenantResourceName(call.path.tenant, name); !set.ok()) return set;
  return Empty();
}

Answer CreateDatabase(RouteCall& call) {
  OCHRE_HTTP_ASSIGN_OR_RETURN(const Json body, JsonBody(call));
  OCHRE_HTTP_ASSIGN_OR_RETURN(const std::string name, Text(body, "name"));
  if (const Status created = call.gateway.CreateDatabase(call.path.tenant, name); !created.ok()) return created;
  return Empty();
}

Answer ListDatabases(RouteCall& call) {
  OCHRE_HTTP_ASSIGN_OR_RETURN(const Page page, PageOf(call));
  OCHRE_HTTP_ASSIGN_OR_RETURN(const auto databases,
                              call.gateway.ListDatabases(call.path.tenant, page.limit, page.offset));
  Json list = Json::array();
  for (const DatabaseRecord& database : databases) list.push_back(ToJson(database));
  return Respond(list);
}

Answer GetDatabase(RouteCall& call) {
  OCHRE_HTTP_ASSIGN_OR_RETURN(const DatabaseRecord database,
                              call.gateway.GetDatabase(call.path.tenant, call.path.database));
  return Respond(ToJson(database));
}

Answer DeleteDatabase(RouteCall& call) {
  const Status deleted = call.gateway.DeleteDatabase(call.path.tenant, call.path.database);
  if (!deleted.ok()) return deleted;
  return Empty();
}

Answer CreateCollection(RouteCall& call) {
  OCHRE_HTTP_ASSIGN_OR_RETURN(const Json body, JsonBody(call));
  NewCollection request;
  request.tenant = call.path.tenant;
  request.database = call.path.database;
  OCHRE_HTTP_ASSIGN_OR_RETURN(request.name, Text(body, "name"));
  OCHRE_HTTP_ASSIGN_OR_RETURN(auto metadata, OptionalMetadata(body, "metadata", /*drop_nulls=*/false));
  if (metadata.has_value()) request.metadata = *std::move(metadata);
  OCHRE_HTTP_ASSIGN_OR_RETURN(request.configuration, ConfigurationOf(body));
  if (const Json* const get_or_create = Given(body, "get_or_create")) {
    if (!get_or_create->is_boolean()) return Unprocessable("get_or_create: expected a boolean");
    request.get_or_create = get_or_create->get<bool>();
  }
  OCHRE_HTTP_ASSIGN_OR_RETURN(const CollectionPointer collection, call.gateway.CreateCollection(request));
  return Respond(ToJson(*collection));
}

Answer ListCollections(RouteCall& call) {
  OCHRE_HTTP_ASSIGN_OR_RETURN(const Page page, PageOf(call));
  OCHRE_HTTP_ASSIGN_OR_RETURN(const auto collections, call.gateway.ListCollections(call.path.tenant, call.path.database,
                                                                                   page.limit, page.offset));
  Json list = Json::array();
  for (const CollectionPointer& collection : collections) list.push_back(ToJson(*collection));
  return Respond(list);
}

Answer CountCollections(RouteCall& call) {
  OCHRE_HTTP_ASSIGN_OR_RETURN(const int64_t count, call.gateway.CountCollections(call.path.tenant, call.path.database));
  return Respond(count);
}

Answer GetCollectionByName(RouteCall& call) {
  OCHRE_HTTP_ASSIGN_OR_RETURN(const CollectionPointer collection,
                              call.gateway.GetCollection(call.path.tenant, call.path.database, call.path.collection));
  return Respond(ToJson(*collection));
}

Answer GetCollectionById(RouteCall& call) {
  OCHRE_HTTP_ASSIGN_OR_RETURN(const CollectionPointer collection, CollectionOf(call));
  return Respond(ToJson(*collection));
}

Answer UpdateCollection(RouteCall& call) {
  OCHRE_HTTP_ASSIGN_OR_RETURN(const CollectionPointer collection, CollectionOf(call));
  OCHRE_HTTP_ASSIGN_OR_RETURN(const Json body, JsonBody(call));
  CollectionChanges changes;
  OCHRE_HTTP_ASSIGN_OR_RETURN(changes.name, OptionalText(body, "new_name"));
  OCHRE_HTTP_ASSIGN_OR_RETURN(changes.metadata, OptionalMetadata(body, "new_metadata", /*drop_nulls=*/true));
  std::string configuration;
  if (const Json* const given = Given(body, "new_configuration")) {
    configuration = given->dump();
    // Asked here as well for the sake of the status: what the Gateway refuses is 400, a wrong field 422.
    const auto parsed = UpdateConfigurationFromJson(collection->configuration, configuration);
    if (!parsed.ok()) return Unprocessable("new_configuration: ", parsed.status().message());
  }
  const Status modified = call.gateway.ModifyCollection(collection->id, changes, configuration);
  if (!modified.ok()) return modified;
  return Empty();
}

Answer DeleteCollection(RouteCall& call) {
  const Status deleted = call.gateway.DeleteCollection(call.path.tenant, call.path.database, call.path.collection);
  if (!deleted.ok()) return deleted;
  return Empty();
}

Answer IndexingStatus(RouteCall& call) {
  OCHRE_HTTP_ASSIGN_OR_RETURN(const CollectionPointer collection, CollectionOf(call));
  OCHRE_HTTP_ASSIGN_OR_RETURN(const CollectionStats stats, call.gateway.Stats(collection->id));
  const uint64_t total = stats.log_position;
  const uint64_t indexed = stats.compacted_position;
  return Respond(
      {{"op_indexing_progress", total == 0 ? 1.0 : static_cast<double>(indexed) / static_cast<double>(total)},
       {"num_unindexed_ops", total - indexed},
       {"num_indexed_ops", indexed},
       {"total_ops", total}});
}

}  // namespace ochre
