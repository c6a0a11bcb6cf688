#include "inverted/numeric_columns.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <compare>
#include <cstddef>
#include <cstring>
#include <span>

#include "storage/file_header.h"
#include "types/bytes.h"
#include "types/number_compare.h"

namespace ochre {
namespace {

constexpr std::string_view kMagic = "OCHRECOL";
constexpr uint32_t kVersion = 1;
constexpr uint32_t kInt64Type = 0;
constexpr uint32_t kDoubleType = 1;
constexpr size_t kEntrySize = 24;  // of a directory entry without its key

struct ColumnsHeader {
  FileHeader header;  // its field is the column count
  uint64_t directory_offset, directory_size;
  std::array<uint8_t, 32> zero;
};
static_assert(sizeof(ColumnsHeader) == 64 && offsetof(ColumnsHeader, directory_size) == 24);

uint64_t PadToEight(uint64_t size) { return (size + 7) / 8 * 8; }

// Appends the column's arrays to `body` and its entry to `directory`.
template <typename T>
void AppendColumn(uint32_t type, std::string_view key, std::vector<std::pair<T, uint32_t>> rows, std::string& body,
                  std::string& directory) {
  std::sort(rows.begin(), rows.end());
  AppendRaw(directory, type);
  AppendRaw(directory, static_cast<uint32_t>(key.size()));
  AppendRaw(directory, static_cast<uint64_t>(rows.size()));
  AppendRaw(directory, static_cast<uint64_t>(sizeof(ColumnsHeader) + body.size()));
  directory.append(key);
  directory.resize(PadToEight(directory.size()));
  for (const auto& [value, ordinal] : rows) AppendRaw(body, value);
  for (const auto& [value, ordinal] : rows) AppendRaw(body, ordinal);
  body.resize(PadToEight(body.size()));
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
  auto column = doubles_.find(key);
  if (column == doubles_.end()) column = doubles_.try_emplace(std::string(key)).first;
  column->second.emplace_back(value, ordinal);
}

Result<BlobInfo> NumericColumnsWriter::Finish(Storage& storage, std::string_view name) {
  std::string body, directory;
  for (auto& [key, rows] : integers_) AppendColumn(kInt64Type, key, std::move(rows), body, directory);
  for (auto& [key, rows] : doubles_) AppendColumn(kDoubleType, key, std::move(rows), body, directory);
  const ColumnsHeader header = {
      MakeFileHeader(kMagic, kVersion, static_cast<uint32_t>(integers_.size() + doubles_.size())),
      sizeof(ColumnsHeader) + body.size(),
      directory.size(),
      {}};
  OCHRE_ASSIGN_OR_RETURN(const auto writer, storage.Create(name));
  OCHRE_RETURN_IF_ERROR(writer->Append(std::as_bytes(std::span(&header, 1))));
  OCHRE_RETURN_IF_ERROR(writer->Append(body));
  OCHRE_RETURN_IF_ERROR(writer->Append(directory));
  return writer->Finish();
}

Result<std::unique_ptr<const NumericColumns>> NumericColumns::Open(const VerifiedBlob& blob) {
  const auto malformed = [&] { return Status::DataLoss(blob.name(), " contradicts itself"); };
  OCHRE_ASSIGN_OR_RETURN(const auto header_bytes, blob.Read(0, std::min<uint64_t>(blob.size(), sizeof(ColumnsHeader))));
  OCHRE_ASSIGN_OR_RETURN(const FileHeader file_header, CheckFileHeader(header_bytes, kMagic, kVersion, blob.name()));
  if (header_bytes.size() < sizeof(ColumnsHeader)) return malformed();
  ColumnsHeader header;
  std::memcpy(&header, header_bytes.data(), sizeof(header));
  OCHRE_ASSIGN_OR_RETURN(const auto directory_bytes, blob.Read(header.directory_offset, header.directory_size));
  std::string_view rest(reinterpret_cast<const char*>(directory_bytes.data()), directory_bytes.size());

  std::unique_ptr<NumericColumns> columns(new NumericColumns(blob));
  for (uint32_t i = 0; i < file_header.field; ++i) {
    if (rest.size() < kEntrySize) return malformed();
    const auto type = LoadRaw<uint32_t>(rest, 0);
    const uint64_t key_size = LoadRaw<uint32_t>(rest, 4);
    const Column column = {LoadRaw<uint64_t>(rest, 8), LoadRaw<uint64_t>(rest, 16)};
    constexpr uint64_t kRowBytes = sizeof(uint64_t) + sizeof(uint32_t);
    if (PadToEight(key_size) > rest.size() - kEntrySize || type > kDoubleType || column.offset % 8 != 0 ||
        column.offset > blob.size() || column.count > (blob.size() - column.offset) / kRowBytes) {
      return malformed();
    }
    Directory& directory = type == kInt64Type ? columns->integers_ : columns->doubles_;
    directory.emplace(rest.substr(kEntrySize, key_size), column);
    rest.remove_prefix(kEntrySize + PadToEight(key_size));
  }
  return std::unique_ptr<const NumericColumns>(std::move(columns));
}

template <typename T>
Status NumericColumns::AddMatches(const Directory& directory, std::string_view key, FilterOperator op,
                                  const FilterScalar& number, Roaring& rows) const {
  const auto found = directory.find(key);
  if (found == directory.end()) return Status::Ok();
  const Column& column = found->second;
  OCHRE_ASSIGN_OR_RETURN(const auto bytes, blob_.Read(column.offset, column.count * (sizeof(T) + sizeof(uint32_t))));
  const std::span<const T> values(reinterpret_cast<const T*>(bytes.data()), column.count);
  const auto* ordinals = reinterpret_cast<const uint32_t*>(bytes.data() + column.count * sizeof(T));
  const auto below = std::partition_point(values.begin(), values.end(),
                                          [&](T value) { return std::is_lt(CompareWith(value, number)); });
  const auto up_to =
      std::partition_point(below, values.end(), [&](T value) { return std::is_lteq(CompareWith(value, number)); });
  auto first = values.begin();
  auto last = values.end();
  switch (op) {
    case FilterOperator::kEqual:
      first = below;
      last = up_to;
      break;
    case FilterOperator::kGreater:
      first = up_to;
      break;
    case FilterOperator::kGreaterEqual:
      first = below;
      break;
    case FilterOperator::kLess:
      last = below;
      break;
    case FilterOperator::kLessEqual:
      last = up_to;
      break;
    default:
      assert(false);  // the callers ask for nothing else
      return Status::Internal("a numeric column was asked for an operator that it does not have");
  }
  if (first != last) rows.addMany(static_cast<size_t>(last - first), ordinals + (first - values.begin()));
  return Status::Ok();
}

Result<Roaring> NumericColumns::Compare(std::string_view key, FilterOperator op, const FilterScalar& number) const {
  Roaring rows;
  OCHRE_RETURN_IF_ERROR(AddMatches<int64_t>(integers_, key, op, number, rows));
  OCHRE_RETURN_IF_ERROR(AddMatches<double>(doubles_, key, op, number, rows));
  return rows;
}

}  // namespace ochre
