// RecordStore: records.bin: from a row to its document, uri and metadata.
#ifndef OCHRE_SEGMENT_RECORD_STORE_H_
#define OCHRE_SEGMENT_RECORD_STORE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ochre/status.h"
#include "storage/storage.h"
#include "storage/verified_blob.h"
#include "types/encoded_metadata.h"
#include "types/ids.h"

namespace ochre {

// One row, borrowed from the store.
struct StoredRecord {
  std::optional<std::string_view> document;
  std::optional<std::string_view> uri;
  EncodedMetadata metadata;
};

// records.bin; little-endian. Rows are not compressed: a mapped row costs two look-ups, where a row of an SST costs a
// seek and a copy (1.7 us: bench/micro/storage_sorted_table_bench.cc); substring filters verify thousands of them.
//   offset       size   field
//        0          8   magic "OCHREREC"
//        8          4   format version, 1
//       12          4   zero
//       16          8   row count n
//       24         40   zero
//       64        ...   rows: document size + 1 (varint; 0: null), uri size + 1 (varint; 0: null), document, uri,
//       metadata
//      ...        0-7   zero up to a multiple of 8
//  end-8*(n+1)  8*(n+1)   where each row begins in the file, and where the last one ends
class RecordStoreWriter {
 public:
  static Result<std::unique_ptr<RecordStoreWriter>> Create(Storage& storage, std::string_view name, int64_t row_count);

  // Exactly row_count rows in ordinal order.
  Status Add(const StoredRecord& record);
  Result<BlobInfo> Finish();

 private:
  explicit RecordStoreWriter(std::unique_ptr<BlobWriter> writer) : writer_(std::move(writer)) {}

  std::unique_ptr<BlobWriter> writer_;
  std::vector<uint64_t> begins_;
  std::string buffer_;  // one row
};

// Immutable; any number of threads.
class RecordStore {
 public:
  // Reads the header only. `blob` must outlive the store.
  static Result<RecordStore> Open(const VerifiedBlob& blob, int64_t row_count);

  // Valid while the blob is. DataLoss names the file.
  Result<StoredRecord> Read(Ordinal ordinal) const;

  // Reads every row, and all of its metadata, until the CallLimit ends it. DataLoss names the first that is malformed.
  Status Verify() const;

  // Hints for whoever reads scattered rows, each of which costs two dependent cache misses: while row i is read, call
  // PrefetchRow for row i + kPrefetchDistance and PrefetchPlace for row i + 2 * kPrefetchDistance.
  static constexpr size_t kPrefetchDistance = 8;  // the work on 8 rows, some 100 ns each, covers a miss of 300 ns
  void PrefetchPlace(Ordinal ordinal) const { blob_->Prefetch(PlaceOf(static_cast<uint64_t>(ordinal))); }
  void PrefetchRow(Ordinal ordinal) const;

 private:
  RecordStore(const VerifiedBlob& blob, int64_t row_count) : blob_(&blob), row_count_(row_count) {}

  // Where the file says where row `row` begins.
  uint64_t PlaceOf(uint64_t row) const {
    return blob_->size() - (static_cast<uint64_t>(row_count_) + 1 - row) * sizeof(uint64_t);
  }

  const VerifiedBlob* blob_;
  int64_t row_count_;
};

}  // namespace ochre

#endif  // OCHRE_SEGMENT_RECORD_STORE_H_
