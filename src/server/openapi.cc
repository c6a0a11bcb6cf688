#include "server/openapi.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>

#include "server/route.h"

namespace ochre {
namespace {

using Json = nlohmann::json;

// The schemas that the table names. What a filter or a configuration may hold is the Gateway's to say.
constexpr const char* kSchemas = R"json({
  "Empty": {"type": "object"},
  "Object": {"type": "object"},
  "Text": {"type": "string"},
  "Boolean": {"type": "boolean"},
  "Integer": {"type": "integer"},
  "Error": {"type": "object", "required": ["error", "message"],
            "properties": {"error": {"type": "string"}, "message": {"type": "string"}}},
  "Heartbeat": {"type": "object", "properties": {"nanosecond heartbeat": {"type": "integer"}}},
  "Health": {"type": "object", "properties": {"is_executor_ready": {"type": "boolean"},
                                              "is_log_client_ready": {"type": "boolean"}}},
  "PreFlightChecks": {"type": "object", "properties": {"max_batch_size": {"type": "integer"},
                                                       "supports_base64_encoding": {"type": "boolean"}}},
  "Identity": {"type": "object", "properties": {"user_id": {"type": "string"}, "tenant": {"type": "string"},
                                                "databases": {"type": "array", "items": {"type": "string"}}}},
  "CreateTenant": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}},
  "UpdateTenant": {"type": "object", "required": ["resource_name"],
                   "properties": {"resource_name": {"type": "string"}}},
  "Tenant": {"type": "object", "properties": {"name": {"type": "string"},
                                              "resource_name": {"type": ["string", "null"]}}},
  "CreateDatabase": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}},
  "Database": {"type": "object", "properties": {"id": {"type": "string", "format": "uuid"},
                                                "name": {"type": "string"}, "tenant": {"type": "string"}}},
  "Databases": {"type": "array", "items": {"$ref": "#/components/schemas/Database"}},
  "CreateCollection": {"type": "object", "required": ["name"], "properties": {
    "name": {"type": "string"}, "metadata": {"type": ["object", "null"]}, "configuration": {"type": ["object", "null"]},
    "schema": {"type": ["object", "null"]}, "get_or_create": {"type": "boolean"}}},
  "UpdateCollection": {"type": "object", "properties": {
    "new_name": {"type": ["string", "null"]}, "new_metadata": {"type": ["object", "null"]},
    "new_configuration": {"type": ["object", "null"]}}},
  "Collection": {"type": "object", "properties": {
    "id": {"type": "string", "format": "uuid"}, "name": {"type": "string"}, "tenant": {"type": "string"},
    "database": {"type": "string"}, "metadata": {"type": ["object", "null"]}, "dimension": {"type": ["integer", "null"]},
    "configuration_json": {"type": "object"}, "schema": {"type": "object"}, "log_position": {"type": "integer"},
    "version": {"type": "integer"}}},
  "Collections": {"type": "array", "items": {"$ref": "#/components/schemas/Collection"}},
  "IndexingStatus": {"type": "object", "properties": {
    "op_indexing_progress": {"type": "number"}, "num_unindexed_ops": {"type": "integer"},
    "num_indexed_ops": {"type": "integer"}, "total_ops": {"type": "integer"}}},
  "Ids": {"type": "array", "items": {"type": "string"}},
  "Texts": {"type": ["array", "null"], "items": {"type": ["string", "null"]}},
  "Metadatas": {"type": ["array", "null"], "items": {"type": ["object", "null"]}},
  "Embedding": {"type": "array", "items": {"type": "number"}},
  "Embeddings": {"type": "array", "items": {"oneOf": [
    {"$ref": "#/components/schemas/Embedding"},
    {"type": "string", "description": "base64 of little-endian float32"}]}},
  "AddRecords": {"type": "object", "required": ["ids", "embeddings"], "properties": {
    "ids": {"$ref": "#/components/schemas/Ids"}, "embeddings": {"$ref": "#/components/schemas/Embeddings"},
    "documents": {"$ref": "#/components/schemas/Texts"}, "uris": {"$ref": "#/components/schemas/Texts"},
    "metadatas": {"$ref": "#/components/schemas/Metadatas"}}},
  "UpdateRecords": {"type": "object", "required": ["ids"], "properties": {
    "ids": {"$ref": "#/components/schemas/Ids"},
    "embeddings": {"type": ["array", "null"], "description": "as of add; entries may be null"},
    "documents": {"$ref": "#/components/schemas/Texts"}, "uris": {"$ref": "#/components/schemas/Texts"},
    "metadatas": {"$ref": "#/components/schemas/Metadatas"}}},
  "DeleteRecords": {"type": "object", "properties": {
    "ids": {"$ref": "#/components/schemas/Ids"}, "where": {"type": ["object", "null"]},
    "where_document": {"type": ["object", "null"]}, "limit": {"type": ["integer", "null"]}}},
  "Deleted": {"type": "object", "properties": {"deleted": {"type": "integer"}}},
  "Include": {"type": "array",
              "items": {"enum": ["distances", "documents", "embeddings", "metadatas", "uris"]}},
  "GetRecords": {"type": "object", "properties": {
    "ids": {"$ref": "#/components/schemas/Ids"}, "where": {"type": ["object", "null"]},
    "where_document": {"type": ["object", "null"]}, "limit": {"type": ["integer", "null"]},
    "offset": {"type": ["integer", "null"]}, "include": {"$ref": "#/components/schemas/Include"}}},
  "Records": {"type": "object", "properties": {
    "ids": {"$ref": "#/components/schemas/Ids"}, "embeddings": {"type": ["array", "null"]},
    "documents": {"$ref": "#/components/schemas/Texts"}, "uris": {"$ref": "#/components/schemas/Texts"},
    "metadatas": {"$ref": "#/components/schemas/Metadatas"}, "include": {"$ref": "#/components/schemas/Include"}}},
  "QueryRecords": {"type": "object", "required": ["query_embeddings"], "properties": {
    "query_embeddings": {"type": "array", "items": {"$ref": "#/components/schemas/Embedding"}},
    "n_results": {"type": ["integer", "null"]}, "ids": {"$ref": "#/components/schemas/Ids"},
    "where": {"type": ["object", "null"]}, "where_document": {"type": ["object", "null"]},
    "include": {"$ref": "#/components/schemas/Include"}}},
  "Neighbors": {"type": "object", "description": "as Records, each column a list for each query", "properties": {
    "ids": {"type": "array", "items": {"$ref": "#/components/schemas/Ids"}},
    "distances": {"type": ["array", "null"], "items": {"$ref": "#/components/schemas/Embedding"}},
    "embeddings": {"type": ["array", "null"]}, "documents": {"type": ["array", "null"]},
    "uris": {"type": ["array", "null"]}, "metadatas": {"type": ["array", "null"]},
    "include": {"$ref": "#/components/schemas/Include"}}}
})json";

Json Reference(std::string_view schema) { return {{"$ref", "#/components/schemas/" + std::string(schema)}}; }

Json Parameter(std::string_view name, std::string_view in) {
  const bool integer = name == "limit" || name == "offset";
  return {
      {"name", name}, {"in", in}, {"required", in == "path"}, {"schema", {{"type", integer ? "integer" : "string"}}}};
}

Json ParametersOf(const Route& route) {
  Json parameters = Json::array();
  for (size_t begin = route.path.find('{'); begin != std::string_view::npos; begin = route.path.find('{', begin + 1)) {
    const size_t end = route.path.find('}', begin);
    parameters.push_back(Parameter(route.path.substr(begin + 1, end - begin - 1), "path"));
  }
  for (std::string_view rest = route.query_parameters; !rest.empty();) {
    const std::string_view name = rest.substr(0, rest.find(' '));
    parameters.push_back(Parameter(name, "query"));
    rest.remove_prefix(std::min(rest.size(), name.size() + 1));
  }
  return parameters;
}

Json ContentOf(std::string_view type, std::string_view schema) {
  return {{"content", {{type, {{"schema", Reference(schema)}}}}}};
}

Json OperationOf(const Route& route) {
  const std::string_view type = route.operation == "metrics" ? "text/plain" : "application/json";
  Json response = ContentOf(type, route.response);
  response["description"] = route.status < 400 ? "Success" : "Not supported";
  Json error = ContentOf("application/json", "Error");
  error["description"] = "Why not; the status says what kind of error it is";
  Json operation = {{"operationId", route.operation},
                    {"summary", route.summary},
                    {"parameters", ParametersOf(route)},
                    {"responses", {{std::to_string(route.status), response}, {"default", error}}}};
  if (!route.request.empty()) {
    operation["requestBody"] = ContentOf("application/json", route.request);
    operation["requestBody"]["required"] = true;
  }
  return operation;
}

std::string LowerCase(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = static_cast<char>(c | 0x20);  // methods are letters
  return lower;
}

std::string MakeDocument() {
  Json document = {
      {"openapi", "3.1.0"},
      {"info", {{"title", "Ochre"}, {"description", "Chroma's HTTP API, version 2"}, {"version", "2.0.0"}}},
      {"components",
       {{"schemas", Json::parse(kSchemas)},
        {"securitySchemes",
         {{"bearer", {{"type", "http"}, {"scheme", "bearer"}}},
          {"basic", {{"type", "http"}, {"scheme", "basic"}}},
          {"token", {{"type", "apiKey"}, {"in", "header"}, {"name", "x-chroma-token"}}}}}}},
      {"security", {{{"bearer", Json::array()}}, {{"basic", Json::array()}}, {{"token", Json::array()}}}},
      {"paths", Json::object()}};
  for (const Route& route : Routes()) {
    document["paths"][std::string(route.path)][LowerCase(NameOf(route.method))] = OperationOf(route);
  }
  return document.dump();
}

}  // namespace

const std::string& OpenApiDocument() {
  static const std::string document = MakeDocument();
  return document;
}

}  // namespace ochre
