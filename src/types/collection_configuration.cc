#include "types/collection_configuration.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

namespace ochre {
namespace {

using Json = nlohmann::json;

struct SpaceName {
  Space space;
  std::string_view name;
};
constexpr std::array<SpaceName, 3> kSpaceNames = {
    {{Space::kL2, "l2"}, {Space::kCosine, "cosine"}, {Space::kInnerProduct, "ip"}}};

struct QuantizationName {
  Quantization quantization;
  std::string_view name;
};
constexpr std::array<QuantizationName, 3> kQuantizationNames = {
    {{Quantization::kNone, "none"}, {Quantization::kInt8, "int8"}, {Quantization::kLvq4, "lvq4"}}};

// What the hnsw block and the legacy metadata keys have in common: a field by its name in either, set from JSON.
struct Field {
  std::string_view name;
  std::string_view legacy_key;                   // empty: there is none
  bool (*set)(HnswConfiguration&, const Json&);  // false: not a value of the field's type
};

bool SetSpace(HnswConfiguration& hnsw, const Json& value) {
  for (const SpaceName& candidate : kSpaceNames) {
    if (value != candidate.name) continue;
    hnsw.space = candidate.space;
    return true;
  }
  return false;
}

bool SetQuantization(HnswConfiguration& hnsw, const Json& value) {
  for (const QuantizationName& candidate : kQuantizationNames) {
    if (value != candidate.name) continue;
    hnsw.quantization = candidate.quantization;
    return true;
  }
  return false;
}

template <auto Member>
bool SetInteger(HnswConfiguration& hnsw, const Json& value) {
  using T = std::remove_reference_t<decltype(hnsw.*Member)>;
  if (!value.is_number_integer()) return false;
  if (value.is_number_unsigned() && value.get<uint64_t>() > static_cast<uint64_t>(std::numeric_limits<T>::max())) {
    return false;
  }
  const auto number = value.get<int64_t>();
  if (number < std::numeric_limits<T>::min() || number > std::numeric_limits<T>::max()) return false;
  hnsw.*Member = static_cast<T>(number);
  return true;
}

bool SetResizeFactor(HnswConfiguration& hnsw, const Json& value) {
  if (!value.is_number()) return false;
  hnsw.resize_factor = value.get<double>();
  return true;
}

constexpr std::array<Field, 9> kFields = {{
    {"space", "hnsw:space", SetSpace},
    {"ef_construction", "hnsw:construction_ef", SetInteger<&HnswConfiguration::ef_construction>},
    {"ef_search", "hnsw:search_ef", SetInteger<&HnswConfiguration::ef_search>},
    {"max_neighbors", "hnsw:M", SetInteger<&HnswConfiguration::max_neighbors>},
    {"num_threads", "hnsw:num_threads", SetInteger<&HnswConfiguration::num_threads>},
    {"resize_factor", "hnsw:resize_factor", SetResizeFactor},
    {"batch_size", "hnsw:batch_size", SetInteger<&HnswConfiguration::batch_size>},
    {"sync_threshold", "hnsw:sync_threshold", SetInteger<&HnswConfiguration::sync_threshold>},
    {"quantization", "", SetQuantization},
}};

// What a message shows of a value: of a list or an object its type only, as those may be huge, and deep.
std::string Excerpt(const Json& value) {
  constexpr size_t kExcerptBytes = 60;
  if (value.is_structured()) return value.type_name();
  const std::string text = value.dump(-1, ' ', /*ensure_ascii=*/true, Json::error_handler_t::replace);
  return text.size() <= kExcerptBytes ? text : text.substr(0, kExcerptBytes) + "...";
}

// nlohmann/json copies and prints nested values by recursion; people nest a handful of levels.
constexpr int kDepthMax = 100;

Result<Json> ParseJson(std::string_view what, std::string_view text) {
  bool too_deep = false;
  const auto bound_depth = [&](int depth, Json::parse_event_t, Json&) {
    too_deep |= depth > kDepthMax;
    return !too_deep;  // what is refused here is not built
  };
  Json json = Json::parse(text, bound_depth, /*allow_exceptions=*/false);
  if (too_deep) return Status::InvalidArgument("the ", what, " is nested more than ", kDepthMax, " deep");
  if (json.is_discarded()) return Status::InvalidArgument("the ", what, " is not JSON");
  return json;
}

Status CheckAtLeast(std::string_view field, int64_t value, int64_t min) {
  if (value >= min) return Status::Ok();
  return Status::InvalidArgument(field, " is ", value, ", but must be at least ", min);
}

Status ValidateHnsw(const HnswConfiguration& hnsw) {
  if (std::none_of(kSpaceNames.begin(), kSpaceNames.end(),
                   [&](const SpaceName& known) { return known.space == hnsw.space; })) {
    return Status::InvalidArgument("space is number ", static_cast<int>(hnsw.space), ", which no space has");
  }
  if (std::none_of(kQuantizationNames.begin(), kQuantizationNames.end(),
                   [&](const QuantizationName& known) { return known.quantization == hnsw.quantization; })) {
    return Status::InvalidArgument("quantization is number ", static_cast<int>(hnsw.quantization),
                                   ", which no quantization has");
  }
  OCHRE_RETURN_IF_ERROR(CheckAtLeast("max_neighbors", hnsw.max_neighbors, 1));
  OCHRE_RETURN_IF_ERROR(CheckAtLeast("ef_construction", hnsw.ef_construction, 1));
  OCHRE_RETURN_IF_ERROR(CheckAtLeast("ef_search", hnsw.ef_search, 1));
  OCHRE_RETURN_IF_ERROR(CheckAtLeast("num_threads", hnsw.num_threads, 0));
  OCHRE_RETURN_IF_ERROR(CheckAtLeast("batch_size", hnsw.batch_size, 2));
  OCHRE_RETURN_IF_ERROR(CheckAtLeast("sync_threshold", hnsw.sync_threshold, 2));
  if (!std::isfinite(hnsw.resize_factor) || hnsw.resize_factor < 1) {
    return Status::InvalidArgument("resize_factor is ", hnsw.resize_factor, ", but must be at least 1");
  }
  return Status::Ok();
}

Status ApplyHnswBlock(const Json& block, HnswConfiguration& hnsw) {
  if (!block.is_object()) return Status::InvalidArgument("\"hnsw\" must be an object, not ", block.type_name());
  for (const auto& [name, value] : block.items()) {
    const auto field =
        std::find_if(kFields.begin(), kFields.end(), [&name = name](const Field& f) { return f.name == name; });
    if (field == kFields.end()) return Status::InvalidArgument("\"hnsw\" has an unknown field \"", name, "\"");
    if (!field->set(hnsw, value)) {
      return Status::InvalidArgument("the hnsw field \"", name, "\" cannot be ", Excerpt(value));
    }
  }
  return Status::Ok();
}

// The parameters of a SPANN index mean nothing to this one: of its block only the space counts.
Status ApplySpannBlock(const Json& block, HnswConfiguration& hnsw) {
  if (!block.is_object()) return Status::InvalidArgument("\"spann\" must be an object, not ", block.type_name());
  const auto space = block.find("space");
  if (space != block.end() && !SetSpace(hnsw, *space)) {
    return Status::InvalidArgument("the spann field \"space\" cannot be ", Excerpt(*space));
  }
  return Status::Ok();
}

Status CheckEmbeddingFunction(const Json& block) {
  if (block.is_null()) return Status::Ok();
  const auto type = block.is_object() ? block.find("type") : block.end();
  if (block.is_object() && type != block.end()) {
    if (*type == "legacy" || *type == "unknown") return Status::Ok();
    const auto name = block.find("name");
    const auto config = block.find("config");
    if (*type == "known" && name != block.end() && name->is_string() && config != block.end() && config->is_object()) {
      return Status::Ok();
    }
  }
  return Status::InvalidArgument(
      "\"embedding_function\" must be null, {\"type\": \"known\", \"name\": string, \"config\": object}, "
      "{\"type\": \"legacy\"} or {\"type\": \"unknown\"}");
}

bool IsGiven(const Json& json, std::string_view field) { return json.contains(field) && !json[field].is_null(); }

}  // namespace

HnswConfiguration AsUsed(HnswConfiguration hnsw) {
  hnsw.max_neighbors = std::clamp(hnsw.max_neighbors, 2, 512);
  hnsw.ef_construction = std::clamp(hnsw.ef_construction, 1, 10'000);
  hnsw.ef_search = std::clamp(hnsw.ef_search, 1, 10'000);
  return hnsw;
}

Status ValidateConfiguration(const CollectionConfiguration& configuration) {
  OCHRE_RETURN_IF_ERROR(ValidateHnsw(configuration.hnsw));
  OCHRE_ASSIGN_OR_RETURN(const Json function,
                         ParseJson("embedding function's configuration", configuration.embedding_function));
  OCHRE_RETURN_IF_ERROR(CheckEmbeddingFunction(function));
  OCHRE_ASSIGN_OR_RETURN(const Json schema, ParseJson("schema", configuration.schema));
  if (schema.is_null() || schema.is_object()) return Status::Ok();
  return Status::InvalidArgument("the schema must be a JSON object, not ", schema.type_name());
}

std::string ConfigurationToJson(const CollectionConfiguration& configuration) {
  const HnswConfiguration& hnsw = configuration.hnsw;
  std::string_view space;
  for (const SpaceName& candidate : kSpaceNames) {
    if (candidate.space == hnsw.space) space = candidate.name;
  }
  Json json = {
      {"hnsw",
       {{"space", space},
        {"ef_construction", hnsw.ef_construction},
        {"ef_search", hnsw.ef_search},
        {"max_neighbors", hnsw.max_neighbors},
        {"num_threads", hnsw.num_threads},
        {"resize_factor", hnsw.resize_factor},
        {"batch_size", hnsw.batch_size},
        {"sync_threshold", hnsw.sync_threshold}}},
      {"embedding_function", Json::parse(configuration.embedding_function, nullptr, /*allow_exceptions=*/false)}};
  if (hnsw.quantization != HnswConfiguration().quantization) {
    for (const QuantizationName& candidate : kQuantizationNames) {
      if (candidate.quantization == hnsw.quantization) json["hnsw"]["quantization"] = candidate.name;
    }
  }
  if (configuration.schema != "null") json["schema"] = Json::parse(configuration.schema, nullptr, false);
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<CollectionConfiguration> ConfigurationFromJson(std::string_view text) {
  OCHRE_ASSIGN_OR_RETURN(const Json json, ParseJson("configuration", text));
  if (!json.is_object()) {
    return Status::InvalidArgument("the configuration must be a JSON object, not ", json.type_name());
  }
  if (IsGiven(json, "hnsw") && IsGiven(json, "spann")) {
    return Status::InvalidArgument("Multiple vector index configurations provided");
  }
  CollectionConfiguration configuration;
  if (IsGiven(json, "hnsw")) OCHRE_RETURN_IF_ERROR(ApplyHnswBlock(json["hnsw"], configuration.hnsw));
  if (IsGiven(json, "spann")) OCHRE_RETURN_IF_ERROR(ApplySpannBlock(json["spann"], configuration.hnsw));
  configuration.has_spann = IsGiven(json, "spann");
  if (IsGiven(json, "embedding_function")) configuration.embedding_function = json["embedding_function"].dump();
  if (IsGiven(json, "schema")) configuration.schema = json["schema"].dump();
  OCHRE_RETURN_IF_ERROR(ValidateConfiguration(configuration));
  return configuration;
}

Result<CollectionConfiguration> UpdateConfigurationFromJson(const CollectionConfiguration& configuration,
                                                            std::string_view text) {
  OCHRE_ASSIGN_OR_RETURN(const Json json, ParseJson("configuration", text));
  if (!json.is_object()) {
    return Status::InvalidArgument("the configuration must be a JSON object, not ", json.type_name());
  }
  CollectionConfiguration updated = configuration;
  if (IsGiven(json, "hnsw")) {
    const Json& block = json["hnsw"];
    for (const std::string_view fixed : {"space", "ef_construction", "quantization"}) {
      if (block.is_object() && block.contains(fixed)) {
        return Status::InvalidArgument("the hnsw field \"", fixed, "\" of a collection cannot be changed");
      }
    }
    OCHRE_RETURN_IF_ERROR(ApplyHnswBlock(block, updated.hnsw));
  }
  if (IsGiven(json, "embedding_function")) updated.embedding_function = json["embedding_function"].dump();
  OCHRE_RETURN_IF_ERROR(ValidateConfiguration(updated));
  return updated;
}

Result<std::optional<HnswConfiguration>> HnswConfigurationFromMetadata(const Metadata& metadata) {
  constexpr std::string_view kFailure = "Failed to parse hnsw parameters from segment metadata: ";
  HnswConfiguration hnsw;
  bool any = false;
  for (auto entry = metadata.lower_bound("hnsw:"); entry != metadata.end() && entry->first.starts_with("hnsw:");
       ++entry) {
    const auto field =
        std::find_if(kFields.begin(), kFields.end(), [&](const Field& f) { return f.legacy_key == entry->first; });
    if (field == kFields.end()) return Status::InvalidArgument(kFailure, "unknown key \"", entry->first, "\"");
    const Json value = std::visit(
        []<typename T>(const T& alternative) -> Json {
          if constexpr (std::is_same_v<T, int64_t> || std::is_same_v<T, double> || std::is_same_v<T, std::string>) {
            return alternative;
          } else {
            return nullptr;
          }
        },
        entry->second.variant());
    if (!field->set(hnsw, value)) {
      return Status::InvalidArgument(kFailure, "\"", entry->first, "\" cannot be ", Excerpt(value));
    }
    any = true;
  }
  if (!any) return std::optional<HnswConfiguration>();
  const Status valid = ValidateHnsw(hnsw);
  if (!valid.ok()) return Status::InvalidArgument(kFailure, valid.message());
  return std::optional(hnsw);
}

}  // namespace ochre
