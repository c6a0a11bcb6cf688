#include "segment/id_table.h"

#include <bit>
#include <cassert>
#include <cstddef>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "runtime/call_limit.h"
#include "storage/file_header.h"

namespace ochre {
namespace {

constexpr std::string_view kMagic = "OCHREIDS";
constexpr uint32_t kVersion = 1;

struct IdsHeader {
  FileHeader header;
  uint64_t row_count, slot_count;
  std::array<uint8_t, 32> zero;
};
static_assert(sizeof(IdsHeader) == 64 && offsetof(IdsHeader, slot_count) == 24);

uint64_t HashId(std::string_view id) { return XXH3_64bits(id.data(), id.size()); }

// At most half full, so that a search for an absent id looks at 2.5 slots on average (Knuth, volume 3, section 6.4).
uint64_t SlotCount(uint64_t row_count) { return std::bit_ceil(2 * row_count); }

template <typename T>
Status AppendArray(BlobWriter& writer, std::span<const T> values) {
  return writer.Append(std::as_bytes(values));
}

// The next `count` values of type T at `offset`, which moves past them.
template <typename T>
std::span<const T> TakeArray(std::span<const std::byte> bytes, uint64_t& offset, uint64_t count) {
  const auto* first = reinterpret_cast<const T*>(bytes.data() + offset);
  offset += count * sizeof(T);
  return {first, count};
}

}  // namespace

IdTableWriter::IdTableWriter(int64_t row_count_hint) {
  offset_ids_.reserve(static_cast<size_t>(row_count_hint));
  positions_.reserve(static_cast<size_t>(row_count_hint));
  ends_.reserve(static_cast<size_t>(row_count_hint) + 1);
}

void IdTableWriter::Add(std::string_view id, OffsetId offset_id, LogPosition position) {
  assert(offset_ids_.empty() || static_cast<uint64_t>(offset_id) > offset_ids_.back());
  offset_ids_.push_back(static_cast<uint64_t>(offset_id));
  positions_.push_back(static_cast<uint64_t>(position));
  bytes_.append(id);
  ends_.push_back(bytes_.size());
}

Result<BlobInfo> IdTableWriter::Finish(Storage& storage, std::string_view name) {
  const uint64_t row_count = offset_ids_.size();
  std::vector<uint32_t> slots(SlotCount(row_count), 0);
  for (uint64_t row = 0; row < row_count; ++row) {
    const std::string_view id = std::string_view(bytes_).substr(ends_[row], ends_[row + 1] - ends_[row]);
    uint64_t slot = HashId(id) & (slots.size() - 1);
    while (slots[slot] != 0) slot = (slot + 1) & (slots.size() - 1);
    slots[slot] = static_cast<uint32_t>(row + 1);
  }
  const IdsHeader header = {MakeFileHeader(kMagic, kVersion), row_count, slots.size(), {}};
  OCHRE_ASSIGN_OR_RETURN(std::unique_ptr<BlobWriter> writer, storage.Create(name));
  OCHRE_RETURN_IF_ERROR(writer->Append(std::as_bytes(std::span(&header, 1))));
  OCHRE_RETURN_IF_ERROR(AppendArray<uint64_t>(*writer, offset_ids_));
  OCHRE_RETURN_IF_ERROR(AppendArray<uint64_t>(*writer, positions_));
  OCHRE_RETURN_IF_ERROR(AppendArray<uint64_t>(*writer, ends_));
  OCHRE_RETURN_IF_ERROR(AppendArray<uint32_t>(*writer, slots));
  OCHRE_RETURN_IF_ERROR(writer->Append(bytes_));
  return writer->Finish();
}

Result<std::unique_ptr<const IdTable>> IdTable::Open(const VerifiedBlob& blob, int64_t row_count) {
  OCHRE_ASSIGN_OR_RETURN(const std::span<const std::byte> bytes, blob.ReadAll());
  OCHRE_RETURN_IF_ERROR(CheckFileHeader(bytes, kMagic, kVersion, blob.name()).status());
  const Status malformed = Status::DataLoss(blob.name(), " contradicts itself");
  const auto rows = static_cast<uint64_t>(row_count);
  const uint64_t slot_count = SlotCount(rows);
  const uint64_t fixed_size = sizeof(IdsHeader) + rows * 24 + 8 + slot_count * sizeof(uint32_t);
  if (bytes.size() < fixed_size) return malformed;
  IdsHeader header;
  std::memcpy(&header, bytes.data(), sizeof(header));
  if (header.row_count != rows || header.slot_count != slot_count) return malformed;

  std::unique_ptr<IdTable> table(new IdTable);
  uint64_t offset = sizeof(IdsHeader);
  table->offset_ids_ = TakeArray<uint64_t>(bytes, offset, rows);
  table->positions_ = TakeArray<uint64_t>(bytes, offset, rows);
  table->begins_ = TakeArray<uint64_t>(bytes, offset, rows + 1);
  table->slots_ = TakeArray<uint32_t>(bytes, offset, slot_count);
  table->bytes_ = {reinterpret_cast<const char*>(bytes.data()) + offset, bytes.size() - offset};
  if (table->begins_.front() != 0 || table->begins_.back() != table->bytes_.size()) return malformed;
  for (uint64_t row = 0; row < rows; ++row) {
    if (table->begins_[row] > table->begins_[row + 1]) return malformed;
  }
  for (uint64_t row = 1; row < rows; ++row) {
    if (table->offset_ids_[row - 1] >= table->offset_ids_[row]) return malformed;
  }
  // Every row in one slot: with a free slot everywhere, every search ends.
  std::vector<bool> has_slot(rows);
  uint64_t used = 0;
  for (const uint32_t slot : table->slots_) {
    if (slot == 0) continue;
    if (slot > rows || has_slot[slot - 1]) return malformed;
    has_slot[slot - 1] = true;
    ++used;
  }
  if (used != rows) return malformed;
  return std::unique_ptr<const IdTable>(std::move(table));
}

Status IdTable::Verify(std::string_view name) const {
  CallPoll poll;
  for (uint32_t row = 0; row < offset_ids_.size(); ++row) {
    OCHRE_RETURN_IF_ERROR(poll.Poll());
    if (Find(Id(Ordinal{row})) != Ordinal{row}) {
      return Status::DataLoss(name, " contradicts itself: row ", row, " is not found by its id");
    }
  }
  return Status::Ok();
}

std::optional<Ordinal> IdTable::Find(std::string_view id) const {
  uint64_t slot = HashId(id) & (slots_.size() - 1);
  while (slots_[slot] != 0) {
    const Ordinal ordinal{slots_[slot] - 1};
    if (Id(ordinal) == id) return ordinal;
    slot = (slot + 1) & (slots_.size() - 1);
  }
  return std::nullopt;
}

}  // namespace ochre
