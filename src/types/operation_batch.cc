#include "types/operation_batch.h"

#include <cstring>
#include <limits>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "types/bytes.h"

namespace ochre {
namespace {

constexpr std::string_view kMagic = "OCB1";
constexpr size_t kHeaderSize = 16;
constexpr size_t kChecksumSize = 8;
constexpr uint32_t kNullSize = 0xffffffff;

// What is reserved for the metadata of a record: a few short keys and values.
constexpr size_t kMetadataBytesGuess = 64;

enum Flags : uint8_t {
  kEmbeddings = 1,
  kSomeEmbeddings = 2,
  kDocuments = 4,
  kUris = 8,
  kMetadatas = 16,
  kAllFlags = 31,
};

void PadToFour(std::string& bytes) { bytes.resize((bytes.size() + 3) / 4 * 4); }

bool Fits(uint64_t size, uint64_t more) {
  return more <= kEncodedBatchBytesMax && size <= kEncodedBatchBytesMax - more;
}

// Adds the bytes of `texts` to `size`; false when the sum would be too large.
bool AddBytes(const StringColumn& texts, uint64_t& size) {
  for (size_t i = 0; i < texts.size(); ++i) {
    const auto text = texts[i];
    if (!text.has_value()) continue;
    if (!Fits(size, text->size())) return false;
    size += text->size();
  }
  return true;
}

// n sizes, then the strings' bytes; at(i) returns an optional string. False when the batch would get too large.
template <typename At>
bool AppendStrings(std::string& bytes, size_t count, At at) {
  const size_t sizes_at = bytes.size();
  bytes.resize(sizes_at + count * sizeof(uint32_t));
  for (size_t i = 0; i < count; ++i) {
    const auto text = at(i);
    if (text.has_value() && !Fits(bytes.size(), text->size())) return false;
    const uint32_t size = text.has_value() ? static_cast<uint32_t>(text->size()) : kNullSize;
    std::memcpy(bytes.data() + sizes_at + i * sizeof(size), &size, sizeof(size));
    if (text.has_value()) bytes.append(*text);
  }
  PadToFour(bytes);
  return true;
}

bool IsEmbeddingGiven(const Records& records, size_t i) {
  return records.embedding_given.empty() || records.embedding_given[i] != 0;
}

void AppendEmbeddings(std::string& bytes, const Records& records, bool some) {
  if (some) {
    for (size_t i = 0; i < records.ids.size(); ++i) bytes.push_back(IsEmbeddingGiven(records, i) ? 1 : 0);
    PadToFour(bytes);
  }
  const size_t row_size = static_cast<size_t>(records.embeddings.columns) * sizeof(float);
  if (!some) {
    bytes.append(reinterpret_cast<const char*>(records.embeddings.values.data()), row_size * records.ids.size());
    return;
  }
  for (size_t i = 0; i < records.ids.size(); ++i) {
    if (!IsEmbeddingGiven(records, i)) continue;
    bytes.append(reinterpret_cast<const char*>(records.embeddings.Row(static_cast<int64_t>(i))), row_size);
  }
}

// Reads the sections of a batch front to back; every method returns false when the bytes end too early.
class SectionReader {
 public:
  SectionReader(std::string_view bytes, size_t count) : bytes_(bytes), offset_(kHeaderSize), count_(count) {}

  bool AtEnd() const { return offset_ == bytes_.size(); }

  bool Take(uint64_t size, std::string_view& section) {
    if (size > bytes_.size() - offset_) return false;
    section = bytes_.substr(offset_, size);
    offset_ = std::min((offset_ + size + 3) / 4 * 4, bytes_.size());
    return true;
  }

  // Calls assign(i, text) for each string that is not null.
  template <typename Assign>
  bool TakeStrings(Assign assign) {
    std::string_view sizes;
    if (!Take(uint64_t{count_} * sizeof(uint32_t), sizes)) return false;
    uint64_t total = 0;
    for (size_t i = 0; i < count_; ++i) {
      const auto size = LoadRaw<uint32_t>(sizes, i * sizeof(uint32_t));
      if (size != kNullSize) total += size;
    }
    std::string_view texts;
    if (!Take(total, texts)) return false;
    for (size_t i = 0; i < count_; ++i) {
      const auto size = LoadRaw<uint32_t>(sizes, i * sizeof(uint32_t));
      if (size == kNullSize) continue;
      assign(i, texts.substr(0, size));
      texts.remove_prefix(size);
    }
    return true;
  }

 private:
  std::string_view bytes_;
  size_t offset_;
  size_t count_;
};

}  // namespace

Result<std::string> EncodeOperations(OperationKind kind, const Records& records) {
  const size_t count = records.ids.size();
  const bool is_delete = kind == OperationKind::kDelete;
  const bool has_embeddings = !is_delete && !records.embeddings.values.empty();
  bool some_embeddings = false;
  for (const uint8_t given : records.embedding_given) some_embeddings |= given == 0;
  some_embeddings &= has_embeddings;

  uint8_t flags = 0;
  if (has_embeddings) flags |= kEmbeddings;
  if (some_embeddings) flags |= kSomeEmbeddings;
  if (!is_delete && !records.documents.empty()) flags |= kDocuments;
  if (!is_delete && !records.uris.empty()) flags |= kUris;
  if (!is_delete && !records.metadatas.empty()) flags |= kMetadatas;

  const Status too_large =
      Status::ResourceExhausted("the batch exceeds ", kEncodedBatchBytesMax, " bytes; split it into smaller ones");
  // Everything but the metadata is known beforehand: one allocation, and nothing is copied in vain.
  uint64_t size = kHeaderSize + kChecksumSize + uint64_t{count} * 32;  // 32: a record's sizes, and the padding
  if (!Fits(0, size)) return too_large;
  if (has_embeddings && !Fits(size, records.embeddings.values.size_bytes())) return too_large;
  if (has_embeddings) size += records.embeddings.values.size_bytes();
  if (!AddBytes(records.ids, size)) return too_large;
  if ((flags & kDocuments) && !AddBytes(records.documents, size)) return too_large;
  if ((flags & kUris) && !AddBytes(records.uris, size)) return too_large;

  std::string bytes;
  bytes.reserve(size + records.metadatas.size() * kMetadataBytesGuess);
  bytes.append(kMagic);
  bytes.push_back(static_cast<char>(kind));
  bytes.push_back(static_cast<char>(flags));
  AppendRaw(bytes, uint16_t{0});
  AppendRaw(bytes, static_cast<uint32_t>(count));
  AppendRaw(bytes, has_embeddings ? static_cast<uint32_t>(records.embeddings.columns) : 0);

  bool fits = AppendStrings(bytes, count, [&](size_t i) { return records.ids[i]; });
  if (fits && has_embeddings) AppendEmbeddings(bytes, records, some_embeddings);
  if (fits && (flags & kDocuments)) {
    fits = AppendStrings(bytes, count, [&](size_t i) { return records.documents[i]; });
  }
  if (fits && (flags & kUris)) fits = AppendStrings(bytes, count, [&](size_t i) { return records.uris[i]; });
  if (fits && (flags & kMetadatas)) {
    fits = AppendStrings(bytes, count, [&](size_t i) { return std::optional(EncodeMetadata(records.metadatas[i])); });
  }
  if (!fits) return too_large;
  AppendRaw(bytes, static_cast<uint64_t>(XXH3_64bits(bytes.data(), bytes.size())));
  return bytes;
}

Result<OperationBatch> OperationBatch::Decode(std::shared_ptr<const std::string> shared_bytes) {
  std::string_view bytes = *shared_bytes;
  if (bytes.size() < kHeaderSize + kChecksumSize || !bytes.starts_with(kMagic)) {
    return Status::DataLoss("a batch of ", bytes.size(), " bytes does not begin as one");
  }
  const auto checksum = LoadRaw<uint64_t>(bytes, bytes.size() - kChecksumSize);
  bytes.remove_suffix(kChecksumSize);
  if (XXH3_64bits(bytes.data(), bytes.size()) != checksum) {
    return Status::DataLoss("the checksum of a batch of ", shared_bytes->size(), " bytes does not match");
  }

  const Status malformed = Status::DataLoss("a batch of ", shared_bytes->size(), " bytes has a malformed layout");
  const auto kind = static_cast<uint8_t>(bytes[4]);
  const auto flags = static_cast<uint8_t>(bytes[5]);
  const auto count = LoadRaw<uint32_t>(bytes, 8);
  const auto dimension = LoadRaw<uint32_t>(bytes, 12);
  if (kind < static_cast<uint8_t>(OperationKind::kAdd) || kind > static_cast<uint8_t>(OperationKind::kDelete) ||
      (flags & ~kAllFlags) != 0 || LoadRaw<uint16_t>(bytes, 6) != 0 ||
      dimension > std::numeric_limits<int32_t>::max() || count > bytes.size() / sizeof(uint32_t)) {
    return malformed;
  }
  if (((flags & kEmbeddings) != 0) != (dimension > 0) || bytes.size() % sizeof(uint32_t) != 0) return malformed;

  OperationBatch batch;
  batch.kind_ = static_cast<OperationKind>(kind);
  batch.dimension_ = static_cast<int32_t>(dimension);
  batch.operations_.resize(count);
  std::vector<Operation>& operations = batch.operations_;
  SectionReader reader(bytes, count);
  if (!reader.TakeStrings([&](size_t i, std::string_view id) { operations[i].id = id; })) return malformed;
  if (flags & kEmbeddings) {
    std::string_view given;
    if ((flags & kSomeEmbeddings) && !reader.Take(count, given)) return malformed;
    uint64_t row_count = count;
    if (flags & kSomeEmbeddings) {
      row_count = 0;
      for (const char c : given) row_count += c != 0;
    }
    std::string_view rows;
    if (row_count > 0 && dimension > bytes.size() / sizeof(float) / row_count) return malformed;
    if (!reader.Take(row_count * dimension * sizeof(float), rows)) return malformed;
    // Sections start at multiples of 4 of a heap allocation, so the rows are aligned.
    const auto* row = reinterpret_cast<const float*>(rows.data());
    for (size_t i = 0; i < count; ++i) {
      if ((flags & kSomeEmbeddings) && given[i] == 0) continue;
      operations[i].embedding = row;
      row += dimension;
    }
  }
  if ((flags & kDocuments) &&
      !reader.TakeStrings([&](size_t i, std::string_view text) { operations[i].document = text; })) {
    return malformed;
  }
  if ((flags & kUris) && !reader.TakeStrings([&](size_t i, std::string_view text) { operations[i].uri = text; })) {
    return malformed;
  }
  if ((flags & kMetadatas) &&
      !reader.TakeStrings([&](size_t i, std::string_view text) { operations[i].metadata = EncodedMetadata(text); })) {
    return malformed;
  }
  if (!reader.AtEnd()) return malformed;
  batch.bytes_ = std::move(shared_bytes);
  return batch;
}

}  // namespace ochre
