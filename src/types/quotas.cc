#include "ochre/quotas.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>

#include "types/quota_rules.h"

namespace ochre {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kPresetField = "preset";

Result<Quotas> PresetOf(std::string_view name) {
  if (name == "none") return Quotas();
  if (name == "chroma-cloud") return Quotas::ChromaCloud();
  return Status::InvalidArgument("quotas: must be \"none\", \"chroma-cloud\" or a JSON object of rules, not \"", name,
                                 "\"");
}

Status SetLimit(const std::string& name, const Json& value, Quotas& quotas) {
  const auto rule = std::find_if(std::begin(kQuotaRules), std::end(kQuotaRules),
                                 [&](const QuotaRule& candidate) { return candidate.name == name; });
  if (rule == std::end(kQuotaRules)) return Status::InvalidArgument("quotas: there is no rule \"", name, "\"");
  if (value.is_null()) {
    quotas.*rule->limit = std::nullopt;
    return Status::Ok();
  }
  const bool whole = value.is_number_integer() && value >= 0 && value <= std::numeric_limits<int64_t>::max();
  if (!whole) return Status::InvalidArgument("quotas: ", name, " must be a whole number from 0 on, or null");
  quotas.*rule->limit = value.get<int64_t>();
  return Status::Ok();
}

}  // namespace

Quotas Quotas::ChromaCloud() {
  return {.name_size_bytes = 128,
          .id_size_bytes = 128,
          .embedding_dimensions = 4'096,
          .document_size_bytes = 16'384,
          .uri_size_bytes = 256,
          .num_metadata_keys = 32,
          .metadata_key_size_bytes = 36,
          .metadata_value_size_bytes = 8'182,
          .sparse_vector_populated_dimensions = 4'096,
          .num_collection_metadata_keys = 32,
          .collection_metadata_value_size_bytes = 256,
          .num_where_predicates = 8,
          .num_where_document_predicates = 8,
          .where_document_value_length = 256,
          .regex_pattern_length = 256,
          .num_results = 300,
          .num_records = 300,
          .collection_size_records = 5'000'000,
          .num_collections = 1'000'000,
          .num_concurrent_reads = 10,
          .num_concurrent_writes = 10};
}

Result<Quotas> ParseQuotas(std::string_view text) {
  if (text.find('{') == std::string_view::npos) return PresetOf(text);
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return Status::InvalidArgument("quotas: not a JSON object");
  Quotas quotas;
  if (const auto preset = json.find(kPresetField); preset != json.end()) {
    if (!preset->is_string()) return Status::InvalidArgument("quotas: ", kPresetField, " must be a string");
    OCHRE_ASSIGN_OR_RETURN(quotas, PresetOf(preset->get_ref<const std::string&>()));
  }
  for (const auto& [name, value] : json.items()) {
    if (name != kPresetField) OCHRE_RETURN_IF_ERROR(SetLimit(name, value, quotas));
  }
  return quotas;
}

Status ValidateQuotas(const Quotas& quotas) {
  for (const QuotaRule& rule : kQuotaRules) {
    const std::optional<int64_t>& limit = quotas.*rule.limit;
    if (limit.has_value() && *limit < 0) {
      return Status::InvalidArgument("quotas: ", rule.name, " is ", *limit, ", but must be at least 0");
    }
  }
  return Status::Ok();
}

}  // namespace ochre
