// The OpenAPI document, made from the table of routes.
#ifndef OCHRE_SERVER_OPENAPI_H_
#define OCHRE_SERVER_OPENAPI_H_

#include <string>

namespace ochre {

// OpenAPI 3.1, as JSON. The same at each call.
const std::string& OpenApiDocument();

}  // namespace ochre

#endif  // OCHRE_SERVER_OPENAPI_H_
