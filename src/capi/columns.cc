#include "capi/columns.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <utility>

#include "ochre/metadata.h"

namespace ochre {
namespace {

constexpr int64_t kInt64Max = std::numeric_limits<int64_t>::max();

Status CheckColumn(const ochre_string_column& column, std::string_view name) {
  if (column.count < 0 || column.count > kInt64Max / static_cast<int64_t>(sizeof(ochre_string))) {
    return Status::InvalidArgument(name, " has count ", column.count, ", which no column can have");
  }
  const int forms = (column.strings != nullptr) + (column.offsets32 != nullptr) + (column.offsets64 != nullptr);
  if (column.count > 0 && forms != 1) {
    return Status::InvalidArgument(name, " has count ", column.count, " and ", forms,
                                   " of strings, offsets32 and offsets64; give one of them");
  }
  return Status::Ok();
}

// Hands each string of an Arrow column to `append`.
template <typename Offset, typename Append>
Status ForEachSlice(const ochre_string_column& column, const Offset* offsets, std::string_view name, Append append) {
  if (offsets[0] < 0) return Status::InvalidArgument(name, " has the negative offset ", offsets[0], " at index 0");
  if (offsets[column.count] > 0 && column.data == nullptr) return Status::InvalidArgument(name, ".data is NULL");
  for (int64_t i = 0; i < column.count; ++i) {
    if (offsets[i + 1] < offsets[i]) {
      return Status::InvalidArgument(name, " has descending offsets at index ", i, ": ", offsets[i], ", ",
                                     offsets[i + 1]);
    }
    const auto size = static_cast<size_t>(offsets[i + 1] - offsets[i]);
    append(i, size == 0 ? std::string_view("") : std::string_view(column.data + offsets[i], size));
  }
  return Status::Ok();
}

// Bytes per element; 0 for an unknown dtype.
int64_t ElementSize(int32_t dtype) {
  switch (dtype) {
    case OCHRE_DTYPE_F32:
      return sizeof(float);
    case OCHRE_DTYPE_F16:
      return sizeof(uint16_t);
    case OCHRE_DTYPE_I8:
      return sizeof(int8_t);
    default:
      return 0;
  }
}

void ConvertRow(const unsigned char* row, int32_t dtype, std::span<float> floats) {
  if (dtype == OCHRE_DTYPE_F32) {
    std::memcpy(floats.data(), row, floats.size_bytes());
    return;
  }
  for (size_t i = 0; i < floats.size(); ++i) {
    if (dtype == OCHRE_DTYPE_I8) {
      floats[i] = static_cast<float>(std::bit_cast<int8_t>(row[i]));
    } else {
      uint16_t half;
      std::memcpy(&half, row + i * sizeof(half), sizeof(half));
      floats[i] = HalfToFloat(half);
    }
  }
}

// Everything but the values. `stride` receives the distance of rows in bytes.
Status CheckMatrix(const ochre_matrix& matrix, std::string_view name, int64_t& stride) {
  const int64_t element_size = ElementSize(matrix.dtype);
  if (element_size == 0) return Status::InvalidArgument(name, ".dtype is ", matrix.dtype, ", which is none");
  OCHRE_RETURN_IF_ERROR(matrix.reserved == 0
                            ? Status::Ok()
                            : Status::InvalidArgument(name, ".reserved is ", matrix.reserved, ", but must be 0"));
  if (matrix.rows < 0 || matrix.columns < 0 || (matrix.rows > 0 && matrix.columns == 0)) {
    return Status::InvalidArgument(name, " has ", matrix.rows, " rows and ", matrix.columns,
                                   " columns; a row has at least 1");
  }
  // In bytes of float32, which it may have to be converted to.
  int64_t bytes = 0;
  if (__builtin_mul_overflow(matrix.rows, matrix.columns, &bytes) ||
      __builtin_mul_overflow(bytes, static_cast<int64_t>(sizeof(float)), &bytes)) {
    return Status::InvalidArgument(name, " has ", matrix.rows, " rows of ", matrix.columns,
                                   " columns, which overflows");
  }
  if (matrix.rows == 0) return Status::Ok();
  if (matrix.data == nullptr) return Status::InvalidArgument(name, ".data is NULL");
  const int64_t row_bytes = matrix.columns * element_size;
  stride = matrix.row_stride_bytes == 0 ? row_bytes : matrix.row_stride_bytes;
  if (stride < row_bytes) {
    return Status::InvalidArgument(name, ".row_stride_bytes is ", stride, ", but a row takes ", row_bytes);
  }
  if (__builtin_mul_overflow(matrix.rows, stride, &bytes)) {
    return Status::InvalidArgument(name, " has ", matrix.rows, " rows ", stride, " bytes apart, which overflows");
  }
  return Status::Ok();
}

}  // namespace

void TextColumn::Append(std::string_view text) {
  if (copies_.empty()) {
    views_.push_back(text);
  } else {
    copies_.emplace_back(text);
  }
}

void TextColumn::AppendNull() {
  if (copies_.empty()) {
    copies_.reserve(views_.capacity());
    copies_.assign(views_.begin(), views_.end());
    views_.clear();
  }
  copies_.emplace_back();
}

Result<TextColumn> TextColumn::From(const ochre_string_column* column, std::string_view name, int64_t validity_offset) {
  TextColumn result;
  if (column == nullptr) return result;
  OCHRE_RETURN_IF_ERROR(CheckColumn(*column, name));
  if (column->count == 0) return result;
  result.views_.reserve(static_cast<size_t>(column->count));
  const auto append = [&](int64_t i, std::string_view text) {
    if (IsValidAt(column->validity, validity_offset + i)) {
      result.Append(text);
    } else {
      result.AppendNull();
    }
  };
  if (column->offsets32 != nullptr) {
    OCHRE_RETURN_IF_ERROR(ForEachSlice(*column, column->offsets32, name, append));
    return result;
  }
  if (column->offsets64 != nullptr) {
    OCHRE_RETURN_IF_ERROR(ForEachSlice(*column, column->offsets64, name, append));
    return result;
  }
  for (int64_t i = 0; i < column->count; ++i) {
    const ochre_string& text = column->strings[i];
    if (text.size < 0 || (text.data == nullptr && text.size > 0)) {
      return Status::InvalidArgument(name, " has no text of size ", text.size, " at index ", i);
    }
    if (text.data == nullptr) {
      result.AppendNull();
    } else {
      append(i, {text.data, static_cast<size_t>(text.size)});
    }
  }
  return result;
}

Result<std::vector<Metadata>> ParseMetadatas(const TextColumn& texts) {
  const StringColumn column = texts.column();
  std::vector<Metadata> maps(column.size());
  for (size_t i = 0; i < column.size(); ++i) {
    const std::optional<std::string_view> text = column[i];
    if (!text.has_value()) continue;
    Result<Metadata> map = MetadataFromJson(*text);
    if (!map.ok()) return Status::InvalidArgument("Invalid metadata at index ", i, ": ", map.status().message());
    maps[i] = *std::move(map);
  }
  return maps;
}

Result<FloatMatrix> FloatMatrix::From(const ochre_matrix* matrix, std::string_view name) {
  FloatMatrix result;
  if (matrix == nullptr) return result;
  int64_t stride = 0;
  OCHRE_RETURN_IF_ERROR(CheckMatrix(*matrix, name, stride));
  result.columns_ = matrix->columns;
  if (matrix->rows == 0) return result;
  const auto rows = static_cast<size_t>(matrix->rows);
  const auto columns = static_cast<size_t>(matrix->columns);
  const bool contiguous = stride == matrix->columns * static_cast<int64_t>(sizeof(float));
  const bool aligned = reinterpret_cast<uintptr_t>(matrix->data) % alignof(float) == 0;
  if (matrix->dtype == OCHRE_DTYPE_F32 && contiguous && aligned) {
    result.borrowed_ = {static_cast<const float*>(matrix->data), rows * columns};
    return result;
  }
  result.converted_.resize(rows * columns);
  const auto* bytes = static_cast<const unsigned char*>(matrix->data);
  for (size_t row = 0; row < rows; ++row) {
    ConvertRow(bytes + row * static_cast<size_t>(stride), matrix->dtype,
               std::span(result.converted_).subspan(row * columns, columns));
  }
  return result;
}

float HalfToFloat(uint16_t half) {
  const uint32_t sign = static_cast<uint32_t>(half & 0x8000) << 16;
  const uint32_t exponent = (half >> 10) & 0x1f;
  const uint32_t fraction = half & 0x3ff;
  if (exponent == 0) {  // zero or subnormal: fraction * 2^-24
    const float magnitude = static_cast<float>(fraction) * 0x1p-24f;
    return sign == 0 ? magnitude : -magnitude;
  }
  // The exponent's bias grows from 15 to 127; all ones (infinity, NaN) stay all ones.
  const uint32_t wide = exponent == 0x1f ? 0xff : exponent + (127 - 15);
  return std::bit_cast<float>(sign | (wide << 23) | (fraction << 13));
}

}  // namespace ochre
