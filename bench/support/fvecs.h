// The files in which the field keeps vectors: .fvecs and .ivecs (corpus-texmex.irisa.fr).
#ifndef OCHRE_BENCH_SUPPORT_FVECS_H_
#define OCHRE_BENCH_SUPPORT_FVECS_H_

#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

#include "ochre/records.h"
#include "ochre/status.h"

namespace ochre {

// Row-major, shape (values.size() / columns, columns).
struct IntMatrix {
  std::vector<int32_t> values;
  int64_t columns = 0;

  int64_t rows() const { return columns > 0 ? static_cast<int64_t>(values.size()) / columns : 0; }
  std::span<const int32_t> Row(int64_t row) const {
    return std::span(values).subspan(static_cast<size_t>(row * columns), static_cast<size_t>(columns));
  }
};

// Each row is an int32 with the number of columns, then that many float32 (.fvecs) or int32 (.ivecs), little-endian.
// NotFound: there is no such file. DataLoss: rows of different lengths, none at all, or one cut short.
Result<Matrix> ReadFvecs(const std::filesystem::path& path);
Result<IntMatrix> ReadIvecs(const std::filesystem::path& path);

// Unavailable: the file cannot be written.
Status WriteFvecs(const std::filesystem::path& path, const MatrixSpan& rows);
Status WriteIvecs(const std::filesystem::path& path, const IntMatrix& rows);

}  // namespace ochre

#endif  // OCHRE_BENCH_SUPPORT_FVECS_H_
