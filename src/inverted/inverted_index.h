// InvertedIndex: answers conditions on one segment's rows with bitmaps of ordinals, without reading records.
#ifndef OCHRE_INVERTED_INVERTED_INDEX_H_
#define OCHRE_INVERTED_INVERTED_INDEX_H_

#include <memory>
#include <optional>
#include <roaring/roaring.hh>
#include <string>
#include <string_view>

#include "ochre/filter.h"
#include "ochre/status.h"
#include "storage/storage.h"

namespace ochre {

// Immutable; any number of threads. Opening reads headers and the index of the table; each call may find DataLoss,
// which names the blob. Deleted rows are in the bitmaps as well: the caller subtracts them.
class InvertedIndex {
 public:
  // `postings` and `columns` as Finish returned them, of a segment of `row_count` rows: no other ordinal ever comes
  // out. `storage` must outlive the index.
  static Result<std::unique_ptr<const InvertedIndex>> Open(const Storage& storage, BlobInfo postings, BlobInfo columns,
                                                           int64_t row_count);
  ~InvertedIndex();

  // Rows whose scalar value under `key` equals `value`: same type; int64 and double compare exactly as numbers.
  Result<Roaring> Equal(std::string_view key, const FilterScalar& value) const;

  // Rows whose numeric value under `key` is `op` (kGreater, kGreaterEqual, kLess, kLessEqual) `number`, exactly:
  // an int64 is not rounded to a double nor the other way round; NaN finds nothing. Precondition: number.is_number().
  Result<Roaring> Compare(std::string_view key, FilterOperator op, const FilterScalar& number) const;

  // Rows whose array value under `key` has an element equal to `element`: same type; int64 and double compare exactly
  // as numbers.
  Result<Roaring> ArrayContains(std::string_view key, const FilterScalar& element) const;

  // Rows that have a document, also an empty one.
  Result<Roaring> HasDocument() const;

  // A superset of the rows whose document contains `text`, from its trigrams; nullopt when the index cannot narrow it
  // (under three bytes). The stored documents decide. Trigrams fold case, so upper- and lower-case texts share them.
  Result<std::optional<Roaring>> ContainsCandidates(std::string_view text) const;

  // A superset of the rows whose document, put to lower case rune by rune (Unicode's simple mapping, as RE2's prefilter
  // assumes), contains `atom`, which is in lower case; nullopt when the index cannot narrow it. Only trigrams of ASCII
  // bytes are used: the index folds nothing else to what another mapping might.
  Result<std::optional<Roaring>> LowerCaseCandidates(std::string_view atom) const;

  // Reads all that both blobs hold, until the CallLimit ends it. DataLoss: something is damaged, malformed or out of
  // order; names the blob.
  Status Verify() const;

 private:
  struct Impl;
  explicit InvertedIndex(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace ochre

#endif  // OCHRE_INVERTED_INVERTED_INDEX_H_
