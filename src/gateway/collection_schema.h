// The schema of a collection: Chroma's JSON that says which index each key has, by type of value.
#ifndef OCHRE_GATEWAY_COLLECTION_SCHEMA_H_
#define OCHRE_GATEWAY_COLLECTION_SCHEMA_H_

#include <string>
#include <string_view>

#include "ochre/status.h"
#include "types/collection_configuration.h"

namespace ochre {

// Keeps `schema`, the JSON given on creation, in `configuration`, and takes from it what the vector index needs: space,
// hnsw and embedding function of the key "#embedding". What it says of other indexes is stored and given back; every
// key is indexed as long as no search goes by it.
// Where both say nothing but defaults, or one of them, the other counts; "default" is no choice of a function.
// InvalidArgument: no JSON object of that form; a reserved key; an index where it cannot be; settings of the vector
// index, or a function, other than those that `configuration` has.
Status ApplySchema(std::string_view schema, CollectionConfiguration& configuration);

// The schema in full: the defaults of every collection, what the one stored says over them, and the vector index as it
// is configured.
std::string SchemaToJson(const CollectionConfiguration& configuration);

}  // namespace ochre

#endif  // OCHRE_GATEWAY_COLLECTION_SCHEMA_H_
