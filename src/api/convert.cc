#include "api/convert.h"

#include <cassert>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

namespace ochre {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kHashingName = "ochre_hashing";

// The string under `key`; empty when there is none, or something else.
std::string TextOf(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace

CollectionInfo ToInfo(const CollectionRecord& record) {
  return {.id = record.id.ToString(),
          .name = record.name,
          .tenant = record.tenant,
          .database = record.database,
          .metadata = record.metadata,
          .hnsw = record.configuration.hnsw,
          .configuration_json = ConfigurationToJson(record.configuration),
          .dimension = record.dimension};
}

Result<std::string> ToConfigurationBlock(const EmbeddingFunction* function) {
  if (function == nullptr) return std::string("null");
  const std::string config_text = function->ConfigJson();
  Json config = Json::parse(config_text, nullptr, /*allow_exceptions=*/false);
  if (!config.is_object()) {
    return Status::InvalidArgument("the embedding function ", function->Name(),
                                   " has a configuration that is no JSON object: ", config_text);
  }
  const Json block = {{"type", "known"}, {"name", function->Name()}, {"config", std::move(config)}};
  return block.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string EmbeddingFunctionBlock(const std::string& configuration_json) {
  const Json json = Json::parse(configuration_json, nullptr, /*allow_exceptions=*/false);
  const auto found = json.is_object() ? json.find("embedding_function") : json.end();
  return found == json.end() ? "null" : found->dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<std::shared_ptr<const EmbeddingFunction>> ResolveEmbeddingFunction(
    const std::string& block, std::shared_ptr<const EmbeddingFunction> given) {
  const Json json = Json::parse(block, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object() || TextOf(json, "type") != "known") return given;
  const std::string name = TextOf(json, "name");
  if (given != nullptr) {
    if (given->Name() == name) return given;
    return Status::InvalidArgument("the collection's embedding function is \"", name, "\", and \"", given->Name(),
                                   "\" was given");
  }
  if (name != kHashingName) return given;
  // Stored by whoever gave a function of that name, so it may hold anything.
  const auto dimension = json.value(Json::json_pointer("/config/dimension"), Json());
  if (!dimension.is_number_integer() || dimension != dimension.get<int32_t>()) {
    return Status::InvalidArgument("the collection's embedding function \"", name,
                                   "\" is stored without a dimension: ", block);
  }
  return MakeHashingEmbedder(dimension.get<int32_t>());
}

CollectionId ParseCollectionId(const std::string& id) {
  const std::optional<Uuid> parsed = Uuid::Parse(id);
  assert(parsed.has_value());
  return *parsed;
}

}  // namespace ochre
