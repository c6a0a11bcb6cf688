#include "inverted/numeric_columns.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <compare>
#include <cstddef>
#include <cstring>
#include <span>

#include "inverted/rows_of_ordinals.h"
#include "storage/file_header.h"
#include "types/bytes.h"
#include "types/number_compare.h"

namespace ochre {
namespace {

constexpr std::string_view kMagic = "OCHRECOL";
constexpr uint32_t kVersion = 1;
constexpr uint32_t kInt64Type = 0;
constexpr uint32_t kDoubleType = 1;
constexpr size_t kEntrySize = 24;                                   // of a directory entry without its key
constexpr uint64_t kRowSize = sizeof(uint64_t) + sizeof(uint32_t);  // a value and an ordinal

struct ColumnsHeader {
  FileHeader header;  // its field is the column count
  uint64_t directory_offset, directory_size;
  std::array<uint8_t, 32> zero;
};
static_assert(sizeof(ColumnsHeader) == 64 && offsetof(ColumnsHeader, directory_size) == 24);

uint64_t PadToEight(uint64_t size) { return (size + 7) / 8 * 8; }

template <typename Columns>
uint64_t BodySize(const Columns& columns) {
  uint64_t size = 0;
  for (const auto& [key, rows] : columns) size += PadToEight(rows.size() * kRowSize);
  return size;
}

// Appends the columns' arrays to `writer` and their entries to `directory`, and frees the rows as it goes.
template <typename Columns>
Status AppendColumns(uint32_t type, Columns& columns, BlobWriter& writer, std::string& directory) {
  std::string arrays;
  for (auto& [key, rows] : columns) {
    AppendRaw(directory, type);
    AppendRaw(directory, static_cast<uint32_t>(key.size()));
    AppendRaw(directory, static_cast<uint64_t>(rows.size()));
    AppendRaw(directory, writer.size());
    directory.append(key);
    directory.resize(PadToEight(directory.size()));

    std::sort(rows.begin(), rows.end());
    arrays.clear();
    arrays.reserve(PadToEight(rows.size() * kRowSize));
    for (const auto& [value, ordinal] : rows) AppendRaw(arrays, value);
    for (const auto& [value, ordinal] : rows) AppendRaw(arrays, ordinal);
    arrays.resize(PadToEight(arrays.size()));
    rows = {};
    OCHRE_RETURN_IF_ERROR(writer.Append(arrays));
  }
  return Status::Ok();
}

bool IsNan(const FilterScalar& number) {
  const auto* value = number.get_if<double>();
  return value != nullptr && std::isnan(*value);
}

template <typename T>
std::partial_ordering CompareWith(T stored, const FilterScalar& operand) {
  if (const auto* integer = operand.get_if<int64_t>()) return CompareNumbers(stored, *integer);
  return CompareNumbers(stored, *operand.get_if<double>());
}

}  // namespace

void NumericColumnsWriter::Add(std::string_view key, int64_t value, uint32_t ordinal) {
  auto column = integers_.find(key);
  if (column == integers_.end()) column = integers_.try_emplace(std::string(key)).first;
  column->second.emplace_back(value, ordinal);
}

void NumericColumnsWriter::Add(std::string_view key, double value, uint32_t ordinal) {
  if (std::isnan(value)) return;
  auto column = doubles_.find(key);
  if (column == doubles_.end()) column = doubles_.try_emplace(std::string(key)).first;
  column->second.emplace_back(value, ordinal);
}

Result<BlobInfo> NumericColumnsWriter::Finish(Storage& storage, std::string_view name) {
  std::string directory;
  const auto column_count = static_cast<uint32_t>(integers_.size() + doubles_.size());
  uint64_t directory_size = 0;
  for (const auto& [key, rows] : integers_) directory_size += kEntrySize + PadToEight(key.size());
  for (const auto& [key, rows] : doubles_) directory_size += kEntrySize + PadToEight(key.size());
  const ColumnsHeader header = {MakeFileHeader(kMagic, kVersion, column_count),
                                sizeof(ColumnsHeader) + BodySize(integers_) + BodySize(doubles_),
                                directory_size,
                                {}};
  OCHRE_ASSIGN_OR_RETURN(const auto writer, storage.Create(name));
  OCHRE_RETURN_IF_ERROR(writer->Append(std::as_bytes(std::span(&header, 1))));
  OCHRE_RETURN_IF_ERROR(AppendColumns(kInt64Type, integers_, *writer, directory));
  OCHRE_RETURN_IF_ERROR(AppendColumns(kDoubleType, doubles_, *writer, directory));
  assert(writer->size() == header.directory_offset && directory.size() == directory_size);
  OCHRE_RETURN_IF_ERROR(writer->Append(directory));
  return writer->Finish();
}

Result<std::unique_ptr<const NumericColumns>> NumericColumns::Open(const VerifiedBlob& blob, int64_t row_count) {
  const auto malformed = [&] { return Status::DataLoss(blob.name(), " contradicts itself"); };
  OCHRE_ASSIGN_OR_RETURN(const auto header_bytes, blob.Read(0, std::min<uint64_t>(blob.size(), sizeof(ColumnsHeader))));
  OCHRE_ASSIGN_OR_RETURN(const FileHeader file_header, CheckFileHeader(header_bytes, kMagic, kVersion, blob.name()));
  if (header_bytes.size() < sizeof(ColumnsHeader)) return malformed();
  ColumnsHeader header;
  std::memcpy(&header, header_bytes.data(), sizeof(header));
  OCHRE_ASSIGN_OR_RETURN(const auto directory_bytes, blob.Read(header.directory_offset, header.directory_size));
  std::string_view rest(reinterpret_cast<const char*>(directory_bytes.data()), directory_bytes.size());

  std::unique_ptr<NumericColumns> columns(new NumericColumns(blob, row_count));
  for (uint32_t i = 0; i < file_header.field; ++i) {
    if (rest.size() < kEntrySize) return malformed();
    const auto type = LoadRaw<uint32_t>(rest, 0);
    const uint64_t key_size = LoadRaw<uint32_t>(rest, 4);
    const Column column = {LoadRaw<uint64_t>(rest, 8), LoadRaw<uint64_t>(rest, 16)};
    if (PadToEight(key_size) > rest.size() - kEntrySize || type > kDoubleType || column.offset % 8 != 0 ||
        column.offset < sizeof(ColumnsHeader) || column.offset > blob.size() ||
        column.count > (blob.size() - column.offset) / kRowSize ||
        column.count > static_cast<uint64_t>(row_count)) {  // a row has one number under a key
      return malformed();
    }
    Directory& directory = type == kInt64Type ? columns->integers_ : columns->doubles_;
    directory.emplace(rest.substr(kEntrySize, key_size), column);
    rest.remove_prefix(kEntrySize + PadToEight(key_size));
  }
  if (!rest.empty()) return malformed();
  return std::unique_ptr<const NumericColumns>(std::move(columns));
}

// The first row in [begin, column.count) whose value is not before what is sought. Only the blocks that the search
// probes are read and verified, not the whole column.
template <typename T, typename IsBefore>
Result<uint64_t> NumericColumns::PartitionPoint(const Column& column, uint64_t begin, IsBefore is_before) const {
  uint64_t end = column.count;
  while (begin < end) {
    const uint64_t middle = begin + (end - begin) / 2;
    OCHRE_ASSIGN_OR_RETURN(const auto bytes, blob_.Read(column.offset + middle * sizeof(T), sizeof(T)));
    T value;
    std::memcpy(&value, bytes.data(), sizeof(T));
    if (is_before(value)) {
      begin = middle + 1;
    } else {
      end = middle;
    }
  }
  return begin;
}

template <typename T>
Status NumericColumns::AddMatches(const Directory& directory, std::string_view key, FilterOperator op,
                                  const FilterScalar& number, Roaring& rows) const {
  const auto found = directory.find(key);
  if (found == directory.end()) return Status::Ok();
  const Column& column = found->second;
  const auto is_below = [&](T value) { return std::is_lt(CompareWith(value, number)); };
  const auto is_up_to = [&](T value) { return std::is_lteq(CompareWith(value, number)); };
  uint64_t first = 0;
  uint64_t last = column.count;
  switch (op) {
    case FilterOperator::kEqual: {
      OCHRE_ASSIGN_OR_RETURN(first, PartitionPoint<T>(column, 0, is_below));
      OCHRE_ASSIGN_OR_RETURN(last, PartitionPoint<T>(column, first, is_up_to));
      break;
    }
    case FilterOperator::kGreater: {
      OCHRE_ASSIGN_OR_RETURN(first, PartitionPoint<T>(column, 0, is_up_to));
      break;
    }
    case FilterOperator::kGreaterEqual: {
      OCHRE_ASSIGN_OR_RETURN(first, PartitionPoint<T>(column, 0, is_below));
      break;
    }
    case FilterOperator::kLess: {
      OCHRE_ASSIGN_OR_RETURN(last, PartitionPoint<T>(column, 0, is_below));
      break;
    }
    case FilterOperator::kLessEqual: {
      OCHRE_ASSIGN_OR_RETURN(last, PartitionPoint<T>(column, 0, is_up_to));
      break;
    }
    default:
      assert(false);  // the callers ask for nothing else
      return Status::Internal("a numeric column was asked for an operator that it does not have");
  }
  // Where every row of the segment has a number in this column, the rows outside a wide range tell the ones inside.
  const bool by_complement = column.count == static_cast<uint64_t>(row_count_) && last - first > column.count / 2;
  if (!by_complement) {
    OCHRE_ASSIGN_OR_RETURN(const Roaring inside, RowsOf<T>(key, column, first, last));
    rows |= inside;
    return Status::Ok();
  }
  OCHRE_ASSIGN_OR_RETURN(Roaring outside, RowsOf<T>(key, column, 0, first));
  OCHRE_ASSIGN_OR_RETURN(const Roaring above, RowsOf<T>(key, column, last, column.count));
  outside |= above;
  outside.flip(0, column.count);
  rows |= outside;
  return Status::Ok();
}

template <typename T>
Result<Roaring> NumericColumns::RowsOf(std::string_view key, const Column& column, uint64_t first,
                                       uint64_t last) const {
  const uint64_t ordinals_at = column.offset + column.count * sizeof(T);
  OCHRE_ASSIGN_OR_RETURN(const auto bytes,
                         blob_.Read(ordinals_at + first * sizeof(uint32_t), (last - first) * sizeof(uint32_t)));
  // Columns begin at a multiple of 8 in an aligned blob, so the ordinals are aligned.
  const std::span ordinals(reinterpret_cast<const uint32_t*>(bytes.data()), last - first);
  Roaring rows = RowsOfOrdinals(ordinals);
  if (!rows.isEmpty() && rows.maximum() >= row_count_) {
    return Status::DataLoss(blob_.name(), " names row ", rows.maximum(), " under the key \"", key,
                            "\", but the segment has ", row_count_, " rows");
  }
  return rows;
}

Result<Roaring> NumericColumns::Compare(std::string_view key, FilterOperator op, const FilterScalar& number) const {
  Roaring rows;
  if (IsNan(number)) return rows;
  OCHRE_RETURN_IF_ERROR(AddMatches<int64_t>(integers_, key, op, number, rows));
  OCHRE_RETURN_IF_ERROR(AddMatches<double>(doubles_, key, op, number, rows));
  return rows;
}

template <typename T>
Status NumericColumns::VerifyColumns(const Directory& directory) const {
  for (const auto& [key, column] : directory) {
    OCHRE_ASSIGN_OR_RETURN(const auto bytes, blob_.Read(column.offset, column.count * kRowSize));
    const std::span values(reinterpret_cast<const T*>(bytes.data()), column.count);
    const std::span ordinals(reinterpret_cast<const uint32_t*>(bytes.data() + values.size_bytes()), column.count);
    for (size_t i = 0; i < column.count; ++i) {
      const bool in_order =
          i == 0 || values[i - 1] < values[i] || (values[i - 1] == values[i] && ordinals[i - 1] < ordinals[i]);
      if (in_order && ordinals[i] < row_count_) continue;
      return Status::DataLoss(blob_.name(), " contradicts itself in the column of the key \"", key, "\"");
    }
  }
  return Status::Ok();
}

Status NumericColumns::Verify() const {
  OCHRE_RETURN_IF_ERROR(VerifyColumns<int64_t>(integers_));
  return VerifyColumns<double>(doubles_);
}

}  // namespace ochre
