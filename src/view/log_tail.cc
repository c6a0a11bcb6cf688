#include "view/log_tail.h"

#include <algorithm>
#include <cassert>
#include <memory>
#include <new>

namespace ochre {
namespace {

constexpr std::align_val_t kRowAlignment{64};

struct DeleteAligned {
  void operator()(void* bytes) const { ::operator delete(bytes, kRowAlignment); }
};
using AlignedBytes = std::unique_ptr<void, DeleteAligned>;

std::string_view CopyTo(char*& out, std::string_view text) {
  text.copy(out, text.size());  // unlike memcpy, also for an empty text without data
  const std::string_view copy(out, text.size());
  out += text.size();
  return copy;
}

}  // namespace

LogTail::LogTail(int32_t dimension, Space space, Quantization quantization) : dimension_(dimension) {
  if (dimension > 0 && quantization != Quantization::kNone) {
    quantizer_.emplace(space, Quantization::kInt8, dimension, std::vector<float>());
  }
}

LogTail::~LogTail() {
  for (std::atomic<Chunk*>& slot : chunks_) {
    Chunk* chunk = slot.load(std::memory_order_relaxed);
    if (chunk == nullptr) continue;
    ::operator delete(chunk->rows, kRowAlignment);
    ::operator delete(chunk->codes, kRowAlignment);
    delete chunk;
  }
}

RowsSpan LogTail::ChunkRows(size_t c, size_t size) const {
  const size_t begin = ChunkBegin(c);
  const size_t end = std::min(size, ChunkBegin(c + 1));
  if (begin >= end) return {nullptr, 0, dimension_};
  return {chunk(c)->rows, static_cast<int64_t>(end - begin), dimension_};
}

CodesSpan LogTail::ChunkCodes(size_t c, size_t size) const {
  const int64_t row_count = ChunkRows(c, size).row_count;
  return {row_count == 0 ? nullptr : chunk(c)->codes, row_count, dimension_, Quantization::kInt8};
}

int64_t LogTail::Find(std::string_view id, LogPosition position) const {
  int64_t index = -1;
  {
    MutexLock lock(mutex_);
    const auto found = latest_.find(id);
    if (found != latest_.end()) index = found->second;
  }
  while (index >= 0 && record(static_cast<size_t>(index)).begin > position) {
    index = record(static_cast<size_t>(index)).previous;
  }
  return index >= 0 && record(static_cast<size_t>(index)).IsVisible(position) ? index : -1;
}

LogTail::Chunk& LogTail::EnsureChunk(size_t c) {
  assert(c < kChunksMax);
  Chunk* chunk = chunks_[c].load(std::memory_order_relaxed);
  if (chunk == nullptr) {
    const size_t size = ChunkBegin(c + 1) - ChunkBegin(c);
    const size_t row_bytes = static_cast<size_t>(RowStride(dimension_)) * sizeof(float);
    auto created = std::make_unique<Chunk>();
    created->records = std::make_unique<TailRecord[]>(size);
    AlignedBytes rows(::operator new(size* row_bytes, kRowAlignment));
    if (quantizer_.has_value()) {
      const size_t code_bytes = size * static_cast<size_t>(quantizer_->stride());
      created->codes = static_cast<std::byte*>(::operator new(code_bytes, kRowAlignment));
    }
    created->rows = static_cast<float*>(rows.release());
    chunk = created.release();
    chunks_[c].store(chunk, std::memory_order_release);
  }
  return *chunk;
}

void LogTail::EncodeRow(Chunk& chunk, size_t offset) {
  CodeBounds bounds = {.error = error_max_.load(std::memory_order_relaxed),
                       .norm = norm_max_.load(std::memory_order_relaxed)};
  const float* row = chunk.rows + static_cast<int64_t>(offset) * RowStride(dimension_);
  std::byte* code = chunk.codes + static_cast<int64_t>(offset) * quantizer_->stride();
  if (!quantizer_->Encode(row, code, &bounds)) code_refused_.store(true, std::memory_order_release);
  error_max_.store(bounds.error, std::memory_order_relaxed);
  norm_max_.store(bounds.norm, std::memory_order_relaxed);
}

void LogTail::Append(std::string_view id, OffsetId offset_id, LogPosition begin, const RecordContents& contents,
                     int64_t replaced) {
  assert(dimension_ > 0 && contents.embedding != nullptr);
  const size_t index = size_.load(std::memory_order_relaxed);
  const Place place = PlaceOf(index);
  Chunk& chunk = EnsureChunk(place.chunk);
  FillRow(contents.embedding, dimension_, chunk.rows + static_cast<int64_t>(place.offset) * RowStride(dimension_));

  if (quantizer_.has_value()) EncodeRow(chunk, place.offset);

  const std::string_view document = contents.document.value_or(std::string_view());
  const std::string_view uri = contents.uri.value_or(std::string_view());
  const size_t text_bytes = id.size() + document.size() + uri.size() + contents.metadata.bytes().size();
  TailRecord& record = chunk.records[place.offset];
  record.bytes = std::make_unique_for_overwrite<char[]>(text_bytes);
  char* out = record.bytes.get();
  record.offset_id = offset_id;
  record.begin = begin;
  record.id = CopyTo(out, id);
  if (contents.document.has_value()) record.document = CopyTo(out, document);
  if (contents.uri.has_value()) record.uri = CopyTo(out, uri);
  record.metadata = EncodedMetadata(CopyTo(out, contents.metadata.bytes()));
  if (replaced >= 0) End(replaced, begin);

  bytes_.fetch_add(static_cast<int64_t>(text_bytes + sizeof(TailRecord) + RowStride(dimension_) * sizeof(float)) +
                       CodeStrideOrZero(),
                   std::memory_order_relaxed);
  MutexLock lock(mutex_);
  const auto [entry, inserted] = latest_.try_emplace(record.id, static_cast<int64_t>(index));
  if (!inserted) {
    record.previous = entry->second;
    entry->second = static_cast<int64_t>(index);
  }
  size_.store(index + 1, std::memory_order_release);
}

void LogTail::End(int64_t i, LogPosition end) {
  const Place place = PlaceOf(static_cast<size_t>(i));
  chunks_[place.chunk]
      .load(std::memory_order_relaxed)
      ->records[place.offset]
      .end.store(static_cast<uint64_t>(end), std::memory_order_release);
}

}  // namespace ochre
