// The handlers of the routes: from a request to the Gateway's arguments, and from its result to the answer.
#ifndef OCHRE_SERVER_HANDLERS_H_
#define OCHRE_SERVER_HANDLERS_H_

#include "server/http_error.h"
#include "server/http_message.h"
#include "server/route.h"

namespace ochre {

using Answer = HttpResult<HttpResponse>;

// system_handlers.cc: about the server itself.
Answer Heartbeat(RouteCall& call);
Answer Version(RouteCall& call);
Answer Healthcheck(RouteCall& call);
Answer PreFlightChecks(RouteCall& call);
Answer Identity(RouteCall& call);
Answer Reset(RouteCall& call);
Answer OpenApi(RouteCall& call);
Answer Metrics(RouteCall& call);
Answer Unsupported(RouteCall& call);

// catalog_handlers.cc: tenants, databases and collections.
Answer CreateTenant(RouteCall& call);
Answer GetTenant(RouteCall& call);
Answer UpdateTenant(RouteCall& call);
Answer CreateDatabase(RouteCall& call);
Answer ListDatabases(RouteCall& call);
Answer GetDatabase(RouteCall& call);
Answer DeleteDatabase(RouteCall& call);
Answer CreateCollection(RouteCall& call);
Answer ListCollections(RouteCall& call);
Answer CountCollections(RouteCall& call);
Answer GetCollectionByName(RouteCall& call);
Answer GetCollectionById(RouteCall& call);
Answer UpdateCollection(RouteCall& call);
Answer DeleteCollection(RouteCall& call);
Answer IndexingStatus(RouteCall& call);

// record_handlers.cc: the records of one collection.
Answer AddRecords(RouteCall& call);
Answer UpdateRecords(RouteCall& call);
Answer UpsertRecords(RouteCall& call);
Answer DeleteRecords(RouteCall& call);
Answer GetRecords(RouteCall& call);
Answer QueryRecords(RouteCall& call);
Answer CountRecords(RouteCall& call);

}  // namespace ochre

#endif  // OCHRE_SERVER_HANDLERS_H_
