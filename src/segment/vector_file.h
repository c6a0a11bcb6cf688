// Vector files: vectors.f32: a segment's embeddings in the layout that the distance kernels read, mapped from disk.
#ifndef OCHRE_SEGMENT_VECTOR_FILE_H_
#define OCHRE_SEGMENT_VECTOR_FILE_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "distance/rows_span.h"
#include "ochre/status.h"
#include "storage/storage.h"
#include "storage/verified_blob.h"
#include "types/ids.h"

namespace ochre {

// vectors.f32; little-endian.
//   offset   size   field
//        0      8   magic "OCHREVEC"
//        8      4   format version, 1
//       12      4   dimension d
//       16      8   row count n
//       24      8   row stride s in floats: d + 1 rounded up to a multiple of 16, so that rows start cache lines
//       32     32   zero
//       64  4*n*s   rows in ordinal order: d floats, the inverse of the row's Euclidean norm (0 if it has none), zero
class VectorFileWriter {
 public:
  static Result<std::unique_ptr<VectorFileWriter>> Create(Storage& storage, std::string_view name, int64_t row_count,
                                                          int32_t dimension);

  // Exactly row_count rows of RowStride(dimension) floats, as FillRow makes them.
  Status Add(const float* row);
  Result<BlobInfo> Finish() { return writer_->Finish(); }

 private:
  VectorFileWriter(std::unique_ptr<BlobWriter> writer, int32_t dimension)
      : writer_(std::move(writer)), dimension_(dimension) {}

  std::unique_ptr<BlobWriter> writer_;
  int32_t dimension_;
};

// Immutable; any number of threads.
class VectorFile {
 public:
  // Checks header and length. `blob` must outlive the file.
  static Result<VectorFile> Open(const VerifiedBlob& blob, int64_t row_count, int32_t dimension);

  // All rows, every byte verified: the first call reads the whole file.
  Result<RowsSpan> Rows() const;

  // The same span, with only the rows of `ordinals` verified: no others may be read.
  Result<RowsSpan> RowsWith(std::span<const uint32_t> ordinals) const;

  // One row, verified; valid while the blob is.
  Result<const float*> Row(Ordinal ordinal) const;

 private:
  VectorFile(const VerifiedBlob& blob, int64_t row_count, int32_t dimension)
      : blob_(&blob), row_count_(row_count), dimension_(dimension) {}

  const VerifiedBlob* blob_;
  int64_t row_count_;
  int32_t dimension_;
};

}  // namespace ochre

#endif  // OCHRE_SEGMENT_VECTOR_FILE_H_
