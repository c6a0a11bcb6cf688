#include "segment/calibration_file.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string_view>

#include "storage/file_header.h"

namespace ochre {
namespace {

constexpr std::string_view kMagic = "OCHRECAL";
constexpr uint32_t kVersion = 1;

struct CalibrationHeader {
  FileHeader header;
  uint32_t by_ef_count, by_reach_count;
};
static_assert(sizeof(CalibrationHeader) == 24);
static_assert(sizeof(Calibration::Point) == 8);

// Larger knobs make no sense, and would not fit the integers that they become: no search keeps more than all rows.
constexpr float kKnobMax = 1 << 30;

bool Ascends(const std::vector<Calibration::Point>& points) {
  const auto in_range = [](const Calibration::Point& point) {
    return point.knob >= 1 && point.knob <= kKnobMax && point.recall >= 0 && point.recall <= 1;
  };
  const auto out_of_order = [](const Calibration::Point& a, const Calibration::Point& b) {
    return a.knob >= b.knob || a.recall > b.recall;
  };
  return std::all_of(points.begin(), points.end(), in_range) &&
         std::adjacent_find(points.begin(), points.end(), out_of_order) == points.end();
}

}  // namespace

Status AppendCalibration(const Calibration& calibration, BlobWriter& writer) {
  const CalibrationHeader header = {MakeFileHeader(kMagic, kVersion), static_cast<uint32_t>(calibration.by_ef.size()),
                                    static_cast<uint32_t>(calibration.by_reach.size())};
  OCHRE_RETURN_IF_ERROR(writer.Append(std::as_bytes(std::span(&header, 1))));
  OCHRE_RETURN_IF_ERROR(writer.Append(std::as_bytes(std::span(calibration.by_ef))));
  return writer.Append(std::as_bytes(std::span(calibration.by_reach)));
}

Result<Calibration> ReadCalibration(const VerifiedBlob& blob, Space space) {
  OCHRE_ASSIGN_OR_RETURN(const auto bytes, blob.ReadAll());
  OCHRE_RETURN_IF_ERROR(CheckFileHeader(bytes, kMagic, kVersion, blob.name()).status());
  CalibrationHeader header;
  if (bytes.size() < sizeof(header)) return Status::DataLoss(blob.name(), " is damaged: it ends within its header");
  std::memcpy(&header, bytes.data(), sizeof(header));
  const uint64_t points = uint64_t{header.by_ef_count} + header.by_reach_count;
  if (bytes.size() != sizeof(header) + points * sizeof(Calibration::Point)) {
    return Status::DataLoss(blob.name(), " is damaged: its length does not fit its ", points, " points");
  }
  Calibration calibration;
  calibration.by_ef.resize(header.by_ef_count);
  calibration.by_reach.resize(header.by_reach_count);
  const size_t by_ef_bytes = header.by_ef_count * sizeof(Calibration::Point);
  std::copy_n(bytes.data() + sizeof(header), by_ef_bytes, reinterpret_cast<std::byte*>(calibration.by_ef.data()));
  std::copy_n(bytes.data() + sizeof(header) + by_ef_bytes, header.by_reach_count * sizeof(Calibration::Point),
              reinterpret_cast<std::byte*>(calibration.by_reach.data()));
  if (!Ascends(calibration.by_ef) || !Ascends(calibration.by_reach)) {
    return Status::DataLoss(blob.name(), " is damaged: its points are out of order");
  }
  // A search that ends by distance needs distances that are not negative.
  if (space == Space::kInnerProduct && !calibration.by_reach.empty()) {
    return Status::DataLoss(blob.name(), " is damaged: it has points by reach, which inner products do not have");
  }
  return calibration;
}

}  // namespace ochre
