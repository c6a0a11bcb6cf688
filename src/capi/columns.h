// Columns that are given in C: strings and matrices, borrowed where they can be, checked as far as they can be.
#ifndef OCHRE_CAPI_COLUMNS_H_
#define OCHRE_CAPI_COLUMNS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ochre/c.h"
#include "ochre/records.h"
#include "ochre/status.h"

namespace ochre {

// Whether bit `i` of an Arrow validity bitmap is set; without a bitmap, all are.
inline bool IsValidAt(const uint8_t* validity, int64_t i) {
  return validity == nullptr || ((validity[i / 8] >> (i % 8)) & 1) != 0;
}

// A column of strings. Borrows the text; copies it only where there are nulls among the strings.
class TextColumn {
 public:
  // Of a null pointer: empty. The bitmap begins `validity_offset` bits after its pointer. InvalidArgument: null
  // pointers, negative counts, offsets that do not ascend; `name` begins the message.
  static Result<TextColumn> From(const ochre_string_column* column, std::string_view name, int64_t validity_offset = 0);

  // Borrowed from this.
  StringColumn column() const { return copies_.empty() ? StringColumn(views_) : StringColumn(copies_); }
  size_t size() const { return views_.empty() ? copies_.size() : views_.size(); }

 private:
  void Append(std::string_view text);
  void AppendNull();

  std::vector<std::string_view> views_;             // while there is no null
  std::vector<std::optional<std::string>> copies_;  // instead of the views otherwise
};

// Each JSON text as a map, null as an empty one. InvalidArgument says at which index.
Result<std::vector<Metadata>> ParseMetadatas(const TextColumn& texts);

// A matrix of float32. Borrows rows that are contiguous, aligned float32; converts all others.
class FloatMatrix {
 public:
  // Of a null pointer: empty. InvalidArgument: null data, negative sizes, a stride below the length of a row, sizes
  // that overflow, an unknown dtype; `name` begins the message.
  static Result<FloatMatrix> From(const ochre_matrix* matrix, std::string_view name);

  // Borrowed from this.
  MatrixSpan span() const { return {borrowed_.empty() ? converted_ : borrowed_, columns_}; }

 private:
  int64_t columns_ = 0;
  std::span<const float> borrowed_;
  std::vector<float> converted_;
};

// IEEE 754 binary16 to binary32, exactly.
float HalfToFloat(uint16_t half);

}  // namespace ochre

#endif  // OCHRE_CAPI_COLUMNS_H_
