#include "server/collection_json.h"

#include <nlohmann/json.hpp>

#include "gateway/collection_schema.h"

namespace ochre {

using Json = nlohmann::json;

Json ToJson(const DatabaseRecord& database) {
  return {{"id", database.id.ToString()}, {"name", database.name}, {"tenant", database.tenant}};
}

Json ToJson(const CollectionRecord& collection) {
  Json configuration = Json::parse(ConfigurationToJson(collection.configuration), nullptr, false);
  configuration.erase("schema");
  configuration["spann"] = nullptr;
  // Chroma returns these two in the schema only.
  configuration["hnsw"].erase("num_threads");
  configuration["hnsw"].erase("batch_size");
  return {{"id", collection.id.ToString()},
          {"name", collection.name},
          {"tenant", collection.tenant},
          {"database", collection.database},
          {"metadata",
           collection.metadata.empty() ? Json() : Json::parse(MetadataToJson(collection.metadata), nullptr, false)},
          {"dimension", collection.dimension.has_value() ? Json(*collection.dimension) : Json()},
          {"configuration_json", std::move(configuration)},
          {"schema", Json::parse(SchemaToJson(collection.configuration), nullptr, false)},
          // As Chroma's single-node server: positions are an affair of the server's, and clients have no use for them.
          {"log_position", 0},
          {"version", 0}};
}

}  // namespace ochre
