// Get, peek and query.
#include <optional>
#include <string_view>

#include "capi/client.h"
#include "capi/columns.h"
#include "capi/result.h"
#include "capi/stamped.h"
#include "capi/text.h"
#include "ochre/search.h"

namespace ochre {
namespace {

constexpr uint32_t kAllIncludes = OCHRE_INCLUDE_DOCUMENTS | OCHRE_INCLUDE_METADATAS | OCHRE_INCLUDE_EMBEDDINGS |
                                  OCHRE_INCLUDE_URIS | OCHRE_INCLUDE_DISTANCES;

uint32_t FromInclude(const Include& include) {
  return (include.documents ? OCHRE_INCLUDE_DOCUMENTS : 0) | (include.metadatas ? OCHRE_INCLUDE_METADATAS : 0) |
         (include.embeddings ? OCHRE_INCLUDE_EMBEDDINGS : 0) | (include.uris ? OCHRE_INCLUDE_URIS : 0) |
         (include.distances ? OCHRE_INCLUDE_DISTANCES : 0);
}

Result<Include> ToInclude(uint32_t bits) {
  if ((bits & ~kAllIncludes) != 0) {
    return Status::InvalidArgument("options.include is ", bits, ", but the columns together are ", kAllIncludes);
  }
  return Include{.documents = (bits & OCHRE_INCLUDE_DOCUMENTS) != 0,
                 .metadatas = (bits & OCHRE_INCLUDE_METADATAS) != 0,
                 .embeddings = (bits & OCHRE_INCLUDE_EMBEDDINGS) != 0,
                 .uris = (bits & OCHRE_INCLUDE_URIS) != 0,
                 .distances = (bits & OCHRE_INCLUDE_DISTANCES) != 0};
}

ochre_get_options DefaultGet() {
  ochre_get_options options{};
  options.limit = OCHRE_NO_LIMIT;
  options.include = FromInclude(GetRequest().include);
  return options;
}

ochre_query_options DefaultQuery() {
  const QueryRequest defaults;
  ochre_query_options options{};
  options.n_results = defaults.n_results;
  options.num_threads = defaults.num_threads;
  options.include = FromInclude(defaults.include);
  return options;
}

template <typename R>
std::unique_ptr<ochre_result> MakeResult(R rows) {
  return std::make_unique<ochre_result>(std::make_shared<ResultData>(std::move(rows)));
}

Result<std::unique_ptr<ochre_result>> Get(const Collection& collection, const ochre_get_options* given) {
  ochre_get_options options = DefaultGet();
  if (given != nullptr) {
    OCHRE_ASSIGN_OR_RETURN(options, ReadStamped(given, "options", options));
  }
  OCHRE_RETURN_IF_ERROR(CheckReserved(options.reserved, "options"));
  OCHRE_ASSIGN_OR_RETURN(const TextColumn ids, TextColumn::From(options.ids, "ids"));
  GetRequest request;
  if (options.ids != nullptr) request.ids = ids.column();
  OCHRE_ASSIGN_OR_RETURN(request.where, ToWhere(options.where));
  OCHRE_ASSIGN_OR_RETURN(request.where_document, ToWhereDocument(options.where_document));
  request.limit = ToLimit(options.limit);
  request.offset = options.offset;
  OCHRE_ASSIGN_OR_RETURN(request.include, ToInclude(options.include));
  OCHRE_ASSIGN_OR_RETURN(GetResult result, collection.Get(request));
  return MakeResult(std::move(result));
}

Result<std::unique_ptr<ochre_result>> Query(const Collection& collection, const ochre_query_options* given) {
  OCHRE_ASSIGN_OR_RETURN(const ochre_query_options options, ReadStamped(given, "options", DefaultQuery()));
  OCHRE_ASSIGN_OR_RETURN(const FloatMatrix embeddings, FloatMatrix::From(options.embeddings, "embeddings"));
  OCHRE_ASSIGN_OR_RETURN(const TextColumn texts, TextColumn::From(options.texts, "texts"));
  OCHRE_ASSIGN_OR_RETURN(const TextColumn ids, TextColumn::From(options.ids, "ids"));
  QueryRequest request;
  request.embeddings = embeddings.span();
  request.texts = texts.column();
  request.n_results = options.n_results;
  if (options.ids != nullptr) request.ids = ids.column();
  OCHRE_ASSIGN_OR_RETURN(request.where, ToWhere(options.where));
  OCHRE_ASSIGN_OR_RETURN(request.where_document, ToWhereDocument(options.where_document));
  OCHRE_ASSIGN_OR_RETURN(request.include, ToInclude(options.include));
  request.exact = options.exact != 0;
  if (options.ef_search != 0) request.ef_search = options.ef_search;
  if (options.target_recall != 0) request.target_recall = options.target_recall;
  request.num_threads = options.num_threads;
  OCHRE_ASSIGN_OR_RETURN(QueryResult result, collection.Query(request));
  return MakeResult(std::move(result));
}

}  // namespace
}  // namespace ochre

using ochre::GuardCallNew;
using ochre::Result;

extern "C" {

void ochre_get_options_init(ochre_get_options* options, uint64_t struct_size) {
  ochre::Initialise(options, struct_size, ochre::DefaultGet());
}

void ochre_query_options_init(ochre_query_options* options, uint64_t struct_size) {
  ochre::Initialise(options, struct_size, ochre::DefaultQuery());
}

ochre_status ochre_collection_get(const ochre_collection* collection, const ochre_get_options* options,
                                  ochre_result** out, ochre_error* error) {
  return GuardCallNew(collection, "collection", out, error,
                      [&] { return ochre::Get(collection->collection, options); });
}

ochre_status ochre_collection_peek(const ochre_collection* collection, int64_t limit, ochre_result** out,
                                   ochre_error* error) {
  return GuardCallNew(collection, "collection", out, error, [&]() -> Result<std::unique_ptr<ochre_result>> {
    OCHRE_ASSIGN_OR_RETURN(ochre::GetResult result, collection->collection.Peek(limit));
    return ochre::MakeResult(std::move(result));
  });
}

ochre_status ochre_collection_query(const ochre_collection* collection, const ochre_query_options* options,
                                    ochre_result** out, ochre_error* error) {
  return GuardCallNew(collection, "collection", out, error,
                      [&] { return ochre::Query(collection->collection, options); });
}

}  // extern "C"
