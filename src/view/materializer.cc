#include "view/materializer.h"

#include <cassert>
#include <utility>

namespace ochre {

Materializer::Materializer(BaseVersion base)
    : base_(std::move(base)),
      published_deletions_(base_.segments.size()),
      tail_(NewTail(base_.segments.empty() ? 0 : base_.segments.front().segment->dimension())),
      position_(base_.log_position),
      next_offset_id_(base_.next_offset_id),
      record_count_(base_.record_count) {}

std::shared_ptr<LogTail> Materializer::NewTail(int32_t dimension) const {
  return std::make_shared<LogTail>(dimension, base_.space, base_.quantization);
}

Status Materializer::Apply(const LogBatch& log_batch) {
  assert(static_cast<uint64_t>(log_batch.first) == static_cast<uint64_t>(position_) + 1);
  const auto decoded = OperationBatch::Decode(log_batch.bytes);
  if (!decoded.ok()) return Status(decoded.status().code(), "log.sqlite3: " + std::string(decoded.status().message()));
  const OperationBatch& batch = *decoded;
  if (batch.size() != static_cast<uint64_t>(log_batch.last) - static_cast<uint64_t>(log_batch.first) + 1) {
    return Status::DataLoss("the log's batch at position ", static_cast<uint64_t>(log_batch.first), " holds ",
                            batch.size(), " operations, but spans up to position ",
                            static_cast<uint64_t>(log_batch.last));
  }
  if (tail_->dimension() == 0 && batch.dimension() > 0) tail_ = NewTail(batch.dimension());
  if (batch.dimension() > 0 && batch.dimension() != tail_->dimension()) {
    return Status::DataLoss("the log's batch at position ", static_cast<uint64_t>(log_batch.first), " has dimension ",
                            batch.dimension(), ", but the collection's is ", tail_->dimension());
  }
  auto position = static_cast<uint64_t>(log_batch.first);
  for (size_t i = 0; i < batch.size(); ++i) {
    OCHRE_RETURN_IF_ERROR(ApplyOne(batch.kind(), batch[i], LogPosition{position++}));
  }
  position_ = log_batch.last;
  return Status::Ok();
}

Result<std::optional<Materializer::Existing>> Materializer::Find(std::string_view id, bool with_contents) const {
  if (const int64_t index = tail_->FindLive(id); index >= 0) {
    const TailRecord& record = tail_->record(static_cast<size_t>(index));
    return std::optional(
        Existing{.location = {.row = static_cast<uint32_t>(index)},
                 .offset_id = record.offset_id,
                 .contents = {tail_->row(static_cast<size_t>(index)), record.document, record.uri, record.metadata}});
  }
  for (size_t s = 0; s < base_.segments.size(); ++s) {
    const Segment& segment = *base_.segments[s].segment;
    OCHRE_ASSIGN_OR_RETURN(const IdTable* ids, segment.Ids());
    const std::optional<Ordinal> ordinal = ids->Find(id);
    if (!ordinal.has_value() || base_.segments[s].deletions.IsDeleted(*ordinal)) continue;
    Existing existing = {.location = {static_cast<int32_t>(s), static_cast<uint32_t>(*ordinal)},
                         .offset_id = ids->offset_id(*ordinal),
                         .contents = {}};
    if (with_contents) {
      OCHRE_ASSIGN_OR_RETURN(const RecordStore* records, segment.Records());
      OCHRE_ASSIGN_OR_RETURN(const StoredRecord record, records->Read(*ordinal));
      OCHRE_ASSIGN_OR_RETURN(const VectorFile* vectors, segment.Vectors());
      OCHRE_ASSIGN_OR_RETURN(const float* row, vectors->Row(*ordinal));
      existing.contents = {row, record.document, record.uri, record.metadata};
    }
    return std::optional(existing);
  }
  return std::optional<Existing>();
}

Status Materializer::ApplyOne(OperationKind kind, const Operation& operation, LogPosition position) {
  const bool merges = kind == OperationKind::kUpdate || kind == OperationKind::kUpsert;
  OCHRE_ASSIGN_OR_RETURN(const std::optional<Existing> existing, Find(operation.id, merges));
  const Resolution resolution = Resolve(kind, operation, existing.has_value() ? &existing->contents : nullptr);
  switch (resolution.effect) {
    case Effect::kNone:
      break;
    case Effect::kDelete:
      Remove(*existing, position);
      --record_count_;
      break;
    case Effect::kInsert:
      if (resolution.contents.embedding == nullptr) {
        return Status::DataLoss("the log inserts \"", operation.id, "\" without an embedding");
      }
      tail_->Append(operation.id, next_offset_id_, position, resolution.contents, /*replaced=*/-1);
      next_offset_id_ = OffsetId{static_cast<uint64_t>(next_offset_id_) + 1};
      ++record_count_;
      break;
    case Effect::kReplace: {
      // The contents borrow from the version that is replaced, so that one goes only afterwards.
      const bool in_tail = existing->location.segment == RecordLocation::kTail;
      tail_->Append(operation.id, existing->offset_id, position, resolution.contents,
                    in_tail ? int64_t{existing->location.row} : -1);
      if (!in_tail) Remove(*existing, position);
      break;
    }
  }
  return Status::Ok();
}

void Materializer::Remove(const Existing& existing, LogPosition position) {
  if (existing.location.segment == RecordLocation::kTail) {
    tail_->End(existing.location.row, position);
    return;
  }
  const auto s = static_cast<size_t>(existing.location.segment);
  base_.segments[s].deletions.Delete(Ordinal{existing.location.row});
  published_deletions_[s] = nullptr;
}

std::shared_ptr<const CollectionView> Materializer::View() {
  auto view = std::make_shared<CollectionView>();
  view->version = base_.version;
  view->compacted_position = base_.log_position;
  view->position = position_;
  view->next_offset_id = next_offset_id_;
  view->record_count = record_count_;
  for (size_t s = 0; s < base_.segments.size(); ++s) {
    if (published_deletions_[s] == nullptr) {
      published_deletions_[s] = std::make_shared<const DeletionBitmap>(base_.segments[s].deletions);
    }
    view->segments.push_back({base_.segments[s].segment, published_deletions_[s]});
  }
  view->tail = tail_;
  view->tail_size = tail_->size();
  view->tail_bytes = tail_->bytes();
  return view;
}

}  // namespace ochre
