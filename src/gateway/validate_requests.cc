// Validation of reads and deletes.
#include "gateway/validate.h"
#include "plan/filter_limits.h"
#include "types/utf8.h"

namespace ochre {
namespace {

constexpr int32_t kEfSearchMax = 10'000;  // as of a collection's configuration

// What a calibration with 200 queries of 10 neighbours can tell apart (hnsw/calibration.h).
constexpr double kTargetRecallMin = 0.5;
constexpr double kTargetRecallMax = 0.999;

Status ValidateIdList(const std::optional<StringColumn>& ids) {
  if (!ids.has_value()) return Status::Ok();
  for (size_t i = 0; i < ids->size(); ++i) {
    const std::optional<std::string_view> id = (*ids)[i];
    if (!id.has_value() || id->empty()) {
      return Status::InvalidArgument("Empty ID, ID must have at least one character: at index ", i);
    }
    if (!IsValidUtf8(*id)) return Status::InvalidArgument("the id at index ", i, " is no valid UTF-8");
  }
  return Status::Ok();
}

Status ValidateSelection(const std::optional<StringColumn>& ids, const Filter& where, const Filter& where_document) {
  OCHRE_RETURN_IF_ERROR(ValidateIdList(ids));
  OCHRE_RETURN_IF_ERROR(ValidateWhere(where));
  OCHRE_RETURN_IF_ERROR(ValidateWhereDocument(where_document));
  const size_t nodes = where.nodes().size() + where_document.nodes().size();
  if (nodes > kFilterNodesMax) {
    return Status::InvalidArgument("where and where_document have ", nodes, " conditions together, and at most ",
                                   kFilterNodesMax, " are allowed");
  }
  return Status::Ok();
}

// An `$and` of nothing holds for every record: written by a program whose list of conditions came out empty, it would
// delete them all. An `$or` of nothing holds for none, and nothing negates either, so it deletes nothing by mistake.
Status RefuseEmptyAnd(std::string_view clause, const Filter& filter) {
  for (const FilterNode& node : filter.nodes()) {
    if (node.op == FilterOperator::kAnd && node.operand_count == 0) {
      return Status::InvalidArgument("Invalid ", clause,
                                     " clause: an $and of no conditions holds for every record, and a delete takes "
                                     "none; to delete everything, name the ids or delete the collection");
    }
  }
  return Status::Ok();
}

}  // namespace

Status ValidatePage(std::optional<int64_t> limit, int64_t offset) {
  if (limit.has_value() && *limit < 0) return Status::InvalidArgument("limit is ", *limit, ", but must be at least 0");
  if (offset < 0) return Status::InvalidArgument("offset is ", offset, ", but must be at least 0");
  return Status::Ok();
}

Status ValidateGet(const GetRequest& request) {
  OCHRE_RETURN_IF_ERROR(ValidateSelection(request.ids, request.where, request.where_document));
  OCHRE_RETURN_IF_ERROR(ValidatePage(request.limit, request.offset));
  if (request.include.distances) return Status::InvalidArgument("a get has no distances to include; a query has");
  return Status::Ok();
}

Status ValidateQueryTexts(const StringColumn& texts) {
  for (size_t i = 0; i < texts.size(); ++i) {
    const std::optional<std::string_view> text = texts[i];
    if (!text.has_value()) return Status::InvalidArgument("the query text at index ", i, " is null");
    if (!IsValidUtf8(*text)) return Status::InvalidArgument("the query text at index ", i, " is no valid UTF-8");
  }
  return Status::Ok();
}

Status ValidateQuery(const QueryRequest& request) {
  OCHRE_RETURN_IF_ERROR(ValidateSelection(request.ids, request.where, request.where_document));
  if (!request.texts.empty() && !request.embeddings.values.empty()) {
    return Status::InvalidArgument("a query takes embeddings or texts, not both");
  }
  OCHRE_RETURN_IF_ERROR(ValidateQueryTexts(request.texts));
  OCHRE_RETURN_IF_ERROR(ValidateMatrix(request.embeddings));
  for (int64_t row = 0; row < request.embeddings.rows(); ++row) {
    if (!IsFiniteRow(request.embeddings.Row(row), request.embeddings.columns)) {
      return Status::InvalidArgument("Embeddings must not contain NaN or Infinity values: in query ", row);
    }
  }
  if (request.n_results < 1) {
    return Status::InvalidArgument("n_results is ", request.n_results, ", but must be at least 1");
  }
  if (request.ef_search.has_value() && (*request.ef_search < 1 || *request.ef_search > kEfSearchMax)) {
    return Status::InvalidArgument("ef_search is ", *request.ef_search, ", but must be in [1, ", kEfSearchMax, "]");
  }
  if (request.target_recall.has_value()) {
    if (request.ef_search.has_value()) {
      return Status::InvalidArgument("a query takes ef_search or target_recall, not both");
    }
    if (!(*request.target_recall >= kTargetRecallMin && *request.target_recall <= kTargetRecallMax)) {
      return Status::InvalidArgument("target_recall is ", *request.target_recall, ", but must be in [",
                                     kTargetRecallMin, ", ", kTargetRecallMax, "]");
    }
  }
  if (request.num_threads < 0) {
    return Status::InvalidArgument("num_threads is ", request.num_threads,
                                   ", but must be at least 1, or 0 for all cores");
  }
  return Status::Ok();
}

Status ValidateDelete(const DeleteRequest& request) {
  OCHRE_RETURN_IF_ERROR(ValidateSelection(request.ids, request.where, request.where_document));
  OCHRE_RETURN_IF_ERROR(RefuseEmptyAnd("where", request.where));
  OCHRE_RETURN_IF_ERROR(RefuseEmptyAnd("where document", request.where_document));
  OCHRE_RETURN_IF_ERROR(ValidatePage(request.limit, 0));
  const bool filtered = !request.where.matches_all() || !request.where_document.matches_all();
  if (!filtered && (!request.ids.has_value() || request.ids->empty())) {
    return Status::InvalidArgument("Either ids or where must be specified");
  }
  if (!filtered && request.limit.has_value()) {
    return Status::InvalidArgument("limit needs a filter: with ids alone it would choose among them silently");
  }
  return Status::Ok();
}

}  // namespace ochre
