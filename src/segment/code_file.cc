#include "segment/code_file.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <utility>
#include <vector>

#include "storage/file_header.h"

namespace ochre {
namespace {

constexpr std::string_view kMagic = "OCHRECOD";
constexpr uint32_t kVersion = 1;

struct CodesHeader {
  FileHeader header;  // its field is the quantization
  uint64_t row_count;
  uint32_t dimension;
  float error_max, norm_max;
  std::array<uint8_t, 28> zero;
};
static_assert(sizeof(CodesHeader) == 64 && offsetof(CodesHeader, dimension) == 24);

uint64_t RoundUpTo64(uint64_t bytes) { return (bytes + 63) / 64 * 64; }

}  // namespace

Status AppendCodes(const Quantizer& quantizer, const CodesSpan& codes, const CodeBounds& bounds, BlobWriter& writer) {
  const CodesHeader header = {MakeFileHeader(kMagic, kVersion, static_cast<uint32_t>(codes.quantization)),
                              static_cast<uint64_t>(codes.row_count),
                              static_cast<uint32_t>(codes.dimension),
                              bounds.error,
                              bounds.norm,
                              {}};
  OCHRE_RETURN_IF_ERROR(writer.Append(std::as_bytes(std::span(&header, 1))));
  std::vector<float> mean(quantizer.mean().begin(), quantizer.mean().end());
  mean.resize(RoundUpTo64(mean.size() * sizeof(float)) / sizeof(float));
  OCHRE_RETURN_IF_ERROR(writer.Append(std::as_bytes(std::span(mean))));
  return writer.Append({codes.data, static_cast<size_t>(codes.row_count * codes.stride())});
}

Result<CodeFile> CodeFile::Open(const VerifiedBlob& blob, Space space, int64_t row_count, int32_t dimension) {
  OCHRE_ASSIGN_OR_RETURN(const auto bytes, blob.ReadAll());
  OCHRE_ASSIGN_OR_RETURN(const FileHeader file_header, CheckFileHeader(bytes, kMagic, kVersion, blob.name()));
  const auto damaged = [&] {
    return Status::DataLoss(blob.name(), " contradicts its segment's shape, (", row_count, ", ", dimension, ")");
  };
  CodesHeader header;
  if (bytes.size() < sizeof(header)) return damaged();
  std::memcpy(&header, bytes.data(), sizeof(header));
  const uint32_t quantization_number = file_header.field;
  if (quantization_number != static_cast<uint32_t>(Quantization::kInt8) &&
      quantization_number != static_cast<uint32_t>(Quantization::kLvq4)) {
    return Status::DataLoss(blob.name(), " is damaged: it has codes of the unknown kind ", quantization_number);
  }
  const auto quantization = static_cast<Quantization>(quantization_number);
  const uint64_t mean_bytes = RoundUpTo64(static_cast<uint64_t>(dimension) * sizeof(float));
  const auto stride = static_cast<uint64_t>(CodeStride(quantization, dimension));
  if (header.row_count != static_cast<uint64_t>(row_count) || header.dimension != static_cast<uint32_t>(dimension) ||
      bytes.size() != sizeof(header) + mean_bytes + header.row_count * stride) {
    return damaged();
  }
  std::vector<float> mean(static_cast<size_t>(dimension));
  std::memcpy(mean.data(), bytes.data() + sizeof(header), mean.size() * sizeof(float));
  const bool finite = std::isfinite(header.error_max) && std::isfinite(header.norm_max) &&
                      std::all_of(mean.begin(), mean.end(), [](float value) { return std::isfinite(value); });
  if (!finite) return Status::DataLoss(blob.name(), " is damaged: its quantizer is no number");
  return CodeFile{.quantizer = Quantizer(space, quantization, dimension, std::move(mean)),
                  .codes = {bytes.data() + sizeof(header) + mean_bytes, row_count, dimension, quantization},
                  .bounds = {.error = header.error_max, .norm = header.norm_max}};
}

}  // namespace ochre
