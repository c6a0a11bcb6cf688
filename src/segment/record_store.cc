#include "segment/record_store.h"

#include <array>
#include <cassert>
#include <cstddef>

#include "runtime/call_limit.h"
#include "storage/file_header.h"
#include "types/bytes.h"

namespace ochre {
namespace {

constexpr std::string_view kMagic = "OCHREREC";
constexpr uint32_t kVersion = 1;

struct RecordsHeader {
  FileHeader header;
  uint64_t row_count;
  std::array<uint8_t, 40> zero;
};
static_assert(sizeof(RecordsHeader) == 64 && offsetof(RecordsHeader, row_count) == 16);

std::string_view AsText(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// A text whose size was stored plus one: 0 stands for null.
bool TakeOptional(uint64_t size_plus_one, std::string_view& rest, std::optional<std::string_view>& text) {
  if (size_plus_one == 0) return true;
  std::string_view bytes;
  if (!TakeBytes(rest, size_plus_one - 1, bytes)) return false;
  text = bytes;
  return true;
}

}  // namespace

Result<std::unique_ptr<RecordStoreWriter>> RecordStoreWriter::Create(Storage& storage, std::string_view name,
                                                                     int64_t row_count) {
  OCHRE_ASSIGN_OR_RETURN(std::unique_ptr<BlobWriter> blob_writer, storage.Create(name));
  const RecordsHeader header = {MakeFileHeader(kMagic, kVersion), static_cast<uint64_t>(row_count), {}};
  OCHRE_RETURN_IF_ERROR(blob_writer->Append(std::as_bytes(std::span(&header, 1))));
  std::unique_ptr<RecordStoreWriter> writer(new RecordStoreWriter(std::move(blob_writer)));
  writer->begins_.reserve(static_cast<size_t>(row_count) + 1);
  writer->begins_.push_back(sizeof(RecordsHeader));
  return writer;
}

Status RecordStoreWriter::Add(const StoredRecord& record) {
  buffer_.clear();
  AppendVarint(buffer_, record.document.has_value() ? record.document->size() + 1 : 0);
  AppendVarint(buffer_, record.uri.has_value() ? record.uri->size() + 1 : 0);
  if (record.document.has_value()) buffer_.append(*record.document);
  if (record.uri.has_value()) buffer_.append(*record.uri);
  buffer_.append(record.metadata.bytes());
  begins_.push_back(begins_.back() + buffer_.size());
  return writer_->Append(buffer_);
}

Result<BlobInfo> RecordStoreWriter::Finish() {
  const std::string padding((8 - begins_.back() % 8) % 8, '\0');
  OCHRE_RETURN_IF_ERROR(writer_->Append(padding));
  OCHRE_RETURN_IF_ERROR(writer_->Append(std::as_bytes(std::span(begins_))));
  return writer_->Finish();
}

Result<RecordStore> RecordStore::Open(const VerifiedBlob& blob, int64_t row_count) {
  OCHRE_ASSIGN_OR_RETURN(const std::span<const std::byte> bytes, blob.Read(0, sizeof(RecordsHeader)));
  OCHRE_RETURN_IF_ERROR(CheckFileHeader(bytes, kMagic, kVersion, blob.name()).status());
  const uint64_t table_size = (static_cast<uint64_t>(row_count) + 1) * sizeof(uint64_t);
  if (LoadRaw<uint64_t>(AsText(bytes), 16) != static_cast<uint64_t>(row_count) ||
      blob.size() < sizeof(RecordsHeader) + table_size) {
    return Status::DataLoss(blob.name(), " contradicts its segment's row count, ", row_count);
  }
  return RecordStore(blob, row_count);
}

void RecordStore::PrefetchRow(Ordinal ordinal) const {
  const auto range = blob_->Read(PlaceOf(static_cast<uint64_t>(ordinal)), sizeof(uint64_t));
  if (!range.ok()) return;  // Read will say so
  constexpr uint64_t kCacheLineBytes = 64;
  const auto begin = LoadRaw<uint64_t>(AsText(*range), 0);
  blob_->Prefetch(begin);
  blob_->Prefetch(begin + kCacheLineBytes);
}

Result<StoredRecord> RecordStore::Read(Ordinal ordinal) const {
  const auto row = static_cast<uint64_t>(ordinal);
  assert(row < static_cast<uint64_t>(row_count_));
  const uint64_t table_at = PlaceOf(0);
  OCHRE_ASSIGN_OR_RETURN(const auto range, blob_->Read(PlaceOf(row), 2 * sizeof(uint64_t)));
  const auto begin = LoadRaw<uint64_t>(AsText(range), 0);
  const auto end = LoadRaw<uint64_t>(AsText(range), sizeof(uint64_t));
  const auto malformed = [&] { return Status::DataLoss(blob_->name(), " contradicts itself in row ", row); };
  if (begin > end || end > table_at) return malformed();
  OCHRE_ASSIGN_OR_RETURN(const auto bytes, blob_->Read(begin, end - begin));

  std::string_view rest = AsText(bytes);
  uint64_t document_size = 0, uri_size = 0;
  StoredRecord record;
  if (!TakeVarint(rest, document_size) || !TakeVarint(rest, uri_size) ||
      !TakeOptional(document_size, rest, record.document) || !TakeOptional(uri_size, rest, record.uri)) {
    return malformed();
  }
  record.metadata = EncodedMetadata(rest);
  return record;
}

Status RecordStore::Verify() const {
  CallPoll poll;
  for (int64_t row = 0; row < row_count_; ++row) {
    OCHRE_RETURN_IF_ERROR(poll.Poll());
    OCHRE_ASSIGN_OR_RETURN(const StoredRecord record, Read(Ordinal{static_cast<uint32_t>(row)}));
    const Status metadata = record.metadata.Validate();
    if (!metadata.ok()) return Status::DataLoss(blob_->name(), " is malformed in row ", row, ": ", metadata.message());
  }
  return Status::Ok();
}

}  // namespace ochre
