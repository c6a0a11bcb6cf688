// Results as C sees them: the columns of the C++ result where they are, with what C and Arrow need beside them.
#ifndef OCHRE_CAPI_RESULT_H_
#define OCHRE_CAPI_RESULT_H_

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "capi/handle.h"
#include "ochre/c.h"
#include "ochre/records.h"

namespace ochre {

// A StringArray with the offsets and the bitmap of an Arrow column.
class StringBuffers {
 public:
  // Borrows the text of `strings`, which must outlive this.
  explicit StringBuffers(const StringArray& strings);

  ochre_string_column column() const;
  int64_t null_count() const { return null_count_; }

 private:
  const char* data_;
  std::vector<int64_t> offsets_;
  std::vector<uint8_t> validity_;  // empty: there are no nulls
  int64_t null_count_ = 0;
};

// Shared by the handle and by what was exported of it. Not thread-safe: columns are prepared when they are first read.
class ResultData {
 public:
  // Of a query, which has distances, or of a get, which counts as one query.
  explicit ResultData(QueryResult result) : rows_(std::move(result)), is_query_(true) {}
  explicit ResultData(GetResult result);

  const QueryResult& rows() const { return rows_; }
  bool is_query() const { return is_query_; }
  int64_t size() const { return static_cast<int64_t>(rows_.size()); }
  uint32_t include() const;

  // Null if the result does not carry the column. Precondition: one of OCHRE_COLUMN_...
  const StringBuffers* strings(int32_t column);

 private:
  const StringArray* Source(int32_t column);

  QueryResult rows_;
  bool is_query_;
  std::optional<StringArray> metadata_json_;
  std::array<std::optional<StringBuffers>, 4> columns_;  // by OCHRE_COLUMN_...
};

}  // namespace ochre

struct ochre_result : ochre::Handle<ochre::HandleKind::kResult> {
  explicit ochre_result(std::shared_ptr<ochre::ResultData> columns) : data(std::move(columns)) {}

  std::shared_ptr<ochre::ResultData> data;
};

#endif  // OCHRE_CAPI_RESULT_H_
