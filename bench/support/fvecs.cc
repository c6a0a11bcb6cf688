#include "bench/support/fvecs.h"

#include <fstream>
#include <system_error>

namespace ochre {
namespace {

static_assert(sizeof(float) == 4);

template <typename T>
struct Rows {
  std::vector<T> values;
  int64_t columns = 0;
};

template <typename T>
Result<Rows<T>> ReadRows(const std::filesystem::path& path) {
  std::error_code error;
  const uintmax_t bytes = std::filesystem::file_size(path, error);
  std::ifstream file(path, std::ios::binary);
  if (error || !file) return Status::NotFound("cannot read ", path.string());
  int32_t columns = 0;
  file.read(reinterpret_cast<char*>(&columns), sizeof(columns));
  if (!file || columns < 1) return Status::DataLoss(path.string(), " does not begin with a number of columns");
  const uintmax_t row_bytes = sizeof(int32_t) + sizeof(T) * static_cast<uintmax_t>(columns);
  if (bytes % row_bytes != 0) {
    return Status::DataLoss(path.string(), " has ", bytes, " bytes, which are no whole rows of ", columns, " columns");
  }
  const uintmax_t row_count = bytes / row_bytes;
  Rows<T> rows = {.values = std::vector<T>(row_count * static_cast<uintmax_t>(columns)), .columns = columns};
  for (uintmax_t row = 0; row < row_count; ++row) {
    int32_t columns_here = columns;
    if (row > 0) file.read(reinterpret_cast<char*>(&columns_here), sizeof(columns_here));
    if (columns_here != columns) {
      return Status::DataLoss(path.string(), ": row ", row, " has ", columns_here, " columns, and row 0 has ", columns);
    }
    file.read(reinterpret_cast<char*>(rows.values.data() + row * static_cast<uintmax_t>(columns)),
              columns * static_cast<std::streamsize>(sizeof(T)));
  }
  if (!file) return Status::DataLoss(path.string(), " ended early");
  return rows;
}

template <typename T>
Status WriteRows(const std::filesystem::path& path, std::span<const T> values, int64_t columns) {
  std::ofstream file(path, std::ios::binary);
  const auto columns_field = static_cast<int32_t>(columns);
  for (; !values.empty() && file; values = values.subspan(static_cast<size_t>(columns))) {
    file.write(reinterpret_cast<const char*>(&columns_field), sizeof(columns_field));
    file.write(reinterpret_cast<const char*>(values.data()), columns * static_cast<std::streamsize>(sizeof(T)));
  }
  file.close();
  return file ? Status::Ok() : Status::Unavailable("cannot write ", path.string());
}

}  // namespace

Result<Matrix> ReadFvecs(const std::filesystem::path& path) {
  OCHRE_ASSIGN_OR_RETURN(Rows<float> rows, ReadRows<float>(path));
  return Matrix{.values = std::move(rows.values), .columns = rows.columns};
}

Result<IntMatrix> ReadIvecs(const std::filesystem::path& path) {
  OCHRE_ASSIGN_OR_RETURN(Rows<int32_t> rows, ReadRows<int32_t>(path));
  return IntMatrix{.values = std::move(rows.values), .columns = rows.columns};
}

Status WriteFvecs(const std::filesystem::path& path, const MatrixSpan& rows) {
  return WriteRows<float>(path, rows.values, rows.columns);
}

Status WriteIvecs(const std::filesystem::path& path, const IntMatrix& rows) {
  return WriteRows<int32_t>(path, rows.values, rows.columns);
}

}  // namespace ochre
