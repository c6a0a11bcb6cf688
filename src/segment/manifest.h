// Manifest: the SEGMENT file, which says what a segment consists of and vouches for every byte of it.
#ifndef OCHRE_SEGMENT_MANIFEST_H_
#define OCHRE_SEGMENT_MANIFEST_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ochre/options.h"
#include "ochre/status.h"
#include "storage/storage.h"
#include "types/ids.h"

namespace ochre {

// "segments/<uuid>", and the blobs in it.
std::string SegmentFolder(const SegmentId& id);
inline constexpr std::string_view kSegmentsFolder = "segments";
inline constexpr std::string_view kManifestName = "SEGMENT";
inline constexpr std::string_view kIdsName = "ids.bin";
inline constexpr std::string_view kRecordsName = "records.bin";
inline constexpr std::string_view kVectorsName = "vectors.f32";
inline constexpr std::string_view kCodesName = "codes.bin";
inline constexpr std::string_view kGraphName = "graph.bin";
inline constexpr std::string_view kCalibrationName = "calibration.bin";
inline constexpr std::string_view kPostingsName = "postings.sst";
inline constexpr std::string_view kColumnsName = "columns.bin";

// Which segment a folder is, so that no other one's can take its place.
struct SegmentIdentity {
  SegmentId segment;
  CollectionId collection;  // that it was written for

  friend bool operator==(const SegmentIdentity&, const SegmentIdentity&) = default;
};

// SEGMENT; little-endian.
//   offset   size   field
//        0      8   magic "OCHRESEG"
//        8      4   format version, 2
//       12      4   zero
//       16      8   row count n, at least 1
//       24      4   dimension d
//       28      4   space: 0 l2, 1 cosine, 2 ip
//       32      4   file count
//       36      4   zero
//       40     16   the segment's UUID        (not in version 1)
//       56     16   the collection's UUID     (not in version 1)
//       72    ...   of each file: name size (4), block count (4), length (8), name, zero up to a multiple of 8,
//                   block checksums (8 each)
//    end-8      8   XXH3-64 of everything before
struct Manifest {
  int64_t row_count = 0;
  int32_t dimension = 0;
  Space space = Space::kL2;
  std::optional<SegmentIdentity> identity;  // null: of version 1, which did not say
  std::vector<BlobInfo> files;              // names are relative to the segment's folder

  std::string Serialize() const;  // as version 1 without an identity
  // `name` is for messages. DataLoss: damaged. FailedPrecondition: a newer Ochre wrote it.
  static Result<Manifest> Parse(std::span<const std::byte> bytes, std::string_view name);

  // The file of that name, or null.
  const BlobInfo* Find(std::string_view file) const;
  int64_t TotalBytes() const;
};

}  // namespace ochre

#endif  // OCHRE_SEGMENT_MANIFEST_H_
