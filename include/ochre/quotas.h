// Quotas: how much a database takes, rule by rule, whoever asks.
#ifndef OCHRE_QUOTAS_H_
#define OCHRE_QUOTAS_H_

#include <cstdint>
#include <optional>
#include <string_view>

#include "ochre/export.h"
#include "ochre/status.h"

namespace ochre {

// The rules have the names of Chroma's. Each is off unless it is set, and then at least 0; sizes are in bytes of UTF-8.
// A call that would break one changes nothing, and fails with ResourceExhausted: "Quota exceeded: 'Document size
// (bytes)' exceeded quota limit for action 'Add': current usage of 20000 exceeds limit of 16384 (document_size_bytes,
// at index 3)".
struct Quotas {
  // Names of databases and collections.
  std::optional<int64_t> name_size_bytes = {};

  // A record. The metadata rules hold for what one write gives, also where an update adds it to other keys.
  std::optional<int64_t> id_size_bytes = {};
  std::optional<int64_t> embedding_dimensions = {};  // also of queries
  std::optional<int64_t> document_size_bytes = {};
  std::optional<int64_t> uri_size_bytes = {};
  std::optional<int64_t> num_metadata_keys = {};
  std::optional<int64_t> metadata_key_size_bytes = {};  // also of a collection's metadata
  // A number counts 8, a boolean 1, an array the sum of its elements; a sparse vector has the rule below instead.
  std::optional<int64_t> metadata_value_size_bytes = {};
  std::optional<int64_t> sparse_vector_populated_dimensions = {};

  // A collection's own metadata.
  std::optional<int64_t> num_collection_metadata_keys = {};
  std::optional<int64_t> collection_metadata_value_size_bytes = {};

  // Filters. A predicate is one condition; $and and $or are none, and a list of $in is part of one.
  std::optional<int64_t> num_where_predicates = {};
  std::optional<int64_t> num_where_document_predicates = {};
  std::optional<int64_t> where_value_size_bytes = {};       // a string to compare metadata with
  std::optional<int64_t> where_document_value_length = {};  // a string to find in documents
  std::optional<int64_t> regex_pattern_length = {};         // a pattern to find in documents

  // A call. A get without a limit returns at most num_results; what asks for more is refused.
  std::optional<int64_t> num_results = {};  // of a get, and of each query
  std::optional<int64_t> num_query_embeddings = {};
  std::optional<int64_t> num_query_ids = {};  // that a get or query is restricted to
  std::optional<int64_t> num_records = {};    // of one write; of a delete, the ids that it names

  // What there is.
  std::optional<int64_t> collection_size_records = {};  // records in one collection
  std::optional<int64_t> num_collections = {};          // in one database
  std::optional<int64_t> num_databases = {};            // of one tenant

  // Calls that run at the same time on one collection: get, query and count; add, update, upsert and delete.
  std::optional<int64_t> num_concurrent_reads = {};
  std::optional<int64_t> num_concurrent_writes = {};

  // The published limits of Chroma's cloud.
  OCHRE_EXPORT static Quotas ChromaCloud();

  friend bool operator==(const Quotas&, const Quotas&) = default;
};

// "none", "chroma-cloud", or a JSON object of rules, on their own or over a preset, of which null lifts one:
// {"preset": "chroma-cloud", "num_records": 5000, "num_results": null}.
// InvalidArgument: none of these; an unknown rule, which the message names; a limit that is no whole number from 0 on.
OCHRE_EXPORT Result<Quotas> ParseQuotas(std::string_view text);

}  // namespace ochre

#endif  // OCHRE_QUOTAS_H_
