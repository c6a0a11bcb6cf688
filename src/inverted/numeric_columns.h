// Numeric columns: columns.bin: for each key its integers and its doubles, sorted by value, with their rows.
#ifndef OCHRE_INVERTED_NUMERIC_COLUMNS_H_
#define OCHRE_INVERTED_NUMERIC_COLUMNS_H_

#include <cstdint>
#include <map>
#include <memory>
#include <roaring/roaring.hh>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ochre/filter.h"
#include "ochre/status.h"
#include "storage/storage.h"
#include "storage/verified_blob.h"

namespace ochre {

// columns.bin; little-endian, every section at a multiple of 8.
//   offset   size   field
//        0      8   magic "OCHRECOL"
//        8      4   format version, 1
//       12      4   column count
//       16      8   where the directory begins
//       24      8   size of the directory
//       32     32   zero
//       64    ...   of each column: n values (8 bytes each, ascending), n ordinals (4 each, ascending among equal
//                   values), zero up to a multiple of 8
//             ...   directory, to the end of the file: of each column its type (4; 0 int64, 1 double), key size (4),
//                   n (8), where its values begin (8), key, zero up to a multiple of 8
class NumericColumnsWriter {
 public:
  // Rows in ascending order, each at most once under a key.
  void Add(std::string_view key, int64_t value, uint32_t ordinal);
  // NaN equals no number and is neither above nor below one, so no comparison can find it: it is not stored.
  void Add(std::string_view key, double value, uint32_t ordinal);

  // Call once.
  Result<BlobInfo> Finish(Storage& storage, std::string_view name);

 private:
  template <typename T>
  using Columns = std::map<std::string, std::vector<std::pair<T, uint32_t>>, std::less<>>;

  Columns<int64_t> integers_;
  Columns<double> doubles_;
};

// Immutable; any number of threads.
class NumericColumns {
 public:
  // Reads the header and the directory. The segment has `row_count` rows; `blob` must outlive the columns. DataLoss:
  // damaged.
  static Result<std::unique_ptr<const NumericColumns>> Open(const VerifiedBlob& blob, int64_t row_count);

  // Rows whose number under `key` is `op` (kEqual, kGreater, kGreaterEqual, kLess or kLessEqual) `number`, exactly;
  // none if `number` is NaN. Precondition: number.is_number().
  Result<Roaring> Compare(std::string_view key, FilterOperator op, const FilterScalar& number) const;

  // Reads everything. DataLoss: values are out of order, or an ordinal names no row.
  Status Verify() const;

 private:
  struct Column {
    uint64_t count = 0;
    uint64_t offset = 0;  // of its values; the ordinals follow
  };
  using Directory = std::map<std::string, Column, std::less<>>;

  NumericColumns(const VerifiedBlob& blob, int64_t row_count) : blob_(blob), row_count_(row_count) {}
  template <typename T>
  Status AddMatches(const Directory& directory, std::string_view key, FilterOperator op, const FilterScalar& number,
                    Roaring& rows) const;
  // The rows of the values [first, last) of a column.
  template <typename T>
  Result<Roaring> RowsOf(std::string_view key, const Column& column, uint64_t first, uint64_t last) const;
  template <typename T>
  Status VerifyColumns(const Directory& directory) const;
  template <typename T, typename IsBefore>
  Result<uint64_t> PartitionPoint(const Column& column, uint64_t begin, IsBefore is_before) const;

  const VerifiedBlob& blob_;
  const int64_t row_count_;  // of the segment
  Directory integers_, doubles_;
};

}  // namespace ochre

#endif  // OCHRE_INVERTED_NUMERIC_COLUMNS_H_
