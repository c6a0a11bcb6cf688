// Validation of metadata maps, of records and of collections.
#ifndef OCHRE_GATEWAY_VALIDATE_METADATA_H_
#define OCHRE_GATEWAY_VALIDATE_METADATA_H_

#include "ochre/metadata.h"
#include "ochre/status.h"

namespace ochre {

// Keys: not empty, UTF-8, beginning with none of '#', '$', "chroma:". Values: UTF-8 strings, finite numbers, sparse
// vectors of equally many ascending indices and finite values (and tokens, or none). Nulls only if `allow_null`.
Status ValidateRecordMetadata(const Metadata& metadata, bool allow_null);

}  // namespace ochre

#endif  // OCHRE_GATEWAY_VALIDATE_METADATA_H_
