// Code files: codes.bin: a segment's vectors as codes (distance/codes.h), with the quantizer that made them.
#ifndef OCHRE_SEGMENT_CODE_FILE_H_
#define OCHRE_SEGMENT_CODE_FILE_H_

#include <cstdint>

#include "distance/codes.h"
#include "ochre/options.h"
#include "ochre/status.h"
#include "storage/storage.h"
#include "storage/verified_blob.h"

namespace ochre {

// codes.bin; little-endian.
//   offset   size   field
//        0      8   magic "OCHRECOD"
//        8      4   format version, 1
//       12      4   quantization: 1 int8, 2 lvq4
//       16      8   row count n
//       24      4   dimension d
//       28      4   bounds of the codes, float32: the largest error,
//       32      4     and the largest norm of a decoded vector
//       36     28   zero
//       64    4*d   mean of the vectors, float32; zero up to a multiple of 64
//        .    n*s   code rows in ordinal order, s = CodeStride(quantization, d) bytes each
Status AppendCodes(const Quantizer& quantizer, const CodesSpan& codes, const CodeBounds& bounds, BlobWriter& writer);

// Immutable; any number of threads.
struct CodeFile {
  Quantizer quantizer;
  CodesSpan codes;  // borrowed from the blob
  CodeBounds bounds;

  // Reads and verifies all of `blob`, which must outlive the file. DataLoss: damaged, or of another shape.
  // FailedPrecondition: a newer Ochre wrote it.
  static Result<CodeFile> Open(const VerifiedBlob& blob, Space space, int64_t row_count, int32_t dimension);
};

}  // namespace ochre

#endif  // OCHRE_SEGMENT_CODE_FILE_H_
