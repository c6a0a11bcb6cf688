// TestDatabase: the components below the Gateway, in memory, with one collection.
#ifndef OCHRE_TESTS_VIEW_TEST_DATABASE_H_
#define OCHRE_TESTS_VIEW_TEST_DATABASE_H_

#include <atomic>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "log/log.h"
#include "runtime/random.h"
#include "segment/segment_writer.h"
#include "storage/memory_storage.h"
#include "sysdb/system_database.h"
#include "tests/support/must.h"
#include "types/operation_batch.h"
#include "view/record_walk.h"
#include "view/view_registry.h"

namespace ochre {

struct TestDatabase {
  explicit TestDatabase(const HnswConfiguration& configuration = {}) : hnsw(configuration) {}

  HnswConfiguration hnsw;
  MemoryStorage storage;
  std::unique_ptr<Log> log = Must(Log::Open({}, Durability::kMemory));
  std::unique_ptr<SystemDatabase> sysdb = Must(SystemDatabase::Open({}, Durability::kMemory));
  ViewRegistry views{storage, *log, *sysdb};
  CollectionId collection = CreateCollection("docs");

  CollectionId CreateCollection(const std::string& name) {
    const CollectionRecord record = {.id = RandomUuid(),
                                     .name = name,
                                     .tenant = std::string(kDefaultTenant),
                                     .database = std::string(kDefaultDatabase),
                                     .metadata = {},
                                     .configuration = {.hnsw = hnsw},
                                     .dimension = std::nullopt};
    Must(sysdb->CreateCollection(record));
    return record.id;
  }

  // Records a batch that a Gateway would have accepted; returns the position of its last operation.
  LogPosition Write(OperationKind kind, const Records& records) {
    auto bytes = std::make_shared<const std::string>(Must(EncodeOperations(kind, records)));
    return Must(log->Append(collection, std::move(bytes), static_cast<int64_t>(records.ids.size())));
  }
  LogPosition Delete(const std::vector<std::string>& ids) { return Write(OperationKind::kDelete, {.ids = ids}); }

  std::shared_ptr<const CollectionView> Pin() { return Must(views.Pin(collection)); }

  // Registers a version that moves the tail into a new segment and keeps all others, as a compaction that merges
  // nothing does, and swaps it in. Precondition: the tail has a visible record.
  SegmentId MoveTailToSegment() {
    const SegmentId id = WriteTailAsVersion();
    Must(views.SwapVersion(collection));
    return id;
  }

  // The same without swapping it in.
  SegmentId WriteTailAsVersion() {
    const auto view = Pin();
    MatchSet records = view->All();
    for (SharedOrdinals& ordinals : records.segments) ordinals = Share(Roaring());
    const SegmentId id = RandomUuid();
    auto writer = Must(SegmentWriter::Create(
        storage, {.segment = id, .collection = collection},
        {.row_count = static_cast<int64_t>(records.tail.size()), .dimension = view->dimension(), .hnsw = hnsw}));
    for (const uint32_t index : records.tail) {
      const ViewRecord record = Must(view->Read({.row = index}, {.contents = true, .row = true}));
      Must(writer->Add({record.id, record.offset_id, record.position, record.row, record.contents}));
    }
    const int64_t bytes = Must(writer->Finish(std::atomic<bool>(false)));
    CollectionVersion version = {.version = view->version + 1,
                                 .log_position = view->position,
                                 .next_offset_id = view->next_offset_id,
                                 .record_count = view->record_count,
                                 .segments = {}};
    for (const SegmentView& kept : view->segments) {
      version.segments.push_back({.segment = {kept.segment->id(), kept.segment->row_count(), kept.segment->bytes()},
                                  .deletions = kept.deletions->Serialize()});
    }
    version.segments.push_back({.segment = {id, static_cast<int64_t>(records.tail.size()), bytes}, .deletions = {}});
    Must(sysdb->RegisterVersion(collection, version));
    return id;
  }

  // The ids of a view's records in order of insertion.
  static std::vector<std::string> IdsOf(const CollectionView& view) {
    std::vector<std::string> ids;
    for (const RecordLocation location : Must(WalkRecords(view, view.All(), 0, 1'000'000'000))) {
      ids.emplace_back(Must(view.Read(location, {})).id);
    }
    return ids;
  }

  // The record of that id, which must be there.
  static ViewRecord ReadRecord(const CollectionView& view, std::string_view id) {
    return Must(view.Read(Must(view.Find(id)).value(), {.contents = true, .row = true}));
  }
};

}  // namespace ochre

#endif  // OCHRE_TESTS_VIEW_TEST_DATABASE_H_
