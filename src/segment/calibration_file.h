// Calibration files: calibration.bin: what recall the searches of a segment's graph reach.
#ifndef OCHRE_SEGMENT_CALIBRATION_FILE_H_
#define OCHRE_SEGMENT_CALIBRATION_FILE_H_

#include "hnsw/calibration.h"
#include "ochre/options.h"
#include "ochre/status.h"
#include "storage/storage.h"
#include "storage/verified_blob.h"

namespace ochre {

// calibration.bin; little-endian.
//   offset   size   field
//        0      8   magic "OCHRECAL"
//        8      4   format version, 1
//       12      4   zero
//       16      4   number of points by ef, e
//       20      4   number of points by reach, r
//       24    8*e   of each point: ef and recall, float32, ascending
//        .    8*r   of each point: reach and recall, float32, ascending
Status AppendCalibration(const Calibration& calibration, BlobWriter& writer);

// Of a graph in `space`. DataLoss: damaged. FailedPrecondition: a newer Ochre wrote it.
Result<Calibration> ReadCalibration(const VerifiedBlob& blob, Space space);

}  // namespace ochre

#endif  // OCHRE_SEGMENT_CALIBRATION_FILE_H_
