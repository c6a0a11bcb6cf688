// Records in columns: what a write takes and what a read returns.
#ifndef OCHRE_RECORDS_H_
#define OCHRE_RECORDS_H_

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <ranges>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "ochre/export.h"
#include "ochre/metadata.h"
#include "ochre/options.h"

namespace ochre {

// ---- What a write or a query takes: columns that are copied once, into the log. A column borrows a container that has
// a name, which must outlive the call, and keeps what has none (a temporary, a list in braces, std::move(vector)): so a
// request may be written inside the call or before it.

// Values of one type; a std::span that may own what it shows. Making one of a temporary allocates.
template <typename T>
class ValueColumn : public std::span<const T> {
 public:
  ValueColumn() = default;
  ValueColumn(const T* data, size_t size) : std::span<const T>(data, size) {}
  // NOLINTBEGIN(google-explicit-constructor)
  template <typename Range>
  requires(std::convertible_to<Range, std::span<const T>> && !std::same_as<std::remove_cvref_t<Range>, ValueColumn>)
      ValueColumn(Range&& values)
  noexcept(std::ranges::borrowed_range<Range>) {  // NOLINT(bugprone-forwarding-reference-overload): excluded above
    if constexpr (std::ranges::borrowed_range<Range>) {  // it has a name, or is only a view itself
      Show(values);
    } else if constexpr (std::same_as<Range, std::vector<T>>) {
      Own(std::move(values));
    } else {
      Own({std::ranges::begin(values), std::ranges::end(values)});
    }
  }
  ValueColumn(std::initializer_list<T> values) { Own(values); }
  // NOLINTEND(google-explicit-constructor)

 private:
  void Show(std::span<const T> values) noexcept { std::span<const T>::operator=(values); }
  void Own(std::vector<T> values) {
    owned_ = std::make_shared<const std::vector<T>>(std::move(values));
    Show(*owned_);
  }

  std::shared_ptr<const std::vector<T>> owned_;  // null: borrowed
};

// Strings, each of which may be null. Empty means that the column is not given.
class StringColumn {
 public:
  // NOLINTBEGIN(google-explicit-constructor)
  StringColumn() = default;
  StringColumn(std::span<const std::string> strings) : StringColumn(strings.data(), strings.size()) {}
  StringColumn(std::span<const std::string_view> strings) : StringColumn(strings.data(), strings.size()) {}
  StringColumn(std::span<const std::optional<std::string>> strings) : StringColumn(strings.data(), strings.size()) {}
  StringColumn(const std::vector<std::string>& strings) : StringColumn(strings.data(), strings.size()) {}
  StringColumn(const std::vector<std::string_view>& strings) : StringColumn(strings.data(), strings.size()) {}
  StringColumn(const std::vector<std::optional<std::string>>& strings) : StringColumn(strings.data(), strings.size()) {}
  StringColumn(std::vector<std::string>&& strings) { Own(std::move(strings)); }
  // The characters of the views stay borrowed.
  StringColumn(std::vector<std::string_view>&& strings) { Own(std::move(strings)); }
  StringColumn(std::vector<std::optional<std::string>>&& strings) { Own(std::move(strings)); }
  StringColumn(std::initializer_list<std::string_view> strings) {
    Own(std::vector<std::string>(strings.begin(), strings.end()));
  }
  // `{{"a", "b"}}`, a pair of braces too many, would be one string from "a" to "b", two addresses that have nothing to
  // do with each other.
  StringColumn(std::initializer_list<std::initializer_list<const char*>>) = delete;
  // NOLINTEND(google-explicit-constructor)

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  std::optional<std::string_view> operator[](size_t i) const { return at_(data_, i); }

 private:
  template <typename T>
  StringColumn(const T* data, size_t size) : data_(data), size_(size), at_(&At<T>) {}
  template <typename T>
  void Own(std::vector<T> strings) {
    const auto owned = std::make_shared<const std::vector<T>>(std::move(strings));
    *this = StringColumn(owned->data(), owned->size());
    owned_ = owned;
  }
  template <typename T>
  static std::optional<std::string_view> At(const void* data, size_t i) {
    const T& element = static_cast<const T*>(data)[i];
    if constexpr (std::is_same_v<T, std::optional<std::string>>) {
      if (!element.has_value()) return std::nullopt;
      return *element;
    } else {
      return element;
    }
  }

  const void* data_ = nullptr;
  size_t size_ = 0;
  std::optional<std::string_view> (*at_)(const void*, size_t) = nullptr;
  std::shared_ptr<const void> owned_;  // null: borrowed
};

// One metadata map a record; an empty map is no metadata. Empty means that the column is not given.
using MetadataColumn = ValueColumn<Metadata>;

// Row-major float32 matrix of shape (values.size() / columns, columns).
struct MatrixSpan {
  MatrixSpan() = default;
  MatrixSpan(ValueColumn<float> of_values, int64_t of_columns) : values(std::move(of_values)), columns(of_columns) {}

  ValueColumn<float> values;
  int64_t columns = 0;  // the embeddings' dimension

  int64_t rows() const { return columns > 0 ? static_cast<int64_t>(values.size()) / columns : 0; }
  const float* Row(int64_t row) const { return values.data() + row * columns; }
};

// A batch for add, upsert or update: row i of each given column belongs to ids[i].
struct Records {
  StringColumn ids = {};
  // One row an id. May be absent in an update, and where the collection's embedding function computes it.
  MatrixSpan embeddings = {};
  // Update only: row i counts where embedding_given[i] is not 0; absent means that every row counts.
  ValueColumn<uint8_t> embedding_given = {};
  StringColumn documents = {};
  MetadataColumn metadatas = {};
  StringColumn uris = {};
};

// What a write reports once it is acknowledged.
struct WriteReceipt {
  uint64_t log_position = 0;  // of the batch's last operation in its collection's log; 0 for an empty batch
  Durability durability = Durability::kFull;  // what the write has reached
};

struct DeleteReceipt {
  int64_t deleted = 0;  // records that were there and are not any more
  WriteReceipt receipt;
};

// ---- What a read returns: owned columns, each one allocation.

// Strings, each of which may be null, in one buffer.
class OCHRE_EXPORT StringArray {
 public:
  size_t size() const { return ends_.size(); }
  bool empty() const { return ends_.empty(); }
  // Null reads as an empty string.
  std::string_view operator[](size_t i) const {
    const size_t begin = i == 0 ? 0 : ends_[i - 1];
    return std::string_view(bytes_).substr(begin, ends_[i] - begin);
  }
  bool IsNull(size_t i) const { return !nulls_.empty() && nulls_[i]; }
  std::optional<std::string_view> Get(size_t i) const {
    if (IsNull(i)) return std::nullopt;
    return (*this)[i];
  }

  void Append(std::string_view text);
  void AppendNull();
  void Reserve(size_t count, size_t bytes);

 private:
  std::string bytes_;
  std::vector<size_t> ends_;
  std::vector<bool> nulls_;  // empty while there is none
};

// Metadata maps in one buffer, decoded on access.
class OCHRE_EXPORT MetadataArray {
 public:
  size_t size() const { return encoded_.size(); }
  // The map of row i; empty when the record has no metadata.
  Metadata operator[](size_t i) const;
  // The value under `key` of row i; null when there is none.
  MetadataValue Get(size_t i, std::string_view key) const;

  // Internal form (types/encoded_metadata.h).
  std::string_view encoded(size_t i) const { return encoded_[i]; }
  void AppendEncoded(std::string_view encoded) { encoded_.Append(encoded); }

 private:
  StringArray encoded_;
};

// Row-major float32 matrix that owns its values.
struct Matrix {
  std::vector<float> values;
  int64_t columns = 0;

  int64_t rows() const { return columns > 0 ? static_cast<int64_t>(values.size()) / columns : 0; }
  std::span<const float> Row(int64_t row) const {
    return std::span(values).subspan(static_cast<size_t>(row * columns), static_cast<size_t>(columns));
  }
};

// The columns of a result: ids always, the others where `include` asked for them.
struct RecordColumns {
  StringArray ids;
  std::optional<Matrix> embeddings;  // as they were given, never normalised
  std::optional<StringArray> documents;
  std::optional<MetadataArray> metadatas;
  std::optional<StringArray> uris;

  size_t size() const { return ids.size(); }
};

using GetResult = RecordColumns;

// Rows of query q are [offsets[q], offsets[q + 1]), nearest first.
struct QueryResult : RecordColumns {
  std::vector<int64_t> offsets = {0};
  std::optional<std::vector<float>> distances;

  int64_t query_count() const { return static_cast<int64_t>(offsets.size()) - 1; }
  // How many hits query q has, and the row of its i-th nearest.
  int64_t HitCount(int64_t q) const { return offsets[q + 1] - offsets[q]; }
  int64_t Row(int64_t q, int64_t i) const { return offsets[q] + i; }
};

}  // namespace ochre

#endif  // OCHRE_RECORDS_H_
