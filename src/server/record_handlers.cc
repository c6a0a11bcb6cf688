// Handlers of add, update, upsert, delete, get, query and count.
#include <array>
#include <utility>

#include "server/handlers.h"
#include "server/json_text.h"
#include "server/record_bodies.h"
#include "server/request_parts.h"

namespace ochre {
namespace {

Answer Write(RouteCall& call, OperationKind kind, int status) {
  OCHRE_HTTP_ASSIGN_OR_RETURN(const CollectionPointer collection, CollectionOf(call));
  OCHRE_HTTP_ASSIGN_OR_RETURN(const WriteBody body, ParseWriteBody(kind, call.request.body));
  OCHRE_HTTP_ASSIGN_OR_RETURN([[maybe_unused]] const auto receipt,
                              call.gateway.Write(collection->id, kind, body.records()));
  return HttpResponse{.status = status, .body = "{}"};
}

struct IncludeName {
  std::string_view name;
  bool Include::*member;
};
constexpr std::array<IncludeName, 5> kIncludeNames = {{{"distances", &Include::distances},
                                                       {"documents", &Include::documents},
                                                       {"embeddings", &Include::embeddings},
                                                       {"metadatas", &Include::metadatas},
                                                       {"uris", &Include::uris}}};

HttpResult<Include> ToInclude(const std::vector<std::string_view>& names) {
  Include include;
  for (const std::string_view name : names) {
    bool known = false;
    for (const IncludeName& candidate : kIncludeNames) {
      if (candidate.name != name) continue;
      include.*candidate.member = true;
      known = true;
    }
    if (!known) {
      return Unprocessable("include: unknown variant `", name,
                           "`, expected one of `distances`, `documents`, `embeddings`, `metadatas`, `uris`");
    }
  }
  return include;
}

// Appends ,"name":[...] with one element a row of [begin, end), by `append`.
template <typename Append>
void AppendRows(std::string& json, int64_t begin, int64_t end, const Append& append) {
  json += '[';
  for (int64_t row = begin; row < end; ++row) {
    if (row > begin) json += ',';
    append(row);
  }
  json += ']';
}

void AppendText(std::string& json, const StringArray& texts, int64_t row) {
  const auto text = texts.Get(static_cast<size_t>(row));
  if (text.has_value()) {
    AppendJsonString(json, *text);
  } else {
    json += "null";
  }
}

void AppendMetadata(std::string& json, const MetadataArray& metadatas, int64_t row) {
  const Metadata metadata = metadatas[static_cast<size_t>(row)];
  json += metadata.empty() ? "null" : MetadataToJson(metadata);
}

// Writes the columns of a get or query. `for_rows` writes one column, in one list or in a list for each query, given
// what appends one row.
template <typename ForRows>
void AppendColumns(std::string& json, const RecordColumns& columns, const ForRows& for_rows) {
  json += "\"ids\":";
  for_rows([&](int64_t row) { AppendJsonString(json, columns.ids[static_cast<size_t>(row)]); });
  json += ",\"embeddings\":";
  if (columns.embeddings.has_value()) {
    for_rows([&](int64_t row) { AppendJsonFloats(json, columns.embeddings->Row(row)); });
  } else {
    json += "null";
  }
  json += ",\"documents\":";
  if (columns.documents.has_value()) {
    for_rows([&](int64_t row) { AppendText(json, *columns.documents, row); });
  } else {
    json += "null";
  }
  json += ",\"uris\":";
  if (columns.uris.has_value()) {
    for_rows([&](int64_t row) { AppendText(json, *columns.uris, row); });
  } else {
    json += "null";
  }
  json += ",\"metadatas\":";
  if (columns.metadatas.has_value()) {
    for_rows([&](int64_t row) { AppendMetadata(json, *columns.metadatas, row); });
  } else {
    json += "null";
  }
}

void AppendIncluded(std::string& json, const std::vector<std::string_view>& include) {
  json += ",\"include\":[";
  for (size_t i = 0; i < include.size(); ++i) {
    if (i > 0) json += ',';
    AppendJsonString(json, include[i]);
  }
  json += ']';
}

std::optional<StringColumn> ToColumn(const std::optional<std::vector<std::string_view>>& ids) {
  if (!ids.has_value()) return std::nullopt;
  return StringColumn(*ids);
}

}  // namespace

Answer AddRecords(RouteCall& call) { return Write(call, OperationKind::kAdd, 201); }
Answer UpdateRecords(RouteCall& call) { return Write(call, OperationKind::kUpdate, 200); }
Answer UpsertRecords(RouteCall& call) { return Write(call, OperationKind::kUpsert, 200); }

Answer DeleteRecords(RouteCall& call) {
  OCHRE_HTTP_ASSIGN_OR_RETURN(const CollectionPointer collection, CollectionOf(call));
  OCHRE_HTTP_ASSIGN_OR_RETURN(ReadBody body, ParseReadBody(call.request.body));
  const bool filtered = !body.where.matches_all() || !body.where_document.matches_all();
  // On the wire, asking for nothing deletes nothing; in process it is refused as the mistake that it is.
  if (!body.ids.has_value() && !filtered && !body.limit.has_value()) return HttpResponse{.body = "{\"deleted\":0}"};
  OCHRE_HTTP_ASSIGN_OR_RETURN(const DeleteReceipt receipt,
                              call.gateway.Delete(collection->id, {.ids = ToColumn(body.ids),
                                                                   .where = std::move(body.where),
                                                                   .where_document = std::move(body.where_document),
                                                                   .limit = body.limit}));
  HttpResponse response = {.body = "{\"deleted\":"};
  AppendJsonInteger(response.body, receipt.deleted);
  response.body += '}';
  return response;
}

Answer GetRecords(RouteCall& call) {
  OCHRE_HTTP_ASSIGN_OR_RETURN(const CollectionPointer collection, CollectionOf(call));
  OCHRE_HTTP_ASSIGN_OR_RETURN(ReadBody body, ParseReadBody(call.request.body));
  if (!body.include.has_value()) body.include = {"documents", "metadatas"};
  OCHRE_HTTP_ASSIGN_OR_RETURN(Include include, ToInclude(*body.include));
  include.distances = false;  // a get has none, and clients ask for them nevertheless
  OCHRE_HTTP_ASSIGN_OR_RETURN(const GetResult result,
                              call.gateway.Get(collection->id, {.ids = ToColumn(body.ids),
                                                                .where = std::move(body.where),
                                                                .where_document = std::move(body.where_document),
                                                                .limit = body.limit,
                                                                .offset = body.offset.value_or(0),
                                                                .include = include}));
  HttpResponse response = {.body = "{"};
  const auto rows = static_cast<int64_t>(result.size());
  AppendColumns(response.body, result, [&](const auto& append) { AppendRows(response.body, 0, rows, append); });
  AppendIncluded(response.body, *body.include);
  response.body += '}';
  return response;
}

Answer QueryRecords(RouteCall& call) {
  OCHRE_HTTP_ASSIGN_OR_RETURN(const CollectionPointer collection, CollectionOf(call));
  OCHRE_HTTP_ASSIGN_OR_RETURN(ReadBody body, ParseReadBody(call.request.body));
  if (!body.query_embeddings.has_value()) return Unprocessable("missing field `query_embeddings`");
  if (!body.include.has_value()) body.include = {"documents", "metadatas", "distances"};
  OCHRE_HTTP_ASSIGN_OR_RETURN(const Include include, ToInclude(*body.include));
  // On the wire, no results may be asked for: the query is checked all the same, and what it finds left out.
  const bool nothing_wanted = body.n_results == 0;
  OCHRE_HTTP_ASSIGN_OR_RETURN(
      const QueryResult result,
      call.gateway.Query(collection->id, {.embeddings = {*body.query_embeddings, body.dimension},
                                          .n_results = nothing_wanted ? 1 : body.n_results.value_or(10),
                                          .ids = ToColumn(body.ids),
                                          .where = std::move(body.where),
                                          .where_document = std::move(body.where_document),
                                          .include = include}));
  HttpResponse response = {.body = "{"};
  std::string& json = response.body;
  const auto for_rows = [&](const auto& append) {
    AppendRows(json, 0, result.query_count(), [&](int64_t query) {
      const int64_t begin = result.Row(query, 0);
      AppendRows(json, begin, nothing_wanted ? begin : begin + result.HitCount(query), append);
    });
  };
  AppendColumns(json, result, for_rows);
  json += ",\"distances\":";
  if (result.distances.has_value()) {
    for_rows([&](int64_t row) { AppendJsonFloat(json, (*result.distances)[static_cast<size_t>(row)]); });
  } else {
    json += "null";
  }
  AppendIncluded(json, *body.include);
  json += '}';
  return response;
}

Answer CountRecords(RouteCall& call) {
  const auto level = QueryText(call.query, "read_level");
  if (level.has_value() && *level != "index_and_wal" && *level != "index_only" && *level != "index_and_bounded_wal") {
    return Status::InvalidArgument("Failed to deserialize query string: read_level: unknown variant");
  }
  OCHRE_HTTP_ASSIGN_OR_RETURN(const CollectionPointer collection, CollectionOf(call));
  OCHRE_HTTP_ASSIGN_OR_RETURN(const int64_t count, call.gateway.Count(collection->id));
  HttpResponse response;
  AppendJsonInteger(response.body, count);
  return response;
}

}  // namespace ochre
