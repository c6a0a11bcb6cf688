#include "segment/deletion_bitmap.h"

#include <cassert>
#include <memory>
#include <optional>
#include <utility>

#include "inverted/bitmap_bytes.h"

namespace ochre {

const Roaring& LiveRows::Ordinals(const Roaring& deleted, int64_t row_count) const {
  const auto ordinals = ordinals_.Get([&]() -> Result<std::unique_ptr<const Roaring>> {
    auto live = std::make_unique<Roaring>();
    live->addRange(0, static_cast<uint64_t>(row_count));
    *live -= deleted;
    return live;
  });
  return **ordinals;
}

std::span<const uint64_t> LiveRows::Bits(const Roaring& deleted, int64_t row_count) const {
  const auto bits = bits_.Get([&]() -> Result<std::unique_ptr<const std::vector<uint64_t>>> {
    std::vector<uint64_t> words(static_cast<size_t>((row_count + 63) / 64), ~uint64_t{0});
    deleted.iterate(
        [](uint32_t ordinal, void* context) {
          (*static_cast<std::vector<uint64_t>*>(context))[ordinal / 64] &= ~(uint64_t{1} << (ordinal % 64));
          return true;
        },
        &words);
    return std::make_unique<const std::vector<uint64_t>>(std::move(words));
  });
  return **bits;
}

Result<DeletionBitmap> DeletionBitmap::Deserialize(std::string_view bytes, int64_t row_count) {
  DeletionBitmap bitmap(row_count);
  if (bytes.empty()) return bitmap;
  std::optional<Roaring> deleted = BitmapFromBytes(bytes, row_count);
  if (!deleted.has_value()) {
    return Status::DataLoss("a deletion bitmap of ", bytes.size(),
                            " bytes is malformed, or names rows that its segment of ", row_count,
                            " rows does not have");
  }
  bitmap.deleted_ = *std::move(deleted);
  bitmap.deleted_count_ = static_cast<int64_t>(bitmap.deleted_.cardinality());
  return bitmap;
}

std::string DeletionBitmap::Serialize() const {
  if (deleted_count_ == 0) return {};
  Roaring compact = deleted_;
  compact.runOptimize();
  std::string bytes(compact.getSizeInBytes(), '\0');
  compact.write(bytes.data());
  return bytes;
}

bool DeletionBitmap::Delete(Ordinal ordinal) {
  assert(static_cast<uint32_t>(ordinal) < row_count_);  // ordinals come from this segment's own look-ups
  if (!deleted_.addChecked(static_cast<uint32_t>(ordinal))) return false;
  ++deleted_count_;
  return true;
}

Status DeletionBitmap::Verify() const {
  if (deleted_count_ != static_cast<int64_t>(deleted_.cardinality()) ||
      (deleted_count_ > 0 && deleted_.maximum() >= row_count_)) {
    return Status::DataLoss("a deletion bitmap names rows that its segment of ", row_count_, " rows does not have");
  }
  return Status::Ok();
}

}  // namespace ochre
