// CollectionConfiguration: how a collection indexes and embeds, as the catalogue stores it; Chroma's JSON.
#ifndef OCHRE_TYPES_COLLECTION_CONFIGURATION_H_
#define OCHRE_TYPES_COLLECTION_CONFIGURATION_H_

#include <optional>
#include <string>
#include <string_view>

#include "ochre/metadata.h"
#include "ochre/options.h"
#include "ochre/status.h"

namespace ochre {

struct CollectionConfiguration {
  HnswConfiguration hnsw;

  // The embedding function block as JSON text: {"type": "known", "name": ..., "config": {...}}, {"type": "legacy"},
  // {"type": "unknown"}, or "null".
  std::string embedding_function = "null";

  // The schema that the collection was created with, as JSON text; "null" for none. Stored and given back as it is.
  std::string schema = "null";

  // Whether a "spann" block was given, beside which legacy keys in the metadata say nothing. Of a new collection only:
  // it is neither stored nor compared.
  bool has_spann = false;

  friend bool operator==(const CollectionConfiguration& a, const CollectionConfiguration& b) {
    return a.hnsw == b.hnsw && a.embedding_function == b.embedding_function && a.schema == b.schema;
  }
};

// What the index uses of a configuration. Chroma takes any numbers, so they are stored as they are; the graph uses at
// least 2 and at most 512 neighbours, and at most 10,000 candidates, which is more than has been found of use.
HnswConfiguration AsUsed(HnswConfiguration hnsw);

// InvalidArgument names the field, its value and its bounds (those of HnswConfiguration's comments).
Status ValidateConfiguration(const CollectionConfiguration& configuration);

// {"hnsw": {...}, "embedding_function": ...} with every field of Chroma's, "quantization" (none, int8, lvq4: ours)
// where it is not the default, and "schema" if there is one. FromJson takes any subset of the fields of "hnsw" over the
// defaults, refuses unknown ones, takes only `space` of a "spann" block, refuses both blocks at once, and ignores
// unknown top-level keys. The result is validated.
std::string ConfigurationToJson(const CollectionConfiguration& configuration);
Result<CollectionConfiguration> ConfigurationFromJson(std::string_view json);

// `configuration` with what `json` gives in its place: fields of "hnsw" other than "space", "ef_construction" and
// "quantization", which never change, and "embedding_function". A "spann" block is ignored, as are unknown top-level
// keys. The result is validated. InvalidArgument: a field that is unknown or cannot change.
Result<CollectionConfiguration> UpdateConfigurationFromJson(const CollectionConfiguration& configuration,
                                                            std::string_view json);

// What legacy "hnsw:..." keys in a collection's metadata say, over the defaults; nullopt when there is none.
// InvalidArgument: "Failed to parse hnsw parameters from segment metadata", and which key.
Result<std::optional<HnswConfiguration>> HnswConfigurationFromMetadata(const Metadata& metadata);

}  // namespace ochre

#endif  // OCHRE_TYPES_COLLECTION_CONFIGURATION_H_
