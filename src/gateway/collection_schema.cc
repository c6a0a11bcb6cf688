#include "gateway/collection_schema.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <thread>

namespace ochre {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kDocumentKey = "#document";
constexpr std::string_view kEmbeddingKey = "#embedding";
constexpr int kDepthMax = 100;  // as of configurations: values are copied by recursion

Json Index(bool enabled, Json config = Json::object()) { return {{"enabled", enabled}, {"config", std::move(config)}}; }

// What every collection has.
Json DefaultSchema() {
  const Json sparse = {{"embedding_function", {{"type", "unknown"}}}, {"bm25", false}};
  return {{"defaults",
           {{"string", {{"fts_index", Index(false)}, {"string_inverted_index", Index(true)}}},
            {"float_list", {{"vector_index", Index(false)}}},
            {"sparse_vector", {{"sparse_vector_index", Index(false, sparse)}}},
            {"int", {{"int_inverted_index", Index(true)}}},
            {"float", {{"float_inverted_index", Index(true)}}},
            {"bool", {{"bool_inverted_index", Index(true)}}}}},
          {"keys",
           {{kEmbeddingKey, {{"float_list", {{"vector_index", Index(true)}}}}},
            {kDocumentKey, {{"string", {{"fts_index", Index(true)}, {"string_inverted_index", Index(false)}}}}}}}};
}

// The member of nested objects at `path`, or null.
template <typename... Names>
const Json* Find(const Json& json, std::string_view name, Names... rest) {
  if (!json.is_object()) return nullptr;
  const auto member = json.find(name);
  if (member == json.end()) return nullptr;
  if constexpr (sizeof...(rest) == 0) {
    return &*member;
  } else {
    return Find(*member, rest...);
  }
}

template <typename... Names>
bool IsEnabled(const Json& types, Names... names) {
  const Json* const enabled = Find(types, names..., "enabled");
  return enabled != nullptr && *enabled == true;
}

// Of {TYPE: {INDEX: {"enabled": ..., "config": {...}}}}: nulls are left out, and all else must be as that form says,
// since SchemaToJson writes into it. `path` is where in the schema it stands.
Status NormaliseTypes(const std::string& path, Json& types, int levels = 3) {
  if (!types.is_object()) return Status::InvalidArgument("Invalid schema: ", path, " must be an object");
  for (auto member = types.begin(); member != types.end();) {
    if (member->is_null()) {
      member = types.erase(member);
      continue;
    }
    const std::string member_path = path + '.' + member.key();
    if (levels > 1) {
      OCHRE_RETURN_IF_ERROR(NormaliseTypes(member_path, *member, levels - 1));
    } else if (member.key() == "enabled" && !member->is_boolean()) {
      return Status::InvalidArgument("Invalid schema: ", member_path, " must be a boolean");
    } else if (member.key() == "config" && !member->is_object()) {
      return Status::InvalidArgument("Invalid schema: ", member_path, " must be an object");
    }
    ++member;
  }
  return Status::Ok();
}

Status CheckKey(const std::string& key, const Json& types) {
  if (key.starts_with('#') && key != kDocumentKey && key != kEmbeddingKey) {
    return Status::InvalidArgument("key cannot begin with '#'. Keys starting with '#' are reserved for system use: ",
                                   key);
  }
  if (key != kDocumentKey && IsEnabled(types, "string", "fts_index")) {
    return Status::InvalidArgument("Invalid schema: a full-text index is possible on ", kDocumentKey,
                                   " only, not on \"", key, "\"");
  }
  if (key == kDocumentKey && IsEnabled(types, "string", "string_inverted_index")) {
    return Status::InvalidArgument("Invalid schema: ", kDocumentKey, " cannot have a string index");
  }
  if (key != kEmbeddingKey && IsEnabled(types, "float_list", "vector_index")) {
    return Status::InvalidArgument("Invalid schema: a vector index is possible on ", kEmbeddingKey, " only, not on \"",
                                   key, "\"");
  }
  return Status::Ok();
}

Status CheckDefaults(const Json& defaults) {
  for (const auto& [type, index] : {std::pair("float_list", "vector_index"), std::pair("string", "fts_index"),
                                    std::pair("sparse_vector", "sparse_vector_index")}) {
    if (IsEnabled(defaults, type, index)) {
      return Status::InvalidArgument("Invalid schema: ", index, " cannot be enabled by default");
    }
  }
  return Status::Ok();
}

// The configuration that the config of a vector index amounts to.
Result<CollectionConfiguration> FromVectorIndex(const Json& config) {
  Json json = Json::object();
  if (const Json* hnsw = Find(config, "hnsw"); hnsw != nullptr && !hnsw->is_null()) json["hnsw"] = *hnsw;
  if (const Json* spann = Find(config, "spann"); spann != nullptr && !spann->is_null()) json["spann"] = *spann;
  if (const Json* space = Find(config, "space"); space != nullptr && !space->is_null()) {
    const std::string_view block = json.contains("spann") && !json.contains("hnsw") ? "spann" : "hnsw";
    if (json.contains(block) && !json[block].is_object()) {
      return Status::InvalidArgument("\"", block, "\" must be an object");
    }
    json[block]["space"] = *space;
  }
  if (const Json* function = Find(config, "embedding_function"); function != nullptr) {
    json["embedding_function"] = *function;
  }
  return ConfigurationFromJson(json.dump());
}

// Whether the block says which embedding function the user chose. Chroma's Python client says "default" in every
// request whose caller chose none.
bool NamesAFunction(std::string_view block) {
  const Json function = Json::parse(block, nullptr, /*allow_exceptions=*/false);
  const Json* const name = Find(function, "name");
  return name != nullptr && *name != "default";
}

}  // namespace

Status ApplySchema(std::string_view text, CollectionConfiguration& configuration) {
  bool too_deep = false;
  const auto bound_depth = [&](int depth, Json::parse_event_t, Json&) {
    too_deep |= depth > kDepthMax;
    return !too_deep;  // what is refused here is not built
  };
  Json schema = Json::parse(text, bound_depth, /*allow_exceptions=*/false);
  if (too_deep) return Status::InvalidArgument("the schema is nested more than ", kDepthMax, " deep");
  if (!schema.is_object()) return Status::InvalidArgument("the schema must be a JSON object");
  for (const std::string_view part : {"defaults", "keys"}) {
    if (schema.contains(part) && !schema[part].is_object()) {
      return Status::InvalidArgument("Invalid schema: \"", part, "\" must be an object");
    }
  }
  if (const auto defaults = schema.find("defaults"); defaults != schema.end()) {
    OCHRE_RETURN_IF_ERROR(NormaliseTypes("defaults", *defaults));
    OCHRE_RETURN_IF_ERROR(CheckDefaults(*defaults));
  }
  if (const auto keys = schema.find("keys"); keys != schema.end()) {
    for (auto& [key, types] : keys->items()) {
      OCHRE_RETURN_IF_ERROR(NormaliseTypes("keys." + key, types));
      OCHRE_RETURN_IF_ERROR(CheckKey(key, types));
    }
  }

  // The entry of the key counts before the default one.
  for (const Json* config : {Find(schema, "keys", kEmbeddingKey, "float_list", "vector_index", "config"),
                             Find(schema, "defaults", "float_list", "vector_index", "config")}) {
    if (config == nullptr) continue;
    OCHRE_ASSIGN_OR_RETURN(const CollectionConfiguration given, FromVectorIndex(*config));
    const bool sets_hnsw = given.hnsw != HnswConfiguration();
    const bool sets_function = NamesAFunction(given.embedding_function);
    if ((sets_hnsw && configuration.hnsw != HnswConfiguration() && configuration.hnsw != given.hnsw) ||
        (sets_function && NamesAFunction(configuration.embedding_function) &&
         configuration.embedding_function != given.embedding_function)) {
      return Status::InvalidArgument(
          "Failed to reconcile schema: Cannot set both collection config and schema simultaneously");
    }
    if (sets_hnsw) configuration.hnsw = given.hnsw;
    if (sets_function || configuration.embedding_function == "null") {
      configuration.embedding_function = given.embedding_function;
    }
    configuration.has_spann |= given.has_spann;
    break;
  }
  configuration.schema = schema.dump();
  return Status::Ok();
}

std::string SchemaToJson(const CollectionConfiguration& configuration) {
  Json schema = DefaultSchema();
  if (configuration.schema != "null") schema.merge_patch(Json::parse(configuration.schema, nullptr, false));
  Json parsed = Json::parse(ConfigurationToJson(configuration), nullptr, false);
  Json config = {{"space", parsed["hnsw"]["space"]}};
  parsed["hnsw"].erase("space");
  if (parsed["hnsw"]["num_threads"] == 0) {  // all cores
    parsed["hnsw"]["num_threads"] = std::max(1u, std::thread::hardware_concurrency());
  }
  config["hnsw"] = parsed["hnsw"];
  if (!parsed["embedding_function"].is_null()) config["embedding_function"] = parsed["embedding_function"];
  schema["defaults"]["float_list"]["vector_index"]["config"] = config;
  config["source_key"] = kDocumentKey;
  schema["keys"][kEmbeddingKey]["float_list"]["vector_index"]["config"] = config;
  return schema.dump();
}

}  // namespace ochre
