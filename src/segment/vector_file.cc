#include "segment/vector_file.h"

#include <array>
#include <cassert>
#include <cstddef>
#include <cstring>

#include "storage/file_header.h"

namespace ochre {
namespace {

constexpr std::string_view kMagic = "OCHREVEC";
constexpr uint32_t kVersion = 1;

struct VectorsHeader {
  FileHeader header;  // its field is the dimension
  uint64_t row_count, row_stride;
  std::array<uint8_t, 32> zero;
};
static_assert(sizeof(VectorsHeader) == 64 && offsetof(VectorsHeader, row_stride) == 24);

uint64_t RowBytes(int32_t dimension) { return static_cast<uint64_t>(RowStride(dimension)) * sizeof(float); }

}  // namespace

Result<std::unique_ptr<VectorFileWriter>> VectorFileWriter::Create(Storage& storage, std::string_view name,
                                                                   int64_t row_count, int32_t dimension) {
  OCHRE_ASSIGN_OR_RETURN(std::unique_ptr<BlobWriter> writer, storage.Create(name));
  const VectorsHeader header = {MakeFileHeader(kMagic, kVersion, static_cast<uint32_t>(dimension)),
                                static_cast<uint64_t>(row_count),
                                static_cast<uint64_t>(RowStride(dimension)),
                                {}};
  OCHRE_RETURN_IF_ERROR(writer->Append(std::as_bytes(std::span(&header, 1))));
  return std::unique_ptr<VectorFileWriter>(new VectorFileWriter(std::move(writer), dimension));
}

Status VectorFileWriter::Add(const float* row) {
  return writer_->Append({reinterpret_cast<const std::byte*>(row), RowBytes(dimension_)});
}

Result<VectorFile> VectorFile::Open(const VerifiedBlob& blob, int64_t row_count, int32_t dimension) {
  OCHRE_ASSIGN_OR_RETURN(const auto bytes, blob.Read(0, sizeof(VectorsHeader)));
  OCHRE_ASSIGN_OR_RETURN(const FileHeader file_header, CheckFileHeader(bytes, kMagic, kVersion, blob.name()));
  VectorsHeader header;
  std::memcpy(&header, bytes.data(), sizeof(header));
  if (file_header.field != static_cast<uint32_t>(dimension) || header.row_count != static_cast<uint64_t>(row_count) ||
      header.row_stride != static_cast<uint64_t>(RowStride(dimension)) ||
      (blob.size() - sizeof(VectorsHeader)) / RowBytes(dimension) != header.row_count ||  // which cannot overflow
      (blob.size() - sizeof(VectorsHeader)) % RowBytes(dimension) != 0) {
    return Status::DataLoss(blob.name(), " contradicts its segment's shape, (", row_count, ", ", dimension, ")");
  }
  return VectorFile(blob, row_count, dimension);
}

Result<RowsSpan> VectorFile::Rows() const {
  OCHRE_ASSIGN_OR_RETURN(const auto bytes, blob_->ReadAll());
  const auto* rows = reinterpret_cast<const float*>(bytes.data() + sizeof(VectorsHeader));
  return RowsSpan{rows, row_count_, dimension_};
}

Result<RowsSpan> VectorFile::RowsWith(std::span<const uint32_t> ordinals) const {
  const uint64_t row_bytes = RowBytes(dimension_);
  for (const uint32_t ordinal : ordinals) blob_->ReadAhead(sizeof(VectorsHeader) + ordinal * row_bytes, row_bytes);
  for (const uint32_t ordinal : ordinals) {
    OCHRE_RETURN_IF_ERROR(blob_->Read(sizeof(VectorsHeader) + ordinal * row_bytes, row_bytes).status());
  }
  OCHRE_ASSIGN_OR_RETURN(const auto header, blob_->Read(0, sizeof(VectorsHeader)));
  const auto* rows = reinterpret_cast<const float*>(header.data() + header.size());
  return RowsSpan{rows, row_count_, dimension_};
}

Result<const float*> VectorFile::Row(Ordinal ordinal) const {
  assert(static_cast<int64_t>(ordinal) < row_count_);
  const uint64_t row_bytes = RowBytes(dimension_);
  const uint64_t offset = sizeof(VectorsHeader) + static_cast<uint64_t>(ordinal) * row_bytes;
  OCHRE_ASSIGN_OR_RETURN(const auto bytes, blob_->Read(offset, row_bytes));
  return reinterpret_cast<const float*>(bytes.data());
}

}  // namespace ochre
