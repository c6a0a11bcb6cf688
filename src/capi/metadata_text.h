// A stored metadata map as JSON text, without a map or a JSON tree in between where it is made of plain values.
#ifndef OCHRE_CAPI_METADATA_TEXT_H_
#define OCHRE_CAPI_METADATA_TEXT_H_

#include <string>

#include "types/encoded_metadata.h"

namespace ochre {

// The same text as MetadataToJson(DecodeMetadata(metadata)). A result has one for each row that is read, and ten of
// those through MetadataToJson take as long as half a query.
std::string MetadataText(EncodedMetadata metadata);

}  // namespace ochre

#endif  // OCHRE_CAPI_METADATA_TEXT_H_
