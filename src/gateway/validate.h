// Validation of everything that a caller may get wrong. The only place where it happens: below the Gateway, arguments
// are known to be right.
#ifndef OCHRE_GATEWAY_VALIDATE_H_
#define OCHRE_GATEWAY_VALIDATE_H_

#include <cstdint>
#include <optional>
#include <string_view>

#include "ochre/filter.h"
#include "ochre/metadata.h"
#include "ochre/records.h"
#include "ochre/search.h"
#include "ochre/status.h"
#include "types/dimension.h"
#include "types/operation_batch.h"

namespace ochre {

// A batch in process holds at most this many records: a million of 768 floats are 3 GB, beyond any log batch.
inline constexpr size_t kBatchRecordsMax = 1'000'000;

// At least 3 characters of valid UTF-8.
Status ValidateTenantName(std::string_view name);

// The rule of databases and collections (3-512 of [a-zA-Z0-9._-], ...). `what` begins the message ("name", "new_name"):
// "Validation error: name: Expected a name containing 3-512 characters from [a-zA-Z0-9._-], starting and ending with a
// character in [a-zA-Z0-9]. Got: x".
Status ValidateName(std::string_view what, std::string_view name);

// A collection's metadata: string, int64, double and bool values only, no nulls; may be absent (empty) on creation.
Status ValidateCollectionMetadata(const Metadata& metadata);

// Rows and columns: at least 1 column, at most kDimensionMax, whole rows. An empty matrix is fine.
Status ValidateMatrix(const MatrixSpan& matrix);

// Whether none of `columns` floats is NaN or infinite.
bool IsFiniteRow(const float* row, int64_t columns);

// The whole batch under `kind`, all but the dimension against the collection's: equal column lengths, the ids
// (non-empty, no repeats, UTF-8), the embeddings (present where required, rows and columns consistent, finite),
// documents and uris (UTF-8), metadata (keys, types, UTF-8, finite numbers, sparse vectors ascending; null only where
// it deletes). Messages name the index in the batch and the id. Preconditions: none. An empty batch is fine.
Status ValidateRecords(OperationKind kind, const Records& records);

// "Collection expecting embedding with dimension of D, got d" if `dimension` is known and differs.
Status ValidateDimension(std::optional<int32_t> dimension, int64_t given);

// Operators against their targets and operand types, sizes, depth, patterns' length, UTF-8, node structure.
// `where_document` allows document conditions only.
Status ValidateWhere(const Filter& where);
Status ValidateWhereDocument(const Filter& where_document);

// Everything of the request but the dimension. `ids` may be empty lists, their elements may not be empty strings.
Status ValidateGet(const GetRequest& request);
Status ValidateQuery(const QueryRequest& request);
Status ValidateDelete(const DeleteRequest& request);

// No nulls, valid UTF-8. Part of ValidateQuery; apart, for callers that embed the texts before the Gateway sees them.
Status ValidateQueryTexts(const StringColumn& texts);

// limit >= 0 where given, offset >= 0.
Status ValidatePage(std::optional<int64_t> limit, int64_t offset);

}  // namespace ochre

#endif  // OCHRE_GATEWAY_VALIDATE_H_
