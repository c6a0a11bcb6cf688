// The rules of Quotas as a table: what each is called, where its limit is.
#ifndef OCHRE_TYPES_QUOTA_RULES_H_
#define OCHRE_TYPES_QUOTA_RULES_H_

#include <cstdint>
#include <iterator>
#include <optional>
#include <string_view>

#include "ochre/quotas.h"
#include "ochre/status.h"

namespace ochre {

using QuotaLimit = std::optional<int64_t> Quotas::*;

struct QuotaRule {
  std::string_view name;   // in JSON
  std::string_view words;  // in messages
  QuotaLimit limit;
};

inline constexpr QuotaRule kQuotaRules[] = {
    {"name_size_bytes", "Name size (bytes)", &Quotas::name_size_bytes},
    {"id_size_bytes", "ID size (bytes)", &Quotas::id_size_bytes},
    {"embedding_dimensions", "Embedding dimension", &Quotas::embedding_dimensions},
    {"document_size_bytes", "Document size (bytes)", &Quotas::document_size_bytes},
    {"uri_size_bytes", "URI size (bytes)", &Quotas::uri_size_bytes},
    {"num_metadata_keys", "Number of metadata keys", &Quotas::num_metadata_keys},
    {"metadata_key_size_bytes", "Metadata key size (bytes)", &Quotas::metadata_key_size_bytes},
    {"metadata_value_size_bytes", "Metadata value size (bytes)", &Quotas::metadata_value_size_bytes},
    {"sparse_vector_populated_dimensions", "Number of populated sparse vector dimensions",
     &Quotas::sparse_vector_populated_dimensions},
    {"num_collection_metadata_keys", "Number of collection metadata keys", &Quotas::num_collection_metadata_keys},
    {"collection_metadata_value_size_bytes", "Collection metadata value size (bytes)",
     &Quotas::collection_metadata_value_size_bytes},
    {"num_where_predicates", "Number of where predicates", &Quotas::num_where_predicates},
    {"num_where_document_predicates", "Number of where document predicates", &Quotas::num_where_document_predicates},
    {"where_value_size_bytes", "Where value size (bytes)", &Quotas::where_value_size_bytes},
    {"where_document_value_length", "Where document value length", &Quotas::where_document_value_length},
    {"regex_pattern_length", "Regex pattern length", &Quotas::regex_pattern_length},
    {"num_results", "Number of results", &Quotas::num_results},
    {"num_query_embeddings", "Number of query embeddings", &Quotas::num_query_embeddings},
    {"num_query_ids", "Number of query IDs", &Quotas::num_query_ids},
    {"num_records", "Number of records", &Quotas::num_records},
    {"collection_size_records", "Collection size (records)", &Quotas::collection_size_records},
    {"num_collections", "Number of collections", &Quotas::num_collections},
    {"num_databases", "Number of databases", &Quotas::num_databases},
    {"num_concurrent_reads", "Number of concurrent reads", &Quotas::num_concurrent_reads},
    {"num_concurrent_writes", "Number of concurrent writes", &Quotas::num_concurrent_writes},
};
static_assert(sizeof(Quotas) == sizeof(std::optional<int64_t>) * std::size(kQuotaRules), "a rule is not in the table");

// InvalidArgument: a limit below 0.
Status ValidateQuotas(const Quotas& quotas);

}  // namespace ochre

#endif  // OCHRE_TYPES_QUOTA_RULES_H_
