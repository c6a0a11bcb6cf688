#include "gateway/gateway.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "gateway/quota.h"
#include "gateway/validate.h"
#include "plan/logical_plan.h"
#include "types/catch_exceptions.h"

namespace ochre {
namespace {

std::optional<std::vector<std::string>> CopyIds(const std::optional<StringColumn>& ids) {
  if (!ids.has_value()) return std::nullopt;
  std::vector<std::string> copies;
  copies.reserve(ids->size());
  for (size_t i = 0; i < ids->size(); ++i) copies.emplace_back((*ids)[i].value_or(std::string_view()));
  return copies;
}

Result<Selection> MakeSelection(const std::optional<StringColumn>& ids, const Filter& where,
                                const Filter& where_document) {
  Selection selection;
  selection.ids = CopyIds(ids);
  OCHRE_ASSIGN_OR_RETURN(selection.filter, CompiledFilter::Compile(where && where_document));
  return selection;
}

bool GivesEmbeddings(const Records& records) {
  if (records.embeddings.values.empty()) return false;
  return records.embedding_given.empty() ||
         std::any_of(records.embedding_given.begin(), records.embedding_given.end(), [](uint8_t g) { return g != 0; });
}

}  // namespace

Status Gateway::AgreeOnDimension(const CollectionRecord& collection, const MatrixSpan& embeddings) {
  OCHRE_RETURN_IF_ERROR(ValidateDimension(collection.dimension, embeddings.columns));
  if (collection.dimension.has_value()) return Status::Ok();
  OCHRE_ASSIGN_OR_RETURN(const int32_t fixed,
                         sysdb_.FixDimension(collection.id, static_cast<int32_t>(embeddings.columns)));
  return ValidateDimension(fixed, embeddings.columns);  // another writer may have been first
}

Result<WriteReceipt> Gateway::Write(CollectionId id, OperationKind kind, const Records& records) {
  OCHRE_ASSIGN_OR_RETURN(const CollectionPointer collection, sysdb_.GetCollection(id));
  OCHRE_RETURN_IF_ERROR(ValidateRecords(kind, records));
  if (records.ids.empty()) return WriteReceipt{.log_position = 0, .durability = log_.durability()};
  OCHRE_RETURN_IF_ERROR(CheckRecords(quotas_, kind, records));
  OCHRE_ASSIGN_OR_RETURN(const auto permit, calls_.Enter(id, ActionOf(kind), static_cast<int64_t>(records.ids.size())));
  OCHRE_RETURN_IF_ERROR(CheckCollectionSize(id, kind, records.ids, permit));
  if (GivesEmbeddings(records)) {
    OCHRE_RETURN_IF_ERROR(AgreeOnDimension(*collection, records.embeddings));
    return Record(id, kind, records);
  }
  Records without_embeddings = records;
  without_embeddings.embeddings = {};
  without_embeddings.embedding_given = {};
  return Record(id, kind, without_embeddings);
}

Status Gateway::CheckCollectionSize(CollectionId id, OperationKind kind, const StringColumn& ids,
                                    const CallLimiter::Permit& permit) const {
  if (!quotas_.collection_size_records.has_value() || kind == OperationKind::kUpdate) return Status::Ok();
  // In this order: a write that ended before the view was taken is in it, and any other is among the permit's records.
  OCHRE_ASSIGN_OR_RETURN(const auto view, views_.Pin(id));
  int64_t count = view->record_count + permit.records_of_all();
  if (count > *quotas_.collection_size_records) {  // then it matters which of them are there already
    LogicalPlan plan = {.collection = id,
                        .selection = {.ids = CopyIds(ids), .filter = {}},
                        .ranking = std::nullopt,
                        .limit = std::numeric_limits<int64_t>::max(),
                        .projection = {}};
    OCHRE_ASSIGN_OR_RETURN(const std::vector<std::string> existing, executor_.Ids(plan));
    count -= static_cast<int64_t>(existing.size());
  }
  return CheckQuota(quotas_, &Quotas::collection_size_records, ActionOf(kind), count);
}

Result<WriteReceipt> Gateway::Record(CollectionId id, OperationKind kind, const Records& records) {
  OCHRE_ASSIGN_OR_RETURN(std::string bytes, EncodeOperations(kind, records));
  // Before the first append: loading a collection makes sure that the log gives out no position twice.
  OCHRE_ASSIGN_OR_RETURN(auto view, views_.Pin(id));
  OCHRE_RETURN_IF_ERROR(compactor_.Throttle(id, *view));
  OCHRE_ASSIGN_OR_RETURN(
      const LogPosition position,
      log_.Append(id, std::make_shared<const std::string>(std::move(bytes)), static_cast<int64_t>(records.ids.size())));
  // The write is durable: what fails from here on concerns later reads, which will say so themselves.
  const auto caught_up = CatchExceptions([&] { return views_.Pin(id); });
  if (caught_up.ok()) compactor_.Nudge(id, **caught_up);
  return WriteReceipt{.log_position = static_cast<uint64_t>(position), .durability = log_.durability()};
}

Result<DeleteReceipt> Gateway::Delete(CollectionId id, const DeleteRequest& request) {
  OCHRE_RETURN_IF_ERROR(sysdb_.GetCollection(id).status());
  OCHRE_RETURN_IF_ERROR(ValidateDelete(request));
  OCHRE_RETURN_IF_ERROR(CheckDelete(quotas_, request));
  OCHRE_ASSIGN_OR_RETURN(const auto permit, calls_.Enter(id, QuotaAction::kDelete, /*records=*/0));
  LogicalPlan plan = {.collection = id,
                      .selection = {},
                      .ranking = std::nullopt,
                      .limit = request.limit.value_or(std::numeric_limits<int64_t>::max()),
                      .projection = {}};
  OCHRE_ASSIGN_OR_RETURN(plan.selection, MakeSelection(request.ids, request.where, request.where_document));

  MutexLock lock(delete_mutexes_[id.bytes.back() % delete_mutexes_.size()]);
  OCHRE_ASSIGN_OR_RETURN(const std::vector<std::string> ids, executor_.Ids(plan));
  DeleteReceipt receipt = {.deleted = static_cast<int64_t>(ids.size()), .receipt = {}};
  receipt.receipt.durability = log_.durability();
  if (ids.empty()) return receipt;
  OCHRE_ASSIGN_OR_RETURN(receipt.receipt, Record(id, OperationKind::kDelete, {.ids = ids}));
  return receipt;
}

Result<GetResult> Gateway::Get(CollectionId id, const GetRequest& request) const {
  OCHRE_RETURN_IF_ERROR(sysdb_.GetCollection(id).status());
  OCHRE_RETURN_IF_ERROR(ValidateGet(request));
  OCHRE_RETURN_IF_ERROR(CheckGet(quotas_, request));
  OCHRE_ASSIGN_OR_RETURN(const auto permit, calls_.Enter(id, QuotaAction::kGet, /*records=*/0));
  const int64_t limit_max = quotas_.num_results.value_or(std::numeric_limits<int64_t>::max());
  LogicalPlan plan = {.collection = id,
                      .selection = {},
                      .ranking = std::nullopt,
                      .offset = request.offset,
                      .limit = request.limit.value_or(limit_max),
                      .projection = request.include};
  OCHRE_ASSIGN_OR_RETURN(plan.selection, MakeSelection(request.ids, request.where, request.where_document));
  return executor_.Get(plan);
}

Result<QueryResult> Gateway::Query(CollectionId id, const QueryRequest& request) const {
  OCHRE_ASSIGN_OR_RETURN(const CollectionPointer collection, sysdb_.GetCollection(id));
  OCHRE_RETURN_IF_ERROR(ValidateQuery(request));
  if (request.embeddings.rows() > 0) {
    OCHRE_RETURN_IF_ERROR(ValidateDimension(collection->dimension, request.embeddings.columns));
  }
  OCHRE_RETURN_IF_ERROR(CheckQuery(quotas_, request));
  OCHRE_ASSIGN_OR_RETURN(const auto permit, calls_.Enter(id, QuotaAction::kQuery, /*records=*/0));
  const HnswConfiguration hnsw = AsUsed(collection->configuration.hnsw);
  LogicalPlan plan = {.collection = id,
                      .selection = {},
                      .ranking = VectorRanking{.queries = request.embeddings,
                                               .space = hnsw.space,
                                               .ef_search = request.ef_search.value_or(hnsw.ef_search),
                                               .target_recall = request.target_recall,
                                               .exact = request.exact,
                                               .num_threads = request.num_threads},
                      .limit = request.n_results,
                      .projection = request.include};
  OCHRE_ASSIGN_OR_RETURN(plan.selection, MakeSelection(request.ids, request.where, request.where_document));
  return executor_.Query(plan);
}

Result<int64_t> Gateway::Count(CollectionId id, const Filter& where, const Filter& where_document) const {
  OCHRE_RETURN_IF_ERROR(sysdb_.GetCollection(id).status());
  OCHRE_RETURN_IF_ERROR(ValidateGet({.where = where, .where_document = where_document}));
  OCHRE_RETURN_IF_ERROR(CheckCount(quotas_, where, where_document));
  OCHRE_ASSIGN_OR_RETURN(const auto permit, calls_.Enter(id, QuotaAction::kCount, /*records=*/0));
  OCHRE_ASSIGN_OR_RETURN(const Selection selection, MakeSelection(std::nullopt, where, where_document));
  return executor_.Count(id, selection);
}

Status Gateway::Compact(CollectionId id) {
  OCHRE_RETURN_IF_ERROR(sysdb_.GetCollection(id).status());
  return compactor_.CompactFully(id);
}

Status Gateway::WaitUntilCompacted(CollectionId id) {
  OCHRE_RETURN_IF_ERROR(sysdb_.GetCollection(id).status());
  return compactor_.WaitUntilIdle(id);
}

Result<CollectionStats> Gateway::Stats(CollectionId id) const {
  OCHRE_ASSIGN_OR_RETURN(const CollectionPointer collection, sysdb_.GetCollection(id));
  OCHRE_ASSIGN_OR_RETURN(const auto view, views_.Pin(id));
  const HnswConfiguration used = AsUsed(collection->configuration.hnsw);
  CollectionStats stats = {.record_count = view->record_count,
                           .tail_records = view->tail_operations(),
                           .tail_bytes = view->tail_bytes,
                           .segment_count = static_cast<int64_t>(view->segments.size()),
                           .version = view->version,
                           .log_position = static_cast<uint64_t>(view->position),
                           .compacted_position = static_cast<uint64_t>(view->compacted_position),
                           .max_neighbors_used = used.max_neighbors,
                           .ef_construction_used = used.ef_construction,
                           .ef_search_used = used.ef_search};
  for (const SegmentView& segment : view->segments) {
    stats.segment_records += segment.segment->row_count();
    stats.segment_deleted += segment.deletions->deleted_count();
    stats.segment_bytes += segment.segment->bytes();
  }
  return stats;
}

GatewayTotals Gateway::Totals() const {
  GatewayTotals totals;
  for (const auto& view : views_.CurrentViews()) {
    ++totals.collections;
    totals.records += view->record_count;
    totals.tail_records += view->tail_operations();
    totals.tail_bytes += view->tail_bytes;
    totals.segments += static_cast<int64_t>(view->segments.size());
    for (const SegmentView& segment : view->segments) totals.segment_bytes += segment.segment->bytes();
    totals.compactions += static_cast<int64_t>(view->version);
  }
  return totals;
}

Status Gateway::Verify(CollectionId id) const {
  OCHRE_RETURN_IF_ERROR(sysdb_.GetCollection(id).status());
  OCHRE_RETURN_IF_ERROR(sysdb_.Verify());
  OCHRE_RETURN_IF_ERROR(log_.Verify());
  OCHRE_RETURN_IF_ERROR(views_.VerifyReferences());
  OCHRE_ASSIGN_OR_RETURN(const auto view, views_.Pin(id));
  for (const SegmentView& segment : view->segments) OCHRE_RETURN_IF_ERROR(segment.segment->Scrub());
  return Status::Ok();
}

}  // namespace ochre
