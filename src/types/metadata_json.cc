// MetadataFromJson and MetadataToJson: Chroma's JSON form of a metadata map.
#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "ochre/metadata.h"

namespace ochre {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kSparseVectorType = "sparse_vector";

double ToDouble(const Json& number) {
  if (number.is_number_unsigned()) return static_cast<double>(number.get<uint64_t>());
  if (number.is_number_integer()) return static_cast<double>(number.get<int64_t>());
  return number.get<double>();
}

bool IsInt64(const Json& number) {
  if (!number.is_number_integer()) return false;
  return !number.is_number_unsigned() ||
         number.get<uint64_t>() <= static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
}

template <typename Predicate>
bool AllOf(const Json& list, Predicate predicate) {
  return std::all_of(list.begin(), list.end(), predicate);
}

Result<MetadataValue> ListFromJson(std::string_view key, const Json& list) {
  if (list.empty()) return std::vector<std::string>();  // of no type; as good as absent, also in an add
  if (AllOf(list, [](const Json& j) { return j.is_boolean(); })) return list.get<std::vector<bool>>();
  if (AllOf(list, IsInt64)) return list.get<std::vector<int64_t>>();
  if (AllOf(list, [](const Json& j) { return j.is_number(); })) {
    std::vector<double> values;
    for (const Json& element : list) values.push_back(ToDouble(element));
    return values;
  }
  if (AllOf(list, [](const Json& j) { return j.is_string(); })) return list.get<std::vector<std::string>>();
  return Status::InvalidArgument("the list under metadata key \"", key,
                                 "\" must hold booleans, numbers or strings, and only one kind of them");
}

Result<MetadataValue> SparseVectorFromJson(std::string_view key, const Json& object) {
  const Status malformed = Status::InvalidArgument(
      "the object under metadata key \"", key,
      "\" is no metadata value: those are strings, numbers, booleans or lists of one of these, and of objects only a "
      "sparse vector: {\"#type\": \"sparse_vector\", \"indices\": [...], \"values\": [...]}");
  const auto type = object.find("#type");
  const auto indices = object.find("indices");
  const auto values = object.find("values");
  const auto tokens = object.find("tokens");
  if (type != object.end() && *type != kSparseVectorType) return malformed;
  if (indices == object.end() || !indices->is_array() || values == object.end() || !values->is_array()) {
    return malformed;
  }
  SparseVector vector;
  for (const Json& index : *indices) {
    if (!index.is_number_unsigned() || index.get<uint64_t>() > std::numeric_limits<uint32_t>::max()) return malformed;
    vector.indices.push_back(index.get<uint32_t>());
  }
  for (const Json& value : *values) {
    if (!value.is_number() || std::abs(ToDouble(value)) > std::numeric_limits<float>::max()) return malformed;
    vector.values.push_back(static_cast<float>(ToDouble(value)));
  }
  if (tokens != object.end() && !tokens->is_null()) {
    if (!tokens->is_array() || !AllOf(*tokens, [](const Json& j) { return j.is_string(); })) return malformed;
    vector.tokens = tokens->get<std::vector<std::string>>();
  }
  return vector;
}

Result<MetadataValue> ValueFromJson(std::string_view key, const Json& json) {
  switch (json.type()) {
    case Json::value_t::null:
      return MetadataValue();
    case Json::value_t::boolean:
      return MetadataValue(json.get<bool>());
    case Json::value_t::number_integer:
    case Json::value_t::number_unsigned:
      if (IsInt64(json)) return MetadataValue(json.get<int64_t>());
      return MetadataValue(ToDouble(json));
    case Json::value_t::number_float:
      return MetadataValue(json.get<double>());
    case Json::value_t::string:
      return MetadataValue(json.get<std::string>());
    case Json::value_t::array:
      return ListFromJson(key, json);
    case Json::value_t::object:
      return SparseVectorFromJson(key, json);
    default:
      return Status::InvalidArgument("the value under metadata key \"", key, "\" has no type that metadata allows");
  }
}

struct ValueToJson {
  Json operator()(std::monostate) const { return nullptr; }
  template <typename T>
  Json operator()(const T& value) const {
    return value;
  }
  Json operator()(const SparseVector& vector) const {
    Json json = {{"#type", kSparseVectorType}, {"indices", vector.indices}, {"values", vector.values}};
    if (!vector.tokens.empty()) json["tokens"] = vector.tokens;
    return json;
  }
};

}  // namespace

Result<Metadata> MetadataFromJson(std::string_view text) {
  const Json json = Json::parse(text, /*cb=*/nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) return Status::InvalidArgument("the metadata is not JSON");
  if (!json.is_object()) return Status::InvalidArgument("the metadata must be a JSON object, not ", json.type_name());
  Metadata metadata;
  for (const auto& [key, value] : json.items()) {
    OCHRE_ASSIGN_OR_RETURN(MetadataValue parsed, ValueFromJson(key, value));
    metadata.emplace(key, std::move(parsed));
  }
  return metadata;
}

std::string MetadataToJson(const Metadata& metadata) {
  Json json = Json::object();
  for (const auto& [key, value] : metadata) json[key] = std::visit(ValueToJson{}, value.variant());
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace ochre
