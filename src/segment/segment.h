// Segment: one immutable part of a collection's index.
#ifndef OCHRE_SEGMENT_SEGMENT_H_
#define OCHRE_SEGMENT_SEGMENT_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "distance/rows_span.h"
#include "inverted/inverted_index.h"
#include "ochre/status.h"
#include "runtime/lazy.h"
#include "segment/id_table.h"
#include "segment/manifest.h"
#include "segment/record_store.h"
#include "segment/vector_file.h"
#include "segment/vector_index.h"
#include "storage/storage.h"
#include "storage/verified_blob.h"
#include "types/ids.h"

namespace ochre {

// What the catalogue says of a segment.
struct SegmentDescription {
  CollectionId collection;
  int64_t row_count = 0;
  int64_t bytes = 0;                 // of all its files
  std::optional<int32_t> dimension;  // null: not fixed yet
  Space space = Space::kL2;
};

// Rows are in ascending order of offset id. Which of them are deleted is not known here (DeletionBitmap). Thread-safe.
// Every part is opened, and verified against its checksums, on first use; each accessor may return DataLoss, which
// names the file.
class Segment {
 public:
  // Reads the manifest only: opening costs the same for any size. `storage` must outlive the segment.
  // DataLoss: the manifest is damaged, missing, or that of another segment. FailedPrecondition: a newer Ochre wrote it.
  static Result<std::shared_ptr<const Segment>> Open(const Storage& storage, const SegmentId& id);

  // DataLoss: the manifest says something else than the catalogue; names the file and both.
  Status CheckAgainst(const SegmentDescription& described) const;

  const SegmentId& id() const { return id_; }
  int64_t row_count() const { return manifest_.row_count; }
  int32_t dimension() const { return manifest_.dimension; }
  int64_t bytes() const { return bytes_; }  // of all its files
  // Small segments have neither, and are scanned by their float32 values (vector_index_writer.h).
  bool has_codes() const { return manifest_.Find(kCodesName) != nullptr; }
  bool has_graph() const { return manifest_.Find(kGraphName) != nullptr; }

  Result<const IdTable*> Ids() const;
  Result<const RecordStore*> Records() const;
  Result<const VectorFile*> Vectors() const;
  Result<RowsSpan> Rows() const;                      // all vectors; the first call reads and verifies the whole file
  Result<const VectorIndex*> IndexOfVectors() const;  // precondition: has_codes() or has_graph()
  Result<const InvertedIndex*> Index() const;

  // Reads every file again, compares all checksums and checks what is inside, also where no reader could afford to:
  // that every id is found, every record and every posting list well formed. DataLoss names the first damaged file, or
  // one that is none of the segment's.
  Status Scrub() const;

 private:
  Segment(const Storage& storage, const SegmentId& id, Manifest manifest, int64_t bytes)
      : storage_(storage), id_(id), manifest_(std::move(manifest)), bytes_(bytes) {}

  // The file `name` of this segment with its full name, as the manifest describes it.
  Result<BlobInfo> File(std::string_view name) const;
  // What Scrub checks inside the file `name`, if that is not in the inverted index.
  Status VerifyContents(std::string_view name, const VerifiedBlob& blob) const;
  Result<const VerifiedBlob*> OpenBlob(const Lazy<VerifiedBlob>& blob, std::string_view name) const;

  const Storage& storage_;
  const SegmentId id_;
  const Manifest manifest_;
  const int64_t bytes_;
  Lazy<VerifiedBlob> ids_blob_, records_blob_, vectors_blob_, codes_blob_, graph_blob_, calibration_blob_;
  Lazy<IdTable> ids_;
  Lazy<RecordStore> records_;
  Lazy<VectorFile> vectors_;
  Lazy<RowsSpan> rows_;
  Lazy<VectorIndex> vector_index_;  // after the blobs, from which it borrows
  Lazy<InvertedIndex> index_;
};

}  // namespace ochre

#endif  // OCHRE_SEGMENT_SEGMENT_H_
