// Conversions between the public API's values and the components'.
#ifndef OCHRE_API_CONVERT_H_
#define OCHRE_API_CONVERT_H_

#include <memory>
#include <string>

#include "ochre/collection.h"
#include "ochre/embedding_function.h"
#include "ochre/status.h"
#include "sysdb/system_database.h"
#include "types/ids.h"

namespace ochre {

CollectionInfo ToInfo(const CollectionRecord& record);

// The embedding function block of a configuration; "null" for none.
// InvalidArgument: the function's own configuration is no JSON object.
Result<std::string> ToConfigurationBlock(const EmbeddingFunction* function);

// That block of a whole configuration; "null" where there is none.
std::string EmbeddingFunctionBlock(const std::string& configuration_json);

// The function to use with a collection whose configuration holds `block`: `given` if its kind is not contradicted by
// the block, else the built-in one that the block describes, else none.
// InvalidArgument: the block names another kind of function than `given` is.
Result<std::shared_ptr<const EmbeddingFunction>> ResolveEmbeddingFunction(
    const std::string& block, std::shared_ptr<const EmbeddingFunction> given);

// Collection ids inside handles were printed by us.
CollectionId ParseCollectionId(const std::string& id);

}  // namespace ochre

#endif  // OCHRE_API_CONVERT_H_
