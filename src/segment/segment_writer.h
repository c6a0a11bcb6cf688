// SegmentWriter: writes one segment from rows in ascending order of offset id.
#ifndef OCHRE_SEGMENT_SEGMENT_WRITER_H_
#define OCHRE_SEGMENT_SEGMENT_WRITER_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <string_view>

#include "inverted/inverted_index_writer.h"
#include "ochre/options.h"
#include "ochre/status.h"
#include "segment/id_table.h"
#include "segment/manifest.h"
#include "segment/record_store.h"
#include "segment/vector_file.h"
#include "segment/vector_index_writer.h"
#include "storage/storage.h"
#include "types/ids.h"

namespace ochre {

struct SegmentRow {
  std::string_view id;
  OffsetId offset_id{};
  LogPosition position{};      // of the last operation on the record
  const float* row = nullptr;  // RowStride(dimension) floats, as FillRow makes them
  StoredRecord record;
};

struct SegmentShape {
  int64_t row_count = 0;  // exactly; at least 1
  int32_t dimension = 0;
  HnswConfiguration hnsw;
  int32_t threads = 1;  // that build the graph, at least 1
};

// One thread at a time. Destroyed without a successful Finish, it deletes what it wrote.
class SegmentWriter {
 public:
  // `storage` must outlive the writer. The segment's id must be new.
  static Result<std::unique_ptr<SegmentWriter>> Create(Storage& storage, const SegmentIdentity& identity,
                                                       const SegmentShape& shape);
  ~SegmentWriter();

  // Rows with ascending offset ids and distinct ids. ResourceExhausted: the disk is full.
  Status Add(const SegmentRow& row);

  // Builds on a graph of rows that are in this segment too, which must live until Finish. Before Finish.
  void Inherit(GraphHeritage heritage) { heritage_ = std::move(heritage); }

  // Builds the index of the vectors, writes the rest and makes all of it durable. Call once, after row_count rows.
  // Returns the bytes of all files. Cancelled: `cancelled` became true meanwhile.
  Result<int64_t> Finish(const std::atomic<bool>& cancelled);

 private:
  SegmentWriter(Storage& storage, const SegmentIdentity& identity, const SegmentShape& shape);

  Status IndexVectors(const BlobInfo& vectors, const std::atomic<bool>& cancelled);
  void Keep(BlobInfo file);  // lists a finished file in the manifest

  Storage& storage_;
  const std::string folder_;
  const SegmentShape shape_;
  Manifest manifest_;
  IdTableWriter ids_;
  std::unique_ptr<RecordStoreWriter> records_;
  std::unique_ptr<VectorFileWriter> vectors_;
  InvertedIndexWriter index_;
  GraphHeritage heritage_;
  int64_t rows_added_ = 0;
  bool finished_ = false;
};

}  // namespace ochre

#endif  // OCHRE_SEGMENT_SEGMENT_WRITER_H_
