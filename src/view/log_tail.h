// LogTail: the records that the log holds and no segment does yet, in memory, in every version that a reader may see.
#ifndef OCHRE_VIEW_LOG_TAIL_H_
#define OCHRE_VIEW_LOG_TAIL_H_

#include <array>
#include <atomic>
#include <bit>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string_view>
#include <unordered_map>

#include "distance/codes.h"
#include "distance/rows_span.h"
#include "ochre/options.h"
#include "runtime/mutex.h"
#include "types/encoded_metadata.h"
#include "types/ids.h"
#include "view/resolve.h"

namespace ochre {

// One version of one record: what readers see whose position is in [begin, end). Everything but `end` is fixed once the
// record is published.
struct TailRecord {
  OffsetId offset_id{};
  LogPosition begin{};
  std::atomic<uint64_t> end = std::numeric_limits<uint64_t>::max();
  int64_t previous = -1;  // index of an older version of the same id in this tail
  std::string_view id;    // these borrow from `bytes`
  std::optional<std::string_view> document;
  std::optional<std::string_view> uri;
  EncodedMetadata metadata;
  std::unique_ptr<char[]> bytes;

  bool IsVisible(LogPosition position) const {
    return begin <= position && static_cast<uint64_t>(position) < end.load(std::memory_order_acquire);
  }
};

// Append-only: versions are added and ended, never changed or removed, so that any number of readers walk it without a
// lock while one writer at a time appends. A compaction replaces the whole tail by a shorter one.
class LogTail {
 public:
  // `dimension` of the collection's embeddings; 0 while it is not fixed, when no record can be inserted. Unless
  // `quantization` is kNone, rows are kept as int8 codes as well.
  LogTail(int32_t dimension, Space space, Quantization quantization);
  ~LogTail();
  LogTail(const LogTail&) = delete;
  LogTail& operator=(const LogTail&) = delete;

  int32_t dimension() const { return dimension_; }

  // ---- Readers. `i` is below a size() that was read before.
  size_t size() const { return size_.load(std::memory_order_acquire); }
  const TailRecord& record(size_t i) const {
    const Place place = PlaceOf(i);
    return chunk(place.chunk)->records[place.offset];
  }
  const float* row(size_t i) const {
    const Place place = PlaceOf(i);
    return chunk(place.chunk)->rows + static_cast<int64_t>(place.offset) * RowStride(dimension_);
  }

  // Records lie in chunks, each with its rows in one span: chunk c holds the records [ChunkBegin(c), ChunkBegin(c +
  // 1)).
  static constexpr size_t ChunkOf(size_t i) { return PlaceOf(i).chunk; }
  static constexpr size_t ChunkBegin(size_t c) { return kFirstChunkSize * ((size_t{1} << c) - 1); }
  // The rows of the first `size` records that are in chunk `c`.
  RowsSpan ChunkRows(size_t c, size_t size) const;

  // Whether every published row has a code; if so, the codes of the rows that ChunkRows gives, the quantizer that made
  // them, and bounds that hold for all of them. Ask for the bounds after size().
  bool has_codes() const { return quantizer_.has_value() && !code_refused_.load(std::memory_order_acquire); }
  CodesSpan ChunkCodes(size_t c, size_t size) const;
  const Quantizer& quantizer() const { return *quantizer_; }
  CodeBounds code_bounds() const {
    return {.error = error_max_.load(std::memory_order_relaxed), .norm = norm_max_.load(std::memory_order_relaxed)};
  }

  // Index of the version of `id` that a reader at `position` sees, or -1.
  int64_t Find(std::string_view id, LogPosition position) const;

  // Bytes that the published records hold: embeddings, codes and texts.
  int64_t bytes() const { return bytes_.load(std::memory_order_relaxed); }

  // ---- The writer: one at a time, which the caller sees to.
  // Appends a version that begins at `begin`, copying its contents, and ends the version that it replaces: `replaced`,
  // an index in this tail or -1. Precondition: dimension() > 0.
  void Append(std::string_view id, OffsetId offset_id, LogPosition begin, const RecordContents& contents,
              int64_t replaced);
  // Ends version `i`: readers from `end` on do not see it.
  void End(int64_t i, LogPosition end);
  // Index of the live version of `id`, or -1.
  int64_t FindLive(std::string_view id) const { return Find(id, LogPosition{kNever - 1}); }

 private:
  static constexpr uint64_t kNever = std::numeric_limits<uint64_t>::max();
  // The first chunk is small, as most collections are; each chunk is twice as large as the one before.
  static constexpr size_t kFirstChunkSize = 16;
  static constexpr size_t kChunksMax = 40;  // 16 * 2^40 records

  struct Chunk {
    std::unique_ptr<TailRecord[]> records;
    float* rows = nullptr;       // aligned to 64 bytes
    std::byte* codes = nullptr;  // likewise; null if the tail keeps none
  };
  struct Place {
    size_t chunk, offset;
  };
  static constexpr Place PlaceOf(size_t i) {
    const size_t chunk = static_cast<size_t>(std::bit_width(i / kFirstChunkSize + 1)) - 1;
    return {chunk, i - kFirstChunkSize * ((size_t{1} << chunk) - 1)};
  }
  const Chunk* chunk(size_t c) const { return chunks_[c].load(std::memory_order_acquire); }
  Chunk& EnsureChunk(size_t c);
  void EncodeRow(Chunk& chunk, size_t offset);
  int64_t CodeStrideOrZero() const { return quantizer_.has_value() ? quantizer_->stride() : 0; }

  const int32_t dimension_;
  std::optional<Quantizer> quantizer_;  // without a mean: there is nothing yet to take it from
  std::atomic<bool> code_refused_ = false;
  std::atomic<float> error_max_ = 0, norm_max_ = 0;  // of the codes; stored before size_ counts their row
  std::atomic<size_t> size_ = 0;
  std::atomic<int64_t> bytes_ = 0;
  std::array<std::atomic<Chunk*>, kChunksMax> chunks_ = {};

  mutable Mutex mutex_;  // held to look up or insert one id
  std::unordered_map<std::string_view, int64_t> latest_
      OCHRE_GUARDED_BY(mutex_);  // id -> index of its latest version; keys borrow from the records
};

}  // namespace ochre

#endif  // OCHRE_VIEW_LOG_TAIL_H_
